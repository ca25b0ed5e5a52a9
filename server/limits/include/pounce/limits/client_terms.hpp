// ClientTerms: what an operator decides about a rate limit for clients.
#pragma once

#include <pounce/core/list.hpp>
#include <pounce/core/small_string.hpp>
#include <pounce/limits/rate_limiter.hpp>
#include <pounce/proxy/network.hpp>

#include <cstddef>

namespace pounce::inline v0::limits {

/// What an operator decides.
struct ClientTerms {
  Rate rate{};
  std::size_t clients = 65536;       // that owe something at the same time
  List<proxy::Network> exempt{};     // whoever is in one is not limited
  List<SmallString> exempt_paths{};  // nor is what is below one
};

}  // namespace pounce::inline v0::limits
