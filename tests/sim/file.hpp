// File: what a descriptor of the simulated kernel stands for, and how it tells those that watch it.
//
// `state` is what poll would report now (EPOLLIN and so on; poll's bits are the same). `wake(what)` says that something has happened;
// a watch hears of it when it asked for one of those bits, as Linux does it: an event makes a watch look, and what it then reports is
// the state at that time.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace pounce::sim {

class Epoll;
class File;

// One entry of an epoll: a descriptor's file, what is asked for, and whether it stands in the list of what may be ready.
struct Watch {
  Epoll* epoll;
  File* file;
  int descriptor;
  std::uint32_t events;
  epoll_data_t data;
  bool queued = false;
};

class File {
 public:
  static constexpr std::uint32_t anything = ~0U;

  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File();  // leaves every epoll that watches it

  [[nodiscard]] virtual std::uint32_t state() = 0;

 protected:
  void wake(std::uint32_t what);

 private:
  friend class Epoll;
  std::vector<Watch*> watches_;
};

class Epoll final : public File {
 public:
  ~Epoll() override;

  // 0 or an error number.
  [[nodiscard]] int control(int operation, int descriptor, File& file, const epoll_event* event);
  [[nodiscard]] bool has_ready();
  [[nodiscard]] int take(epoll_event* events, int most);
  [[nodiscard]] std::uint32_t state() override { return has_ready() ? EPOLLIN : 0U; }

 private:
  friend class File;
  void queue(Watch& watch);
  void remove(const Watch& watch);

  std::vector<std::unique_ptr<Watch>> watches_;
  std::deque<Watch*> ready_;
};

// What eventfd makes.
class Counter final : public File {
 public:
  [[nodiscard]] std::uint32_t state() override { return (value_ != 0 ? EPOLLIN : 0U) | EPOLLOUT; }
  void add(std::uint64_t n) {
    value_ += n;
    wake(EPOLLIN);
  }
  [[nodiscard]] std::uint64_t take() {
    const std::uint64_t value = value_;
    value_ = 0;
    return value;
  }

 private:
  std::uint64_t value_ = 0;
};

// What timerfd_create makes: once, never repeating, and not read from.
class Timer final : public File {
 public:
  [[nodiscard]] std::uint32_t state() override { return expired_ ? EPOLLIN : 0U; }
  // Disarmed; what it is set for next belongs to this number.
  [[nodiscard]] std::uint64_t set() {
    expired_ = false;
    return ++setting_;
  }
  void expire(std::uint64_t setting) {
    if (setting != setting_) return;
    expired_ = true;
    wake(EPOLLIN);
  }

 private:
  std::uint64_t setting_ = 0;
  bool expired_ = false;
};

}  // namespace pounce::sim
