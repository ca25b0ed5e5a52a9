// Memory: what is allocated per request, and what a hostile peer can make a session hold.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/core/workspace.hpp>
#include <pounce/server/session.hpp>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace {

std::atomic<std::size_t> allocations = 0;
std::atomic<std::size_t> held = 0;
std::size_t fails_in = 0;  // so many allocations from now there is no memory, once; 0: always

// The size stands before the memory, so that what is held can be counted.
void* counted(std::size_t size) {
  if (fails_in != 0 && --fails_in == 0) throw std::bad_alloc{};
  ++allocations;
  held += size;
  auto* memory = static_cast<char*>(std::malloc(size + 16));
  if (memory == nullptr) std::abort();
  std::memcpy(memory, &size, sizeof size);
  return memory + 16;
}

void uncounted(void* memory) noexcept {
  if (memory == nullptr) return;
  std::size_t size = 0;
  std::memcpy(&size, static_cast<char*>(memory) - 16, sizeof size);
  held -= size;
  std::free(static_cast<char*>(memory) - 16);
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { uncounted(memory); }
void operator delete[](void* memory) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::size_t) noexcept { uncounted(memory); }

using namespace pounce;
using namespace std::chrono_literals;

namespace {

class NoWake final : public Wake {
 public:
  [[nodiscard]] Loan<Letterbox> open() override { return {}; }
};

class Ids final : public RequestIds {
  [[nodiscard]] std::uint64_t refill() override { return last_ += block; }
  std::uint64_t last_ = 0;
};

// A driver that allocates nothing itself.
class Driver {
 public:
  explicit Driver(const App& app) : service_{.app = app, .limits = {}}, station_{workspace_, ids_, nullptr, 0} {
    tick_.now = Instant{} + 1h;
    tick_.lines = "Server: pounce\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    connect();
  }

  // The next connection of the same worker.
  void connect() {
    session_.reset();
    session_ = make_owned<Session>(service_, station_, wake_, Peers{ConnectionId{1}, "local", "peer"}, tick_.now);
  }

  // One turn of a runtime's loop. Returns how many bytes the session wrote.
  std::size_t turn(std::string_view bytes) {
    if (!bytes.empty()) {
      const MutableBytes space = session_->space();
      REQUIRE(space.size() >= bytes.size());
      std::memcpy(space.data(), bytes.data(), bytes.size());
      session_->received(bytes.size());
    }
    session_->step(tick_);
    const std::size_t n = session_->output().size();
    if (n != 0) session_->written(n, tick_.now);
    session_->settle();
    return n;
  }
  // What waits to be written.
  [[nodiscard]] std::string written() {
    std::array<Bytes, 64> slices;
    std::string all;
    const std::size_t count = session_->output().gather(slices);
    for (std::size_t i = 0; i < count; ++i) all += slices[i];
    return all;
  }
  void step(std::string_view bytes) {
    std::memcpy(session_->space().data(), bytes.data(), bytes.size());
    session_->received(bytes.size());
    session_->step(tick_);
  }
  [[nodiscard]] Session& session() noexcept { return *session_; }

 private:
  Service service_;
  Workspace workspace_;
  Ids ids_;
  NoWake wake_;
  Station station_;
  Tick tick_;
  Owned<Session> session_;
};

constexpr std::string_view get = "GET /hello HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";

}  // namespace

TEST_CASE("a plain handler with a literal body allocates nothing, once the worker is warm") {
  App app;
  app.route("/hello", [](const Request&) { return Response::text("Hello, World!"); });
  Driver driver{app};
  for (int i = 0; i < 10; ++i) (void)driver.turn(get);
  const std::size_t before = allocations;
  std::size_t bytes = 0;
  for (int i = 0; i < 1000; ++i) bytes += driver.turn(get);
  CHECK(allocations - before == 0);
  CHECK(bytes > 100000);
}

TEST_CASE("pipelined batches of it allocate nothing either") {
  App app;
  app.route("/hello", [](const Request&) { return Response::text("Hello, World!"); });
  Driver driver{app};
  std::string batch;
  for (int i = 0; i < 16; ++i) batch += get;
  for (int i = 0; i < 10; ++i) (void)driver.turn(batch);
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) (void)driver.turn(batch);
  CHECK(allocations - before == 0);
}

TEST_CASE("a coroutine's frames come from the arena: a handler that parks allocates nothing either") {
  App app;
  app.route("/hello", [](Exchange& x) -> Task {
    (void)co_await x.yield();
    (void)x.respond(Response::text("Hello, World!"));
  });
  Driver driver{app};
  for (int i = 0; i < 10; ++i) {
    (void)driver.turn(get);
    (void)driver.turn({});
  }
  const std::size_t before = allocations;
  for (int i = 0; i < 1000; ++i) {
    (void)driver.turn(get);
    CHECK(driver.turn({}) > 100);
  }
  CHECK(allocations - before == 0);
}

TEST_CASE("a thousand idle connections hold little, and no block each") {
  App app{[](const Request&) { return Response::text("x"); }};
  const std::size_t before = held;
  std::vector<Owned<Driver>> drivers;
  for (int i = 0; i < 1000; ++i) {
    drivers.push_back(make_owned<Driver>(app));
    Session& session = drivers.back()->session();
    (void)session;
  }
  CHECK((held - before) / drivers.size() < 2048);
}

