#include <pounce/sync/distributor.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <new>
#include <system_error>
#include <utility>

namespace pounce::inline v0::sync {

using posix::Link;

Distributor::Distributor(Shared& shared, std::vector<posix::Listener> listeners)
    : shared_(shared),
      ticks_(shared.config.server_header, shared.config.date_header),
      station_{workspace_, ids_, shared.observer, 0},
      entrances_(std::move(listeners), shared, poller_, station_, *this),
      wheel_(ticks_.tick().now) {
  if (!poller_.watch(wake_.descriptor(), posix::Poller::Mode::level, nullptr))
    throw std::system_error{errno, std::generic_category(), "watching the wake descriptor"};
}

Distributor::~Distributor() { end_all(); }

void Distributor::run() noexcept {
  while (!draining_ || shared_.census.connections() != 0) {
    try {
      turn();
    } catch (const std::exception&) {
      ticks_.update();  // out of memory for one connection: go on with the others
    }
    if (cut_wanted_.load(std::memory_order_acquire)) {
      end_all();
      break;
    }
  }
}

// --- from other threads ---

void Distributor::park(std::unique_ptr<Link> owned) noexcept {
  const std::lock_guard guard{lock_};
  Link& link = *owned.release();
  link.attach(station_, *this);
  link.next = parked_;
  link.previous = nullptr;
  if (parked_ != nullptr) parked_->previous = &link;
  parked_ = &link;
  if (told_ && link.session().idle()) {
    // Parked by a worker that did not know of the drain yet, when the others had been told: it is told now, by the next worker.
    forget(link);
    wheel_.file(link, Instant{});
    return wake_.notify();
  }
  wheel_.file(link, link.session().deadline());
  if (wheel_.next() < asleep_until_) wake_.notify();
  // Last: from here on the other thread may take it.
  if (std::exchange(link.watched, true)) {
    poller_.rearm(link.descriptor(), &link);
  } else if (!poller_.watch(link.descriptor(), posix::Poller::Mode::once, &link)) {
    link.watched = false;
    wheel_.file(link, Instant{});  // no memory to watch it: look at it soon instead
    wake_.notify();
  }
}

void Distributor::forget(Link& link) noexcept {
  if (std::exchange(link.watched, false)) poller_.forget(link.descriptor());
}

void Distributor::drain() noexcept {
  drain_wanted_.store(true, std::memory_order_release);
  wake_.notify();
}

void Distributor::cut() noexcept {
  cut_wanted_.store(true, std::memory_order_release);
  wake_.notify();
}

void Distributor::wake(Link&) noexcept {}

// --- the loop ---

Duration Distributor::patience() {
  const Instant now = ticks_.tick().now;
  const std::lock_guard guard{lock_};
  const Instant next = std::min(entrances_.next(now), wheel_.next());
  asleep_until_ = next;
  return next == never ? Duration{-1} : std::max(next - now, Duration::zero());
}

void Distributor::turn() {
  std::array<posix::Poller::Ready, 256> reports;
  const std::size_t count = poller_.wait(reports, patience());
  ticks_.update();
  for (std::size_t i = 0; i < count; ++i) {
    if (reports[i].tag == nullptr) {
      wake_.drain();
      continue;
    }
    if (entrances_.owns(reports[i].tag)) {
      accept(reports[i].tag);
    } else {
      Link& link = *static_cast<Link*>(reports[i].tag);
      {
        const std::lock_guard guard{lock_};  // a report may overtake the worker that parks the link
        link.readable = true;
        link.hung_up = link.hung_up || reports[i].hung_up;
        link.failed = link.failed || reports[i].failed;
      }
      hand_to_worker(link);
    }
  }
  run_timers();
  entrances_.tend(ticks_.tick().now);
  if (drain_wanted_.load(std::memory_order_acquire) && !draining_) start_drain();
}

void Distributor::accept(void* entrance) {
  const Tick& tick = ticks_.tick();
  const std::size_t queued = shared_.queue.size();
  if (queued >= most_queued) return entrances_.pause(entrance, after(tick.now, std::chrono::milliseconds{1}));
  entrances_.accept(entrance, std::min(most_queued - queued, posix::Entrances::accepts_per_turn), tick,
                    [this](std::unique_ptr<Link> link) { admit(std::move(link)); });
}

void Distributor::admit(std::unique_ptr<Link> link) {
  link->detach();
  shared_.queue.push(std::move(link));
}

// --- parked links ---

std::unique_ptr<Link> Distributor::unpark(Link& link) {
  const std::lock_guard guard{lock_};
  (link.previous != nullptr ? link.previous->next : parked_) = link.next;
  if (link.next != nullptr) link.next->previous = link.previous;
  wheel_.remove(link);
  link.detach();
  return std::unique_ptr<Link>{&link};
}

void Distributor::hand_to_worker(Link& link) {
  // In a drain the worker looks once more before it says goodbye: a request may have arrived since.
  link.readable = link.readable || drain_wanted_.load(std::memory_order_acquire);
  shared_.queue.push(unpark(link));
}

void Distributor::run_timers() {
  const Instant now = ticks_.tick().now;
  due_.clear();
  {
    const std::lock_guard guard{lock_};
    wheel_.advance(now, [&](posix::Timed& timed) {
      auto& link = static_cast<Link&>(timed);
      if (link.session().deadline() > now && link.watched) {
        return wheel_.file(link, link.session().deadline());
      }
      try {
        due_.push_back(&link);
      } catch (const std::bad_alloc&) {
        wheel_.file(link, now);  // no memory: a moment later, then
      }
    });
  }
  // Disarm first, so that no report can name a link that a worker has.
  for (Link* link : due_) {
    forget(*link);
    hand_to_worker(*link);
  }
}

// --- the end ---

// What the kernel had queued is still served; then the listeners close. Parked connections go to the workers, which say goodbye.
void Distributor::start_drain() {
  entrances_.close(ticks_.tick(), [this](std::unique_ptr<Link> link) { admit(std::move(link)); });
  due_.clear();
  {
    const std::lock_guard guard{lock_};
    for (Link* link = parked_; link != nullptr; link = link->next) due_.push_back(link);
    told_ = true;
  }
  draining_ = true;  // only now: without memory for the list the next turn tries again
  for (Link* link : due_) {
    forget(*link);
    hand_to_worker(*link);
  }
  station_.observe([&] { return events::DrainStarted{ticks_.tick().now, station_.worker}; });
}

void Distributor::end_all() {
  while (true) {
    Link* link = nullptr;
    {
      const std::lock_guard guard{lock_};
      link = parked_;
    }
    if (link == nullptr) return;
    const std::unique_ptr<Link> owned = unpark(*link);
    owned->session().join(station_);
    owned->session().close(ticks_.tick().now, true);
    shared_.census.leave(owned->session().requests(), true);
  }
}

}  // namespace pounce::inline v0::sync
