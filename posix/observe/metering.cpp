#include <pounce/posix/metering.hpp>

#include <new>
#include <variant>

namespace pounce::inline v0::posix {

Metering::~Metering() {
  for (const auto& place : places_) {
    const Owned<Place> gone{place.load(std::memory_order_acquire)};
  }
}

void Metering::observe(const events::Lifecycle& event) noexcept {
  const events::WorkerId worker = std::visit([](const auto& one) { return one.worker; }, event);
  if (events::Meter* const meter = meter_of(worker); meter != nullptr) meter->count(event);
}

events::Meter* Metering::meter_of(events::WorkerId worker) noexcept {
  if (worker >= most_workers) return nullptr;
  std::atomic<Place*>& place = places_[worker];
  Place* found = place.load(std::memory_order_relaxed);  // its own thread has put it there
  if (found == nullptr) [[unlikely]] {
    found = new (std::nothrow) Place;
    if (found == nullptr) return nullptr;
    place.store(found, std::memory_order_release);
  }
  return &found->meter;
}

events::Totals Metering::totals() const noexcept {
  events::Totals totals{};
  for (const auto& place : places_) {
    if (const Place* const found = place.load(std::memory_order_acquire); found != nullptr) found->meter.add_to(totals);
  }
  return totals;
}

const events::Meter* Metering::of(events::WorkerId worker) const noexcept {
  if (worker >= most_workers) return nullptr;
  const Place* const found = places_[worker].load(std::memory_order_acquire);
  return found != nullptr ? &found->meter : nullptr;
}

}  // namespace pounce::inline v0::posix
