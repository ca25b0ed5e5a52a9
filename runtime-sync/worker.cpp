#include <pounce/sync/worker.hpp>

#include <poll.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace pounce::inline v0::sync {

using posix::Link;

Worker::Worker(Shared& shared, Distributor& distributor, events::WorkerId id)
    : shared_(shared),
      distributor_(distributor),
      ticks_(shared.config.server_header, shared.config.date_header),
      station_{workspace_, ids_, shared.observer, id} {}

void Worker::run() noexcept {
  posix::Turn turn{shared_.turns};
  turn_ = &turn;
  station_.observe([&] { return events::WorkerStarted{ticks_.tick().now, station_.worker}; });
  while (true) {
    turn.pause();
    Owned<Link> link = shared_.queue.pop();
    turn.resume();
    if (!link) break;
    ticks_.update();
    serve(std::move(link));
  }
  station_.observe([&] { return events::WorkerStopped{ticks_.update().now, station_.worker}; });
}

void Worker::drain(Drain drain) noexcept {
  drain_.store(drain, std::memory_order_relaxed);
  drain_wanted_.store(true, std::memory_order_release);
  wake_.notify();
}

void Worker::cut() noexcept {
  cut_wanted_.store(true, std::memory_order_release);
  wake_.notify();
}

void Worker::wake(Link&) noexcept { wake_.notify(); }

void Worker::serve(Owned<Link> owned) {
  Link& link = *owned;
  Session& session = link.session();
  link.attach(station_, *this);
  session.hold_plain(false);
  session.hold_streams(shared_.sink != nullptr);
  link.writable = true;
  begin_request(session);
  Instant slice_ends = after(ticks_.tick().now, slice);
  try {
    while (true) {
      if (cut_wanted_.load(std::memory_order_acquire)) return end(std::move(owned), true);
      if (link.failed && !session.wants_input()) session.broken();
      if (link.readable && session.wants_input()) (void)link.read();
      if (drain_wanted_.load(std::memory_order_acquire))
        session.drain(ticks_.tick(), drain_.load(std::memory_order_relaxed));
      link.measure(ticks_.tick().now);
      if (link.hung_up) session.end_announced();
      session.step(ticks_.tick());
      if (link.writable || session.output().finished()) (void)link.flush(ticks_.tick().now);
      if (session.finished()) return end(std::move(owned), false);
      link.half_close();
      session.settle();
      if (session.holds_streams()) {
        if (hand_off(owned)) return;
        session.hold_streams(false);
      }
      if (session.requests() != request_) begin_request(session);
      if (link.has_work()) {
        if (ticks_.update().now >= slice_ends) {
          // Who never runs dry gives way, or as many such peers as there are workers would lock all others out.
          if (shared_.queue.wanted()) {
            link.detach();
            return shared_.queue.push_again(std::move(owned));
          }
          slice_ends = after(ticks_.tick().now, slice);
        }
        continue;
      }
      const Next next = session.busy() && !session.collecting() ? wait_busy(owned) : wait_idle(owned);
      if (next == Next::given_up) return;
    }
  } catch (const std::exception&) {
    // Out of memory between two steps: this connection ends, the worker goes on.
    if (owned) end(std::move(owned), false);
  }
}

void Worker::begin_request(const Session& session) noexcept {
  request_ = session.requests();
  patience_left_ = shared_.config.worker_patience;
  refused_ = false;
}

Worker::Next Worker::wait_idle(Owned<Link>& link) {
  if (shared_.census.connections() <= shared_.lingering && shared_.queue.begin_linger(wake_)) {
    distributor_.forget(*link);
    const bool ready = wait(*link, after(ticks_.tick().now, linger));
    shared_.queue.end_linger(wake_);
    if (ready || drain_wanted_.load(std::memory_order_acquire)) {
      if (ready || link->session().idle()) return Next::go_on;
    }
    if (link->session().deadline() <= ticks_.tick().now) return Next::go_on;
  }
  link->detach();
  distributor_.park(std::move(link));
  return Next::given_up;
}

Worker::Next Worker::wait_busy(Owned<Link>& link) {
  // Patience is for as long as nobody else needs this worker: else a crowd of slow peers would make everybody wait in turn.
  const bool patient =
      patience_left_ > Duration::zero() && !link->session().waits_outside() && shared_.queue.begin_linger(wake_);
  if (!patient && hand_off(link)) return Next::given_up;
  const Instant start = ticks_.tick().now;
  Instant until = never;
  if (patient) {
    until = after(start, patience_left_);
  } else if (shared_.sink != nullptr) {
    until = after(start,
                  ask_again);  // it was refused, but a WebSocket or a stream may last for ever, and a worker must not
  }
  (void)wait(*link, until);
  if (patient) shared_.queue.end_linger(wake_);
  patience_left_ -= ticks_.tick().now - start;
  return Next::go_on;
}

bool Worker::hand_off(Owned<Link>& link) {
  if (shared_.sink == nullptr) return false;
  distributor_.forget(*link);
  link->detach();
  const bool has_streams = link->session().has_streams();
  const bool has_socket = link->session().has_socket();
  if (!has_streams && !has_socket) link->home = &shared_.queue;
  posix::Handoff handoff = has_streams  ? posix::Handoff{posix::StreamConnection{std::move(link), station_.worker}}
                           : has_socket ? posix::Handoff{posix::UpgradedConnection{std::move(link), station_.worker}}
                                        : posix::Handoff{posix::ParkedExchange{std::move(link), station_.worker}};
  if (shared_.sink->offer(handoff)) return true;
  link = std::visit([](auto& refused) { return std::move(refused.link); }, handoff);
  link->attach(station_, *this);
  if (!std::exchange(refused_, true)) {
    station_.observe([&] {
      const Session& session = link->session();
      return events::HandoffRefused{std::max(ticks_.tick().now, session.now()), session.peers().connection,
                                    station_.worker};
    });
  }
  return false;
}

bool Worker::wait(Link& link, Instant until) {
  Session& session = link.session();
  const Instant wake_at = std::min({until, session.deadline(), session.alarm()});
  std::array<pollfd, 2> waits{{{link.descriptor(), 0, 0}, {wake_.descriptor(), POLLIN, 0}}};
  if (session.wants_input()) waits[0].events |= POLLIN;
  if (!session.output().empty()) waits[0].events |= POLLOUT;
  int timeout = -1;
  if (wake_at != never) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(wake_at - ticks_.tick().now);
    timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
  }
  turn_->pause();
  (void)::poll(waits.data(), waits.size(), timeout);
  turn_->resume();
  ticks_.update();
  if (waits[1].revents != 0) wake_.drain();
  const short got = waits[0].revents;
  if ((got & (POLLIN | POLLHUP | POLLERR)) != 0 || (waits[0].events & POLLIN) == 0)
    link.readable = true;  // or nobody asked
  if ((got & POLLOUT) != 0) link.writable = true;
  if ((got & (POLLHUP | POLLERR)) != 0) link.failed = true;
  return got != 0;
}

void Worker::end(Owned<Link> link, bool cut) {
  if (link->session().busy()) link->reset_on_close();  // an answer that ends here must not look whole
  const Cut ended = link->session().close(ticks_.tick().now, cut);
  const std::uint64_t requests = link->session().requests();
  distributor_.forget(*link);
  link.reset();
  shared_.census.leave(requests, ended);
}

}  // namespace pounce::inline v0::sync
