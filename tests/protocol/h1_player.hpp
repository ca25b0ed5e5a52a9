// Player: plays both sides of a transcript against one h1::Connection, with a clock of its own, and logs what it sees.
#pragma once

#include <pounce/core/event.hpp>
#include <pounce/core/output.hpp>
#include <pounce/h1/connection.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace transcript {

// Sets a limit by its name, as "max_headers = 3" or "header_timeout = 10s"; "none" where that is allowed.
void set_limit(pounce::h1::Limits& limits, std::string_view line);

class Player {
 public:
  Player(const pounce::h1::Limits& limits, bool at_once) : limits_(limits), at_once_(at_once) {}
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  // The bytes that the lines of an `http` block stand for.
  [[nodiscard]] static std::string encode(const std::vector<std::string>& lines);
  void feed(std::string_view bytes);
  // A line of an `app` block. Throws when something is not as the line says.
  void act(const std::string& line);

  // What was logged since the last call. Consecutive Data is one line.
  [[nodiscard]] std::vector<std::string> take_events();
  [[nodiscard]] std::vector<std::string> take_output();

 private:
  void pump();
  void flush(std::size_t most);
  void log(const pounce::Events& events);
  void log_request(const pounce::event::Request& request);
  void close_data();
  void wait(pounce::Duration duration);
  [[nodiscard]] bool holds(std::string_view condition) const;
  [[nodiscard]] std::string send(std::string_view verb, std::vector<std::string> words);

  pounce::h1::Limits limits_;
  bool at_once_;
  pounce::Instant now_{std::chrono::seconds{1000}};
  pounce::Output output_;
  pounce::h1::Connection connection_{limits_, now_};
  std::string lines_;    // Date and the like, for the machine's own answers
  std::string pending_;  // received, not consumed
  std::string sent_;     // written by the machine, taken by the peer
  std::string data_;     // content not yet logged
  pounce::StreamId data_stream_{0};
  std::vector<std::string> log_;
  std::string_view shown_end_;  // "(end)" once it was shown
  bool stalled_ = false;        // the peer does not read
  bool finished_ = false;
  bool failed_ = false;
};

}  // namespace transcript
