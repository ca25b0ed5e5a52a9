#include <pounce/posix/serving.hpp>

#include <pounce/config/compression.hpp>
#include <pounce/limits/client_limit.hpp>
#include <pounce/limits/client_terms.hpp>
#include <pounce/limits/queue_terms.hpp>
#include <pounce/limits/request_queue.hpp>
#include <pounce/posix/clock.hpp>
#include <pounce/posix/cpus.hpp>
#include <pounce/posix/runtime.hpp>
#include <pounce/proxy/network.hpp>
#include <pounce/server/codings.hpp>

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <utility>

namespace pounce::inline v0::posix {

namespace {

h2::Limits make_h2_limits(const config::Config& config) {
  h2::Limits limits;
  limits.max_request_line = config.max_request_line;
  limits.max_header_size = config.h2_max_header_list;
  // No section gets larger by being encoded, but for what Huffman codes cost in the worst case.
  limits.max_header_block = std::max(limits.max_header_block, 2 * config.h2_max_header_list);
  limits.max_headers = config.max_headers;
  limits.max_request_size = config.max_request_size;
  limits.max_requests = config.max_requests_per_connection;
  limits.max_streams = static_cast<std::uint32_t>(config.h2_max_streams);
  limits.stream_window = static_cast<std::uint32_t>(config.h2_stream_window);
  limits.connection_window = static_cast<std::uint32_t>(config.h2_connection_window);
  limits.max_frame_size = static_cast<std::uint32_t>(config.h2_max_frame_size);
  limits.preface_timeout = config.header_timeout;
  limits.header_timeout = config.header_timeout;
  limits.request_timeout = config.request_timeout;
  limits.write_timeout = config.write_timeout;
  limits.keep_alive_timeout = config.keep_alive_timeout;
  limits.ping_interval = config.h2_ping_interval;
  limits.ping_timeout = config.h2_ping_timeout;
  limits.min_rate = config.min_rate;
  return limits;
}

// Unpredictable by whoever is served.
void fill_random(void* room, std::size_t size) {
  if (::getentropy(room, size) != 0) throw std::system_error(errno, std::generic_category(), "getentropy");
}

// Null: nothing is compressed. The texts are frozen ones: they mean something.
CodingsRef make_codings(const config::Config& config, const App& app) {
  const auto offers = config::parse_offers(config.compression).value_or(compression::Offers{});
  if (offers.empty()) return {};
  auto codings = Codings::make(app, static_cast<int>(config.compression_gzip_level),
                               static_cast<int>(config.compression_zstd_level));
  codings->policy.offers = offers;
  codings->most_streams = config.compression_max_streams;
  codings->policy.min_size = config.compression_min_size;
  codings->policy.types = config::parse_media_types(config.compression_types).value_or(compression::MediaTypes{});
  fill_random(codings->secret.data(), codings->secret.size());
  return codings;
}

// One for all workers.
class SharedRequestQueue final : public limits::RequestQueue {
 public:
  explicit SharedRequestQueue(limits::QueueTerms terms) : RequestQueue(std::move(terms)) {}

 private:
  void lock() noexcept override { lock_.lock(); }
  void unlock() noexcept override { lock_.unlock(); }
  void destroy() noexcept override { delete this; }

