// SharedLetterbox: the thread-safe control block behind Token (see <pounce/app/token.hpp>).
//
// It lives outside the session and is shared by the session and any number of tokens. Posting takes its lock, stores the message and
// wakes whoever drives the connection now; while the connection moves between threads nobody does, and messages wait. After
// `close` every post says `gone`: there is no pointer to anything that may have died.
// Lock order: a letterbox's lock, then the waker's own. The waker never calls back.
#pragma once

#include <pounce/server/station.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace pounce::inline v0::posix {

class Link;

// Waker: whoever drives a link, as seen from other threads.
class Waker {
 public:
  // Thread-safe. The link is alive: its letterboxes are closed or rebound before it dies or moves.
  virtual void wake(Link& link) noexcept = 0;

 protected:
  ~Waker() = default;
};

class SharedLetterbox final : public Letterbox {
 public:
  [[nodiscard]] Status post(std::string message) override;
  [[nodiscard]] bool take(std::string& message) override;
  [[nodiscard]] bool has_mail() const override { return count_.load(std::memory_order_acquire) != 0; }
  void close() noexcept override;
  // Who is to be woken from now on; null: nobody (the link is on its way).
  void bind(Waker* waker, Link* link) noexcept;

  Loan<SharedLetterbox> next;  // for the link: its list of them

 private:
  static constexpr std::size_t most_places = 16;  // for messages, kept when they have been taken

  void destroy() noexcept override { delete this; }

  std::mutex lock_;
  std::vector<std::string> messages_;  // those from `first_` on; it costs nothing before the first
  std::size_t first_ = 0;
  std::size_t bytes_ = 0;
  std::atomic<std::size_t> count_{0};
  Waker* waker_ = nullptr;
  Link* link_ = nullptr;
  bool closed_ = false;
};

}  // namespace pounce::inline v0::posix
