#include <pounce/tls/server.hpp>

#include <pounce/tls/endpoint.hpp>

#include <atomic>
#include <mutex>
#include <utility>

namespace pounce::inline v0::tls {

namespace {

class Slot final : public Storage {
 public:
  explicit Slot(std::atomic<std::size_t>& count) noexcept : count_(count) {}

 private:
  void destroy() noexcept override {
    count_.fetch_sub(1, std::memory_order_relaxed);
    delete this;
  }
  std::atomic<std::size_t>& count_;
};

}  // namespace

struct Server::State {
  std::mutex lock;  // guards the endpoint; held for one count
  Loan<Endpoint> endpoint;
  std::atomic<std::size_t> max_handshakes;
  std::atomic<std::size_t> handshakes{0};
};

Server::Server(Loan<Endpoint> endpoint, std::size_t max_handshakes)
    : state_(new State{.lock = {}, .endpoint = std::move(endpoint), .max_handshakes = max_handshakes}) {}

Server::~Server() = default;

std::size_t Server::handshakes() const noexcept { return state_->handshakes.load(std::memory_order_relaxed); }

void Server::allow(std::size_t max_handshakes) noexcept {
  state_->max_handshakes.store(max_handshakes, std::memory_order_relaxed);
}

void Server::use(Loan<Endpoint> endpoint) {
  const std::lock_guard guard{state_->lock};
  std::swap(state_->endpoint, endpoint);  // the old one goes after the lock
}

Owned<Filter> Server::accept() {
  Owned<Slot> made = make_owned<Slot>(state_->handshakes);
  const bool room = state_->handshakes.fetch_add(1, std::memory_order_relaxed) <
                    state_->max_handshakes.load(std::memory_order_relaxed);
  const StorageRef slot{made.release()};
  if (!room) return {};
  Loan<Endpoint> endpoint;
  {
    const std::lock_guard guard{state_->lock};
    endpoint = state_->endpoint;
  }
  return endpoint->accept(slot);
}

}  // namespace pounce::inline v0::tls
