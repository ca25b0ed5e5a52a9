// Server: what a running server needs beside an Endpoint: one can be exchanged for another under load, and handshakes are counted.
//
// Connections keep the endpoint that they began with. Threads: any. It outlives the filters that it made.
// Limits: `max_handshakes` connections whose handshake has not ended, over all threads.
#pragma once

#include <pounce/core/filter.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/storage.hpp>

#include <cstddef>

namespace pounce::inline v0::tls {

class Endpoint;

class Server final : public FilterSource {
 public:
  Server(Loan<Endpoint> endpoint, std::size_t max_handshakes);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // From now on new connections get this one.
  void use(Loan<Endpoint> endpoint);
  // For one new connection; null: too many handshakes are under way. Throws std::bad_alloc.
  [[nodiscard]] Owned<Filter> accept() override;
  // So many handshakes may be under way from now on. Thread-safe.
  void allow(std::size_t max_handshakes) noexcept;
  // So many are under way.
  [[nodiscard]] std::size_t handshakes() const noexcept;

 private:
  struct State;
  Owned<State> state_;
};

}  // namespace pounce::inline v0::tls
