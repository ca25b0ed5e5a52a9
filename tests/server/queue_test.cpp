// The request queue as clients see it: who is served, who waits, who is told to come later, and that a place comes back however a
// handler ends.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/app/websocket.hpp>
#include <pounce/limits/queue_terms.hpp>
#include <pounce/limits/request_queue.hpp>
#include <pounce/server/session.hpp>
#include <pounce/testing.hpp>

#include "tests/server/h2_client.hpp"
#include "tests/server/recorder.hpp"
#include "tests/server/ws_peer.hpp"

#include <deque>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using limits::RequestQueue;
using testing::Client;
using testing::H2Client;
using testing::Options;
using testing::Recorder;
using testing::Reply;

namespace {

// An application whose handlers stay until they are let go, and clients that share its queue.
struct House {
  explicit House(std::uint32_t running = 1, std::uint32_t waiting = 4, List<SmallString> exempt = {})
      : queue(RequestQueue::make(
            {.running = running, .waiting = waiting, .timeout = 1s, .exempt_paths = std::move(exempt)})) {
    app.route("/stay", [this](Exchange& x) -> Task {
      inside.push_back(x.token());
      (void)co_await x.message();
      (void)x.respond(Response::text("stayed"));
    });
    app.route("/stay/stream", [this](Exchange& x) -> Task {
      inside.push_back(x.token());
      (void)x.start(Head{200});
      (void)co_await x.message();
      (void)x.finish();
    });
    app.route("/throw", [this](Exchange& x) -> Task {
      inside.push_back(x.token());
      (void)co_await x.message();
      throw std::runtime_error{"on purpose"};
    });
    app.route("/plain", [this](const Request& request) {
      ++plain_runs;
      return Response::text(Body::copy("plain " + std::to_string(request.body().size())));
    });
    app.route("/throw/plain", [](const Request&) -> Response { throw std::runtime_error{"on purpose"}; });
    app.route("/socket", [this](Exchange& x) -> Task {
      inside.push_back(x.token());
      (void)co_await x.message();
      WebSocket socket = co_await x.accept_websocket();
      while ((co_await socket.receive()).status() == Status::ok) {
      }
    });
  }

  [[nodiscard]] Options options() {
    Options made;
    made.request_queue = queue;
    made.observer = &recorders.emplace_back();  // connections of different clients have the same names
    return made;
  }
  Client& client() { return clients.emplace_back(app, options()); }
  // A fresh client that has asked; what has come of it shows later.
  Client& asks(std::string_view path) {
    Client& one = client();
    one.send("GET " + std::string{path} + " HTTP/1.1\r\nHost: t\r\n\r\n");
    one.advance(0s);
    return one;
  }
  void let_go(std::size_t which) { (void)inside[which].post("go"); }
  [[nodiscard]] RequestQueue::Numbers numbers() const { return queue->numbers(); }
  [[nodiscard]] std::uint64_t shed(RequestQueue::Reason reason) const {
    return numbers().shed[static_cast<std::size_t>(reason)];
  }
  // Whatever they have seen by now.
  static std::string outcome(Client& one) {
    one.advance(0s);
    std::string bytes = one.take_output();
    const auto reply = testing::take_reply(bytes, false, one.closed());
    return reply ? std::to_string(reply->status) + " " + reply->body : "waits";
  }

  App app;
  std::deque<Recorder> recorders;
  Loan<RequestQueue> queue;
  std::vector<Token> inside;
  int plain_runs = 0;
  std::deque<Client> clients;
};

constexpr std::string_view sent_away = "503 503 Service Unavailable: too many requests at once, come later\n";

}  // namespace

TEST_CASE("one runs, others wait in order, one too many is sent away") {
  House house{1, 2};
  Client& first = house.asks("/stay");
  Client& second = house.asks("/stay");
  Client& third = house.asks("/plain");
  Client& fourth = house.asks("/plain");
  CHECK(house.outcome(fourth) == sent_away);
  CHECK(house.outcome(second) == "waits");
  CHECK(house.outcome(third) == "waits");
  CHECK(house.inside.size() == 1);
  CHECK(house.numbers().waiting == 2);

  house.let_go(0);
  CHECK(house.outcome(first) == "200 stayed");
  CHECK(house.outcome(third) == "waits");
  CHECK(house.outcome(second) == "waits");
  CHECK(house.inside.size() == 2);  // it runs now
  house.let_go(1);
  CHECK(house.outcome(second) == "200 stayed");
  CHECK(house.outcome(third) == "200 plain 0");
  CHECK(house.numbers().running == 0);
  CHECK(house.numbers().waited == 2);
  CHECK(house.shed(RequestQueue::Reason::full) == 1);
}

