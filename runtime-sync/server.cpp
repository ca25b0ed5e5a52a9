#include <pounce/sync/server.hpp>

#include <pounce/posix/cpus.hpp>
#include <pounce/posix/own_threads.hpp>

#include <system_error>
#include <utility>

namespace pounce::inline v0::sync {

Server::Server(const config::Config& config, const App& app, events::Observer* observer, MakePool make_pool)
    : config_(config),
      service_(posix::make_service(config, app)),
      observer_(observer),
      make_pool_(make_pool),
      shared_{{config, service_, observer, census_, nullptr}, queue_, nullptr, posix::usable_cpus()} {
  census_.allow(config.max_connections);
}

Server::~Server() {
  if (threads_.empty()) return;
  drain(Drain::prompt);
  cut();
  (void)join();
}

std::expected<void, std::string> Server::start() {
  const auto wanted = config_.addresses();
  auto dealt = listeners_->deal(wanted, static_cast<int>(config_.backlog), 1, false);
  if (!dealt) return std::unexpected(std::move(dealt.error()));
  addresses_ = std::move(dealt->addresses);
  try {
    launch(std::move(dealt->hands.front()));
  } catch (const std::system_error& error) {
    return std::unexpected(std::string{"starting the workers: "} + error.what());
  }
  if (listeners_ == &own_) own_.keep(wanted);
  return {};
}

void Server::launch(std::vector<posix::Listener> listeners) {
  const std::size_t count = config_.workers.value_or(posix::usable_cpus());
  if (make_pool_ != nullptr) {
    pool_ = make_pool_(config_, service_, observer_, census_, static_cast<events::WorkerId>(first_id_ + count + 1),
                       shared_.turns);
    shared_.sink = pool_.get();
  }
  distributor_ = make_owned<Distributor>(shared_, first_id_, std::move(listeners));
  census_.on_empty(&distributor_->wake_descriptor());
  for (std::size_t i = 1; i <= count; ++i) {
    workers_.push_back(make_owned<Worker>(shared_, *distributor_, static_cast<events::WorkerId>(first_id_ + i)));
  }
  running_ = count;
  try {
    for (const auto& worker : workers_) {
      threads_.emplace_back([this, &one = *worker] {
        const posix::OwnThread own;
        one.run();
        leave(1);
      });
    }
    threads_.emplace_back([this] {
      const posix::OwnThread own;
      distributor_->run();
      queue_.close();
    });
  } catch (...) {
    // There is no distributor that would ever tell those who have begun to end.
    queue_.close();
    leave(count - threads_.size());
    throw;
  }
}

void Server::leave(std::size_t workers) {
  if (workers == 0 || running_.fetch_sub(workers) != workers) return;
  if (pool_) {
    pool_->finish();
  } else {
    finished_.notify();
  }
}

void Server::drain(Drain drain) {
  own_.close();
  distributor_->drain();
  for (const auto& worker : workers_) worker->drain(drain);
  if (pool_) pool_->drain(drain);
}

void Server::cut() {
  distributor_->cut();
  for (const auto& worker : workers_) worker->cut();
  if (pool_) pool_->cut();
}

int Server::finished_descriptor() const { return pool_ ? pool_->finished_descriptor() : finished_.descriptor(); }

posix::Totals Server::join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  if (pool_) pool_->join();
  if (distributor_) distributor_->end_all();  // parked by a worker after the distributor had been cut
  return census_.totals();
}

Owned<posix::Runtime> make_server(const config::Config& config, const App& app, events::Observer* observer,
                                  MakePool make_pool) {
  return make_owned<Server>(config, app, observer, make_pool);
}

}  // namespace pounce::inline v0::sync
