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
#include <cstdint>

namespace pounce::inline v0::posix {

class Metering final : public events::Observer {
 public:
  static constexpr std::size_t most_workers = 4096;

  Metering() = default;
  Metering(const Metering&) = delete;
  Metering& operator=(const Metering&) = delete;
  ~Metering();

  void observe(const events::Lifecycle& event) noexcept override;

  struct alignas(64) Place {
    events::Meter meter;
  };
  // The meters are these, which several processes share; the first `used` of them have been made. Before the first event; both outlive it.
  void share(Place* places, const std::atomic<std::uint32_t>& used) noexcept {
    shared_ = places;
    used_ = &used;
  }

  // Thread-safe.
  [[nodiscard]] events::Totals totals() const noexcept;
  // The meter of one worker; null: it was never heard of. Thread-safe.
  [[nodiscard]] const events::Meter* of(events::WorkerId worker) const noexcept;

 private:
  [[nodiscard]] const Place* place_of(events::WorkerId worker) const noexcept;
  [[nodiscard]] events::Meter* meter_of(events::WorkerId worker) noexcept;

  std::array<std::atomic<Place*>, most_workers> places_{};
  Place* shared_ = nullptr;
  const std::atomic<std::uint32_t>* used_ = nullptr;
};

}  // namespace pounce::inline v0::posix