TEST_CASE("wherever memory ends in a step, that session alone ends, and nothing of it reaches the next one") {
  std::vector<std::string> seen;
  seen.reserve(8);
  App app;
  app.route("/plain", [&](const Request& request) {
    seen.emplace_back(request.target());
    return Response::text(std::string(20000, 'x'));
  });
  app.route("/stream", [&](Exchange& x) -> Task {
    seen.emplace_back(x.request().target());
    (void)x.start(Head{200});
    (void)co_await x.write(std::string(3000, 'y'));
    for (Received got = co_await x.read(); got.status() == Status::ok; got = co_await x.read()) {
    }
    (void)x.finish();
  });
  const std::string plain =
      "POST /plain?" + std::string(100, 'q') +
      " HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n";
  const std::string stream =
      "POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n";
  for (const std::string& first : {plain + stream, stream + plain}) {
    std::size_t failures = 0;
    for (std::size_t n = 1; n < 100; ++n) {
      Driver driver{app};
      fails_in = n;
      try {
        (void)driver.turn(first);
      } catch (const std::bad_alloc&) {
        ++failures;
      }
      fails_in = 0;
      driver.connect();
      seen.clear();
      CHECK(driver.turn("GET /plain?second HTTP/1.1\r\nHost: a\r\n\r\n") > 0);
      REQUIRE(seen.size() == 1);
      CHECK(seen.front() == "/plain?second");
    }
    CHECK(failures > 0);
  }
}

TEST_CASE("children awaited in a loop do not grow the arena") {
  struct Child {
    static TaskOf<int> run(Exchange& x) {
      (void)co_await x.yield();
      co_return 1;
    }
  };
  int rounds = 0;
  App app{[&](Exchange& x) -> Task {
    for (;;) rounds += co_await Child::run(x);
  }};
  Driver driver{app};
  (void)driver.turn(get);
  for (int i = 0; i < 100; ++i) (void)driver.turn({});
  const std::size_t before = held;
  for (int i = 0; i < 20000; ++i) (void)driver.turn({});
  CHECK(rounds > 20000);
  CHECK(held <= before);
}

TEST_CASE("a body that trickles to a handler that does not read holds about what it weighs, not a block per byte") {
  App app{[](Exchange& x) -> Task {
    (void)co_await x.read();
    (void)co_await x.sleep(24h);
  }};
  SUBCASE("by length") {
    Driver driver{app};
    (void)driver.turn("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 500000\r\n\r\n");
    const std::size_t before = held;
    for (int i = 0; i < 10000 && driver.session().wants_input(); ++i) (void)driver.turn("z");
    CHECK(held - before < mebibyte);
  }
  SUBCASE("in chunks of a byte, many to a read") {
    Driver driver{app};
    (void)driver.turn("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::string chunks;
    for (int i = 0; i < 5000; ++i) chunks += "1\r\nz\r\n";
    const std::size_t before = held;
    for (int i = 0; i < 100 && driver.session().wants_input(); ++i) (void)driver.turn(chunks);
    CHECK(held - before < mebibyte);
  }
  SUBCASE("large chunk by large chunk") {
    Driver driver{app};
    (void)driver.turn("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 900000\r\n\r\n");
    const std::string block(20000, 'z');
    const std::size_t before = held;
    for (int i = 0; i < 40 && driver.session().wants_input(); ++i) (void)driver.turn(block);
    CHECK(held - before < mebibyte);
  }
}

TEST_CASE("a streaming echo of a gibibyte would hold what one of a mebibyte holds") {
  App app{[](Exchange& x) -> Task {
    (void)x.start(Head{200});
    while (true) {
      Received got = co_await x.read();
      if (got.status() != Status::ok) break;
      if (co_await x.write(std::move(got).chunk()) != Status::ok) co_return;
    }
    (void)x.finish();
  }};
  Driver driver{app};
  (void)driver.turn("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n");
  const std::string block(10000, 'z');
  for (int i = 0; i < 10; ++i) (void)driver.turn(block);
  const std::size_t before = held;
  std::size_t sent = 0;
  for (int i = 0; i < 80; ++i) sent += driver.turn(block);
  CHECK(sent >= 800000);
  CHECK(held <= before + 200 * kibibyte);
}

TEST_CASE("where memory ends within an answer, nothing follows what is out of it") {
  static std::string content;  // nobody owns it for the answer: it is copied, block by block
  content.assign(60000, 'x');
  App app;
  app.route("/whole", [](const Request&) { return Response{200, Body{Chunk{content, StorageRef{}}}}; });
  app.route("/chunks", [](Exchange& x) -> Task {
    (void)x.start(Head{200});
    for (int i = 0; i < 3; ++i) {
      try {
        (void)co_await x.write(Chunk{content, StorageRef{}});
      } catch (const std::bad_alloc&) {
        // a handler may go on
      }
    }
    (void)x.finish();
  });
  for (const std::string path : {"/whole", "/chunks"}) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
    std::size_t cut = 0;
    for (std::size_t n = 1; n < 40; ++n) {
      Driver driver{app};
      fails_in = n;
      try {
        driver.step(request);
      } catch (const std::bad_alloc&) {
      }
      fails_in = 0;
      const std::string out = driver.written();
      INFO(path, " ", n, " ", out.size());
      if (!out.starts_with("HTTP/1.1 200")) continue;
      CHECK(out.find("HTTP/1.1", 1) == std::string::npos);
      const bool whole = path == "/whole" ? out.ends_with(content) : out.ends_with("0\r\n\r\n");
      CHECK(whole != driver.session().output().abandoned());
      if (!whole) ++cut;
    }
    CHECK(cut != 0);
  }
}
