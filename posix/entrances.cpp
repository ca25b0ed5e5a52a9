#include <pounce/posix/entrances.hpp>

#include <pounce/core/filter.hpp>
#include <pounce/posix/ids.hpp>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace pounce::inline v0::posix {

Entrances::Entrances(std::vector<Listener> listeners, const Shared& shared, Poller& poller, Station& station,
                     Waker& waker)
    : shared_(shared), poller_(poller), station_(station), waker_(waker) {
  for (Listener& listener : listeners) {
    const auto& entrance = entrances_.emplace_back(make_owned<Entrance>(std::move(listener)));
    if (!poller_.watch(entrance->acceptor.descriptor(), Poller::Mode::level, entrance.get()))
      throw std::system_error{errno, std::generic_category(), "watching a listener"};
  }
  if (!entrances_.empty()) {
    open_ = true;
    shared_.census.open();
  }
}

bool Entrances::owns(const void* tag) const noexcept {
  return std::any_of(entrances_.begin(), entrances_.end(), [tag](const auto& one) { return one.get() == tag; });
}

bool Entrances::take(Entrance& entrance, const Tick& tick) {
  Acceptor::Arrival arrival;
  switch (entrance.acceptor.take(arrival)) {
    case Acceptor::Result::taken: break;
    case Acceptor::Result::drained: return false;
    case Acceptor::Result::exhausted: pause(entrance, after(tick.now, Acceptor::pause)); return false;
  }
  if (is_stranger(entrance, arrival.peer)) {
    station_.observe([&] { return events::ConnectionRefused{tick.now, station_.worker, "untrusted_proxy"}; });
    return true;
  }
  if (!shared_.census.enter()) {
    turn_away(entrance, std::move(arrival.socket), tick);
    return true;
  }
  try {
    Peers peers{.connection = process_ids().next_connection(),
                .local = entrance.local,
                .peer = arrival.peer,
                .proxied = entrance.proxied};
    if (!entrance.secure) {
      arrived_ =
          make_owned<Link>(std::move(arrival.socket), shared_.service, station_, waker_, std::move(peers), tick.now);
    } else if (Owned<Filter> filter = shared_.service.filters->accept()) {
      arrived_ = make_owned<Link>(std::move(arrival.socket), shared_.service, station_, waker_, std::move(peers),
                                  tick.now, std::move(filter));
    } else {
      shared_.census.leave(0, {});
      report_refusal("tls_max_handshakes", tick);
    }
  } catch (
      const std::bad_alloc&) {  // it is closed, must not be counted for ever, and is no reason to forget the others
    shared_.census.leave(0, {});
    pause(entrance, after(tick.now, Acceptor::pause));
    return false;
  }
  return true;
}

bool Entrances::is_stranger(const Entrance& entrance, std::string_view peer) const {
  return entrance.proxied && !proxy::has_peer(shared_.service.trust.proxies, peer);
}

// Behind TLS nobody could read the answer.
void Entrances::turn_away(const Entrance& entrance, Descriptor socket, const Tick& tick) {
  if (!entrance.secure) refusals_.refuse(std::move(socket), tick);
  report_refusal("max_connections", tick);
}

void Entrances::report_refusal(std::string_view limit, const Tick& tick) {
  station_.observe([&] { return events::LimitHit{tick.now, ConnectionId{}, station_.worker, limit}; });
  station_.observe([&] { return events::ConnectionRefused{tick.now, station_.worker, limit}; });
}

void Entrances::pause(Entrance& entrance, Instant until) noexcept {
  poller_.forget(entrance.acceptor.descriptor());
  entrance.paused_until = until;
  resume_at_ = std::min(resume_at_, until);
}

void Entrances::resume(Instant now) {
  resume_at_ = never;
  for (const auto& entrance : entrances_) {
    if (entrance->paused_until <= now) {
      const bool watched = poller_.watch(entrance->acceptor.descriptor(), Poller::Mode::level, entrance.get());
      entrance->paused_until = watched ? never : after(now, Acceptor::pause);
    }
    resume_at_ = std::min(resume_at_, entrance->paused_until);
  }
}

}  // namespace pounce::inline v0::posix
