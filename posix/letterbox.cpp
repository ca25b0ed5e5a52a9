#include <pounce/posix/letterbox.hpp>

#include <utility>

namespace pounce::inline v0::posix {

Status SharedLetterbox::post(std::string message) {
  const std::lock_guard guard{lock_};
  if (closed_) return Status::gone;
  if (messages_.size() >= most_messages || bytes_ + message.size() > most_bytes) return Status::full;
  bytes_ += message.size();
  messages_.push_back(std::move(message));
  count_.store(messages_.size(), std::memory_order_release);
  if (waker_ != nullptr) waker_->wake(*link_);
  return Status::ok;
}

bool SharedLetterbox::take(std::string& message) {
  const std::lock_guard guard{lock_};
  if (messages_.empty()) return false;
  message = std::move(messages_.front());
  messages_.pop_front();
  bytes_ -= message.size();
  count_.store(messages_.size(), std::memory_order_release);
  return true;
}

void SharedLetterbox::close() noexcept {
  const std::lock_guard guard{lock_};
  closed_ = true;
  waker_ = nullptr;
  link_ = nullptr;
  messages_.clear();
  bytes_ = 0;
  count_.store(0, std::memory_order_release);
}

void SharedLetterbox::bind(Waker* waker, Link* link) noexcept {
  const std::lock_guard guard{lock_};
  if (closed_) return;
  waker_ = waker;
  link_ = link;
}

}  // namespace pounce::inline v0::posix
