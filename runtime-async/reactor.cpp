#include <pounce/async/reactor.hpp>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <new>
#include <system_error>
#include <utility>

namespace pounce::inline v0::async {

using posix::Link;

Reactor::Reactor(const posix::Shared& shared, events::WorkerId id, std::vector<posix::Listener> listeners,
                 std::size_t most_handoffs)
    : shared_(shared),
      ticks_(shared.config.server_header, shared.config.date_header),
      station_{workspace_, ids_, shared.observer, id},
      wheel_(ticks_.tick().now),
      entrances_(std::move(listeners), shared, poller_, station_, *this),
      most_handoffs_(most_handoffs) {
  if (!poller_.watch(wake_.descriptor(), posix::Poller::Mode::level, nullptr))
    throw std::system_error{errno, std::generic_category(), "watching the wake descriptor"};
  if (wake_timer_.descriptor() >= 0 &&
      !poller_.watch(wake_timer_.descriptor(), posix::Poller::Mode::arrival, &wake_timer_))
    throw std::system_error{errno, std::generic_category(), "watching the wake timer"};
}

Reactor::~Reactor() {
  while (links_ != nullptr) remove(*links_, true);
}

void Reactor::run() noexcept {
  posix::Turn turn{shared_.turns};
  station_.observe([&] { return events::WorkerStarted{ticks_.tick().now, station_.worker}; });
  while (!may_end()) {
    try {
      this->turn(turn);
    } catch (const std::exception&) {
      // Out of memory between two sessions: whatever it was, the next turn tries again with what has been freed.
      ticks_.update();
    }
  }
  station_.observe([&] { return events::WorkerStopped{ticks_.update().now, station_.worker}; });
}

// --- from other threads ---

void Reactor::drain(Drain drain) noexcept {
  drain_.store(drain, std::memory_order_relaxed);
  drain_wanted_.store(true, std::memory_order_release);
  wake_.notify();
}

void Reactor::finish() noexcept {
  {
    const std::lock_guard guard{lock_};
    most_handoffs_ = 0;
  }
  wake_.notify();
}

void Reactor::cut() noexcept {
  cut_wanted_.store(true, std::memory_order_release);
  wake_.notify();
}

void Reactor::wake(Link& link) noexcept {
  {
    const std::lock_guard guard{lock_};
    if (std::exchange(link.woken, true)) return;
    woken_.push_back(&link);
    if (woken_.size() > 1) return;  // the first one has rung already
  }
  wake_.notify();
}

bool Reactor::offer(posix::Handoff& handoff) {
  {
    const std::lock_guard guard{lock_};
    if (handoffs_.size() >= most_handoffs_) return false;
    try {
      handoffs_.push_back(std::move(handoff));
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  wake_.notify();
  return true;
}

std::size_t Reactor::waiting() const {
  const std::lock_guard guard{lock_};
  return handoffs_.size();
}

bool Reactor::may_end() {
  if (!draining_ || link_count_ != 0) return false;
  const std::lock_guard guard{lock_};
  return most_handoffs_ == 0 && handoffs_.empty();
}

// --- the loop ---

Duration Reactor::patience() {
  if (!ready_.empty()) return Duration::zero();
  const Instant now = ticks_.tick().now;
  const Instant limits = wheel_.next();
  Instant next = std::min(alarms_.next(), entrances_.next(now));
  if (!wake_timer_.set(now, limits)) next = std::min(next, limits);
  return next == never ? Duration{-1} : std::max(next - now, Duration::zero());
}

void Reactor::turn(posix::Turn& turn) {
  const Duration wait = patience();
  turn.pause();
  const std::size_t count = poller_.wait(reports_, wait);
  turn.resume();
  ticks_.update();

  bool woken = false;
  for (std::size_t i = 0; i < count; ++i) {
    const posix::Poller::Ready& report = reports_[i];
    if (report.tag == nullptr) {
      woken = true;
      continue;
    }
    if (report.tag == &wake_timer_) {
      wake_timer_.gone_off();
      continue;
    }
    if (entrances_.owns(report.tag)) {
      accept(report.tag);
      continue;
    }
    Link& link = *static_cast<Link*>(report.tag);
    link.readable = link.readable || report.readable;
    link.writable = link.writable || report.writable;
    link.hung_up = link.hung_up || report.hung_up;
    if (report.failed) link.failed = true;
    later(link);
  }
  if (woken) {
    wake_.drain();
    take_woken();
    adopt_all();
  }

  // Links that still have work afterwards stand in `ready_` again, behind what the next wait reports.
  batch_.clear();
  std::swap(batch_, ready_);
  for (Link* const link : batch_) {
    link->in_ready = false;
    try {
      serve(*link);
    } catch (const std::exception&) {
      remove(*link, false);  // out of memory within this session: it alone ends
    }
  }
  batch_.clear();
  run_timers();
  entrances_.tend(ticks_.tick().now);
  if (drain_wanted_.load(std::memory_order_acquire) && !draining_) start_drain();
  if (cut_wanted_.load(std::memory_order_acquire)) cut_all();
}

// The reports behind this one come once and must be seen, whatever memory there is; a listener's comes again.
void Reactor::accept(void* entrance) noexcept {
  try {
    entrances_.accept(entrance, posix::Entrances::accepts_per_turn, ticks_.tick(),
                      [this](Owned<Link> link) { add(std::move(link)); });
  } catch (const std::exception&) {
  }
}

// One read, one step, one flush.
void Reactor::serve(Link& link) {
  Session& session = link.session();
  const Tick& tick = ticks_.tick();
  if (link.failed && !session.wants_input()) session.broken();  // nobody would see it by reading
  if (link.readable && session.wants_input()) (void)link.read();
  link.measure(tick.now);
  if (link.hung_up) session.end_announced();
  session.step(tick);
  if (link.writable || session.output().finished()) (void)link.flush(tick.now);
  if (session.finished()) return remove(link, false);
  // Not while the peer still has answers to take: who reads slowly gets no worker to wait for it.
  if (link.home != nullptr && session.holds_plain() && session.output().empty()) return give_back(link);
  // Watched only now: a connection that has ended with its first request never was.
  if (!link.watched && !watch(link)) return remove(link, false);
  link.half_close();
  session.settle();
  if (link.has_work()) later(link);
  wheel_.file(link, session.deadline());
  alarms_.set(link, session.alarm());
}

void Reactor::later(Link& link) {
  if (std::exchange(link.in_ready, true)) return;
  ready_.push_back(&link);
}

// --- coming and going ---

// Room in every list of links for one more, so that marking a link never fails.
bool Reactor::make_room() noexcept {
  const std::size_t wanted = link_count_ + 1;
  if (room_ >= wanted) return true;
  try {
    ready_.reserve(2 * wanted);
    batch_.reserve(2 * wanted);
    awake_.reserve(2 * wanted);
    const std::lock_guard guard{lock_};
    woken_.reserve(2 * wanted);
  } catch (const std::bad_alloc&) {
    return false;
  }
  room_ = 2 * wanted;
  return true;
}

void Reactor::add(Owned<Link> owned) {
  if (!make_room()) return give_up(std::move(owned));
  Link& link = *owned.release();
  link.next = links_;
  link.previous = nullptr;
  if (links_ != nullptr) links_->previous = &link;
  links_ = &link;
  ++link_count_;
  if (draining_) link.session().drain(ticks_.tick(), drain_.load(std::memory_order_relaxed));
  later(link);
}

// One that is in no list yet.
void Reactor::give_up(Owned<Link> link) {
  Session& session = link->session();
  if (session.busy()) link->reset_on_close();
  session.close(ticks_.tick().now, false);
  const std::uint64_t requests = session.requests();
  link.reset();
  shared_.census.leave(requests, {});
}

// Edge-triggered: what is there already is reported at once, so nothing is lost between the last read and now.
bool Reactor::watch(Link& link) noexcept {
  link.watched = poller_.watch(link.descriptor(), posix::Poller::Mode::edge, &link);
  return link.watched;
}

void Reactor::remove(Link& link, bool cut) {
  std::uint64_t requests = 0;
  Cut ended;
  {
    if (link.session().busy()) link.reset_on_close();      // an answer that ends here must not look whole
    ended = link.session().close(ticks_.tick().now, cut);  // closes the letterboxes
    requests = link.session().requests();
    const Owned<Link> owned = take_out(link);
  }
  shared_.census.leave(requests, ended);
}

// Out of every list, when nobody wakes it any more. In `batch_` it is never looked for: only the link that is served leaves while that is
// gone through, and its own entry has been passed.
Owned<Link> Reactor::take_out(Link& link) noexcept {
  if (link.has_letterboxes()) {
    const std::lock_guard guard{lock_};
    if (std::exchange(link.woken, false)) std::erase(woken_, &link);
  }
  if (std::exchange(link.in_ready, false)) std::erase(ready_, &link);
  // Closing would do, were there no process just being started that has a copy until it becomes another program.
  if (std::exchange(link.watched, false)) poller_.forget(link.descriptor());
  wheel_.remove(link);
  alarms_.set(link, never);
  (link.previous != nullptr ? link.previous->next : links_) = link.next;
  if (link.next != nullptr) link.next->previous = link.previous;
  --link_count_;
  return Owned<Link>{&link};
}

// Its next handler may block its thread, and other connections with it here.
void Reactor::give_back(Link& link) {
  link.detach();
  Owned<Link> owned = take_out(link);
  station_.observe([&] {
    return events::HandedBack{.at = std::max(ticks_.tick().now, link.session().now()),
                              .connection = link.session().peers().connection,
                              .worker = station_.worker};
  });
  std::exchange(link.home, nullptr)->take_back(std::move(owned));
}

void Reactor::take_woken() {
  {
    const std::lock_guard guard{lock_};
    awake_.swap(woken_);
    for (Link* link : awake_) link->woken = false;
  }
  for (Link* link : awake_) later(*link);
  awake_.clear();
}

void Reactor::adopt_all() {
  std::vector<posix::Handoff> handoffs;
  {
    const std::lock_guard guard{lock_};
    handoffs.swap(handoffs_);
  }
  if (handoffs.empty()) return;
  ticks_.update();  // no earlier than what the workers said last of these connections
  for (posix::Handoff& handoff : handoffs) {
    std::visit([this](auto& moved) { adopt(std::move(moved.link), moved.from); }, handoff);
  }
}

void Reactor::adopt(Owned<Link> owned, events::WorkerId from) {
  Link& link = *owned;
  if (!make_room()) {  // looked at before anybody can wake it
    link.session().join(station_);
    return give_up(std::move(owned));
  }
  link.attach(station_, *this);
  link.readable = link.writable = true;
  link.session().hold_plain(link.home != nullptr);
  link.session().hold_streams(false);
  station_.observe([&] {
    return events::HandedOff{.at = std::max(ticks_.tick().now, link.session().now()),
                             .connection = link.session().peers().connection,
                             .worker = station_.worker,
                             .from = from};
  });
  add(std::move(owned));
}

// --- time ---

void Reactor::run_timers() {
  const Instant now = ticks_.tick().now;
  wheel_.advance(now, [&](posix::Timed& timed) {
    auto& link = static_cast<Link&>(timed);
    if (link.session().deadline() <= now) {
      later(link);
    } else {
      wheel_.file(link, link.session().deadline());
    }
  });
  while (posix::Timed* due = alarms_.pop_due(now)) later(static_cast<Link&>(*due));
}

// --- the end ---

// What the kernel had queued is still served; then the listeners close, and every session is told.
void Reactor::start_drain() {
  entrances_.close(ticks_.tick(), [this](Owned<Link> link) { add(std::move(link)); });
  draining_ = true;
  station_.observe([&] { return events::DrainStarted{ticks_.tick().now, station_.worker}; });
  for (Link* link = links_; link != nullptr; link = link->next) {
    // A request that has already arrived is served: look before saying no.
    try {
      if (link->session().wants_input()) (void)link->read();
      link->session().settle();  // most had nothing to say: they must not each keep a block for it until their turn
    } catch (const std::bad_alloc&) {
      // then what has arrived waits a little longer
    }
    link->session().drain(ticks_.tick(), drain_.load(std::memory_order_relaxed));
    later(*link);
  }
}

void Reactor::cut_all() {
  adopt_all();
  while (links_ != nullptr) remove(*links_, true);
}

}  // namespace pounce::inline v0::async
