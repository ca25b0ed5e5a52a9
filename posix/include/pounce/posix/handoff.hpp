// Handoff: a live connection on its way from a blocking worker to the async pool. Ownership moves whole: socket, session with its
// machine, buffers, arena and suspended coroutine. While it is in a Handoff nobody reads, writes or runs it.
//
// Sink: where a pool takes them. `offer` either takes the hand-off (and leaves the argument empty) or refuses it untouched, when its
// queue is full or it is stopping: then the worker waits itself; slower, nothing lost.
//
// Home: where the pool gives a connection back when its next request has a plain handler: that may block, which is what workers are for.
#pragma once

#include <pounce/core/drain.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/posix/link.hpp>

#include <variant>

namespace pounce::inline v0::posix {

// An exchange whose handler waits: for time, a message, or a slow peer.
struct ParkedExchange {
  Owned<Link> link;  // its `home` is set
  events::WorkerId from;
};

// A connection that speaks HTTP/2: mostly a fresh one, of which nothing is parsed. It stays in the pool for good: its plain handlers
// run there, too.
struct StreamConnection {
  Owned<Link> link;
  events::WorkerId from;
};

// A WebSocket, with what its client has sent behind the handshake. It stays in the pool for good.
struct UpgradedConnection {
  Owned<Link> link;
  events::WorkerId from;
};

using Handoff = std::variant<ParkedExchange, StreamConnection, UpgradedConnection>;

class Home {
 public:
  // Thread-safe. The link is detached; it is never refused.
  virtual void take_back(Owned<Link> link) noexcept = 0;

 protected:
  ~Home() = default;
};

class Sink {
 public:
  [[nodiscard]] virtual bool offer(Handoff& handoff) = 0;

 protected:
  ~Sink() = default;
};

// HandoffPool: the async pool as its blocking feeder sees it. It outlives the workers: `drain` tells its exchanges, but only `finish`,
// after the last worker has ended, lets it end.
class HandoffPool : public Sink {
 public:
  HandoffPool() = default;
  HandoffPool(const HandoffPool&) = delete;
  HandoffPool& operator=(const HandoffPool&) = delete;
  virtual ~HandoffPool() = default;

  // Hand-offs that no reactor has adopted yet. Thread-safe.
  [[nodiscard]] virtual std::size_t waiting() const = 0;
  virtual void drain(Drain drain) noexcept = 0;
  virtual void finish() noexcept = 0;
  virtual void cut() noexcept = 0;
  virtual void join() = 0;
  [[nodiscard]] virtual int finished_descriptor() const noexcept = 0;
};

}  // namespace pounce::inline v0::posix
