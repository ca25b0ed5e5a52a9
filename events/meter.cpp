#include <pounce/events/meter.hpp>

#include <algorithm>
#include <variant>

namespace pounce::inline v0::events {

namespace {

constexpr std::array<std::uint16_t, 49> all_statuses{200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 307,
                                                     308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411,
                                                     412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 425, 426, 428,
                                                     429, 431, 451, 500, 501, 502, 503, 504, 505, 507};
constexpr std::size_t first_class = Count::statuses - 6;  // 1xx … 5xx, then what is no status
static_assert(all_statuses.size() <= first_class);

constexpr auto places = [] {
  std::array<std::uint8_t, 600> at{};
  for (std::size_t i = 0; i < at.size(); ++i) {
    at[i] = static_cast<std::uint8_t>(i < 100 ? Count::statuses - 1 : first_class + i / 100 - 1);
  }
  for (std::size_t i = 0; i < all_statuses.size(); ++i) at[all_statuses[i]] = static_cast<std::uint8_t>(i);
  return at;
}();

constexpr std::array<std::string_view, 34> limits{"max_request_line",
                                                  "empty_lines",
                                                  "max_header_size",
                                                  "max_headers",
                                                  "chunk_extensions",
                                                  "trailers",
                                                  "max_request_size",
                                                  "header_timeout",
                                                  "request_timeout",
                                                  "min_rate",
                                                  "write_timeout",
                                                  "keep_alive_timeout",
                                                  "linger",
                                                  "h2_settings",
                                                  "h2_ping_timeout",
                                                  "h2_resets",
                                                  "h2_pings",
                                                  "h2_empty_data",
                                                  "h2_continuations",
                                                  "h2_priorities",
                                                  "h2_window_updates",
                                                  "h2_unknown_frames",
                                                  "h2_late_frames",
                                                  "tls_handshake_timeout",
                                                  "tls_max_handshakes",
                                                  "max_connections",
                                                  "rate_limit",
                                                  "proxy_header",
                                                  "ws_ping_timeout",
                                                  "ws_close_timeout",
                                                  "ws_max_message_size",
                                                  "compression_max_streams",
                                                  "queue_depth",
                                                  "queue_timeout"};
static_assert(limits.size() < Count::limits);

std::size_t place(Fault fault) noexcept { return static_cast<std::size_t>(fault); }

}  // namespace

std::span<const std::uint16_t> counted_statuses() noexcept { return all_statuses; }
std::span<const std::string_view> counted_limits() noexcept { return limits; }

void Meter::count(const Lifecycle& event) noexcept {
  std::visit([this](const auto& one) { on(one); }, event);
}

void Meter::add_to(Totals& totals) const noexcept {
  for (std::size_t i = 0; i < Count::size; ++i) totals[i] += at(i);
}

void Meter::bury(const Totals& meters) noexcept {
  const auto balance = [&](std::size_t begun, std::size_t done) {
    const std::uint64_t left = meters[begun] > meters[done] ? meters[begun] - meters[done] : 0;
    add(done, left);
    return left;
  };
  add(Count::failed + static_cast<std::size_t>(Failure::cut), balance(Count::started, Count::ended));
  balance(Count::opened, Count::completed);
  balance(Count::opened, Count::protocol_lost);  // the protocol that each connection begins with
  for (std::size_t i = 1; i < Count::protocols; ++i) balance(Count::protocol_gained + i, Count::protocol_lost + i);
  balance(Count::became_active, Count::became_idle);
  balance(Count::streams_opened, Count::streams_closed);
  balance(Count::workers_started, Count::workers_stopped);
}

template <class Event>
void Meter::end_request(const Event& event) noexcept {
  const Duration duration = event.duration;
  add(Count::ended);
  std::size_t bucket = 0;
  while (bucket < duration_bounds.size() && duration > duration_bounds[bucket]) ++bucket;
  add(Count::duration + bucket);
  add(Count::duration_sum, static_cast<std::uint64_t>(std::max(duration, Duration::zero()).count()));
  if (event.body_received != 0) add(Count::body_received, event.body_received);
  add(Count::body_sent, event.body_sent);
  if (event.body_uncoded != 0) {
    add(Count::compression_input, event.body_uncoded);
    add(Count::compression_output, event.body_sent);
  }
  if (event.open_requests == 0) add(Count::became_idle);
}

void Meter::on(const ConnectionOpened&) noexcept { add(Count::opened); }

void Meter::on(const TlsEstablished& event) noexcept {
  const std::size_t version = event.tls_version == "TLSv1.3" ? 1 : 0;
  add(Count::tls_established + 2 * version + (event.resumed ? 1 : 0));
}

void Meter::on(const ProtocolChosen& event) noexcept {
  add(Count::protocol_lost + static_cast<std::size_t>(event.before));
  add(Count::protocol_gained + static_cast<std::size_t>(event.protocol));
}

void Meter::on(const RequestStarted& event) noexcept {
  add(Count::started);
  if (event.open_requests == 1) add(Count::became_active);
}

void Meter::on(const ResponseCompleted& event) noexcept {
  const Method method = event.asked.head != nullptr ? event.asked.head->method_id : method_id(event.method);
  const std::size_t status = event.status < places.size() ? places[event.status] : Count::statuses - 1;
  add(Count::requests + static_cast<std::size_t>(method) * Count::statuses + status);
  end_request(event);
}

void Meter::on(const RequestFailed& event) noexcept {
  add(Count::failed + static_cast<std::size_t>(event.failure));
  if (event.failure == Failure::peer_fault) add(Count::request_faults + place(event.fault));
  end_request(event);
}

void Meter::on(const RequestRejected& event) noexcept { add(Count::rejected + place(event.fault)); }

void Meter::on(const LimitHit& event) noexcept {
  const auto* const found = std::find(limits.begin(), limits.end(), event.limit);
  add(Count::limit_hits + static_cast<std::size_t>(found - limits.begin()));
}

void Meter::on(const ConnectionCompleted& event) noexcept {
  add(Count::completed);
  add(Count::protocol_lost + static_cast<std::size_t>(event.protocol));
  add(Count::wire_received, event.bytes_received);
  add(Count::wire_sent, event.bytes_sent);
  if (event.fault != Fault::none) add(Count::connection_faults + place(event.fault));
}

void Meter::on(const ConnectionRefused& event) noexcept {
  const auto* const reason = std::find(refusal_reasons.begin(), refusal_reasons.end(), event.reason);
  if (reason != refusal_reasons.end()) {
    add(Count::refused + static_cast<std::size_t>(reason - refusal_reasons.begin()));
  }
}

}  // namespace pounce::inline v0::events
