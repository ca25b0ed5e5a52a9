// Board: what all worker processes and their supervisor know of one another: memory that was shared before the first fork. So whichever
// process is asked for metrics, health or information answers for all of them.
//
// Each process has the meters of its worker ids, which it writes as ever, and a desk, where its main thread lays down what else there is to
// tell, once a second and when it ends. What a process has counted stays when it has ended, or died.
// Writers: of a desk its process; of all else the supervisor. Readers: everybody, without a lock, numbers a moment old.
// Limits: ids and desks for `posix::Metering::most_workers`; memory for those that are used.
#pragma once

#include "posix/program/shared_memory.hpp"

#include <pounce/events/metrics.hpp>
#include <pounce/events/server_state.hpp>
#include <pounce/posix/metering.hpp>
#include <pounce/posix/runtime.hpp>

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace pounce::inline v0::program {

class Board {
 public:
  // What one process tells of itself, beside its meters.
  struct Numbers {
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;  // served on connections that have ended
    posix::Queues queues;
    std::array<std::uint64_t, 2> dropped{};  // lines of the access log, of that of events
    std::uint64_t collector_failures = 0;
    std::uint64_t kept_modules = 0;
  };

  // Throws std::system_error without memory.
  Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  // --- by the supervisor ---

  void state(events::ServerState now) noexcept { sheet_->state.store(now, std::memory_order_release); }
  void generations(std::uint64_t current, std::uint64_t draining, std::uint64_t reloaded,
                   std::uint64_t refused) noexcept;
  void use_meters(posix::Metering& metering) noexcept { metering.share(places(), sheet_->used); }
  // Before a process is forked that takes `count` worker ids from `first` on; its desk is that of the first.
  void open(events::WorkerId first, std::uint32_t count);
  void seat(events::WorkerId first, pid_t process) noexcept;
  // What one that has ended had when it said so last.
  struct Left {
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;
  };
  // It has ended, by itself or not.
  Left close(events::WorkerId first, std::uint32_t count) noexcept;
  void count_death() noexcept { sheet_->deaths.fetch_add(1, std::memory_order_relaxed); }

  // --- by a worker process ---

  void publish(events::WorkerId first, const Numbers& now) noexcept;

  // --- by everybody ---

  [[nodiscard]] events::ServerState state() const noexcept { return sheet_->state.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t connections() const noexcept;
  // All that is not in meters.
  void tell(events::Moment& moment) const;
  // Descriptors, memory, threads and processor time of all processes together, the supervisor's and those that have ended included.
  [[nodiscard]] events::Process process() const;

 private:
  using Number = std::atomic<std::uint64_t>;

  // The numbers of a desk, in an array, so that they can be added up.
  struct Entry {
    static constexpr std::size_t connections = 0;
    static constexpr std::size_t ready = 1;
    static constexpr std::size_t handoffs = 2;
    static constexpr std::size_t running = 3;
    static constexpr std::size_t waiting = 4;
    static constexpr std::size_t waited = 5;
    static constexpr std::size_t wait = 6;
    static constexpr std::size_t shed = 7;
    static constexpr std::size_t dropped = shed + events::shed_reasons.size();
    static constexpr std::size_t collector_failures = dropped + 2;
    static constexpr std::size_t kept_modules = collector_failures + 1;
    static constexpr std::size_t requests = kept_modules + 1;
    static constexpr std::size_t size = requests + 1;
    // What goes on after the process: it counts, and is no state.
    [[nodiscard]] static constexpr bool lasts(std::size_t entry) noexcept {
      return entry >= waited && entry <= collector_failures;
    }
  };
  struct alignas(64) Desk {
    std::atomic<pid_t> process{0};  // 0: nobody sits there
    std::array<Number, Entry::size> entries{};
    std::array<Number, Entry::size> before{};  // of these, what others who sat here have left, and what lasts of it
  };
  struct Sheet {
    std::atomic<events::ServerState> state{events::ServerState::init};
    std::atomic<std::uint32_t> used{0};  // meters and desks that have been made
    pid_t supervisor{0};
    Number generation{0}, draining{0}, reloaded{0}, refused{0}, deaths{0};
    Number cpu{0};                       // nanoseconds, of processes that have ended
    std::atomic<bool> has_queue{false};  // somebody has a request queue
  };

  [[nodiscard]] posix::Metering::Place* places() const noexcept;
  [[nodiscard]] Desk* desks() const noexcept;
  [[nodiscard]] events::Totals counted(events::WorkerId first, std::uint32_t count) const noexcept;
  [[nodiscard]] std::uint64_t sum(std::size_t entry) const noexcept;
  [[nodiscard]] std::vector<pid_t> processes() const;

  SharedMemory memory_;
  Sheet* sheet_;
  // The supervisor's: what the meters of a process had counted before it began. Its ids are then some of its predecessors'.
  std::map<events::WorkerId, events::Totals> before_;
};

}  // namespace pounce::inline v0::program
