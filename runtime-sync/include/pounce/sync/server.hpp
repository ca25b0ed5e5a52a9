// sync::Server: a distributor, blocking workers, and the async pool that takes what waits.
//
// The end comes in order: the distributor when no connection is left anywhere, then the workers, then the pool.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/posix/handoff.hpp>
#include <pounce/posix/listeners.hpp>
#include <pounce/posix/runtime.hpp>
#include <pounce/posix/serving.hpp>
#include <pounce/posix/wake_descriptor.hpp>
#include <pounce/sync/distributor.hpp>
#include <pounce/sync/runtime.hpp>
#include <pounce/sync/work_queue.hpp>
#include <pounce/sync/worker.hpp>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace pounce::inline v0::sync {

class Server final : public posix::Runtime {
 public:
  // `make_pool` null: there is no pool, and workers wait themselves.
  Server(const config::Config& config, const App& app, events::Observer* observer, MakePool make_pool);
  ~Server() override;

  void use_filters(FilterSource& filters) noexcept override { service_.filters = &filters; }
  void answer_first(const App& front) noexcept override { service_.front = &front; }
  void use_listeners(posix::Listeners& listeners) noexcept override { listeners_ = &listeners; }
  void take_turns(posix::Turns& turns) noexcept override { shared_.turns = &turns; }
  void count_from(std::uint32_t first_id) noexcept override { first_id_ = first_id; }
  void limit_clients(Owned<limits::ClientLimit> limit) noexcept override { service_.client_limit = std::move(limit); }
  void allow(const config::Config& limits) override { posix::allow(census_, service_, limits); }
  [[nodiscard]] std::expected<void, std::string> start() override;
  [[nodiscard]] std::span<const config::BindAddress> addresses() const override { return addresses_; }
  [[nodiscard]] std::size_t workers() const override { return workers_.size(); }
  [[nodiscard]] std::size_t connections() const override { return census_.connections(); }
  [[nodiscard]] posix::Totals totals() const override { return census_.totals(); }
  [[nodiscard]] posix::Queues queues() const override {
    return {.connections = queue_.size(),
            .handoffs = pool_ ? pool_->waiting() : 0,
            .requests = posix::numbers_of(service_)};
  }
  void drain(Drain drain) override;
  void cut() override;
  [[nodiscard]] int closed_descriptor() const override { return census_.closed_descriptor(); }
  [[nodiscard]] int finished_descriptor() const override;
  posix::Totals join() override;

 private:
  void launch(std::vector<posix::Listener> listeners);
  // So many workers have ended, or were never begun.
  void leave(std::size_t workers);

  const config::Config& config_;
  Service service_;
  events::Observer* observer_;
  MakePool make_pool_;
  posix::Census census_;
  WorkQueue queue_;
  Shared shared_;
  posix::WakeDescriptor finished_;
  Owned<posix::HandoffPool> pool_;
  Owned<Distributor> distributor_;
  std::vector<Owned<Worker>> workers_;
  std::atomic<std::size_t> running_{0};
  std::vector<std::thread> threads_;
  posix::Listeners own_;
  posix::Listeners* listeners_ = &own_;
  std::uint32_t first_id_ = 0;
  std::vector<config::BindAddress> addresses_;
};

}  // namespace pounce::inline v0::sync
