#include <pounce/sync/distributor.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace pounce::inline v0::sync {

using posix::Link;

Distributor::Distributor(Shared& shared, std::vector<posix::Listener> listeners)
    : shared_(shared),
      ticks_(shared.config.server_header, shared.config.date_header),
      station_{workspace_, ids_, shared.observer, 0},
      wheel_(ticks_.tick().now) {
  (void)poller_.watch(wake_.descriptor(), posix::Poller::Mode::level, nullptr);
  for (posix::Listener& listener : listeners) entrances_.push_back(std::make_unique<Entrance>(std::move(listener)));
  for (const auto& entrance : entrances_) {
    (void)poller_.watch(entrance->acceptor.descriptor(), posix::Poller::Mode::level, entrance.get());
  }
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
  wheel_.file(link, link.session().deadline());
  if (wheel_.next() < asleep_until_) wake_.notify();
  // Last: from here on the other thread may take it.
  if (std::exchange(link.watched, true)) {
    poller_.rearm(link.descriptor(), &link);
  } else if (!poller_.watch(link.descriptor(), posix::Poller::Mode::once, &link)) {
    link.watched = false;
    wheel_.file(link, Instant::min());  // no memory to watch it: look at it soon instead
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
  Instant next = never;
  for (const auto& entrance : entrances_) next = std::min(next, entrance->paused_until);
  if (!refusals_.empty()) next = std::min(next, after(now, posix::Refusals::sweep_every));
  const std::lock_guard guard{lock_};
  next = std::min(next, wheel_.next());
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
    const auto entrance =
        std::find_if(entrances_.begin(), entrances_.end(), [&](const auto& e) { return e.get() == reports[i].tag; });
    if (entrance != entrances_.end()) {
      accept(**entrance, accepts_per_turn);
    } else {
      Link& link = *static_cast<Link*>(reports[i].tag);
      link.readable = true;
      link.hung_up = link.hung_up || reports[i].hung_up;
      link.failed = link.failed || reports[i].failed;
      hand_to_worker(link);
    }
  }
  run_timers();
  if (!refusals_.empty()) refusals_.sweep(ticks_.tick().now);
  resume_entrances();
  if (drain_wanted_.load(std::memory_order_acquire) && !draining_) start_drain();
}

void Distributor::accept(Entrance& entrance, std::size_t most) {
  for (std::size_t i = 0; i < most; ++i) {
    if (shared_.queue.size() >= most_queued)
      return pause(entrance, after(ticks_.tick().now, std::chrono::milliseconds{1}));
    posix::Descriptor socket;
    switch (entrance.acceptor.take(socket)) {
      case posix::Acceptor::Result::taken: admit(std::move(socket), entrance.acceptor.listener()); break;
      case posix::Acceptor::Result::drained: return;
      case posix::Acceptor::Result::exhausted: return pause(entrance, after(ticks_.tick().now, posix::Acceptor::pause));
    }
  }
}

void Distributor::admit(posix::Descriptor socket, const posix::Listener& listener) {
  const Instant now = ticks_.tick().now;
  if (!shared_.census.enter(shared_.config.max_connections)) {
    refusals_.refuse(std::move(socket), ticks_.tick());
    if (station_.observer != nullptr) {
      station_.observer->observe(events::ConnectionRefused{now, station_.worker, "max_connections"});
    }
    return;
  }
  Peers peers{.connection = posix::process_ids().next_connection(),
              .local = listener.address().text(),
              .peer = posix::peer_text(socket.get())};
  auto link = std::make_unique<Link>(std::move(socket), shared_.service, station_, *this, std::move(peers), now);
  link->detach();
  shared_.queue.push(std::move(link));
}

void Distributor::pause(Entrance& entrance, Instant until) {
  poller_.forget(entrance.acceptor.descriptor());
  entrance.paused_until = until;
}

void Distributor::resume_entrances() {
  for (const auto& entrance : entrances_) {
    if (entrance->paused_until > ticks_.tick().now) continue;
    entrance->paused_until = never;
    (void)poller_.watch(entrance->acceptor.descriptor(), posix::Poller::Mode::level, entrance.get());
  }
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

void Distributor::hand_to_worker(Link& link) { shared_.queue.push(unpark(link)); }

void Distributor::run_timers() {
  const Instant now = ticks_.tick().now;
  due_.clear();
  {
    const std::lock_guard guard{lock_};
    wheel_.advance(now, [&](posix::Timed& timed) {
      auto& link = static_cast<Link&>(timed);
      if (link.session().deadline() <= now || !link.watched) {
        due_.push_back(&link);
      } else {
        wheel_.file(link, link.session().deadline());
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
  for (const auto& entrance : entrances_) {
    posix::Descriptor socket;
    while (entrance->acceptor.take(socket) == posix::Acceptor::Result::taken)
      admit(std::move(socket), entrance->acceptor.listener());
    poller_.forget(entrance->acceptor.descriptor());
  }
  entrances_.clear();
  draining_ = true;
  if (station_.observer != nullptr)
    station_.observer->observe(events::DrainStarted{ticks_.tick().now, station_.worker});
  std::vector<Link*> all;
  {
    const std::lock_guard guard{lock_};
    for (Link* link = parked_; link != nullptr; link = link->next) all.push_back(link);
  }
  for (Link* link : all) {
    forget(*link);
    hand_to_worker(*link);
  }
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
