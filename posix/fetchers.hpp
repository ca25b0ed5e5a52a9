// Fetchers: a few threads that wait for disks, so that reactors do not.
//
// They read what they are told to and throw it away: then it is in the kernel's memory, and who asked reads it again without waiting.
// So nothing but a request to read crosses threads, and an answer that comes too late, or never, costs time and nothing else.
// Limits: `most_waiting` requests wait; one more is refused, and who asked waits itself.
// The threads are made when the first is needed: so a process that has opened its directories may still fork.
// Threads: `fetch` from any. Ownership: outlives whoever asks; the destructor drops what waits and ends the threads.
#pragma once

#include <pounce/app/token.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pounce::inline v0::posix {

class Fetchers {
 public:
  static constexpr std::size_t most_waiting = 1024;

  explicit Fetchers(std::size_t threads) noexcept : most_threads_(threads) {}
  Fetchers(const Fetchers&) = delete;
  Fetchers& operator=(const Fetchers&) = delete;
  ~Fetchers();

  // Runs `read` on one of the threads, then posts an empty message to `token`. False: it will not.
  [[nodiscard]] bool fetch(std::move_only_function<void()> read, Token token) noexcept;

 private:
  struct Request {
    std::move_only_function<void()> read;
    Token token;
  };

  void start() noexcept;
  void work() noexcept;

  std::mutex lock_;
  std::condition_variable news_;
  std::deque<Request> waiting_;
  bool ending_ = false;
  std::size_t most_threads_;
  std::vector<std::jthread> threads_;
};

}  // namespace pounce::inline v0::posix
