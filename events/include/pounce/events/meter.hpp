// Meter: counts the events of one worker. Totals: what several meters have counted together.
//
// One thread counts; any thread may read at any time, without a lock, and gets numbers that are a moment old and never torn. So
// workers share no cache line, and a reader pays for the sum.
// Gauges are differences of counters that may stand on different workers' meters: only sums of all of them mean something.
#pragma once

#include <pounce/events/event.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pounce::inline v0::events {

// Upper bounds of the histogram of request durations; one more bucket takes the rest.
inline constexpr std::array<Duration, 18> duration_bounds{
    std::chrono::microseconds{100}, std::chrono::microseconds{250},  std::chrono::microseconds{500},
    std::chrono::milliseconds{1},   std::chrono::microseconds{2500}, std::chrono::milliseconds{5},
    std::chrono::milliseconds{10},  std::chrono::milliseconds{25},   std::chrono::milliseconds{50},
    std::chrono::milliseconds{100}, std::chrono::milliseconds{250},  std::chrono::milliseconds{500},
    std::chrono::seconds{1},        std::chrono::milliseconds{2500}, std::chrono::seconds{5},
    std::chrono::seconds{10},       std::chrono::seconds{30},        std::chrono::seconds{60}};

// The statuses that have a number of their own; others are counted by class: "4xx".
[[nodiscard]] std::span<const std::uint16_t> counted_statuses() noexcept;
// The limits that LimitHit may name.
[[nodiscard]] std::span<const std::string_view> counted_limits() noexcept;

// Why a connection is refused: the reasons of ConnectionRefused.
inline constexpr std::array<std::string_view, 3> refusal_reasons{"max_connections", "untrusted_proxy",
                                                                 "tls_max_handshakes"};

// Where each count stands in a Meter.
struct Count {
  static constexpr std::size_t methods = static_cast<std::size_t>(Method::patch) + 1;
  static constexpr std::size_t statuses = 64;  // 58 of their own at most, then one for each class, then anything else
  static constexpr std::size_t failures = static_cast<std::size_t>(Failure::cut) + 1;
  static constexpr std::size_t protocols = static_cast<std::size_t>(Protocol::websocket) + 1;
  static constexpr std::size_t limits = 48;
  static constexpr std::size_t refusals = refusal_reasons.size();

  static constexpr std::size_t tls_versions = 2;  // 1.2, then 1.3; each full, then resumed

  static constexpr std::size_t requests = 0;  // method × status: answered
  static constexpr std::size_t duration = requests + methods * statuses;
  static constexpr std::size_t duration_sum = duration + duration_bounds.size() + 1;  // nanoseconds
  static constexpr std::size_t started = duration_sum + 1;
  static constexpr std::size_t ended = started + 1;
  static constexpr std::size_t failed = ended + 1;
  static constexpr std::size_t body_received = failed + failures;
  static constexpr std::size_t body_sent = body_received + 1;
  static constexpr std::size_t compression_input = body_sent + 1;
  static constexpr std::size_t compression_output = compression_input + 1;
  static constexpr std::size_t became_active = compression_output + 1;  // connections
  static constexpr std::size_t became_idle = became_active + 1;
  static constexpr std::size_t opened = became_idle + 1;
  static constexpr std::size_t completed = opened + 1;
  static constexpr std::size_t protocol_gained = completed + 1;
  static constexpr std::size_t protocol_lost = protocol_gained + protocols;
  static constexpr std::size_t wire_received = protocol_lost + protocols;
  static constexpr std::size_t wire_sent = wire_received + 1;
  static constexpr std::size_t streams_opened = wire_sent + 1;
  static constexpr std::size_t streams_closed = streams_opened + 1;
  static constexpr std::size_t rejected = streams_closed + 1;  // by fault
  static constexpr std::size_t connection_faults = rejected + fault_count;
  static constexpr std::size_t request_faults = connection_faults + fault_count;
  static constexpr std::size_t limit_hits = request_faults + fault_count;
  static constexpr std::size_t refused = limit_hits + limits;
  static constexpr std::size_t tls_established = refused + refusals;
  static constexpr std::size_t tls_failed = tls_established + 2 * tls_versions;
  static constexpr std::size_t handed_off = tls_failed + tls_failure_count;
  static constexpr std::size_t handed_back = handed_off + 1;
  static constexpr std::size_t handoff_refused = handed_back + 1;
  static constexpr std::size_t threw = handoff_refused + 1;
  static constexpr std::size_t disconnected = threw + 1;
  static constexpr std::size_t workers_started = disconnected + 1;
  static constexpr std::size_t workers_stopped = workers_started + 1;
  static constexpr std::size_t size = workers_stopped + 1;
};

using Totals = std::array<std::uint64_t, Count::size>;

class Meter {
 public:
  Meter() = default;
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

  void count(const Lifecycle& event) noexcept;
  void add_to(Totals& totals) const noexcept;
  // For a worker that has died with its process, and can not report any more: what was under way over `meters`, all of its meters, ends here,
  // requests as cut. The writer is the caller.
  void bury(const Totals& meters) noexcept;
  [[nodiscard]] std::uint64_t at(std::size_t place) const noexcept {
    return __atomic_load_n(&cells_[place], __ATOMIC_RELAXED);
  }

 private:
  // One writer: a load and a store, no locked instruction.
  void add(std::size_t place, std::uint64_t n = 1) noexcept {
    __atomic_store_n(&cells_[place], at(place) + n, __ATOMIC_RELAXED);
  }
  template <class Event>
  void end_request(const Event& event) noexcept;

  void on(const ConnectionOpened& event) noexcept;
  void on(const TlsEstablished& event) noexcept;
  void on(const TlsFailed& event) noexcept { add(Count::tls_failed + static_cast<std::size_t>(event.tls_failure)); }
  void on(const ProtocolChosen& event) noexcept;
  void on(const StreamOpened&) noexcept { add(Count::streams_opened); }
  void on(const StreamClosed&) noexcept { add(Count::streams_closed); }
  void on(const RequestStarted& event) noexcept;
  void on(const ResponseCompleted& event) noexcept;
  void on(const RequestFailed& event) noexcept;
  void on(const RequestRejected& event) noexcept;
  void on(const LimitHit& event) noexcept;
  void on(const HandlerThrew&) noexcept { add(Count::threw); }
  void on(const ClientDisconnected&) noexcept { add(Count::disconnected); }
  void on(const HandedOff&) noexcept { add(Count::handed_off); }
  void on(const HandedBack&) noexcept { add(Count::handed_back); }
  void on(const HandoffRefused&) noexcept { add(Count::handoff_refused); }
  void on(const ConnectionCompleted& event) noexcept;
  void on(const WorkerStarted&) noexcept { add(Count::workers_started); }
  void on(const WorkerStopped&) noexcept { add(Count::workers_stopped); }
  void on(const DrainStarted&) noexcept {}
  void on(const GenerationStarted&) noexcept {}
  void on(const GenerationStopped&) noexcept {}
  void on(const ConnectionRefused& event) noexcept;

  std::array<std::uint64_t, Count::size> cells_{};  // atomic, by the compiler's builtins
};

}  // namespace pounce::inline v0::events
