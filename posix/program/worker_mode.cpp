#include "posix/program/worker_mode.hpp"

#include <pounce/posix/cpus.hpp>

#include <algorithm>

namespace pounce::inline v0::program {

bool wants_processes(const config::Config& config, const Target& target) {
  return config.worker_mode == "processes" || (config.worker_mode == "auto" && target.single_threaded());
}

std::string fault_of_mode(const config::Config& config, const Target& target, bool linked) {
  if (linked && config.worker_mode == "processes") {
    return "--worker-mode processes: the application is linked in, and its process may have threads of its own";
  }
  if (config.worker_mode == "threads" && target.single_threaded() && config.workers != 1U) {
    return "--worker-mode threads: the application says that it is single_threaded (hint: --workers 1, or "
           "--worker-mode "
           "processes)";
  }
  return {};
}

std::size_t workers_of(const config::Config& config) { return config.workers.value_or(posix::usable_cpus()); }

config::Config share_of(const config::Config& config, std::size_t processes) {
  const auto part = [processes](std::size_t all) { return std::max<std::size_t>(all / processes, 1); };
  config::Config share = config;
  share.workers = 1U;
  share.async_workers = config.async_workers.value_or(1U);
  share.max_connections = part(config.max_connections);
  share.tls_max_handshakes = part(config.tls_max_handshakes);
  if (config.max_concurrency) share.max_concurrency = part(*config.max_concurrency);
  share.rate_limit.reset();
  share.queue_depth = part(config.queue_depth);
  return share;
}

std::vector<std::string> remarks_on_shares(const config::Config& config, std::size_t processes) {
  std::vector<std::string> lines;
  const std::string each = " in each of " + std::to_string(processes) + " worker processes";
  if (processes == 1) return lines;
  if (config.max_concurrency) {
    const config::Config share = share_of(config, processes);
    lines.push_back("--max-concurrency is " + std::to_string(*share.max_concurrency) + ", --queue-depth " +
                    std::to_string(share.queue_depth) + each);
  }
  return lines;
}

}  // namespace pounce::inline v0::program
