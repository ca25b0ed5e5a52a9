// ClientTerms: what an operator decides about a rate limit for clients.
#pragma once

#include <pounce/limits/rate_limiter.hpp>
#include <pounce/proxy/network.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pounce::inline v0::limits {

/// What an operator decides.
struct ClientTerms {
  Rate rate{};
  std::size_t clients = 65536;              // that owe something at the same time
  std::vector<proxy::Network> exempt{};     // whoever is in one is not limited
  std::vector<std::string> exempt_paths{};  // nor is what is below one
};

}  // namespace pounce::inline v0::limits
