#include <pounce/limits/client_limit.hpp>

#include <pounce/app/response.hpp>
#include <pounce/limits/client_terms.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace pounce::inline v0::limits {

namespace {

// At least one: a client that is told to wait for no time comes back at once.
std::string whole_seconds(Duration duration) {
  return std::to_string(std::max(std::chrono::ceil<std::chrono::seconds>(duration), std::chrono::seconds{1}).count());
}

}  // namespace

bool is_below(std::string_view path, std::string_view prefix) noexcept {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

Client client_of(const proxy::IpAddress& address) noexcept {
  const auto& octets = address.octets();
  const std::size_t first = address.is_v4() ? 12 : 0;
  const std::size_t end = address.is_v4() ? 16 : 8;
  Client client{.ipv6 = !address.is_v4()};
  for (std::size_t i = first; i < end; ++i) client.group = client.group << 8U | octets[i];
  return client;
}

struct ClientLimit::Parts {
  ClientTerms terms;
  RateLimiter limiter;
};

ClientLimit::ClientLimit(ClientTerms terms, Secret secret, void* memory) {
  const Rate rate = terms.rate;
  const std::size_t room = terms.clients;
  parts_.reset(new Parts{.terms = std::move(terms), .limiter = {rate, room, secret, memory}});
}

ClientLimit::~ClientLimit() = default;

Verdict ClientLimit::admit(std::string_view client, std::string_view path, Instant now) noexcept {
  constexpr Verdict unlimited{.admitted = true};
  const auto address = proxy::parse_ip(client);
  if (!address || proxy::contains(parts_->terms.exempt, *address)) return unlimited;
  for (const SmallString& prefix : parts_->terms.exempt_paths) {
    if (is_below(path, prefix)) return unlimited;
  }
  return parts_->limiter.admit(client_of(*address), now);
}

Response ClientLimit::answer(const Verdict& verdict) const {
  const Rate& rate = parts_->terms.rate;
  const Duration window =
      rate.interval * static_cast<Duration::rep>(rate.burst) / static_cast<Duration::rep>(rate.count);
  return Response::text("429 Too Many Requests\n", 429)
      .set("retry-after", whole_seconds(verdict.retry_after))
      .set("ratelimit-policy", "\"client\";q=" + std::to_string(rate.burst) + ";w=" + whole_seconds(window))
      .set("ratelimit",
           "\"client\";r=" + std::to_string(verdict.remaining) + ";t=" + whole_seconds(verdict.retry_after));
}

}  // namespace pounce::inline v0::limits
