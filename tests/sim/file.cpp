#include "tests/sim/file.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pounce::sim {

namespace {

constexpr std::uint32_t modes = EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP;
constexpr std::uint32_t always = EPOLLERR | EPOLLHUP;

// Disarmed by a report of EPOLLONESHOT: then not even an error is told.
bool is_armed(const Watch& watch) { return (watch.events & ~modes) != 0; }
std::uint32_t report(const Watch& watch) {
  return is_armed(watch) ? watch.file->state() & (watch.events | always) & ~modes : 0;
}

}  // namespace

File::~File() {
  while (!watches_.empty()) watches_.back()->epoll->remove(*watches_.back());
}

void File::wake(std::uint32_t what) {
  for (Watch* watch : watches_) {
    if (is_armed(*watch) && (what & (watch->events | always)) != 0) watch->epoll->queue(*watch);
  }
}

Epoll::~Epoll() {
  while (!watches_.empty()) remove(*watches_.back());
}

int Epoll::control(int operation, int descriptor, File& file, const epoll_event* event) {
  const auto found = std::find_if(watches_.begin(), watches_.end(),
                                  [&](const auto& one) { return one->descriptor == descriptor && one->file == &file; });
  if (operation == EPOLL_CTL_ADD) {
    if (found != watches_.end()) return EEXIST;
    watches_.push_back(std::make_unique<Watch>(Watch{this, &file, descriptor, event->events, event->data}));
    file.watches_.push_back(watches_.back().get());
    if (report(*watches_.back()) != 0) queue(*watches_.back());
    return 0;
  }
  if (found == watches_.end()) return ENOENT;
  if (operation == EPOLL_CTL_DEL) {
    remove(**found);
    return 0;
  }
  (*found)->events = event->events;
  (*found)->data = event->data;
  if (report(**found) != 0) queue(**found);
  return 0;
}

void Epoll::queue(Watch& watch) {
  if (!std::exchange(watch.queued, true)) ready_.push_back(&watch);
  wake(EPOLLIN);
}

void Epoll::remove(const Watch& watch) {
  std::erase(ready_, &watch);
  std::erase(watch.file->watches_, &watch);
  std::erase_if(watches_, [&](const auto& one) { return one.get() == &watch; });
}

bool Epoll::has_ready() {
  // What is no longer ready leaves the list when somebody looks.
  while (!ready_.empty() && report(*ready_.front()) == 0) {
    ready_.front()->queued = false;
    ready_.pop_front();
  }
  return !ready_.empty();
}

int Epoll::take(epoll_event* events, int most) {
  int count = 0;
  for (std::size_t left = ready_.size(); left != 0 && count < most; --left) {
    Watch& watch = *ready_.front();
    ready_.pop_front();
    watch.queued = false;
    const std::uint32_t what = report(watch);
    if (what == 0) continue;
    events[count].events = what;
    events[count].data = watch.data;
    ++count;
    if ((watch.events & EPOLLONESHOT) != 0) {
      watch.events &= modes;
    } else if ((watch.events & EPOLLET) == 0) {
      watch.queued = true;  // level: it stays until a look finds nothing
      ready_.push_back(&watch);
    }
  }
  return count;
}

}  // namespace pounce::sim
