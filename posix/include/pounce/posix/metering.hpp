// Metering: a Meter for each worker, made when the worker is first heard of, on its own thread.
//
// No lock and no shared cache line on the way of an event; `totals` sums what all meters have.
// Limits: `most_workers`; events of further ones are not counted.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/events/meter.hpp>
#include <pounce/events/observer.hpp>

#include <array>
#include <atomic>
#include <cstddef>

namespace pounce::inline v0::posix {

class Metering final : public events::Observer {
 public:
  static constexpr std::size_t most_workers = 4096;

  Metering() = default;
  Metering(const Metering&) = delete;
  Metering& operator=(const Metering&) = delete;
  ~Metering();

  void observe(const events::Lifecycle& event) noexcept override;

  // Thread-safe.
  [[nodiscard]] events::Totals totals() const noexcept;
  // The meter of one worker; null: it was never heard of. Thread-safe.
  [[nodiscard]] const events::Meter* of(events::WorkerId worker) const noexcept;

 private:
  struct alignas(64) Place {
    events::Meter meter;
  };
  [[nodiscard]] events::Meter* meter_of(events::WorkerId worker) noexcept;

  std::array<std::atomic<Place*>, most_workers> places_{};
};

}  // namespace pounce::inline v0::posix
