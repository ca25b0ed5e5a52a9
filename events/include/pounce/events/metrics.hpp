// Metrics as text: Prometheus' exposition format 0.0.4 and OpenMetrics 1.0.0.
//
// What it is: a rendering of Totals, of the process and of the server's queues. docs/operations.md lists every metric. What it is
// not: a clock or a reader of /proc: `Process` is given. Counters only grow while the process lives; labels have bounded sets of
// values, none of which a peer can choose.
#pragma once

#include <pounce/core/list.hpp>
#include <pounce/core/string_fwd.hpp>
#include <pounce/events/meter.hpp>
#include <pounce/events/server_state.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pounce::inline v0::events {

enum class Exposition : std::uint8_t { prometheus, openmetrics };

// By the value of an Accept field: OpenMetrics where it is asked for.
[[nodiscard]] Exposition exposition_for(std::string_view accept) noexcept;
[[nodiscard]] std::string_view content_type(Exposition exposition) noexcept;

// Of the process, or of all of them together; what a system does not tell is absent.
struct Process {
  std::optional<std::uint64_t> open_descriptors;
  std::optional<std::uint64_t> most_descriptors;
  std::optional<std::uint64_t> virtual_memory;   // bytes
  std::optional<std::uint64_t> resident_memory;  // bytes
  std::optional<std::uint64_t> threads;
  std::optional<Duration> cpu;    // user and system
  std::optional<Duration> start;  // since the epoch
};

// Of the server at this moment.
struct Moment {
  ServerState state = ServerState::init;
  std::string_view program;
  std::string_view version;
  std::uint64_t waiting_connections = 0;  // read, and no worker has taken them yet
  std::uint64_t waiting_handoffs = 0;
  std::uint64_t generation = 1;
  std::uint64_t draining_generations = 0;
  std::uint64_t reloads = 0;
  std::uint64_t failed_reloads = 0;
  std::uint64_t kept_modules = 0;
  // Lines that a log could not take, by its name.
  struct Dropped {
    std::string_view log;
    std::uint64_t lines;
  };
  List<Dropped> dropped;
  // Of the queue for a place among the handlers that run.
  struct RequestQueue {
    std::uint64_t running = 0;
    std::uint64_t waiting = 0;
    std::uint64_t waited = 0;  // requests that got a place after a wait …
    Duration wait{};           // … and how long all of them have waited
    // Requests that were answered 503, or whose client left, by why: shed_reasons.
    std::array<std::uint64_t, 4> shed{};
  };
  std::optional<RequestQueue> requests;  // absent: as many run as there are
  // Of worker processes; absent: workers are threads.
  struct WorkerProcesses {
    std::uint64_t running = 0;
    std::uint64_t died = 0;  // without having been asked to end
  };
  std::optional<WorkerProcesses> processes;
  std::uint64_t collector_failures = 0;  // exceptions of an application's collectors
};

inline constexpr std::array<std::string_view, 4> shed_reasons{"full", "timeout", "overload", "gone"};

[[nodiscard]] std::string metrics_text(const Totals& totals, const Moment& moment, const Process& process,
                                       Exposition exposition);

}  // namespace pounce::inline v0::events