TEST_CASE("who is sent away is told when to come back, and its connection goes on") {
  House house{1, 1};
  (void)house.asks("/stay");
  (void)house.asks("/stay");
  Client& client = house.client();
  const Reply reply = client.get("/plain");
  CHECK(reply.status == 503);
  CHECK(reply.header("retry-after") == "1");
  CHECK(reply.keep_alive);
  CHECK(client.head("/plain").body.empty());
  CHECK(client.get("/nowhere").status == 404);  // there is no handler to wait for
  house.let_go(0);
  (void)house.outcome(house.clients[0]);
  (void)house.outcome(house.clients[1]);
  house.let_go(1);
  (void)house.outcome(house.clients[1]);
  CHECK(client.get("/plain").status == 200);
}

TEST_CASE("it is sent away before anything of its content is read") {
  House house{1, 1};
  (void)house.asks("/stay");
  (void)house.asks("/stay");
  Client& client = house.client();
  client.send("POST /plain HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");
  client.advance(0s);
  const Reply reply = client.reply();
  CHECK(reply.status == 503);
  CHECK(reply.informational.empty());
}

TEST_CASE("whose time is over is told so, and leaves the line") {
  House house{1, 4};
  Client& first = house.asks("/stay");
  Client& second = house.asks("/plain");
  second.advance(999ms);
  CHECK(house.outcome(second) == "waits");
  second.advance(1ms);
  CHECK(house.outcome(second) == sent_away);
  CHECK(house.numbers().waiting == 0);
  CHECK(house.plain_runs == 0);
  CHECK(house.shed(RequestQueue::Reason::timeout) == 1);
  CHECK(second.get("/nowhere").status == 404);
  house.let_go(0);
  CHECK(house.outcome(first) == "200 stayed");
  CHECK(house.numbers().running == 0);
}

TEST_CASE("a waiter whose client has gone leaves at once") {
  House house{1, 4};
  Client& first = house.asks("/stay");
  Client& resets = house.asks("/plain");
  Client& shuts = house.asks("/plain");
  Client& closes = house.asks("/plain");
  CHECK(house.numbers().waiting == 3);
  resets.reset();
  CHECK(house.numbers().waiting == 2);
  // The end of its input is most likely its end; if it is not, it learns what became of its request.
  shuts.close_write();
  CHECK(house.outcome(shuts) == sent_away);
  CHECK(house.numbers().waiting == 1);
  // The same, where the end is announced but lies behind bytes that nobody reads yet.
  closes.session()->end_announced();
  CHECK(house.outcome(closes) == sent_away);
  CHECK(house.numbers().waiting == 0);
  CHECK(house.shed(RequestQueue::Reason::gone) == 3);
  house.let_go(0);
  CHECK(house.outcome(first) == "200 stayed");
  CHECK(house.plain_runs == 0);
  CHECK(house.numbers().running == 0);
}

TEST_CASE("a place comes back however a handler ends") {
  House house{2, 1};
  SUBCASE("a plain handler throws") { CHECK(house.client().get("/throw/plain").status == 500); }
  SUBCASE("a coroutine throws") {
    Client& client = house.asks("/throw");
    house.let_go(0);
    CHECK(house.outcome(client).starts_with("500"));
  }
  SUBCASE("its client leaves while it runs") {
    Client& client = house.asks("/stay");
    CHECK(house.numbers().running == 1);
    client.reset();
  }
  SUBCASE("a stream ends") {
    Client& client = house.asks("/stay/stream");
    CHECK(house.numbers().running == 1);
    house.let_go(0);
    CHECK(house.outcome(client) == "200 ");
  }
  SUBCASE("its client leaves when it has been called, and has not noticed") {
    Client& first = house.asks("/stay");
    Client& second = house.asks("/stay");
    Client& third = house.asks("/plain");
    CHECK(house.numbers().waiting == 1);
    house.let_go(0);
    first.advance(0s);
    CHECK(house.numbers().waiting == 0);
    CHECK(house.numbers().running == 2);
    third.reset();
    CHECK(house.numbers().running == 1);
    house.let_go(1);
    second.advance(0s);
  }
  CHECK(house.numbers().running == 0);
  CHECK(house.numbers().waiting == 0);
  CHECK(house.client().get("/plain").status == 200);
}

TEST_CASE("who sends slowly holds no place") {
  House house{1, 1};
  Client& slow = house.client();
  slow.send("POST /plain HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nab");
  slow.advance(5s);
  CHECK(house.numbers().running == 0);
  Client& other = house.asks("/stay");
  slow.send("cd");
  slow.advance(0s);
  CHECK(house.numbers().waiting == 1);  // now it needs one
  CHECK(house.plain_runs == 0);
  house.let_go(0);
  CHECK(house.outcome(other) == "200 stayed");
  CHECK(house.outcome(slow) == "200 plain 4");
}

