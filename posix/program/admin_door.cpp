#include "posix/program/admin_door.hpp"

namespace pounce::inline v0::program {

AdminDoor::AdminDoor(const config::Config& config, const OperatorPages& pages) : config_(config) {
  config_.bind = config.admin_bind;
  config_.backlog = 64;
  config_.workers = config_.async_workers = 1;
  config_.max_connections = 64;
  config_.rate_limit.reset();
  config_.max_concurrency.reset();
  config_.trusted_proxies.clear();
  pages.add_to(app_, OperatorPages::Which::all);
}

std::expected<void, std::string> AdminDoor::open(posix::MakeRuntime make, posix::Listeners& listeners) {
  if (config_.bind.empty()) return {};
  runtime_ = make(config_, app_, nullptr);
  runtime_->use_listeners(listeners);
  auto started = runtime_->start();
  if (!started) runtime_.reset();
  return started;
}

void AdminDoor::drain() noexcept {
  if (runtime_) runtime_->drain(Drain::patient);
}

void AdminDoor::close() noexcept {
  if (!runtime_) return;
  runtime_->drain(Drain::prompt);
  runtime_->cut();
  (void)runtime_->join();
  runtime_.reset();
}

std::span<const config::BindAddress> AdminDoor::addresses() const {
  return runtime_ ? std::span{runtime_->addresses()} : std::span<const config::BindAddress>{};
}

}  // namespace pounce::inline v0::program
