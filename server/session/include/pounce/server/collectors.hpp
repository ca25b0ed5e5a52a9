// Collectors: an application's collectors, and the observer of its server before them, as one observer.
//
// What a collector throws ends here: `failures`, which is shared by all generations of an application, counts it.
// Ownership: borrows the App, the observer and the count; all of them, and this, outlive the sessions that it observes.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/events/relay.hpp>

#include <atomic>
#include <cstdint>
#include <vector>

namespace pounce::inline v0 {

class App;
class Collector;

class Collectors {
 public:
  // `first` may be null.
  Collectors(const App& app, events::Observer* first, std::atomic<std::uint64_t>& failures);
  Collectors(const Collectors&) = delete;
  Collectors& operator=(const Collectors&) = delete;
  ~Collectors() = default;

  // What a server is given; null: nobody listens.
  [[nodiscard]] events::Observer* observer() noexcept { return relay_.front(); }

 private:
  class Guarded final : public events::Observer {
   public:
    Guarded(Collector& collector, std::atomic<std::uint64_t>& failures);
    void observe(const events::Lifecycle& event) noexcept override;
    [[nodiscard]] events::Kinds kinds() const noexcept override { return kinds_; }

   private:
    Collector& collector_;
    std::atomic<std::uint64_t>& failures_;
    events::Kinds kinds_;
  };

  std::vector<Owned<Guarded>> guarded_;
  events::Relay relay_;
};

}  // namespace pounce::inline v0
