// What the operator asks of a session: pages before the application, names for requests, how long handlers take.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/server/session.hpp>
#include <pounce/testing.hpp>

#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using testing::Client;
using testing::Options;
using testing::Reply;

namespace {

// A clock that a handler can move.
Instant time_of_day = Instant{} + 1h;
Instant look() noexcept { return time_of_day; }

App echo_name() {
  App app;
  app.route("*", [](const Request& request) {
    return Response::text(std::string{request.correlation()} + "|" +
                          std::string{request.header("X-Request-ID").value_or("")});
  });
  return app;
}

std::string value_of(const Reply& reply, std::string_view name) {
  return std::string{reply.fields.find(name).value_or("")};
}

Options named(bool trusted) {
  Options options;
  options.request_names = 7;
  if (trusted) options.trust.proxies.push_back(*proxy::parse_network("127.0.0.1"));
  return options;
}

Fields field(std::string_view name, std::string_view value) {
  Fields fields;
  fields.add(name, value);
  return fields;
}

class Refusing final : public Middleware {
 public:
  std::optional<Response> before(const Request&) const override { return Response::text("no", 403); }
};

// Who asked, and how long it took.
class Seen final : public events::Observer {
 public:
  void observe(const events::Lifecycle& event) noexcept override {
    if (const auto* one = std::get_if<events::ResponseCompleted>(&event)) {
      durations.push_back(one->duration);
      names.emplace_back(one->asked.correlation);
    }
  }
  std::vector<Duration> durations;
  std::vector<std::string> names;
};

}  // namespace

TEST_CASE("the front answers before middleware and the application, and does not wait for content") {
  App app;
  app.use(make_owned<Refusing>());
  app.route("*", [](const Request&) { return Response::text("application"); });
  App front;
  front.route("/-/health", [](const Request& request) { return Response::text(Body::copy(request.method())); });
  Options options;
  options.front = &front;
  Client client{app, options};
  CHECK(client.get("/-/health").body == "GET");
  CHECK(client.get("/-/health?x").body == "GET");
  CHECK(client.get("/-/healthy").status == 403);
  client.send("POST /-/health HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n");
  CHECK(client.reply().body == "POST");
}

TEST_CASE("every request has a name of its own, in its response, in its events and for its handler") {
  const App app = echo_name();
  Seen seen;
  Options options = named(false);
  options.observer = &seen;
  Client client{app, options};
  std::set<std::string> names;
  for (int i = 0; i < 100; ++i) {
    const Reply reply = client.get("/", field("X-Request-ID", "chosen-by-the-client"));
    const std::string name = value_of(reply, "x-request-id");
    CHECK(name.size() == 32);
    CHECK(name.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(reply.body == name + "|");
    CHECK(seen.names.back() == name);
    names.insert(name);
  }
  CHECK(names.size() == 100);
}

TEST_CASE("a trusted proxy's name is taken, if it is one") {
  const App app = echo_name();
  Client client{app, named(true)};
  const Reply taken = client.get("/", field("X-Request-ID", "aB9-._~+/=:@"));
  CHECK(value_of(taken, "x-request-id") == "aB9-._~+/=:@");
  CHECK(taken.body == "aB9-._~+/=:@|aB9-._~+/=:@");
  for (const std::string& bad :
       {std::string{"a b"}, std::string{"a\"b"}, std::string{"a,b"}, std::string{"a\xe4"}, std::string(129, 'a')}) {
    CAPTURE(bad);
    CHECK(value_of(client.get("/", field("X-Request-ID", bad)), "x-request-id").size() == 32);
  }
  CHECK(value_of(client.get("/", field("X-Request-ID", std::string(128, 'a'))), "x-request-id").size() == 128);
  Fields twice = field("X-Request-ID", "one");
  twice.add("x-request-id", "two");
  CHECK(value_of(client.get("/", twice), "x-request-id").size() == 32);
}

TEST_CASE("without the option there is no name, and the field is the client's and the application's affair") {
  const App app = echo_name();
  Client client{app};
  const Reply reply = client.get("/", field("X-Request-ID", "mine"));
  CHECK(value_of(reply, "x-request-id").empty());
  CHECK(reply.body == "|mine");
}

TEST_CASE("an application that names its response itself is left alone") {
  App app;
  app.route("*", [](const Request&) { return Response::text("x").set("X-Request-ID", "own"); });
  Client client{app, named(false)};
  const Reply reply = client.get("/");
  CHECK(value_of(reply, "x-request-id") == "own");
}

TEST_CASE("the time that a handler takes within a step is in the duration, and in Server-Timing") {
  App app;
  app.route("/slow", [](const Request&) {
    time_of_day += 1234567ns;
    return Response::text("x");
  });
  app.route("/stream", [](Exchange& x) -> Task {
    time_of_day += 2ms;
    if (x.start(Head{200}) != Status::ok) co_return;
    (void)co_await x.write("content");
    time_of_day += 3ms;
    (void)x.finish();
  });
  time_of_day = Instant{} + 2h;
  Seen seen;
  Options options;
  options.observer = &seen;
  options.server_timing = true;
  options.clock = look;
  Client client{app, options};
  client.advance(1h);  // to where the clock is
  const Reply slow = client.get("/slow");
  CHECK(value_of(slow, "server-timing") == "app;dur=1.234");
  CHECK(seen.durations.back() == 1234567ns);
  const Reply stream = client.get("/stream", field("TE", "trailers"));
  CHECK(value_of(stream, "server-timing") == "app;dur=2.000");
  CHECK(stream.trailers.find("server-timing").value_or("") == "total;dur=5.000");
  CHECK(seen.durations.back() == 5ms);
  const Reply plain = client.get("/stream");
  CHECK_FALSE(plain.trailers.find("server-timing").has_value());
}
