// Runtime: what the two servers have in common, as seen by a program: start, drain, cut, wait.
#pragma once

#include <pounce/core/cut.hpp>
#include <pounce/core/drain.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/string_fwd.hpp>
#include <pounce/limits/request_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

namespace pounce::inline v0 {

class App;
class FilterSource;
struct Service;
namespace config {
struct BindAddress;
struct Config;
}  // namespace config
namespace events {
class Observer;
}
namespace limits {
class ClientLimit;
}

namespace posix {

class Census;
class HandoffPool;
class Listeners;
class Turns;

struct Totals {
  std::uint64_t requests = 0;  // without those that were cut
  Cut cut;

  Totals& operator+=(const Totals& more) noexcept {
    requests += more.requests;
    cut += more.cut;
    return *this;
  }
};

// What waits between threads at this moment; 0 where a runtime has no such queue.
struct Queues {
  std::size_t connections = 0;                              // ready, and no worker has taken them yet
  std::size_t handoffs = 0;                                 // on their way to a reactor
  std::optional<limits::RequestQueue::Numbers> requests{};  // where so many handlers run at once and no more
};

class Runtime {
 public:
  Runtime() = default;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  virtual ~Runtime() = default;

  // Where connections to addresses for TLS get their filters. Before `start`, where there is such an address; it outlives this.
  virtual void use_filters(FilterSource& filters) noexcept = 0;
  // Paths that `front` routes are answered by its handlers, which are plain and do not block, before limits, middleware and the
  // application. Before `start`; it outlives this.
  virtual void answer_first(const App& front) noexcept = 0;
  // Where listeners come from, dealt, to be kept by whoever has them; without it, the runtime binds its addresses for itself. Before
  // `start`; used during it.
  virtual void use_listeners(Listeners& listeners) noexcept = 0;
  // Its threads have ids from here on, `worker_ids` of them. Before `start`; without it, from 0.
  virtual void count_from(std::uint32_t first_id) noexcept = 0;
  // Its threads take turns at the application. Before `start`; it outlives this.
  virtual void take_turns(Turns& turns) noexcept = 0;
  // What clients ask counts there, and in no limit of its own. Before `start`.
  virtual void limit_clients(Owned<limits::ClientLimit> limit) noexcept = 0;
  // Limits over all workers are as `limits` has them from now on: --max-connections, --max-concurrency, --queue-depth. Thread-safe.
  virtual void allow(const config::Config& limits) = 0;
  // Binds every address and starts the workers. An error is one line; nothing runs then. Who calls it includes <string>.
  [[nodiscard]] virtual std::expected<void, std::string> start() = 0;
  [[nodiscard]] virtual std::span<const config::BindAddress> addresses() const = 0;  // as bound
  [[nodiscard]] virtual std::size_t workers() const = 0;
  [[nodiscard]] virtual std::size_t connections() const = 0;
  // Of the connections that have ended. Thread-safe.
  [[nodiscard]] virtual Totals totals() const = 0;
  // From `start` to the end. Thread-safe.
  [[nodiscard]] virtual Queues queues() const = 0;
  // No new connections; what runs may end by itself until `cut`. Thread-safe, idempotent.
  virtual void drain(Drain drain) = 0;
  virtual void cut() = 0;
  // Readable when, after a drain, no thread of it takes a connection any more.
  [[nodiscard]] virtual int closed_descriptor() const = 0;
  // Readable when every worker has ended after a drain.
  [[nodiscard]] virtual int finished_descriptor() const = 0;
  // Joins the workers; after `finished_descriptor` it does not wait long.
  virtual Totals join() = 0;
};

// How many ids a runtime takes: one for the thread that accepts, and one for each that serves.
[[nodiscard]] std::uint32_t worker_ids(const config::Config& config);

// `config`, `app` and `observer` (may be null) are borrowed and outlive the runtime.
using MakeRuntime = Owned<Runtime> (*)(const config::Config& config, const App& app, events::Observer* observer);

}  // namespace posix

}  // namespace pounce::inline v0
