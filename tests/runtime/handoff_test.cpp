// The hand-off under load: thousands of exchanges move from blocking workers to reactors while clients reset, post and leave,
// and a drain comes in the middle. Every handler runs once, every connection ends once, every order promise holds.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/async/server.hpp>
#include <pounce/config/config.hpp>
#include <pounce/events/order_check.hpp>
#include <pounce/sync/server.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;

namespace {

class Checked final : public events::Observer {
 public:
  void observe(const events::Lifecycle& event) noexcept override {
    const std::lock_guard guard{lock_};
    check.feed(event);
    started += std::holds_alternative<events::RequestStarted>(event) ? 1 : 0;
    handed_off += std::holds_alternative<events::HandedOff>(event) ? 1 : 0;
    refused += std::holds_alternative<events::HandoffRefused>(event) ? 1 : 0;
  }

  events::OrderCheck check;
  std::size_t started = 0;
  std::size_t handed_off = 0;
  std::size_t refused = 0;

 private:
  std::mutex lock_;
};

// What handlers did, in this process.
struct Counts {
  std::atomic<std::size_t> runs{0};
  std::atomic<std::size_t> alive{0};
};

struct Alive {
  explicit Alive(Counts& all) : counts(&all) { ++counts->alive; }
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;
  ~Alive() { --counts->alive; }
  Counts* counts;
};

App make_app(Counts& counts) {
  App app;
  app.route("/sleep", [&counts](Exchange& x) -> Task {
    const Alive alive{counts};
    ++counts.runs;
    (void)co_await x.sleep(std::chrono::milliseconds{number(x.request().id()) % 4});
    (void)x.respond(Response::text("slept"));
  });
  app.route("/post", [&counts](Exchange& x) -> Task {
    const Alive alive{counts};
    ++counts.runs;
    std::thread{[token = x.token()] { (void)token.post("from a thread"); }}.detach();
    Posted posted = co_await x.message(5s);
    if (posted.status() == Status::draining) posted = co_await x.message(5s);  // said once; the message still comes
    (void)x.respond(Response::text(posted.text() + "\n"));
  });
  app.route("/echo", [&counts](Exchange& x) -> Task {
    const Alive alive{counts};
    ++counts.runs;
    if (x.start(Head{200}) != Status::ok) co_return;
    while (true) {
      Received got = co_await x.read();
      if (got.status() != Status::ok) break;
      if (co_await x.write(std::move(got).chunk()) != Status::ok) co_return;
    }
    (void)x.finish();
  });
  return app;
}

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
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
  // So that close() resets.
  void abort() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  int socket_;
  bool connected_ = false;
};

struct Tally {
  std::atomic<std::size_t> answered{0};
  std::atomic<std::size_t> wrong{0};
  std::atomic<std::size_t> aborted{0};
};

// One client thread: keep-alive connections of one or two requests each; some are reset in the middle.
void torment(std::uint16_t port, unsigned seed, std::size_t requests, Tally& tally, const std::atomic<bool>& stopping) {
  std::mt19937 random{seed};
  for (std::size_t done = 0; done < requests;) {
    Client client{port};
    if (!client.connected()) return;  // the server is stopping
    for (std::size_t i = random() % 2 + 1; i > 0 && done < requests; --i, ++done) {
      bool sent = true;
      std::string_view end;
      switch (random() % 3) {
        case 0:
          sent = client.send("GET /sleep HTTP/1.1\r\nHost: t\r\n\r\n");
          end = "slept";
          break;
        case 1:
          sent = client.send("GET /post HTTP/1.1\r\nHost: t\r\n\r\n");
          end = "from a thread\n";
          break;
        default:
          sent = client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nabc");
          std::this_thread::yield();
          sent = sent && client.send("def");
          end = "\r\n0\r\n\r\n";
          break;
      }
      if (random() % 16 == 0) {
        client.abort();
        ++tally.aborted;
        break;
      }
      const std::string answer = sent ? client.read_until(end) : std::string{};
      if (answer.find(end) != std::string::npos && answer.starts_with("HTTP/1.1 200 ")) {
        ++tally.answered;
        if (answer.find("Connection: close") != std::string::npos) break;
      } else if (!answer.empty() || !stopping.load()) {
        ++tally.wrong;  // a cut answer, or none although nobody was stopping
        break;
      } else {
        break;
      }
    }
  }
}

}  // namespace

