#include <pounce/async/server.hpp>

#include <pounce/posix/cpus.hpp>

#include <system_error>
#include <utility>

namespace pounce::inline v0::async {

Server::Server(const config::Config& config, const App& app, events::Observer* observer)
    : config_(config), service_(posix::make_service(config, app)), pool_(config, service_, observer, census_) {
  census_.allow(config.max_connections);
}

std::expected<void, std::string> Server::start() {
  const std::size_t count = config_.workers.value_or(posix::usable_cpus());
  const auto wanted = config_.addresses();
  auto dealt = listeners_->deal(wanted, static_cast<int>(config_.backlog), count, true);
  if (!dealt) return std::unexpected(std::move(dealt.error()));
  addresses_ = std::move(dealt->addresses);
  try {
    pool_.start(std::move(dealt->hands), first_id_ + 1, 0);
  } catch (const std::system_error& error) {
    return std::unexpected(std::string{"starting the reactors: "} + error.what());
  }
  if (listeners_ == &own_) own_.keep(wanted);
  return {};
}

void Server::drain(Drain drain) {
  own_.close();
  pool_.drain(drain);
}

posix::Totals Server::join() {
  pool_.join();
  return census_.totals();
}

Owned<posix::Runtime> make_server(const config::Config& config, const App& app, events::Observer* observer) {
  return make_owned<Server>(config, app, observer);
}

}  // namespace pounce::inline v0::async
