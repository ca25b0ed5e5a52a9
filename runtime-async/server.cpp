#include <pounce/async/server.hpp>

#include <pounce/posix/cpus.hpp>

#include <system_error>
#include <utility>

namespace pounce::inline v0::async {

Server::Server(const config::Config& config, const App& app, events::Observer* observer)
    : config_(config), service_(posix::make_service(config, app)), pool_(config, service_, observer, census_) {}

std::expected<void, std::string> Server::start() {
  const std::size_t count = config_.workers.value_or(posix::usable_cpus());
  const int backlog = static_cast<int>(config_.backlog);
  std::vector<std::vector<posix::Listener>> listeners(count);
  for (const config::BindAddress& wanted : config_.addresses()) {
    const bool spread = posix::kernel_balances() && count > 1;
    auto first = posix::listen_on(wanted, backlog, spread ? posix::Port::first_of_many : posix::Port::alone);
    if (!first) return std::unexpected(std::move(first.error()));
    for (posix::Listener& listener : *first) {
      addresses_.push_back(listener.address());
      for (std::size_t i = 1; i < count; ++i) {
        // A socket of its own on the same port where the kernel spreads connections over them; else the same socket.
        if (spread && !listener.is_only_one()) {
          auto own = posix::listen_on(listener.address(), backlog, posix::Port::one_more);
          if (!own) return std::unexpected(std::move(own.error()));
          listeners[i].push_back(std::move(own->front()));
        } else {
          auto shared = listener.share();
          if (!shared) return std::unexpected(std::move(shared.error()));
          listeners[i].push_back(std::move(*shared));
        }
      }
      listeners[0].push_back(std::move(listener));
    }
  }
  try {
    pool_.start(std::move(listeners), 1, 0);
  } catch (const std::system_error& error) {
    return std::unexpected(std::string{"starting the reactors: "} + error.what());
  }
  return {};
}

posix::Totals Server::join() {
  pool_.join();
  return posix::Totals{.requests = census_.requests(), .cut = census_.cut()};
}

Owned<posix::Runtime> make_server(const config::Config& config, const App& app, events::Observer* observer) {
  return make_owned<Server>(config, app, observer);
}

}  // namespace pounce::inline v0::async
