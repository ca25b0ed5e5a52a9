// WsPlayer: plays both sides of a transcript against one ws::Connection, with a clock of its own, and logs what it sees.
#pragma once

#include <pounce/core/event.hpp>
#include <pounce/core/output.hpp>
#include <pounce/ws/connection.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transcript {

// What a case starts with.
struct WsTerms {
  pounce::ws::Limits limits;
  pounce::ws::Role role = pounce::ws::Role::server;  // of the machine
  std::optional<pounce::DeflateTerms> deflate;       // as the machine sees them
  bool hold_end = false;
};

void set_limit(WsTerms& terms, std::string_view line);

// Frames of the peer's, one a line; see tests/transcripts/README.md.
class WsWriter {
 public:
  explicit WsWriter(const WsTerms& terms);
  [[nodiscard]] std::string encode(std::string_view line);

 private:
  bool masks_;
  pounce::Owned<pounce::MessageCodec> codec_;
  std::uint32_t mask_ = 0x8152a3c4;
};

class WsPlayer {
 public:
  WsPlayer(const WsTerms& terms, bool at_once);
  WsPlayer(const WsPlayer&) = delete;
  WsPlayer& operator=(const WsPlayer&) = delete;

  [[nodiscard]] std::string encode(const std::vector<std::string>& lines);
  void feed(std::string_view bytes);
  void act(const std::string& line);
  [[nodiscard]] std::vector<std::string> take_events();
  [[nodiscard]] std::vector<std::string> take_output();

 private:
  void pump();
  void flush(std::size_t most);
  void log(const pounce::Events& events);
  void log(const pounce::event::Message& message);
  void close_message();
  void wait(pounce::Duration duration);
  [[nodiscard]] bool holds(std::string_view condition) const;
  [[nodiscard]] std::string send(std::string_view verb, const std::vector<std::string>& words);
  [[nodiscard]] std::string show_frame(std::string& from);

  WsTerms terms_;
  pounce::Instant now_{std::chrono::seconds{1000}};
  pounce::Output output_;
  pounce::ws::Connection connection_;
  WsWriter writer_;
  pounce::Owned<pounce::MessageCodec> reader_;  // of what the machine has compressed
  bool reading_compressed_ = false;
  std::string pending_;  // received, not consumed
  std::string sent_;     // written by the machine, taken by the peer, not shown
  std::vector<std::string> log_;
  std::string message_;  // pieces that are not logged yet
  pounce::event::Message of_{};
  bool open_ = false;  // there is one
  std::string_view shown_end_;
  bool stalled_ = false;
  bool finished_ = false;
  bool ended_ = false;  // Close or Failed was seen
};

}  // namespace transcript
