#include <pounce/sync/work_queue.hpp>

#include <algorithm>
#include <utility>

namespace pounce::inline v0::sync {

Line::~Line() {
  while (pop()) {
  }
}

void Line::push(Owned<posix::Link> link) noexcept {
  posix::Link* const last = std::exchange(last_, link.release());
  last_->next = nullptr;
  (last != nullptr ? last->next : first_) = last_;
  ++size_;
}

void Line::push(Line& line) noexcept {
  if (line.first_ == nullptr) return;
  (last_ != nullptr ? last_->next : first_) = std::exchange(line.first_, nullptr);
  last_ = std::exchange(line.last_, nullptr);
  size_ += std::exchange(line.size_, 0);
}

Owned<posix::Link> Line::pop() noexcept {
  if (first_ == nullptr) return nullptr;
  Owned<posix::Link> link{std::exchange(first_, first_->next)};
  if (first_ == nullptr) last_ = nullptr;
  --size_;
  return link;
}

void WorkQueue::push(Owned<posix::Link> link) noexcept {
  std::unique_lock guard{lock_};
  links_.push(std::move(link));
  call(std::move(guard));
}

void WorkQueue::push(Line& links) noexcept {
  std::unique_lock guard{lock_};
  links_.push(links);
  call(std::move(guard));
}

void WorkQueue::push_again(Owned<posix::Link> link) noexcept {
  std::unique_lock guard{lock_};
  again_.push(std::move(link));
  call(std::move(guard));
}

void WorkQueue::call(std::unique_lock<std::mutex> guard) noexcept {
  if (waiting() == 0) return;
  if (idle_ != 0) {
    if (std::exchange(called_, true)) return;  // it will call the next
    guard.unlock();
    work_.notify_one();
  } else if (!lingering_.empty()) {
    posix::WakeDescriptor* const wake = lingering_.back();
    lingering_.pop_back();
    guard.unlock();
    wake->notify();
  }
}

Owned<posix::Link> WorkQueue::pop() {
  std::unique_lock guard{lock_};
  while (waiting() == 0 && !closed_) {
    ++idle_;
    work_.wait(guard);
    --idle_;
    called_ = false;
  }
  if (waiting() == 0) return nullptr;
  const bool again = links_.size() == 0 || (again_is_next_ && again_.size() != 0);
  again_is_next_ = !again;
  Owned<posix::Link> link = (again ? again_ : links_).pop();
  if (waiting() == 0 && resting_ != nullptr) {
    posix::WakeDescriptor* const wake = std::exchange(resting_, nullptr);
    guard.unlock();
    wake->notify();
    return link;
  }
  call(std::move(guard));
  return link;
}

Owned<posix::Link> WorkQueue::take_rest() noexcept {
  const std::lock_guard guard{lock_};
  Owned<posix::Link> link = links_.pop();
  return link ? std::move(link) : again_.pop();
}

bool WorkQueue::wanted() const {
  const std::lock_guard guard{lock_};
  return waiting() > idle_;
}

bool WorkQueue::begin_linger(posix::WakeDescriptor& wake) {
  const std::lock_guard guard{lock_};
  if (waiting() > idle_) return false;
  lingering_.push_back(&wake);
  return true;
}

void WorkQueue::end_linger(posix::WakeDescriptor& wake) noexcept {
  const std::lock_guard guard{lock_};
  std::erase(lingering_, &wake);
}

bool WorkQueue::begin_rest(posix::WakeDescriptor& wake) {
  const std::lock_guard guard{lock_};
  if (waiting() == 0 || idle_ != 0 || !lingering_.empty()) return false;
  resting_ = &wake;
  return true;
}

void WorkQueue::end_rest() noexcept {
  const std::lock_guard guard{lock_};
  resting_ = nullptr;
}

std::size_t WorkQueue::size() const {
  const std::lock_guard guard{lock_};
  return links_.size();
}

void WorkQueue::close() {
  const std::lock_guard guard{lock_};
  closed_ = true;
  work_.notify_all();
}

}  // namespace pounce::inline v0::sync
