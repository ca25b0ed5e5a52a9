// ClientLimit: which requests a rate limit refuses: a RateLimiter, and whom it is not for.
//
// A client is what `Request::client` says: the peer, or whom a trusted proxy speaks for. Not limited are clients in an exempt network, paths
// below an exempt prefix, and peers without an address (Unix sockets).
// Thread-safe: one for all workers. For worker processes its table lies in memory that they share, and they are forked when it has been made.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/limits/rate_limiter.hpp>

#include <string_view>

namespace pounce::inline v0 {
class Response;
namespace proxy {
class IpAddress;
}
}  // namespace pounce::inline v0

namespace pounce::inline v0::limits {

struct ClientTerms;

// "/api" is "/api" itself and all that begins with "/api/".
[[nodiscard]] bool is_below(std::string_view path, std::string_view prefix) noexcept;

// The bucket that an address falls into.
[[nodiscard]] Client client_of(const proxy::IpAddress& address) noexcept;

class ClientLimit {
 public:
  // `memory`: of the table, as RateLimiter takes it. Throws bad_alloc.
  ClientLimit(ClientTerms terms, Secret secret, void* memory = nullptr);
  ~ClientLimit();

  /// Counts the request, if it is to be counted.
  [[nodiscard]] Verdict admit(std::string_view client, std::string_view path, Instant now) noexcept;

  // 429 (RFC 6585 section 4) with Retry-After in whole seconds, and RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10).
  [[nodiscard]] Response answer(const Verdict& verdict) const;

 private:
  struct Parts;
  Owned<Parts> parts_;
};

}  // namespace pounce::inline v0::limits
