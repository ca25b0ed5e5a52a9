// H2Player: plays both sides of a transcript against one h2::Connection, with a clock of its own, and logs what it sees.
#pragma once

#include "h2_wire.hpp"

#include <pounce/core/event.hpp>
#include <pounce/core/output.hpp>
#include <pounce/h2/connection.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace transcript {

// Sets a limit by its name, as "max_streams = 3", "resets = 5+1/s" or "header_timeout = 10s"; "none" where that is allowed.
void set_limit(pounce::h2::Limits& limits, std::string_view line);

class H2Player {
 public:
  // `at_once`: `respond` is one call, else three.
  H2Player(const pounce::h2::Limits& limits, bool at_once) : limits_(limits), at_once_(at_once) {}
  H2Player(const H2Player&) = delete;
  H2Player& operator=(const H2Player&) = delete;

  // The bytes that the lines of a `peer` block stand for; they continue those of the blocks before.
  [[nodiscard]] std::string encode(const std::vector<std::string>& lines);
  void feed(std::string_view bytes);
  // A line of an `app` block. Throws when something is not as the line says.
  void act(const std::string& line);

  // What was logged since the last call. Consecutive Data of a stream is one line.
  [[nodiscard]] std::vector<std::string> take_events();
  [[nodiscard]] std::vector<std::string> take_output();

 private:
  void write_frame(std::vector<std::string> words, const wire::Fields& fields);
  void write_headers(std::vector<std::string> words, wire::Fields fields);
  void pump();
  void flush(std::size_t most);
  void log(const pounce::Events& events);
  void log_request(const pounce::event::Request& request);
  void log_frame(const wire::Frame& frame, std::vector<std::string>& lines);
  void close_data();
  void wait(pounce::Duration duration);
  [[nodiscard]] bool holds(std::string_view condition) const;
  [[nodiscard]] std::string send(std::string_view verb, pounce::StreamId stream, const std::vector<std::string>& words);

  pounce::h2::Limits limits_;
  bool at_once_;
  pounce::Instant now_{std::chrono::seconds{1000}};
  pounce::Output output_;
  pounce::h2::Connection connection_{limits_, now_};
  wire::FrameWriter writer_;
  wire::FrameReader reader_;
  std::string lines_;    // Date and the like, for the machine's own answers
  std::string pending_;  // received, not consumed
  bool heard_ = false;
  std::string data_;  // content not yet logged
  pounce::StreamId data_stream_{0};
  std::string block_;  // a field block of which CONTINUATION follows
  std::vector<std::string> log_;
  std::string_view shown_end_;  // "(end)" once it was shown
  bool stalled_ = false;        // the peer does not read
  bool finished_ = false;
  bool failed_ = false;
};

}  // namespace transcript
