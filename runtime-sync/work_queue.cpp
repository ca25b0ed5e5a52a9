#include <pounce/sync/work_queue.hpp>

#include <algorithm>
#include <utility>

namespace pounce::inline v0::sync {

void WorkQueue::push(std::unique_ptr<posix::Link> link) {
  const std::lock_guard guard{lock_};
  links_.push_back(std::move(link));
  call_worker();
}

void WorkQueue::push_again(std::unique_ptr<posix::Link> link) {
  const std::lock_guard guard{lock_};
  again_.push_back(std::move(link));
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
  again_is_next_ = links_.empty() || (again_is_next_ && !again_.empty());
  auto& line = std::exchange(again_is_next_, !again_is_next_) ? again_ : links_;
  std::unique_ptr<posix::Link> link = std::move(line.front());
  line.pop_front();
  return link;
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
