// What both servers are made of before their threads are: what is counted over all workers, what they share, and what both make of
// the configuration.
#pragma once

#include <pounce/config/bind_address.hpp>
#include <pounce/config/config.hpp>
#include <pounce/config/setting.hpp>
#include <pounce/core/cut.hpp>
#include <pounce/events/observer.hpp>
#include <pounce/limits/request_queue.hpp>
#include <pounce/posix/runtime.hpp>
#include <pounce/posix/turns.hpp>
#include <pounce/posix/wake_descriptor.hpp>
#include <pounce/server/station.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace pounce::inline v0::posix {

// Census: how many connections there are, over all workers, and what became of them; and whether more may come. Thread-safe.
class Census {
 public:
  // So many may be there, from now on.
  void allow(std::size_t most) noexcept { most_.store(most, std::memory_order_relaxed); }
  // False when so many are there already.
  [[nodiscard]] bool enter() noexcept {
    if (connections_.fetch_add(1, std::memory_order_acq_rel) < most_.load(std::memory_order_relaxed)) return true;
    connections_.fetch_sub(1, std::memory_order_acq_rel);
    return false;
  }
  // One of them has ended, with so many requests, of which `cut` are some.
  void leave(std::uint64_t requests, const Cut& cut) noexcept {
    requests_.fetch_add(requests - cut.requests, std::memory_order_relaxed);
    if (cut.connections != 0) {
      cut_connections_.fetch_add(cut.connections, std::memory_order_relaxed);
      cut_requests_.fetch_add(cut.requests, std::memory_order_relaxed);
      cut_websockets_.fetch_add(cut.websockets, std::memory_order_relaxed);
    }
    if (connections_.fetch_sub(1, std::memory_order_acq_rel) == 1 && empty_ != nullptr) empty_->notify();
  }
  [[nodiscard]] std::size_t connections() const noexcept { return connections_.load(std::memory_order_acquire); }
  // Of those that have left.
  [[nodiscard]] Totals totals() const noexcept {
    return {.requests = requests_.load(std::memory_order_relaxed),
            .cut = {.connections = cut_connections_.load(std::memory_order_relaxed),
                    .requests = cut_requests_.load(std::memory_order_relaxed),
                    .websockets = cut_websockets_.load(std::memory_order_relaxed)}};
  }
  // Threads that accept, before any of them closes its listeners again.
  void open() noexcept { open_.fetch_add(1, std::memory_order_relaxed); }
  void close() noexcept {
    if (open_.fetch_sub(1, std::memory_order_acq_rel) == 1) closed_.notify();
  }
  // Readable when all that accepted have closed their listeners.
  [[nodiscard]] int closed_descriptor() const noexcept { return closed_.descriptor(); }
  // Whom to wake when the last one leaves. Set before the first one enters.
  void on_empty(WakeDescriptor* wake) noexcept { empty_ = wake; }

 private:
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> most_{0};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> cut_connections_{0};
  std::atomic<std::uint64_t> cut_requests_{0};
  std::atomic<std::uint64_t> cut_websockets_{0};
  std::atomic<std::size_t> open_{0};
  WakeDescriptor closed_;
  WakeDescriptor* empty_ = nullptr;
};

// What the threads of one server share. Borrowed: all of it outlives them.
struct Shared {
  const config::Config& config;
  const Service& service;
  events::Observer* observer;  // null: nobody listens
  Census& census;
  Turns* turns = nullptr;  // null: the application bears all threads at once
};

// Limits over all workers are from now on as `limits` has them: connections, and its request queue, where it has one.
void allow(Census& census, const Service& service, const config::Config& limits);

// Of its request queue; empty: it has none.
[[nodiscard]] std::optional<limits::RequestQueue::Numbers> numbers_of(const Service& service);

// As `--rate-limit` has it; null: not at all. `memory`: of its table (limits::RateLimiter). Throws bad_alloc, std::system_error without randomness.
[[nodiscard]] Owned<limits::ClientLimit> make_client_limit(const config::Config& config, void* memory = nullptr);

[[nodiscard]] Service make_service(const config::Config& config, const App& app);

}  // namespace pounce::inline v0::posix
