// async::Server: reactors over their own listeners. Pool: the same reactors, fed by blocking workers instead.
#pragma once

#include <pounce/async/reactor.hpp>
#include <pounce/async/runtime.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/posix/listeners.hpp>
#include <pounce/posix/runtime.hpp>
#include <pounce/posix/serving.hpp>
#include <pounce/posix/wake_descriptor.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace pounce::inline v0::async {

// The reactors and their threads, whoever feeds them: their own listeners, or blocking workers.
class Pool final : public posix::HandoffPool {
 public:
  Pool(const config::Config& config, const Service& service, events::Observer* observer, posix::Census& census,
       posix::Turns* turns = nullptr)
      : shared_{config, service, observer, census, turns} {}
  ~Pool() override;

  // For feeders of hand-offs: so many may wait at each reactor.
  static constexpr std::size_t most_handoffs = 1024;

  // One reactor per element; ids count from `first_id`; `handoffs` may wait at each, 0: it is not fed. Throws std::system_error without descriptors or threads; nobody has been accepted then.
  void start(std::vector<std::vector<posix::Listener>> listeners, events::WorkerId first_id, std::size_t handoffs);
  // Before `start`.
  void take_turns(posix::Turns& turns) noexcept { shared_.turns = &turns; }
  // Round robin; a reactor that refuses is passed over.
  [[nodiscard]] bool offer(posix::Handoff& handoff) override;
  [[nodiscard]] std::size_t waiting() const override;
  void drain(Drain drain) noexcept override;
  void finish() noexcept override;
  void cut() noexcept override;
  void join() override;

  [[nodiscard]] int finished_descriptor() const noexcept override { return finished_.descriptor(); }
  [[nodiscard]] std::size_t size() const noexcept { return reactors_.size(); }

 private:
  [[nodiscard]] bool are_all_there();

  posix::Shared shared_;
  posix::WakeDescriptor finished_;
  std::vector<Owned<Reactor>> reactors_;
  std::mutex starting_;
  bool complete_ = false;  // guarded by `starting_`
  std::atomic<std::size_t> running_{0};
  std::atomic<std::size_t> next_{0};
  std::vector<std::thread> threads_;
};

class Server final : public posix::Runtime {
 public:
  Server(const config::Config& config, const App& app, events::Observer* observer);

  void use_filters(FilterSource& filters) noexcept override { service_.filters = &filters; }
  void answer_first(const App& front) noexcept override { service_.front = &front; }
  void use_listeners(posix::Listeners& listeners) noexcept override { listeners_ = &listeners; }
  void take_turns(posix::Turns& turns) noexcept override { pool_.take_turns(turns); }
  void count_from(std::uint32_t first_id) noexcept override { first_id_ = first_id; }
  void limit_clients(Owned<limits::ClientLimit> limit) noexcept override { service_.client_limit = std::move(limit); }
  void allow(const config::Config& limits) override { posix::allow(census_, service_, limits); }
  [[nodiscard]] std::expected<void, std::string> start() override;
  [[nodiscard]] std::span<const config::BindAddress> addresses() const override { return addresses_; }
  [[nodiscard]] std::size_t workers() const override { return pool_.size(); }
  [[nodiscard]] std::size_t connections() const override { return census_.connections(); }
  [[nodiscard]] posix::Totals totals() const override { return census_.totals(); }
  [[nodiscard]] posix::Queues queues() const override { return {.requests = posix::numbers_of(service_)}; }
  void drain(Drain drain) override;
  void cut() override { pool_.cut(); }
  [[nodiscard]] int closed_descriptor() const override { return census_.closed_descriptor(); }
  [[nodiscard]] int finished_descriptor() const override { return pool_.finished_descriptor(); }
  posix::Totals join() override;

 private:
  const config::Config& config_;
  Service service_;
  posix::Census census_;
  Pool pool_;
  posix::Listeners own_;
  posix::Listeners* listeners_ = &own_;
  std::uint32_t first_id_ = 0;
  std::vector<config::BindAddress> addresses_;
};

}  // namespace pounce::inline v0::async
