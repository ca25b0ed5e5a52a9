// Memory that ends, at the n-th allocation of the server's threads, for every n that a conversation comes to: on both servers, over loopback.
// Whoever it hits gets a whole answer, an error or the end of its connection; the server goes on, gives everything back and ends as always.
#include "ground.hpp"

#include "tests/handlers.hpp"
#include "tests/protocol/h2_wire.hpp"
#include "tests/slow_build.hpp"

#include <pounce/app.hpp>

#include <cstdlib>
#include <functional>
#include <new>
#include <vector>

using namespace ground;
using testing::Alive;
using testing::alive;

namespace {

// --- operator new ---

thread_local bool spared = false;  // this thread is the test's, or does something for it
std::atomic<long> allocations{0};  // of all others
std::atomic<long> fails_at{0};     // the number of the one that fails; 0: none

void* allocate(std::size_t size) {
  if (!spared && allocations.fetch_add(1, std::memory_order_relaxed) + 1 == fails_at.load(std::memory_order_relaxed))
    throw std::bad_alloc{};
  void* const memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}

class Spared {
 public:
  Spared() noexcept : before_(std::exchange(spared, true)) {}
  Spared(const Spared&) = delete;
  Spared& operator=(const Spared&) = delete;
  ~Spared() { spared = before_; }

 private:
  bool before_;
};

// Looks at every order promise, with memory of the test's own.
class Watcher final : public events::Observer {
 public:
  void observe(const events::Lifecycle& event) noexcept override {
    const Spared mine;
    checked.observe(event);
  }
  Checked checked;
};

// --- the application ---

// Where handlers that wait for a message say that they do.
class Desk {
 public:
  void wait_here(Token token) {
    const Spared mine;
    const std::lock_guard guard{lock_};
    tokens_.push_back(std::move(token));
  }
  // To everybody who is there now.
  void call() {
    const std::lock_guard guard{lock_};
    for (const Token& token : tokens_) (void)token.post("go");
    tokens_.clear();
  }

