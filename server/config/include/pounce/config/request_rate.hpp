// RequestRate: a limit on requests, as an operator writes it ("100/s"; read by value.hpp).
#pragma once

#include <pounce/core/lean.hpp>

#include <cstdint>

namespace pounce::inline v0::config {

/// So many requests in so much time.
struct RequestRate {
  std::uint64_t count = 1;
  std::chrono::nanoseconds interval{};

  friend constexpr bool operator==(const RequestRate&, const RequestRate&) = default;
};

}  // namespace pounce::inline v0::config
