#include <pounce/sync/work_queue.hpp>

#include <algorithm>
#include <utility>

namespace pounce::inline v0::sync {

WorkQueue::Line::~Line() {
  while (pop()) {
  }
}

void WorkQueue::Line::push(std::unique_ptr<posix::Link> link) noexcept {
  posix::Link* const last = std::exchange(last_, link.release());
  last_->next = nullptr;
  (last != nullptr ? last->next : first_) = last_;
  ++size_;
}

std::unique_ptr<posix::Link> WorkQueue::Line::pop() noexcept {
  if (first_ == nullptr) return nullptr;
  std::unique_ptr<posix::Link> link{std::exchange(first_, first_->next)};
  if (first_ == nullptr) last_ = nullptr;
  --size_;
  return link;
}

void WorkQueue::push(std::unique_ptr<posix::Link> link) noexcept {
  const std::lock_guard guard{lock_};
  links_.push(std::move(link));
  call_worker();
}

void WorkQueue::push_again(std::unique_ptr<posix::Link> link) noexcept {
  const std::lock_guard guard{lock_};
  again_.push(std::move(link));
  call_worker();
}

void WorkQueue::call_worker() noexcept {
  if (idle_ >= waiting()) {
    work_.notify_one();
  } else if (!lingering_.empty()) {
    lingering_.back()->notify();
    lingering_.pop_back();
  }
}

std::unique_ptr<posix::Link> WorkQueue::pop() {
  std::unique_lock guard{lock_};
  ++idle_;
  work_.wait(guard, [this] { return waiting() != 0 || closed_; });
  --idle_;
  if (waiting() == 0) return nullptr;
  const bool again = links_.size() == 0 || (again_is_next_ && again_.size() != 0);
  again_is_next_ = !again;
  return (again ? again_ : links_).pop();
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
