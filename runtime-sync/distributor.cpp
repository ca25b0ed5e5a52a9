#include <pounce/sync/distributor.hpp>

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <new>
#include <system_error>
#include <utility>

namespace pounce::inline v0::sync {

using posix::Link;

Distributor::Distributor(Shared& shared, events::WorkerId id, std::vector<posix::Listener> listeners)
    : shared_(shared),
      ticks_(shared.config.server_header, shared.config.date_header),
      station_{workspace_, ids_, shared.observer, id},
      entrances_(std::move(listeners), shared, poller_, station_, *this),
      wheel_(ticks_.tick().now) {
  if (!poller_.watch(wake_.descriptor(), posix::Poller::Mode::level, nullptr))
    throw std::system_error{errno, std::generic_category(), "watching the wake descriptor"};
  if (wake_timer_.descriptor() >= 0 &&
      !poller_.watch(wake_timer_.descriptor(), posix::Poller::Mode::arrival, &wake_timer_))
    throw std::system_error{errno, std::generic_category(), "watching the wake timer"};
}

Distributor::~Distributor() {
  end_all();
  free_forgotten();
}

void Distributor::run() noexcept {
  posix::Turn turn{shared_.turns};
  while (!draining_ || shared_.census.connections() != 0) {
    try {
      this->turn(turn);
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

void Distributor::park(Owned<Link> owned) noexcept {
  Link& link = *owned;
  if (link.watch == nullptr) watch(link);
  bool wake = false;
  {
    const std::lock_guard guard{lock_};
    if (link.watch == nullptr || !take_report(link)) {
      link.next = parked_;
      link.previous = nullptr;
      if (parked_ != nullptr) parked_->previous = &link;
      parked_ = owned.release();
      // At once: without memory to watch it, and if it was parked by a worker that did not know of the drain yet when the others had
      // been told, and has not been told itself. The next worker looks at it, and tells it.
      const bool at_once = link.watch == nullptr || (told_ && link.session().idle() && !link.session().draining());
      wheel_.file(link, at_once ? Instant{} : link.session().deadline());
      wake = wheel_.next() < asleep_until_;
      if (link.watch != nullptr) link.watch->parked = true;
    }
  }
  if (owned) return shared_.queue.push(std::move(owned));
  if (wake) wake_.notify();
}

// Edge-triggered: a report that comes while a worker serves the link is kept in the Watch, and found when the link is parked.
void Distributor::watch(Link& link) noexcept {
  Owned<posix::Watch> watch{new (std::nothrow) posix::Watch{.link = &link}};
  if (watch && poller_.watch(link.descriptor(), posix::Poller::Mode::arrival, watch.get()))
    link.watch = watch.release();
}

void Distributor::forget(Link& link) noexcept {
  if (link.watch == nullptr) return;
  poller_.forget(link.descriptor());
  const std::lock_guard guard{lock_};
  wheel_.remove(link);
  link.watch->next = std::exchange(forgotten_, link.watch);
  link.watch = nullptr;
}

// Before a wait: what was forgotten before it is in none of its reports.
void Distributor::free_forgotten() noexcept {
  while (forgotten_ != nullptr) {
    const Owned<posix::Watch> gone{std::exchange(forgotten_, forgotten_->next)};
  }
}

// What was reported since it was parked the last time; false: nothing.
bool Distributor::take_report(Link& link) noexcept {
  if (!std::exchange(link.watch->reported, false)) return false;
  link.readable = true;
  link.hung_up = link.hung_up || link.watch->hung_up;
  link.failed = link.failed || link.watch->failed;
  return true;
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
  const Instant limits = wheel_.next();
  Instant next = entrances_.next(now);
  asleep_until_ = std::min(next, limits);
  if (!wake_timer_.set(now, limits)) next = asleep_until_;
  free_forgotten();
  return next == never ? Duration{-1} : std::max(next - now, Duration::zero());
}

// There is no hurry: nobody could serve what is found. It ends when somebody could, or somebody calls.
void Distributor::rest_while_busy() noexcept {
  if (!shared_.queue.begin_rest(wake_)) return;
  pollfd wait{wake_.descriptor(), POLLIN, 0};
  (void)::poll(&wait, 1, static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(rest).count()));
  shared_.queue.end_rest();
}

void Distributor::turn(posix::Turn& turn) {
  turn.pause();
  rest_while_busy();
  std::array<posix::Poller::Ready, 256> reports;
  const std::size_t count = poller_.wait(reports, patience());
  turn.resume();
  ticks_.update();
  for (std::size_t i = 0; i < count; ++i) {
    if (reports[i].tag == nullptr) {
      wake_.drain();
    } else if (reports[i].tag == &wake_timer_) {
      wake_timer_.gone_off();
    } else if (entrances_.owns(reports[i].tag)) {
      accept(reports[i].tag);
    }
  }
  {
    const std::lock_guard guard{lock_};
    for (std::size_t i = 0; i < count; ++i) report(reports[i]);
    run_timers();
  }
  if (ready_.size() != 0) shared_.queue.push(ready_);
  entrances_.tend(ticks_.tick().now);
  if (drain_wanted_.load(std::memory_order_acquire) && !draining_) start_drain();
}

void Distributor::report(const posix::Poller::Ready& ready) {
  if (ready.tag == nullptr || ready.tag == &wake_timer_ || entrances_.owns(ready.tag)) return;
  posix::Watch& watch = *static_cast<posix::Watch*>(ready.tag);
  watch.reported = true;
  watch.hung_up = watch.hung_up || ready.hung_up;
  watch.failed = watch.failed || ready.failed;
  if (!watch.parked) return;
  (void)take_report(*watch.link);
  hand_to_worker(*watch.link);
}

void Distributor::accept(void* entrance) noexcept {
  const Tick& tick = ticks_.tick();
  const std::size_t queued = shared_.queue.size();
  if (queued >= most_queued) return entrances_.pause(entrance, after(tick.now, std::chrono::milliseconds{1}));
  try {
    entrances_.accept(entrance, std::min(most_queued - queued, posix::Entrances::accepts_per_turn), tick,
                      [this](Owned<Link> link) { admit(std::move(link)); });
  } catch (const std::exception&) {
    // Reports of connections come once and must be seen, whatever memory there is; a listener's comes again.
  }
}

void Distributor::admit(Owned<Link> link) noexcept {
  link->detach();
  ready_.push(std::move(link));
}

// --- parked links: the lock is held ---

Owned<Link> Distributor::unpark(Link& link) noexcept {
  if (link.watch != nullptr) {
    link.watch->parked = false;  // it stays in the wheel: it will be back before its time, mostly
  } else {
    wheel_.remove(link);
  }
  (link.previous != nullptr ? link.previous->next : parked_) = link.next;
  if (link.next != nullptr) link.next->previous = link.previous;
  return Owned<Link>{&link};
}

void Distributor::hand_to_worker(Link& link) noexcept {
  // In a drain the worker looks once more before it says goodbye: a request may have arrived since.
  link.readable = link.readable || link.watch == nullptr || drain_wanted_.load(std::memory_order_acquire);
  ready_.push(unpark(link));
}

void Distributor::run_timers() {
  const Instant now = ticks_.tick().now;
  wheel_.advance(now, [&](posix::Timed& timed) {
    auto& link = static_cast<Link&>(timed);
    if (link.watch != nullptr && !link.watch->parked) return;
    const Instant deadline = link.session().deadline();
    if (deadline > now && link.watch != nullptr && (!told_ || link.session().draining())) {
      wheel_.file(link, deadline);
    } else {
      hand_to_worker(link);
    }
  });
}

// --- the end ---

// What the kernel had queued is still served; then the listeners close. Parked connections go to the workers, which say goodbye.
void Distributor::start_drain() {
  entrances_.close(ticks_.tick(), [this](Owned<Link> link) { admit(std::move(link)); });
  {
    const std::lock_guard guard{lock_};
    while (parked_ != nullptr) hand_to_worker(*parked_);
    told_ = true;
  }
  draining_ = true;
  if (ready_.size() != 0) shared_.queue.push(ready_);
  station_.observe([&] { return events::DrainStarted{ticks_.tick().now, station_.worker}; });
}

void Distributor::end_all() {
  while (true) {
    Owned<Link> link = shared_.queue.take_rest();
    if (!link) {
      const std::lock_guard guard{lock_};
      if (parked_ == nullptr) return;
      link = unpark(*parked_);
    }
    forget(*link);
    if (link->session().busy()) link->reset_on_close();  // it gave way in the middle of an answer
    link->session().join(station_);
    const Cut ended = link->session().close(ticks_.update().now, true);
    shared_.census.leave(link->session().requests(), ended);
  }
}

}  // namespace pounce::inline v0::sync
