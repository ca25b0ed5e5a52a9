// Network: stream connections between peers (of a scenario) and sockets (of the server), with windows, latency and segments.
//
// As Linux's TCP does it, where a server can see it: bytes in flight never exceed the receiver's window; a send buffer keeps bytes
// until they are acknowledged; FIN comes behind the data; a reset comes behind what is in flight and throws away what is not;
// what the server has received before a reset can still be read, while a peer loses it; closing with unread bytes, or with linger 0, resets; bytes that
// arrive at a closed socket are answered with a reset. Not there: loss, reordering (TCP hides both), urgent data, keep-alive probes.
#pragma once

#include "tests/sim/conduct.hpp"
#include "tests/sim/file.hpp"
#include "tests/sim/schedule.hpp"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pounce::sim {

class Network;
class Socket;

// One direction of a connection: the sender's buffer, the wire, the receiver's queue.
struct Pipe {
  std::string unsent;
  std::size_t unacknowledged = 0;
  bool end_wanted = false;
  bool end_sent = false;
  std::uint64_t sent = 0;
  std::uint64_t window_edge = 0;  // the receiver has said that it takes bytes up to here
  Instant last_arrival;           // what comes later arrives later
  bool cut = false;               // the sender has reset: nothing more is sent
  std::size_t window = 0;
  std::string queue;  // arrived and not read
  std::uint64_t taken = 0;
  bool ended = false;

  [[nodiscard]] std::size_t kept() const { return unsent.size() + unacknowledged; }
};

// Both ends' state. The server's end may be gone (closed) while the connection lives on.
struct Connection {
  Pipe up;    // from the peer to the server
  Pipe down;  // and back
  Socket* socket = nullptr;
  bool server_closed = false;
  bool peer_reading = true;
  bool peer_polite = false;
  bool peer_reset = false;  // by the peer
  bool reset_seen = false;  // by the server, as the peer learns
  bool refused = false;
  int peer_port = 0;
  std::string got;                   // what the peer has read
  std::function<void()> on_arrival;  // the peer has read more
};

// The client's end, for scenarios. Calls happen at once; their effects arrive later.
class Peer {
 public:
  Peer(Network& network, std::shared_ptr<Connection> connection)
      : network_(&network), connection_(std::move(connection)) {}

  void send(std::string_view bytes);
  void shut_down();
  void reset();
  void stop_reading() { connection_->peer_reading = false; }
  void read_on();
  // From now on it reads, and ends its side when it sees the server's end, as clients do.
  void be_polite();
  // Called whenever there is more in `got`, or the end.
  void on_arrival(std::function<void()> what) { connection_->on_arrival = std::move(what); }

  [[nodiscard]] const std::string& got() const { return connection_->got; }
  [[nodiscard]] bool ended() const { return connection_->down.ended; }
  [[nodiscard]] bool was_reset() const { return connection_->reset_seen; }
  [[nodiscard]] bool was_refused() const { return connection_->refused; }
  [[nodiscard]] bool has_reset() const { return connection_->peer_reset; }
  [[nodiscard]] int port() const { return connection_->peer_port; }

 private:
  Network* network_;
  std::shared_ptr<Connection> connection_;
};

// The server's end: what a descriptor from accept stands for. Results as system calls give them: negative is an error number.
class Socket final : public File {
 public:
  Socket(Network& network, std::shared_ptr<Connection> connection);
  ~Socket() override;  // closes

  [[nodiscard]] std::uint32_t state() override;
  [[nodiscard]] long receive(void* to, std::size_t size, bool peek);
  [[nodiscard]] long send(std::string_view bytes);
  [[nodiscard]] int shut_down();
  void linger_not() { linger_ = false; }
  // The connection is over, for both ends.
  void break_down();
  [[nodiscard]] std::size_t unacknowledged() const { return connection_->down.kept(); }
  // The peer's port; `peer_port` is 0 when the connection is no more.
  [[nodiscard]] int port() const { return connection_->peer_port; }
  [[nodiscard]] int peer_port() const { return gone_ ? 0 : port(); }

 private:
  friend class Network;
  [[nodiscard]] bool is_writable() const;

  Network& network_;
  std::shared_ptr<Connection> connection_;
  int error_ = 0;
  bool gone_ = false;  // reset by the peer
  bool linger_ = true;
  bool wants_space_ = false;
};

class Listener final : public File {
 public:
  explicit Listener(Network& network) : network_(network) {}
  ~Listener() override;

  [[nodiscard]] std::uint32_t state() override { return waiting_.empty() ? 0U : EPOLLIN; }
  [[nodiscard]] std::shared_ptr<Socket> accept();

  int port = 0;
  bool shares_port = false;
  bool listens = false;

 private:
  friend class Network;
  Network& network_;
  std::deque<std::shared_ptr<Socket>> waiting_;
};

class Network {
 public:
  Network(Schedule& schedule, Dice& dice, const Conduct& conduct);

  [[nodiscard]] Peer connect(int port, std::size_t window);
  // 0 or an error number. Port 0 takes a free one.
  [[nodiscard]] int bind(Listener& listener, int port);
  void listen(Listener& listener) { listener.listens = true; }

 private:
  friend class Peer;
  friend class Socket;
  friend class Listener;

  [[nodiscard]] Duration latency();
  [[nodiscard]] Instant arrival(Pipe& pipe);
  void transmit(const std::shared_ptr<Connection>& connection, bool up);
  void arrive(const std::shared_ptr<Connection>& connection, bool up, const std::string& bytes);
  void arrive_end(const std::shared_ptr<Connection>& connection, bool up);
  void acknowledge(const std::shared_ptr<Connection>& connection, bool up, std::size_t arrived);
  void peer_reads(const std::shared_ptr<Connection>& connection);
  void reset_by_server(const std::shared_ptr<Connection>& connection);
  void reset_by_peer(const std::shared_ptr<Connection>& connection);
  void arrive_connection(const std::shared_ptr<Connection>& connection, int port);

  Schedule& schedule_;
  Dice& dice_;
  const Conduct& conduct_;
  std::vector<Listener*> listeners_;
  int next_port_ = 8000;
  int next_peer_port_ = 40001;
};

}  // namespace pounce::sim
