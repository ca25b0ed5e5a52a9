#include "posix/fetchers.hpp"

#include <pounce/posix/own_threads.hpp>

#include <csignal>
#include <exception>
#include <utility>

namespace pounce::inline v0::posix {

Fetchers::~Fetchers() {
  {
    const std::lock_guard guard{lock_};
    ending_ = true;
  }
  news_.notify_all();
  threads_.clear();  // joins
}

bool Fetchers::fetch(std::move_only_function<void()> read, Token token) noexcept {
  try {
    const std::lock_guard guard{lock_};
    if (threads_.size() < most_threads_) start();
    if (ending_ || threads_.empty() || waiting_.size() == most_waiting) return false;
    waiting_.push_back(Request{std::move(read), std::move(token)});
  } catch (const std::exception&) {
    return false;
  }
  news_.notify_one();
  return true;
}

// With the lock. As many as can be made; nobody tries again.
void Fetchers::start() noexcept {
  // Signals are for the thread that waits for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    while (threads_.size() < most_threads_) threads_.emplace_back([this] { work(); });
  } catch (const std::exception&) {
    most_threads_ = threads_.size();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Fetchers::work() noexcept {
  const OwnThread own;
  while (true) {
    Request request;
    {
      std::unique_lock guard{lock_};
      news_.wait(guard, [this] { return ending_ || !waiting_.empty(); });
      if (ending_) return;
      request = std::move(waiting_.front());
      waiting_.pop_front();
    }
    try {
      request.read();
    } catch (const std::exception&) {
      // no memory: whoever asked finds out by itself
    }
    (void)request.token.post({});
  }
}

}  // namespace pounce::inline v0::posix
