// What a server answers to its operator, before any application: health, metrics and information about itself.
//
// Each page answers GET and HEAD, and no other method; nothing of it may be kept by caches. docs/operations.md says what is on them.
// Thread-safe: the pages read what others write without a lock.
#pragma once

#include "posix/program/lasting.hpp"
#include "posix/program/observation.hpp"

#include <pounce/app/application.hpp>
#include <pounce/config/freeze.hpp>

#include <cstdint>
#include <string>

namespace pounce::inline v0::program {

class OperatorPages {
 public:
  // Borrows all of it.
  OperatorPages(const config::Config& config, const Lasting& lasting, const Observation& observation) noexcept
      : config_(config), lasting_(lasting), observation_(observation) {}
  OperatorPages(const OperatorPages&) = delete;
  OperatorPages& operator=(const OperatorPages&) = delete;
  ~OperatorPages() = default;

  // What `add_to` routes: health alone, or everything that the configuration names.
  enum class Which : std::uint8_t { health, all };
  // The pages as routes of an App that does not outlive this.
  void add_to(App& app, Which which) const;

 private:
  [[nodiscard]] Response health() const;
  [[nodiscard]] Response metrics(const Request& request) const;
  [[nodiscard]] Response information() const;
  [[nodiscard]] events::ServerState state() const;
  [[nodiscard]] events::Moment moment() const;

  const config::Config& config_;
  const Lasting& lasting_;
  const Observation& observation_;
};

// The configuration as a JSON object of texts. What might be a secret stands in it as "redacted": every path and every text, but for those
// that are known to be none.
[[nodiscard]] std::string public_config_json(const config::Config& config);

// Whether who is not on this machine can get there.
[[nodiscard]] bool is_reachable_from_outside(const config::BindAddress& address) noexcept;

}  // namespace pounce::inline v0::program
