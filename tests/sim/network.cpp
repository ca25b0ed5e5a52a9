#include "tests/sim/network.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace pounce::sim {

// --- the wire ---

Network::Network(Schedule& schedule, Dice& dice, const Conduct& conduct)
    : schedule_(schedule), dice_(dice), conduct_(conduct) {}

Duration Network::latency() {
  const auto spread = (conduct_.most_latency - conduct_.least_latency).count();
  return conduct_.least_latency +
         Duration{static_cast<Duration::rep>(dice_.between(0, static_cast<std::uint64_t>(spread)))};
}

// Nothing overtakes within a direction; what catches up arrives at the same instant, and is found by one look.
Instant Network::arrival(Pipe& pipe) {
  pipe.last_arrival = std::max(pipe.last_arrival, schedule_.now() + latency());
  return pipe.last_arrival;
}

void Network::transmit(const std::shared_ptr<Connection>& connection, bool up) {
  Pipe& pipe = up ? connection->up : connection->down;
  if (pipe.cut) return;
  std::size_t done = 0;
  while (done < pipe.unsent.size() && pipe.sent < pipe.window_edge) {
    const std::size_t most = std::min<std::size_t>(pipe.unsent.size() - done, pipe.window_edge - pipe.sent);
    // Tiny segments are for tiny messages: of a lot they would show nothing new and take for ever.
    const std::size_t drawn = dice_.between(conduct_.least_segment, conduct_.most_segment);
    const std::size_t size = std::min(most, std::max(drawn, (pipe.unsent.size() - done) / 64));
    pipe.sent += size;
    pipe.unacknowledged += size;
    schedule_.deliver(arrival(pipe), [this, connection, up, bytes = pipe.unsent.substr(done, size)] {
      arrive(connection, up, bytes);
    });
    done += size;
  }
  pipe.unsent.erase(0, done);
  if (pipe.unsent.empty() && pipe.end_wanted && !std::exchange(pipe.end_sent, true)) {
    schedule_.deliver(arrival(pipe), [this, connection, up] { arrive_end(connection, up); });
  }
}

void Network::acknowledge(const std::shared_ptr<Connection>& connection, bool up, std::size_t arrived) {
  Pipe& pipe = up ? connection->up : connection->down;
  schedule_.deliver(schedule_.now() + latency(), [this, connection, up, arrived, edge = pipe.taken + pipe.window] {
    Pipe& there = up ? connection->up : connection->down;
    there.unacknowledged -= std::min(there.unacknowledged, arrived);
    there.window_edge = std::max<std::uint64_t>(there.window_edge, edge);
    transmit(connection, up);
    if (!up && connection->socket != nullptr) {
      Socket& socket = *connection->socket;
      if (socket.wants_space_ && socket.is_writable()) {
        socket.wants_space_ = false;
        socket.wake(EPOLLOUT);
      }
    }
  });
}

void Network::arrive(const std::shared_ptr<Connection>& connection, bool up, const std::string& bytes) {
  if (up) {
    if (connection->server_closed) return reset_by_server(connection);
    connection->up.queue += bytes;
    acknowledge(connection, true, bytes.size());
    if (connection->socket != nullptr) connection->socket->wake(EPOLLIN);
  } else if (!connection->peer_reset && !connection->reset_seen) {
    connection->down.queue += bytes;
    if (connection->peer_reading) {
      connection->down.taken += connection->down.queue.size();
      connection->got += std::exchange(connection->down.queue, {});
    }
    acknowledge(connection, false, bytes.size());
    if (connection->peer_reading && connection->on_arrival) connection->on_arrival();
  }
}

void Network::arrive_end(const std::shared_ptr<Connection>& connection, bool up) {
  if (up) {
    connection->up.ended = true;
    if (connection->socket != nullptr) connection->socket->wake(EPOLLIN | EPOLLRDHUP);
  } else if (!connection->peer_reset && !connection->reset_seen) {
    connection->down.ended = true;
    if (connection->on_arrival) connection->on_arrival();
    if (connection->peer_polite) Peer{*this, connection}.shut_down();
  }
}

void Network::peer_reads(const std::shared_ptr<Connection>& connection) {
  Pipe& pipe = connection->down;
  // What a peer has not read when it is reset, or leaves, it never sees.
  if (pipe.queue.empty() || connection->peer_reset || connection->reset_seen) return;
  pipe.taken += pipe.queue.size();
  connection->got += std::exchange(pipe.queue, {});
  acknowledge(connection, false, 0);
  if (connection->on_arrival) connection->on_arrival();
}

void Network::reset_by_server(const std::shared_ptr<Connection>& connection) {
  Pipe& pipe = connection->down;
  if (std::exchange(pipe.cut, true)) return;
  pipe.unsent.clear();
  schedule_.deliver(arrival(pipe), [connection] {
    if (connection->peer_reset) return;
    connection->reset_seen = true;
    connection->up.cut = true;
    connection->up.unsent.clear();
  });
}

void Network::reset_by_peer(const std::shared_ptr<Connection>& connection) {
  Pipe& pipe = connection->up;
  if (std::exchange(connection->peer_reset, true) || pipe.cut) return;
  pipe.cut = true;
  pipe.unsent.clear();
  schedule_.deliver(arrival(pipe), [connection] {
    if (connection->socket == nullptr) return;
    Socket& socket = *connection->socket;
    socket.gone_ = true;
    socket.error_ = connection->up.ended ? EPIPE : ECONNRESET;
    connection->down.cut = true;
    connection->down.unsent.clear();
    connection->down.unacknowledged = 0;
    socket.wake(File::anything);
  });
}

