#include <pounce/posix/letterbox.hpp>

#include <utility>

namespace pounce::inline v0::posix {

Status SharedLetterbox::post(std::string message) {
  const std::lock_guard guard{lock_};
  if (closed_) return Status::gone;
  if (messages_.size() - first_ >= most_messages || bytes_ + message.size() > most_bytes) return Status::full;
  const std::size_t size = message.size();
  if (first_ >= most_messages) {  // whoever posts is always ahead of whoever takes
    messages_.erase(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  messages_.push_back(std::move(message));
  bytes_ += size;
  count_.store(messages_.size() - first_, std::memory_order_release);
  if (waker_ != nullptr) waker_->wake(*link_);
  return Status::ok;
}

bool SharedLetterbox::take(std::string& message) {
  const std::lock_guard guard{lock_};
  if (messages_.empty()) return false;
  message = std::move(messages_[first_++]);
  bytes_ -= message.size();
  if (first_ == messages_.size()) {
    messages_.clear();
    first_ = 0;
    if (messages_.capacity() > most_places) messages_ = std::vector<std::string>{};
  }
  count_.store(messages_.size() - first_, std::memory_order_release);
  return true;
}

void SharedLetterbox::close() noexcept {
  const std::lock_guard guard{lock_};
  closed_ = true;
  waker_ = nullptr;
  link_ = nullptr;
  messages_ = std::vector<std::string>{};
  first_ = bytes_ = 0;
  count_.store(0, std::memory_order_release);
}

void SharedLetterbox::bind(Waker* waker, Link* link) noexcept {
  const std::lock_guard guard{lock_};
  if (closed_) return;
  waker_ = waker;
  link_ = link;
}

}  // namespace pounce::inline v0::posix