TEST_CASE("pipelined requests take one place after the other") {
  House house{1, 1};
  Client& client = house.client();
  client.send(
      "GET /plain HTTP/1.1\r\nHost: t\r\n\r\nGET /stay HTTP/1.1\r\nHost: t\r\n\r\nGET /plain HTTP/1.1\r\nHost: "
      "t\r\n\r\n");
  client.advance(0s);
  CHECK(client.reply().status == 200);
  CHECK(house.numbers().running == 1);
  house.let_go(0);
  client.advance(0s);
  CHECK(client.reply().body == "stayed");
  CHECK(client.reply().body == "plain 0");
  CHECK(house.numbers().running == 0);
}

TEST_CASE("health is not behind the queue, nor are exempt paths") {
  House house{1, 1, {"/plain"}};
  App front;
  front.route("/health", [](const Request&) { return Response::text("well"); });
  (void)house.asks("/stay");
  (void)house.asks("/stay");
  Options options = house.options();
  options.front = &front;
  Client client{house.app, options};
  CHECK(client.get("/health").status == 200);
  CHECK(client.get("/plain").status == 200);
  CHECK(client.get("/throw/plain").status == 503);
}

TEST_CASE("on HTTP/2 each stream waits for itself") {
  House house{1, 2};
  Client& first = house.asks("/stay");
  H2Client h2{house.app, house.options()};
  const auto waits = h2.get("/stay");
  const auto second = h2.get("/plain");
  const auto refused = h2.get("/plain");
  h2.settle();
  CHECK(h2.answer(refused).status == "503");
  CHECK(h2.answer(refused).field("retry-after") == "1");
  CHECK_FALSE(h2.answer(waits).ended);
  CHECK(house.numbers().waiting == 2);
  // A stream that is reset leaves at once; the others stay.
  h2.frames.rst_stream(second);
  h2.settle();
  CHECK(house.numbers().waiting == 1);
  house.let_go(0);
  CHECK(house.outcome(first) == "200 stayed");
  h2.settle();
  CHECK(house.inside.size() == 2);
  house.let_go(1);
  h2.settle();
  CHECK(h2.answer(waits).body == "stayed");
  CHECK(house.numbers().running == 0);
}

TEST_CASE("a WebSocket has a place until it is accepted") {
  House house{1, 1};
  Client& client = house.client();
  client.send("GET /socket HTTP/1.1\r\n" + std::string{testing::WsPeer::opening} + "\r\n");
  client.advance(0s);
  CHECK(house.numbers().running == 1);
  Client& other = house.asks("/plain");
  CHECK(house.outcome(other) == "waits");
  house.let_go(0);
  client.advance(0s);
  CHECK(client.take_output().starts_with("HTTP/1.1 101 "));
  CHECK(house.outcome(other) == "200 plain 0");
  CHECK(house.numbers().running == 0);  // and the socket is open
  CHECK_FALSE(client.closed());
  client.reset();
  CHECK(house.numbers().running == 0);
}

TEST_CASE("a drain serves who waits") {
  House house{1, 2};
  Client& first = house.asks("/stay/stream");
  Client& second = house.asks("/plain");
  first.drain();
  second.drain();
  first.advance(0s);
  CHECK(house.outcome(second) == "200 plain 0");
  CHECK(second.closed());
}

TEST_CASE("middleware sees what waits and what is served, but not who is sent away") {
  struct Counting final : Middleware {
    explicit Counting(int& number) : count(&number) {}
    [[nodiscard]] std::optional<Response> before(const Request&) const override {
      ++*count;
      return std::nullopt;
    }
    int* count;
  };
  House house{1, 1};
  int asked = 0;
  house.app.use(make_owned<Counting>(asked));
  (void)house.asks("/stay");
  (void)house.asks("/stay");
  CHECK(asked == 2);
  CHECK(house.client().get("/plain").status == 503);
  CHECK(asked == 2);
}

TEST_CASE("what went over the limit is said") {
  struct Limits final : events::Observer {
    void observe(const events::Lifecycle& event) noexcept override {
      if (const auto* hit = std::get_if<events::LimitHit>(&event); hit != nullptr) hits.append(hit->limit).append(" ");
    }
    std::string hits;
  };
  House house{1, 1};
  Limits limits;
  Options options = house.options();
  options.observer = &limits;
  (void)house.asks("/stay");
  Client waits{house.app, options};
  waits.send("GET /plain HTTP/1.1\r\nHost: t\r\n\r\n");
  waits.advance(0s);
  Client refused{house.app, options};
  CHECK(refused.get("/plain").status == 503);
  CHECK(limits.hits == "queue_depth ");
  waits.advance(1s);
  CHECK(limits.hits == "queue_depth queue_timeout ");
}
