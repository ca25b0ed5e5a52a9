// The client, scheme and host of a request as handlers and observers see them, over the real session.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/events/observer.hpp>
#include <pounce/testing.hpp>

#include <string>
#include <utility>
#include <variant>

using namespace pounce;

namespace {

std::string seen(const Request& request) {
  std::string text;
  text.append(request.client()).append(" ").append(request.scheme()).append(" ").append(request.authority());
  for (const Field& field : request.fields()) text.append(" ").append(field.name);
  return text;
}

class Heard final : public events::Observer {
 public:
  void observe(const events::Lifecycle& event) noexcept override {
    if (const auto* started = std::get_if<events::RequestStarted>(&event)) {
      text.append(started->asked.client)
          .append(" ")
          .append(started->asked.scheme)
          .append(" ")
          .append(started->asked.host)
          .append("; ");
    }
    if (const auto* completed = std::get_if<events::ResponseCompleted>(&event)) text.append(completed->asked.client);
  }
  [[nodiscard]] events::Kinds kinds() const noexcept override {
    return events::Kinds::of<events::RequestStarted, events::ResponseCompleted>();
  }
  std::string text;
};

const Fields claims = [] {
  Fields fields;
  fields.add("X-Forwarded-For", "192.0.2.7");
  fields.add("X-Forwarded-Proto", "https");
  fields.add("X-Forwarded-Host", "example.org");
  fields.add("X-Real-IP", "192.0.2.8");
  fields.add("Forwarded", "for=192.0.2.9;proto=https;host=other.example");
  fields.add("X-Custom", "1");
  return fields;
}();

struct Run {
  std::string body;
  std::string events;
};

Run run(std::string peer, std::string_view trusted, proxy::Dialect dialect = proxy::Dialect::x_forwarded) {
  App app;
  app.route("/", [](const Request& request) { return Response::text(seen(request)); });
  Heard heard;
  testing::Options options;
  options.peer = std::move(peer);
  options.observer = &heard;
  options.trust.dialect = dialect;
  if (!trusted.empty()) options.trust.proxies.push_back(proxy::parse_network(trusted).value());
  testing::Client client{app, options};
  Fields fields = claims;
  fields.add("Host", "inner");
  return {client.get("/", fields).body, heard.text};
}

}  // namespace

TEST_CASE("from anybody, fields that speak for a proxy do not reach the application") {
  const Run found = run("198.51.100.1:40000", "");
  CHECK(found.body == "198.51.100.1 http inner X-Custom Host");
  CHECK(found.events == "198.51.100.1 http inner; 198.51.100.1");
}

TEST_CASE("nor from a peer beside the trusted ones") {
  CHECK(run("198.51.100.1:40000", "10.0.0.0/8").body == "198.51.100.1 http inner X-Custom Host");
  CHECK(run("[2001:db8::1]:40000", "10.0.0.0/8").body == "2001:db8::1 http inner X-Custom Host");
  CHECK(run("unix:", "10.0.0.0/8").body == "unix: http inner X-Custom Host");
}

TEST_CASE("a trusted proxy says who asks, in one place for requests and events") {
  const Run found = run("10.0.0.1:40000", "10.0.0.0/8");
  CHECK(found.body ==
        "192.0.2.7 https example.org X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host X-Real-IP X-Custom Host");
  CHECK(found.events == "192.0.2.7 https example.org; 192.0.2.7");
}

TEST_CASE("in its own dialect only: what it does not write it may have passed on from anybody") {
  const Run found = run("10.0.0.1:40000", "10.0.0.0/8", proxy::Dialect::forwarded);
  CHECK(found.body == "192.0.2.9 https other.example Forwarded X-Custom Host");
  CHECK(found.events == "192.0.2.9 https other.example; 192.0.2.9");
}

TEST_CASE("a proxy behind a Unix socket") {
  CHECK(run("unix:", "unix:").events == "192.0.2.7 https example.org; 192.0.2.7");
  CHECK(run("unix:", "0.0.0.0/0").events == "unix: http inner; unix:");
}

TEST_CASE("a trusted proxy that says nothing is the client") {
  App app;
  app.route("/", [](const Request& request) { return Response::text(seen(request)); });
  testing::Options options;
  options.peer = "10.0.0.1:40000";
  options.trust.proxies.push_back(proxy::parse_network("10.0.0.0/8").value());
  testing::Client client{app, options};
  Fields fields;
  fields.add("Host", "inner");
  CHECK(client.get("/", fields).body == "10.0.0.1 http inner Host");
}
