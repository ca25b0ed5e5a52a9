// Two small drivers over the same Session, as the two runtimes are: one serves a session to its end before it looks at the next; one
// keeps a ready list and gives each session one step at a time. Time is simulated, transports are strings.
#pragma once

#include <pounce/core/workspace.hpp>
#include <pounce/server/session.hpp>
#include <pounce/server/station.hpp>

#include "tests/server/recorder.hpp"
#include "tests/sim/fake_machine.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pounce::sim {

// A letterbox that any thread may post to, and a counter in place of a wake descriptor.
class LockedWake final : public Wake {
 public:
  [[nodiscard]] Loan<Letterbox> open() override { return Loan<Letterbox>{new Box}; }

 private:
  class Box final : public Letterbox {
   public:
    Status post(std::string message) override {
      const std::lock_guard lock{mutex_};
      if (closed_) return Status::gone;
      if (messages_.size() >= most_messages) return Status::full;
      messages_.push_back(std::move(message));
      return Status::ok;
    }
    bool take(std::string& message) override {
      const std::lock_guard lock{mutex_};
      if (messages_.empty()) return false;
      message = std::move(messages_.front());
      messages_.pop_front();
      return true;
    }
    [[nodiscard]] bool has_mail() const override {
      const std::lock_guard lock{mutex_};
      return !messages_.empty();
    }
    void close() noexcept override {
      const std::lock_guard lock{mutex_};
      closed_ = true;
    }

   private:
    void destroy() noexcept override { delete this; }

    mutable std::mutex mutex_;
    std::deque<std::string> messages_;
    bool closed_ = false;
  };
};

class Ids final : public RequestIds {
  [[nodiscard]] std::uint64_t refill() override { return last_ += block; }
  std::uint64_t last_ = 0;
};

// A worker's or reactor's things.
struct Place {
  explicit Place(events::Observer* observer = nullptr, events::WorkerId worker = 0)
      : station{workspace, ids, observer, worker} {}
  Workspace workspace;
  Ids ids;
  Station station;
};

// A connection: what the peer has sent (one string per read), what it has seen, and the session.
class Link {
 public:
  Link(const Service& service, Place& place, std::uint64_t id, Instant now)
      : session(service, place.station, wake, Peers{ConnectionId{id}, "local", "peer"}, now,
                make_owned<MachineOf<FakeMachine>>()) {}

  void sends(std::string_view bytes) { input.emplace_back(bytes); }
  void breaks() {
    session.broken();
    input.clear();
  }

  // One turn of a driver's loop; true when something moved, or wants to at once.
  bool turn(const Tick& tick) {
    bool moved = false;
    if (!input.empty() && session.wants_input()) {
      const MutableBytes space = session.space();
      const std::size_t n = std::min(space.size(), input.front().size());
      std::memcpy(space.data(), input.front().data(), n);
      session.received(n);
      input.front().erase(0, n);
      if (input.front().empty()) input.pop_front();
      moved = true;
    } else if (input.empty() && ends && !end_told) {
      end_told = moved = true;
      session.received_end();
    }
    moved = moved || session.runnable();
    session.step(tick);
    ++steps;
    moved = write(tick.now) || moved;
    session.settle();
    return moved || session.runnable() || (!input.empty() && session.wants_input());
  }
  bool write(Instant now) {
    std::array<Bytes, 16> slices;
    std::size_t n = 0;
    for (std::size_t i = 0, count = reads ? session.output().gather(slices) : 0; i < count; ++i) {
      output.append(slices[i]);
      n += slices[i].size();
    }
    if (n != 0) session.written(n, now);
    return n != 0;
  }

  LockedWake wake;
  std::deque<std::string> input;
  std::string output;
  bool ends = false;  // the peer half-closes after its input
  bool end_told = false;
  bool reads = true;  // the peer takes what is written
  std::size_t steps = 0;
  Session session;
};

// Runs one link until nothing moves; jumps over what its handlers wait for, up to `limit`.
inline void serve(Link& link, Tick& tick, Instant limit = never) {
  while (!link.session.finished()) {
    if (link.turn(tick)) continue;
    const Instant alarm = link.session.alarm();
    if (alarm == never || alarm > limit) return;
    tick.now = std::max(tick.now, alarm);
  }
  link.session.close(tick.now, false);
}

// The same for many: each gets one step, then the next.
inline void interleave(const std::vector<Link*>& links, Tick& tick, Instant limit = never) {
  while (true) {
    bool moved = false;
    Instant alarm = never;
    for (Link* link : links) {
      if (link->session.finished()) {
        link->session.close(tick.now, false);
        continue;
      }
      moved = link->turn(tick) || moved;
      alarm = std::min(alarm, link->session.alarm());
    }
    if (moved) continue;
    if (alarm == never || alarm > limit) return;
    tick.now = std::max(tick.now, alarm);
  }
}

}  // namespace pounce::sim
