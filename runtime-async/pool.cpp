#include <pounce/async/server.hpp>

#include <pounce/posix/cpus.hpp>
#include <pounce/posix/own_threads.hpp>

#include <utility>

namespace pounce::inline v0::async {

Pool::~Pool() {
  drain(Drain::prompt);
  finish();
  cut();
  join();
}

void Pool::start(std::vector<std::vector<posix::Listener>> listeners, events::WorkerId first_id, std::size_t handoffs) {
  for (std::vector<posix::Listener>& own : listeners) {
    reactors_.push_back(make_owned<Reactor>(shared_, first_id++, std::move(own), handoffs));
  }
  running_ = reactors_.size();
  // None accepts before all are there: whoever it let in would be cut if the next thread could not be made.
  const std::lock_guard all{starting_};
  for (const auto& reactor : reactors_) {
    threads_.emplace_back([this, &one = *reactor] {
      const posix::OwnThread own;
      if (are_all_there()) one.run();
      if (running_.fetch_sub(1) == 1) finished_.notify();
    });
  }
  complete_ = true;
}

bool Pool::are_all_there() {
  const std::lock_guard guard{starting_};
  return complete_;
}

bool Pool::offer(posix::Handoff& handoff) {
  for (std::size_t i = 0; i < reactors_.size(); ++i) {
    if (reactors_[next_.fetch_add(1, std::memory_order_relaxed) % reactors_.size()]->offer(handoff)) return true;
  }
  return false;
}

std::size_t Pool::waiting() const {
  std::size_t all = 0;
  for (const auto& reactor : reactors_) all += reactor->waiting();
  return all;
}

void Pool::drain(Drain drain) noexcept {
  for (const auto& reactor : reactors_) reactor->drain(drain);
}

void Pool::finish() noexcept {
  for (const auto& reactor : reactors_) reactor->finish();
}

void Pool::cut() noexcept {
  for (const auto& reactor : reactors_) reactor->cut();
}

void Pool::join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

Owned<posix::HandoffPool> make_handoff_pool(const config::Config& config, const Service& service,
                                            events::Observer* observer, posix::Census& census, std::uint32_t first_id,
                                            posix::Turns* turns) {
  auto pool = make_owned<Pool>(config, service, observer, census, turns);
  std::vector<std::vector<posix::Listener>> nothing(config.async_workers.value_or(posix::usable_cpus()));
  pool->start(std::move(nothing), first_id, Pool::most_handoffs);
  return pool;
}

}  // namespace pounce::inline v0::async