TEST_CASE("thousands of hand-offs, with resets, posts from threads and a drain in the middle") {
  constexpr std::size_t clients = 4;
  constexpr std::size_t each = 7000;
  config::Config config;
  config.host = "127.0.0.1";
  config.port = 0;
  config.workers = 4;
  config.async_workers = 2;
  config.worker_patience = 1ms;
  Counts counts;
  Checked checked;
  Tally tally;
  const App app = make_app(counts);
  {
    sync::Server server{config, app, &checked, async::make_handoff_pool};
    REQUIRE(server.start().has_value());
    std::atomic<bool> stopping{false};
    std::vector<std::thread> threads;
    for (unsigned seed = 1; seed <= clients; ++seed) {
      threads.emplace_back([&, seed] { torment(server.addresses().front().port, seed, each, tally, stopping); });
    }
    // The drain comes when most of it is done.
    while (counts.runs.load() < clients * each * 3 / 4) std::this_thread::sleep_for(5ms);
    stopping = true;
    server.drain();
    for (std::thread& thread : threads) thread.join();
    pollfd finished{server.finished_descriptor(), POLLIN, 0};
    CHECK(::poll(&finished, 1, 30'000) == 1);
    const posix::Totals totals = server.join();
    CHECK(totals.cut == 0);
    CHECK(totals.requests == checked.started);
  }
  INFO(checked.check.text());
  CHECK(checked.check.broken().empty());
  CHECK(checked.check.open_connections() == 0);
  CHECK(checked.check.open_requests() == 0);
  CHECK(counts.runs == checked.started);  // each handler ran once
  CHECK(counts.alive == 0);               // and its frame is gone
  CHECK(tally.wrong == 0);
  CHECK(tally.answered + tally.aborted <= counts.runs + tally.aborted);
  CHECK(checked.handed_off > 2000);  // how many depends on the machine
  MESSAGE(counts.runs.load(), " handlers, ", checked.handed_off, " hand-offs, ", tally.aborted.load(), " resets, ",
          checked.refused, " refused");
}

TEST_CASE("without a pool, and with one that is full, the worker waits itself: slower, nothing lost") {
  for (const bool pool : {false, true}) {
    config::Config config;
    config.host = "127.0.0.1";
    config.port = 0;
    config.workers = 2;
    Counts counts;
    Checked checked;
    const App app = make_app(counts);
    struct Full final : posix::HandoffPool {
      [[nodiscard]] bool offer(posix::Handoff&) override { return false; }
      void drain() noexcept override {}
      void finish() noexcept override { wake.notify(); }
      void cut() noexcept override {}
      void join() override {}
      [[nodiscard]] int finished_descriptor() const noexcept override { return wake.descriptor(); }
      posix::WakeDescriptor wake;
    };
    const sync::MakePool make_full = [](const config::Config&, const Service&, events::Observer*, posix::Census&,
                                        events::WorkerId) -> std::unique_ptr<posix::HandoffPool> {
      return std::make_unique<Full>();
    };
    sync::Server server{config, app, &checked, pool ? make_full : nullptr};
    REQUIRE(server.start().has_value());
    {
      Client client{server.addresses().front().port};
      for (int i = 0; i < 3; ++i) {
        REQUIRE(client.send("GET /sleep HTTP/1.1\r\nHost: t\r\n\r\n"));
        CHECK(client.read_until("slept").ends_with("slept"));
        REQUIRE(client.send("GET /post HTTP/1.1\r\nHost: t\r\n\r\n"));
        CHECK(client.read_until("from a thread\n").ends_with("from a thread\n"));
      }
    }
    server.drain();
    pollfd finished{server.finished_descriptor(), POLLIN, 0};
    CHECK(::poll(&finished, 1, 30'000) == 1);
    CHECK(server.join().requests == 6);
    CHECK(checked.handed_off == 0);
    CHECK((checked.refused > 0) == pool);
    CHECK(checked.check.broken().empty());
  }
}
