#include <pounce/posix/serving.hpp>

namespace pounce::inline v0::posix {

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
  return Service{.app = app, .limits = limits};
}

}  // namespace pounce::inline v0::posix