  std::mutex lock_;
};

Loan<limits::RequestQueue> make_request_queue(const config::Config& config) {
  if (!config.max_concurrency) return {};
  return Loan<SharedRequestQueue>{
      new SharedRequestQueue{{.running = static_cast<std::uint32_t>(*config.max_concurrency),
                              .waiting = static_cast<std::uint32_t>(config.queue_depth),
                              .timeout = config.queue_timeout,
                              .exempt_paths = config.queue_exempt_paths}}};
}

ws::Limits make_ws_limits(const config::Config& config) {
  ws::Limits limits;
  limits.max_message_size = config.ws_max_message_size;
  limits.message_timeout = config.request_timeout;
  limits.write_timeout = config.write_timeout;
  limits.close_timeout = config.ws_close_timeout;
  limits.min_rate = config.min_rate;
  limits.ping_interval = config.ws_ping_interval;
  limits.ping_timeout = config.ws_ping_timeout;
  return limits;
}

ws::DeflateWishes make_ws_deflate(const config::Config& config) {
  const auto window = static_cast<std::uint8_t>(config.ws_compression_window);
  return {.send_window_bits = window, .receive_window_bits = window, .send_takeover = config.ws_context_takeover};
}

std::optional<std::uint64_t> make_request_names(const config::Config& config) {
  if (!config.request_id) return std::nullopt;
  std::uint64_t seed = 0;
  fill_random(&seed, sizeof seed);
  return seed;
}

proxy::Trust make_trust(const config::Config& config) {
  proxy::Trust trust;
  trust.proxies = config.trusted_proxies;
  trust.dialect = config.forwarded ? proxy::Dialect::forwarded : proxy::Dialect::x_forwarded;
  return trust;
}

}  // namespace

void allow(Census& census, const Service& service, const config::Config& limits) {
  census.allow(limits.max_connections);
  if (!service.request_queue || !limits.max_concurrency) return;
  service.request_queue->allow(static_cast<std::uint32_t>(*limits.max_concurrency),
                               static_cast<std::uint32_t>(limits.queue_depth), monotonic_now());
}

std::optional<limits::RequestQueue::Numbers> numbers_of(const Service& service) {
  if (!service.request_queue) return std::nullopt;
  return service.request_queue->numbers();
}

Owned<limits::ClientLimit> make_client_limit(const config::Config& config, void* memory) {
  if (!config.rate_limit) return nullptr;
  const limits::Rate rate{.count = config.rate_limit->count,
                          .interval = config.rate_limit->interval,
                          .burst = config.rate_limit_burst.value_or(static_cast<unsigned>(config.rate_limit->count))};
  limits::Secret secret;  // so that nobody can choose addresses that share a line of the table
  fill_random(&secret, sizeof secret);
  return make_owned<limits::ClientLimit>(limits::ClientTerms{.rate = rate,
                                                             .clients = config.rate_limit_clients,
                                                             .exempt = config.rate_limit_exempt,
                                                             .exempt_paths = config.rate_limit_exempt_paths},
                                         secret, memory);
}

std::uint32_t worker_ids(const config::Config& config) {
  const std::size_t serving = config.workers.value_or(usable_cpus());
  const std::size_t pool =
      config.program == config::Program::pounce_sync ? config.async_workers.value_or(usable_cpus()) : 0;
  return static_cast<std::uint32_t>(1 + serving + pool);
}

Service make_service(const config::Config& config, const App& app) {
  h1::Limits limits;
  limits.max_request_line = config.max_request_line;
  limits.max_header_size = config.max_header_size;
  limits.max_headers = config.max_headers;
  limits.max_request_size = config.max_request_size;
  limits.max_requests = config.max_requests_per_connection;
  limits.header_timeout = config.header_timeout;
  limits.request_timeout = config.request_timeout;
  limits.write_timeout = config.write_timeout;
  limits.keep_alive_timeout = config.keep_alive_timeout;
  limits.min_rate = config.min_rate;
  return Service{.app = app,
                 .limits = limits,
                 .h2 = make_h2_limits(config),
                 .http2 = config.http2,
                 .ws = make_ws_limits(config),
                 .ws_compression = config.ws_compression,
                 .ws_deflate = make_ws_deflate(config),
                 .ws_compression_level = static_cast<int>(config.ws_compression_level),
                 .tls_handshake_timeout = config.tls_handshake_timeout,
                 .trust = make_trust(config),
                 .codings = make_codings(config, app),
                 .client_limit = make_client_limit(config),
                 .request_queue = make_request_queue(config),
                 .request_names = make_request_names(config),
                 .server_timing = config.server_timing};
}

}  // namespace pounce::inline v0::posix
