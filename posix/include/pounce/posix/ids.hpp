// Where connection and request ids come from: one source per process, unique across all threads and servers in it, and across worker processes.
//
// Connection ids increase with the order of acceptance. Request ids are drawn by each worker in blocks, so that
// workers share no cache line per request: they increase within a worker, and are unique across workers, but not in order.
#pragma once

#include <pounce/core/ids.hpp>
#include <pounce/server/station.hpp>

#include <atomic>
#include <cstdint>

namespace pounce::inline v0::posix {

class ProcessIds {
 public:
  constexpr ProcessIds() noexcept = default;
  ProcessIds(const ProcessIds&) = delete;
  ProcessIds& operator=(const ProcessIds&) = delete;

  // In a process that was forked: ids of its own, which no other number of a process gives. Before the first is drawn.
  void begin_process(std::uint64_t number) noexcept {
    connections_.store((number << per_process) + 1, std::memory_order_relaxed);
    requests_.store((number << per_process) + 1, std::memory_order_relaxed);
  }
  [[nodiscard]] ConnectionId next_connection() noexcept {
    return ConnectionId{connections_.fetch_add(1, std::memory_order_relaxed)};
  }
  // The first of `count` request ids that are the caller's alone.
  [[nodiscard]] std::uint64_t take_requests(std::uint64_t count) noexcept {
    return requests_.fetch_add(count, std::memory_order_relaxed);
  }

 private:
  // Numbers of 131,072 processes stay below 2^53, which is what readers of JSON keep exactly.
  static constexpr unsigned per_process = 36;

  alignas(64) std::atomic<std::uint64_t> connections_{1};
  alignas(64) std::atomic<std::uint64_t> requests_{1};
};

// The one source of this process.
[[nodiscard]] ProcessIds& process_ids() noexcept;

// A worker's own end of it: belongs to one thread, and into its Station.
class WorkerIds final : public RequestIds {
 public:
  WorkerIds() noexcept : source_(&process_ids()) {}
  explicit WorkerIds(ProcessIds& source) noexcept : source_(&source) {}

 private:
  [[nodiscard]] std::uint64_t refill() override { return source_->take_requests(block); }

  ProcessIds* source_;
};

}  // namespace pounce::inline v0::posix
