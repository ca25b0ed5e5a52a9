// Entrances: the listeners of one thread, on its poller, and the door policy behind them.
//
// A connection that may stay becomes a Link of the owner's and is counted in the census; one too many is told so (Refusals). Without
// descriptors or memory an entrance is not watched for a while: it neither spins nor dies.
// Owner: one thread. Borrows the poller, the station and the rest; all outlive it. The tags that it gives to the poller are its own:
// ask `owns` before a tag is taken for something else.
// Limits: `--max-connections` over all threads (the census); `accepts_per_turn` per report.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/posix/acceptor.hpp>
#include <pounce/posix/link.hpp>
#include <pounce/posix/poller.hpp>
#include <pounce/posix/refusals.hpp>
#include <pounce/posix/serving.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace pounce::inline v0::posix {

class Entrances {
 public:
  static constexpr std::size_t accepts_per_turn = 64;

  // Throws std::system_error when a listener cannot be watched.
  Entrances(std::vector<Listener> listeners, const Shared& shared, Poller& poller, Station& station, Waker& waker);
  Entrances(const Entrances&) = delete;
  Entrances& operator=(const Entrances&) = delete;
  ~Entrances() { say_closed(); }

  [[nodiscard]] bool owns(const void* tag) const noexcept;

  // Takes at most `most` of the connections that wait there and calls `admit(Owned<Link>)` for each that may stay.
  template <class Admit>
  void accept(void* tag, std::size_t most, const Tick& tick, Admit admit) {
    while (most-- != 0 && take(*static_cast<Entrance*>(tag), tick)) {
      if (arrived_) admit(std::move(arrived_));
    }
  }
  // Nobody is let in there until then.
  void pause(void* tag, Instant until) noexcept { pause(*static_cast<Entrance*>(tag), until); }
  // Once per turn: what was paused long enough goes on, and peers that were turned away are let go.
  void tend(Instant now) {
    if (resume_at_ <= now) resume(now);
    if (!refusals_.empty()) refusals_.sweep(now);
  }
  // When `tend` wants to be called next.
  [[nodiscard]] Instant next(Instant now) const noexcept {
    return refusals_.empty() ? resume_at_ : std::min(resume_at_, after(now, Refusals::sweep_every));
  }

  // For a drain: what the kernel has queued is taken still, then the listeners close. What was turned away is tended until the end.
  template <class Admit>
  void close(const Tick& tick, Admit admit) {
    for (const auto& entrance : entrances_) {
      accept(entrance.get(), shared_.config.max_connections, tick, admit);
      poller_.forget(entrance->acceptor.descriptor());
    }
    entrances_.clear();
    resume_at_ = never;
    say_closed();
  }

 private:
  struct Entrance {
    explicit Entrance(Listener listener)
        : local(listener.address().place()),
          proxied(listener.address().proxy),
          secure(listener.address().tls),
          acceptor(std::move(listener)) {}
    std::string local;
    bool proxied;
    bool secure;
    Acceptor acceptor;
    Instant paused_until = never;  // `never`: watched
  };

  // One connection into `arrived_`, which stays empty when it was turned away. False: there is none to take now.
  [[nodiscard]] bool take(Entrance& entrance, const Tick& tick);
  void pause(Entrance& entrance, Instant until) noexcept;
  void resume(Instant now);
  void turn_away(const Entrance& entrance, Descriptor socket, const Tick& tick);
  void say_closed() noexcept {
    if (std::exchange(open_, false)) shared_.census.close();
  }
  // `limit`: stable.
  void report_refusal(std::string_view limit, const Tick& tick);
  // A peer that may not speak for others, where peers do nothing else.
  [[nodiscard]] bool is_stranger(const Entrance& entrance, std::string_view peer) const;

  const Shared& shared_;
  Poller& poller_;
  Station& station_;
  Waker& waker_;
  Refusals refusals_;
  Owned<Link> arrived_;
  Instant resume_at_ = never;  // the earliest `paused_until`
  std::vector<Owned<Entrance>> entrances_;
  bool open_ = false;  // counted in the census
};

}  // namespace pounce::inline v0::posix
