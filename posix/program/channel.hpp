// Channel: what a supervisor and one of its worker processes tell each other: a word at a time, on a socket pair that keeps them apart. It
// closes when either of them has ended.
// Limits: `most_text` beside a word. Not thread-safe. Nothing here waits for long.
#pragma once

#include <pounce/posix/descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pounce::inline v0::program {

enum class Word : std::uint8_t {
  // a worker process's
  prepared,  // its start hooks have returned
  serving,
  failed,   // it never will; text: the exit code in a byte, and lines for standard error
  leaving,  // it was told to end, by a signal; it waits for `retire`, or for a drain
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
};

// What a worker process has done, as it goes.
struct Ending {
  std::uint64_t requests = 0;
  std::uint64_t cut = 0;
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
  // False: the other end has gone, or has not listened for a second.
  bool send(Word word, std::string_view text = {}) const;
  [[nodiscard]] Got receive(Message& message) const;

 private:
  posix::Descriptor socket_;
};

}  // namespace pounce::inline v0::program
