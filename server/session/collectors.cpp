#include <pounce/server/collectors.hpp>

#include <pounce/app/application.hpp>
#include <pounce/app/collector.hpp>

namespace pounce::inline v0 {

Collectors::Guarded::Guarded(Collector& collector, std::atomic<std::uint64_t>& failures)
    : collector_(collector), failures_(failures), kinds_(collector.kinds()) {}

void Collectors::Guarded::observe(const events::Lifecycle& event) noexcept {
  try {
    collector_.collect(event);
  } catch (...) {
    failures_.fetch_add(1, std::memory_order_relaxed);
  }
}

Collectors::Collectors(const App& app, events::Observer* first, std::atomic<std::uint64_t>& failures) {
  if (first != nullptr) relay_.add(*first);
  for (const auto& collector : app.collectors()) {
    relay_.add(*guarded_.emplace_back(make_owned<Guarded>(static_cast<Collector&>(*collector), failures)));
  }
}

}  // namespace pounce::inline v0