 private:
  std::mutex lock_;
  std::vector<Token> tokens_;
};

const std::string large(300'000, 'x');

App make_app(Desk& desk) {
  App app;
  app.route("/hello", [](const Request&) { return Response::text("hello"); });
  app.route("/collect",
            [](const Request& request) { return Response::text(Body::copy(std::to_string(request.body().size()))); });
  app.route("/large", [](const Request&) { return Response::text(Body::copy(large)); });
  app.route("/echo", testing::echo_content);
  app.route("/sleep", [](Exchange& x) -> Task {
    const Alive here;
    (void)co_await x.sleep(1ms);
    (void)x.respond(Response::text("slept"));
  });
  app.route("/message", [&desk](Exchange& x) -> Task {
    const Alive here;
    desk.wait_here(x.token());
    if (x.start(Head{200}) != Status::ok) co_return;
    const Posted posted = co_await x.message();
    (void)co_await x.write(std::string_view{posted.text()});
    (void)x.finish();
  });
  app.route("/socket", [](Exchange& x) -> Task {
    const Alive here;
    WebSocket socket = co_await x.accept_websocket();
    if (!socket) co_return;
    while (true) {
      const Incoming got = co_await socket.receive();
      if (got.status() != Status::ok) break;
      if (co_await socket.send(got) != Status::ok) break;
    }
  });
  return app;
}

// --- conversations ---

// A whole answer with Content-Length; what came of it when the connection ended before.
std::string read_answer(Client& client) {
  std::string got;
  while (true) {
    if (const std::size_t head = got.find("\r\n\r\n"); head != std::string::npos) {
      const std::size_t length = got.find("Content-Length: ");
      if (length > head) return got;
      const std::size_t size = std::strtoul(got.c_str() + length + 16, nullptr, 10);
      if (got.size() >= head + 4 + size) return got;
    }
    const std::string more = client.read_some();
    if (more.empty()) return got;
    got += more;
  }
}

// One request on a connection that goes on; false: it has ended. An answer is what was asked for, or an error, or cut with its connection:
// never something else that is passed off as whole.
bool ask(Client& client, const std::string& request, std::string_view wanted) {
  if (!client.send(request)) return false;
  const std::string got = read_answer(client);
  if (got.starts_with("HTTP/1.1 500 ") || got.starts_with("HTTP/1.1 503 ")) return true;
  const std::size_t head = got.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  INFO(got.substr(0, 200));
  REQUIRE(got.starts_with("HTTP/1.1 200 "));
  CHECK(wanted.starts_with(std::string_view{got}.substr(head + 4)));
  return got.size() == head + 4 + wanted.size();
}

std::string get(std::string_view path) {
  return std::string{"GET "}.append(path).append(" HTTP/1.1\r\nHost: t\r\n\r\n");
}

using Conversation = std::function<void(std::uint16_t port, Desk& desk)>;

void plain(std::uint16_t port, Desk&) {
  Client client{port};
  if (!ask(client, get("/hello"), "hello")) return;
  const std::string upload =
      "POST /collect HTTP/1.1\r\nHost: t\r\nContent-Length: 20000\r\n\r\n" + std::string(20'000, 'b');
  if (!ask(client, upload, "20000")) return;
  if (!ask(client, get("/large"), large)) return;
  (void)client.get("/hello");
}

void wait_for_a_message(std::uint16_t port, Desk& desk) {
  Client client{port};
  if (!client.get("/message") || !client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 ")) return;
  desk.call();
  (void)client.read_until("0\r\n\r\n");
}

void http2(std::uint16_t port, Desk&) {
  Client client{port};
  wire::FrameWriter frames;
  frames.hello();
  frames.get(1, "/hello");
  frames.post(3, "/echo");
  frames.data(3, "abc", true);
  frames.get(5, "/sleep");
  if (!client.send(frames.take())) return;
  wire::FrameReader reader;
  for (std::size_t ended = 0; ended < 3;) {
    const std::string bytes = client.read_some();
    if (bytes.empty()) return;
    reader.add(bytes);
    for (wire::Frame frame; reader.next(frame);) {
      const bool data_or_head = static_cast<unsigned>(frame.header.type) <= 1;
      const bool reset = static_cast<unsigned>(frame.header.type) == 3;
      if (reset || (data_or_head && (frame.header.flags & 1U) != 0)) ++ended;
    }
  }
}

void converse_in_messages(std::uint16_t port, Desk&) {
  Client client{port};
  if (!client.send("GET /socket HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"))
    return;
  if (client.read_until("\r\n\r\n").find(" 101 ") == std::string::npos) return;
  if (!client.send(std::string_view{"\x81\x82\0\0\0\0hi", 8})) return;
  if (client.read_until("hi").empty()) return;
  (void)client.send(std::string_view{"\x88\x82\0\0\0\0\x03\xe8", 8});
  (void)client.read_all();
}

// One has the place, one waits for it, one is refused.
void stand_in_line(std::uint16_t port, Desk& desk) {
  Client first{port};
  if (!first.get("/message") || !first.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 ")) return;
  Client second{port};
  (void)second.get("/hello");
  Client third{port};
  (void)third.get("/hello");
  desk.call();
  (void)first.read_until("0\r\n\r\n");
  for (Client* one : {&second, &third}) {
    const std::string got = read_answer(*one);
    if (!got.empty()) CHECK(got.starts_with("HTTP/1.1 "));
  }
}

void leavers(std::uint16_t port, Desk&) {
  Client pipelines{port};
  (void)pipelines.send(get("/hello") + get("/sleep") + get("/large"));
  {
    Client leaves{port};
    (void)leaves.get("/large");
    leaves.abort();
  }
  (void)read_answer(pipelines);
}

struct Server {
  Server(bool blocking, const App& app, bool queue) : config(small_config(blocking ? 2 : 1, 1)) {
    if (queue) config.max_concurrency = 1;
    config.queue_depth = 1;
    config.write_timeout = config.request_timeout = 2s;
    if (blocking) {
      server = make_owned<sync::Server>(config, app, &watcher, async::make_handoff_pool);
    } else {
      server = make_owned<async::Server>(config, app, &watcher);
    }
    REQUIRE(server->start().has_value());
  }
  [[nodiscard]] std::uint16_t port() const { return server->addresses().front().port; }
  void end() {
    server->drain(Drain::prompt);
    pollfd finished{server->finished_descriptor(), POLLIN, 0};
    REQUIRE(::poll(&finished, 1, 60'000) == 1);
    (void)server->join();
    INFO(watcher.checked.check.text());
    CHECK(watcher.checked.check.broken().empty());
    CHECK(watcher.checked.check.open_connections() == 0);
    CHECK(watcher.checked.check.open_requests() == 0);
    CHECK(server->connections() == 0);
    CHECK(alive == 0);
  }

  config::Config config;
  Watcher watcher;
  Owned<posix::Runtime> server;
};

// Whoever comes afterwards is served.
void check_served(std::uint16_t port) {
  Client client{port};
  REQUIRE(client.get("/hello"));
  CHECK(client.read_until("hello").starts_with("HTTP/1.1 200 "));
}

// `queue`: one handler at a time, one more waits.
void starve(const Conversation& converse, bool queue = false) {
  const Spared mine;
  constexpr long step = slow_build ? 7 : 1;
  for (const bool blocking : {false, true}) {
    Desk desk;
    const App app = make_app(desk);
    long failures = 0;
    for (long n = 1;; n += step) {
      INFO((blocking ? "pounce-sync" : "pounce-async"), ", allocation ", n);
      Server server{blocking, app, queue};
      check_served(server.port());  // threads are there, and each has what it keeps
      fails_at = 0;
      allocations = 0;
      fails_at = n;
      converse(server.port(), desk);
      const bool hit = allocations >= n;
      fails_at = 0;
      check_served(server.port());
      desk.call();
      server.end();
      if (!hit) break;
      ++failures;
      REQUIRE(n < 5'000);
    }
    CHECK(failures * step > 3);
    MESSAGE(std::string{blocking ? "pounce-sync: " : "pounce-async: "}, failures,
            " allocations failed, one in each run");
  }
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
// Without these a sanitizer's own would be taken, which do not go together with what releases.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  try {
    return allocate(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept { return operator new(size, tag); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("memory ends while plain requests are served") { starve(plain); }
TEST_CASE("memory ends while a handler waits for a message") { starve(wait_for_a_message); }
TEST_CASE("memory ends on an HTTP/2 connection") { starve(http2); }
TEST_CASE("memory ends on a WebSocket") { starve(converse_in_messages); }
TEST_CASE("memory ends while requests wait for a place") { starve(stand_in_line, true); }
TEST_CASE("memory ends while clients pipeline and leave") { starve(leavers); }
