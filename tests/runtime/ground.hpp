// What the tests of the runtimes share: an observer that holds every order promise, a client with bounded waits, a server that is
// stopped, and a latch for handlers.
#pragma once

#include <pounce/async/server.hpp>
#include <pounce/config/config.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/events/order_check.hpp>
#include <pounce/sync/server.hpp>

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

namespace ground {

using namespace pounce;
using namespace std::chrono_literals;

class Checked final : public events::Observer {
 public:
  void observe(const events::Lifecycle& event) noexcept override {
    {
      const std::lock_guard guard{lock_};
      check.feed(event);
      count<events::RequestStarted>(event, started);
      count<events::HandedOff>(event, handed_off);
      count<events::HandedBack>(event, handed_back);
      count<events::HandoffRefused>(event, refused);
      count<events::DrainStarted>(event, told);
      const auto* const failed = std::get_if<events::RequestFailed>(&event);
      if (failed != nullptr && failed->target == "/plain") ++not_run;
    }
    changed_.notify_all();
  }
  // Until `enough()`, which looks at the numbers below.
  template <class Enough>
  [[nodiscard]] bool wait(Enough enough) {
    std::unique_lock guard{lock_};
    return changed_.wait_for(guard, 60s, enough);
  }

  events::OrderCheck check;
  std::size_t started = 0;
  std::size_t handed_off = 0;
  std::size_t handed_back = 0;
  std::size_t refused = 0;
  std::size_t told = 0;     // of the drain: the distributor and the reactors
  std::size_t not_run = 0;  // of plain requests: their client had gone when a worker came to them

 private:
  template <class Kind>
  static void count(const events::Lifecycle& event, std::size_t& number) {
    if (std::holds_alternative<Kind>(event)) ++number;
  }

  std::mutex lock_;
  std::condition_variable changed_;
};

// Closed until it is opened, once.
class Gate {
 public:
  void open() {
    {
      const std::lock_guard guard{lock_};
      open_ = true;
    }
    changed_.notify_all();
  }
  // By handlers: says that one is there, and blocks its thread until the gate opens.
  void pass() {
    std::unique_lock guard{lock_};
    ++arrived_;
    changed_.notify_all();
    changed_.wait(guard, [this] { return open_; });
  }
  [[nodiscard]] bool wait_for_arrivals(std::size_t wanted) {
    std::unique_lock guard{lock_};
    return changed_.wait_for(guard, 60s, [&] { return arrived_ >= wanted; });
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  std::size_t arrived_ = 0;
  bool open_ = false;
};

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(socket_); }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] bool send(std::string_view bytes) {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  [[nodiscard]] bool get(std::string_view path) {
    return send(std::string{"GET "}.append(path).append(" HTTP/1.1\r\nHost: t\r\n\r\n"));
  }
  // Reads until `end` was seen; what came so far when the connection ended before.
  std::string read_until(std::string_view end) {
    std::string got;
    char piece[4096];
    while (got.find(end) == std::string::npos) {
      const auto n = ::recv(socket_, piece, sizeof piece, 0);
      if (n <= 0) break;
      got.append(piece, static_cast<std::size_t>(n));
    }
    return got;
  }
  // What there is, at least a byte; empty when the connection has ended.
  std::string read_some() {
    char piece[65'536];
    const auto n = ::recv(socket_, piece, sizeof piece, 0);
    return n > 0 ? std::string{piece, static_cast<std::size_t>(n)} : std::string{};
  }
  // What comes until the connection ends.
  std::string read_all() { return read_until(std::string_view{"\0never\0", 7}); }
  // Reads until the connection ends: whether a reset was what ended it.
  [[nodiscard]] bool read_to_reset() {
    char piece[65'536];
    ssize_t n = 0;
    do {
      n = ::recv(socket_, piece, sizeof piece, 0);
    } while (n > 0);
    return n < 0 && errno == ECONNRESET;
  }
  // So that close() resets.
  void abort() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  int socket_;
  bool connected_ = false;
};

inline config::Config small_config(std::size_t workers, std::size_t reactors) {
  config::Config config;
  config.host = "127.0.0.1";
  config.port = 0;
  config.workers = workers;
  config.async_workers = reactors;
  return config;
}

// A pool of which each reactor lets one hand-off wait, so that it is full most of the time.
inline Owned<posix::HandoffPool> make_narrow_pool(const config::Config& config, const Service& service,
                                                  events::Observer* observer, posix::Census& census,
                                                  events::WorkerId first_id, posix::Turns* turns) {
  auto pool = make_owned<async::Pool>(config, service, observer, census, turns);
  pool->start(std::vector<std::vector<posix::Listener>>(config.async_workers.value_or(1)), first_id, 1);
  return pool;
}

// A server in this process. `end` waits for the end of its drain and checks what must be true of every run.
template <class Server>
class RunningOf {
 public:
  template <class... More>
  RunningOf(config::Config wanted, const App& app, More... more)
      : config{std::move(wanted)}, server{config, app, &checked, more...} {
    REQUIRE(server.start().has_value());
  }
  [[nodiscard]] std::uint16_t port() const { return server.addresses().front().port; }
  posix::Totals end() {
    pollfd finished{server.finished_descriptor(), POLLIN, 0};
    CHECK(::poll(&finished, 1, 60'000) == 1);
    const posix::Totals totals = server.join();
    INFO(checked.check.text());
    CHECK(checked.check.broken().empty());
    CHECK(checked.check.open_connections() == 0);
    CHECK(checked.check.open_requests() == 0);
    CHECK(totals.requests + totals.cut.requests == checked.started);
    return totals;
  }

  // Both outlive the server.
  config::Config config;
  Checked checked;
  Server server;
};

class Running : public RunningOf<sync::Server> {
 public:
  Running(config::Config wanted, const App& app, sync::MakePool make_pool = async::make_handoff_pool)
      : RunningOf{std::move(wanted), app, make_pool} {}
};

}  // namespace ground