// --- coming and going ---

int Network::bind(Listener& listener, int port) {
  if (port == 0) port = next_port_++;
  for (const Listener* other : listeners_) {
    if (other->port == port && (other->listens || listener.listens) && !(other->shares_port && listener.shares_port))
      return EADDRINUSE;
  }
  listener.port = port;
  listeners_.push_back(&listener);
  return 0;
}

Peer Network::connect(int port, std::size_t window) {
  auto connection = std::make_shared<Connection>();
  connection->peer_port = next_peer_port_++;
  connection->up.window_edge = connection->up.window = conduct_.receive_window;
  connection->down.window_edge = connection->down.window = window;
  schedule_.deliver(arrival(connection->up), [this, connection, port] { arrive_connection(connection, port); });
  return Peer{*this, connection};
}

void Network::arrive_connection(const std::shared_ptr<Connection>& connection, int port) {
  std::vector<Listener*> open;
  for (Listener* one : listeners_) {
    if (one->port == port && one->listens) open.push_back(one);
  }
  if (open.empty()) {
    connection->refused = true;
    connection->up.cut = true;
    connection->server_closed = true;
    return;
  }
  Listener& listener = *open[dice_.below(open.size())];
  listener.waiting_.push_back(std::make_shared<Socket>(*this, connection));
  listener.wake(EPOLLIN);
}

Listener::~Listener() { std::erase(network_.listeners_, this); }

std::shared_ptr<Socket> Listener::accept() {
  if (waiting_.empty()) return nullptr;
  std::shared_ptr<Socket> socket = std::move(waiting_.front());
  waiting_.pop_front();
  return socket;
}

// --- the server's end ---

Socket::Socket(Network& network, std::shared_ptr<Connection> connection)
    : network_(network), connection_(std::move(connection)) {
  connection_->socket = this;
}

Socket::~Socket() {
  connection_->socket = nullptr;
  connection_->server_closed = true;
  if (gone_) return;
  if (!linger_ || !connection_->up.queue.empty()) {
    network_.reset_by_server(connection_);
  } else {
    connection_->down.end_wanted = true;
    network_.transmit(connection_, false);
  }
}

// As sk_stream_is_writeable: a third of the buffer is free.
bool Socket::is_writable() const {
  const std::size_t kept = connection_->down.kept();
  return kept < network_.conduct_.send_buffer &&
         (network_.conduct_.send_buffer - kept) * 3 >= network_.conduct_.send_buffer;
}

std::uint32_t Socket::state() {
  std::uint32_t out = 0;
  if (error_ != 0) out |= EPOLLERR;
  if (gone_) return out | EPOLLHUP | EPOLLIN | EPOLLRDHUP | EPOLLOUT;
  const Pipe& up = connection_->up;
  const bool end_wanted = connection_->down.end_wanted;
  if (!up.queue.empty() || up.ended) out |= EPOLLIN;
  if (up.ended) out |= EPOLLRDHUP;
  if (up.ended && end_wanted) out |= EPOLLHUP;
  if (end_wanted || is_writable()) {
    out |= EPOLLOUT;
  } else {
    wants_space_ = true;
  }
  return out;
}

long Socket::receive(void* to, std::size_t size, bool peek) {
  Pipe& up = connection_->up;
  if (!up.queue.empty()) {
    const std::size_t n = std::min(size, up.queue.size());
    std::memcpy(to, up.queue.data(), n);
    if (peek) return static_cast<long>(n);
    up.queue.erase(0, n);
    up.taken += n;
    network_.acknowledge(connection_, true, 0);
    return static_cast<long>(n);
  }
  if (error_ != 0) return -std::exchange(error_, 0);
  return gone_ || up.ended ? 0 : -EAGAIN;
}

long Socket::send(std::string_view bytes) {
  if (error_ != 0) return -std::exchange(error_, 0);
  Pipe& down = connection_->down;
  if (gone_ || down.end_wanted) return -EPIPE;
  const std::size_t kept = down.kept();
  if (kept >= network_.conduct_.send_buffer) {
    wants_space_ = true;
    return -EAGAIN;
  }
  const std::size_t n = std::min(bytes.size(), network_.conduct_.send_buffer - kept);
  down.unsent.append(bytes.substr(0, n));
  network_.transmit(connection_, false);
  return static_cast<long>(n);
}

void Socket::break_down() {
  if (gone_) return;
  network_.reset_by_server(connection_);
  connection_->up.cut = true;
  connection_->up.queue.clear();
  gone_ = true;
}

int Socket::shut_down() {
  if (gone_) return ENOTCONN;
  if (std::exchange(connection_->down.end_wanted, true)) return 0;
  network_.transmit(connection_, false);
  wake(anything);
  return 0;
}

// --- the peer's end ---

void Peer::send(std::string_view bytes) {
  Connection& c = *connection_;
  if (c.peer_reset || c.up.cut || c.up.end_wanted) return;
  c.up.unsent += bytes;
  network_->transmit(connection_, true);
}

void Peer::shut_down() {
  Connection& c = *connection_;
  if (c.peer_reset || c.up.cut || std::exchange(c.up.end_wanted, true)) return;
  network_->transmit(connection_, true);
}

void Peer::reset() { network_->reset_by_peer(connection_); }

void Peer::be_polite() {
  connection_->peer_polite = true;
  read_on();
  if (connection_->down.ended) shut_down();
}

void Peer::read_on() {
  connection_->peer_reading = true;
  network_->peer_reads(connection_);
}

}  // namespace pounce::sim
