// Channel: what a supervisor and one of its worker processes tell each other: a word at a time, on a socket pair that keeps them apart. It
// closes when either of them has ended.
// Limits: `most_text` beside a word. Not thread-safe. A supervisor waits for none of its workers, a worker a second for its supervisor.
#pragma once

#include <pounce/posix/descriptor.hpp>
#include <pounce/posix/runtime.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pounce::inline v0::program {

enum class Word : std::uint8_t {
  // a worker process's
  prepared,  // its start hooks have returned
  serving,
  failed,   // it never will; text: the exit code in a byte, and lines for standard error
  leaving,  // it was told to end, by a signal; it waits for `retire`, or for a drain
  closed,   // it accepts no more
  ended,    // text: Ending
  // its supervisor's
  go,            // serve, after `prepared`
  tell_drain,    // the application is told
  stop,          // no new connections, and those that are there end; nobody comes after
  retire,        // the same, while somebody else serves: idle clients may ask once more
  cut,           // what is left ends now
  reopen,        // log files
  certificates,  // are read again
  ticket_key,    // text: the key
  share,         // text: of how many workers its limits are a part, a std::uint64_t
};

// What a worker process has done, as it goes.
struct Ending {
  posix::Totals totals;
  std::uint64_t failed = 0;  // 1: a stop hook has
};

class Channel {
 public:
  static constexpr std::size_t most_text = 60'000;

  struct Message {
    Word word = Word::failed;
    std::string text;
  };
  enum class Got : std::uint8_t { message, nothing, closed };

  Channel() = default;
  // Its two ends. Throws std::system_error without descriptors.
  static void make(Channel& one, Channel& other);

  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
  void close() noexcept { socket_.close(); }
  // Waits for room. False: the other end has gone, or has not listened for a second.
  bool send(Word word, std::string_view text = {}) const;
  // Waits for nobody: what finds no room goes with a later `flush`. Of each word only the last one is kept, for it says what those before
  // have said; so what waits is bounded by how many words there are.
  void post(Word word, std::string_view text = {});
  // Something of `post` waits for room: for POLLOUT.
  [[nodiscard]] bool has_unsent() const noexcept { return !unsent_.empty(); }
  void flush();
  [[nodiscard]] Got receive(Message& message) const;

 private:
  enum class Sent : std::uint8_t { yes, no_room, gone };
  [[nodiscard]] Sent attempt(const std::string& packet) const noexcept;

  posix::Descriptor socket_;
  std::vector<std::string> unsent_;  // packets, each of another word
};

}  // namespace pounce::inline v0::program
