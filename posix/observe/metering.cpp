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
  if (shared_ != nullptr) {
    return worker < used_->load(std::memory_order_relaxed) ? &shared_[worker].meter : nullptr;
  }
  std::atomic<Place*>& place = places_[worker];
  Place* found = place.load(std::memory_order_relaxed);  // its own thread has put it there
  if (found == nullptr) [[unlikely]] {
    found = new (std::nothrow) Place;
    if (found == nullptr) return nullptr;
    place.store(found, std::memory_order_release);
  }
  return &found->meter;
}

const Metering::Place* Metering::place_of(events::WorkerId worker) const noexcept {
  if (worker >= most_workers) return nullptr;
  if (shared_ == nullptr) return places_[worker].load(std::memory_order_acquire);
  return worker < used_->load(std::memory_order_acquire) ? shared_ + worker : nullptr;
}

events::Totals Metering::totals() const noexcept {
  events::Totals totals{};
  for (events::WorkerId worker = 0; worker < most_workers; ++worker) {
    if (const Place* const found = place_of(worker); found != nullptr) found->meter.add_to(totals);
  }
  return totals;
}

const events::Meter* Metering::of(events::WorkerId worker) const noexcept {
  const Place* const found = place_of(worker);
  return found != nullptr ? &found->meter : nullptr;
}

}  // namespace pounce::inline v0::posix
