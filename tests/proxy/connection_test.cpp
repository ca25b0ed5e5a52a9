// A connection that begins with a header of the PROXY protocol, over the real session.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/events/observer.hpp>
#include <pounce/server/session.hpp>
#include <pounce/testing.hpp>

#include <string>
#include <string_view>
#include <variant>

using namespace pounce;
using namespace std::chrono_literals;

namespace {

class Ends final : public events::Observer {
 public:
  void observe(const events::Lifecycle& event) noexcept override {
    if (const auto* completed = std::get_if<events::ConnectionCompleted>(&event)) fault = info(completed->fault).name;
  }
  [[nodiscard]] events::Kinds kinds() const noexcept override {
    return events::Kinds::of<events::ConnectionCompleted>();
  }
  std::string fault;
};

struct Place {
  Place() {
    app.route("/", [](const Request& request) {
      std::string text;
      text.append(request.client()).append(" ").append(request.peer()).append(" > ").append(request.local());
      text.append(" ").append(request.scheme());
      return Response::text(text.append("\n"));
    });
    options.peer = "10.0.0.1:40000";
    options.proxied = true;
    options.observer = &ends;
    options.trust.proxies.push_back(proxy::parse_network("10.0.0.0/8").value());
  }
  std::string body(testing::Client& client) {
    const testing::Reply reply = client.reply();
    return reply.body;
  }
  App app;
  Ends ends;
  testing::Options options;
};

constexpr std::string_view header = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n";
constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n";
constexpr std::string_view answer = "192.0.2.7 192.0.2.7:4711 > 198.51.100.1:80 http\n";

}  // namespace

TEST_CASE("the header names the peer, whatever the cut; its client is not trusted for what it says itself") {
  const std::string whole = std::string(header) + std::string(request);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    CAPTURE(cut);
    Place place;
    testing::Client client{place.app, place.options};
    client.open();
    client.send(whole.substr(0, cut));
    client.run();
    client.send(whole.substr(cut));
    client.run();
    CHECK(place.body(client) == answer);
  }
}

TEST_CASE("one header is for all requests of its connection") {
  Place place;
  testing::Client client{place.app, place.options};
  client.open();
  client.send(std::string(header) + std::string(request) + std::string(request));
  client.run();
  CHECK(place.body(client) == answer);
  CHECK(place.body(client) == answer);
}

TEST_CASE("a proxy in front of a trusted one: its X-Forwarded-For counts") {
  Place place;
  testing::Client client{place.app, place.options};
  client.open();
  client.send("PROXY TCP4 10.0.0.9 10.0.0.1 4711 80\r\n" + std::string(request));
  client.run();
  CHECK(place.body(client) == "1.1.1.1 10.0.0.9:4711 > 10.0.0.1:80 http\n");
}

TEST_CASE("a health check of the proxy's own keeps its address") {
  Place place;
  testing::Client client{place.app, place.options};
  client.open();
  client.send("PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.run();
  CHECK(place.body(client) == "10.0.0.1 10.0.0.1:40000 > 127.0.0.1:80 http\n");
}

TEST_CASE("TLS at the proxy makes the scheme https") {
  using namespace std::string_literals;
  Place place;
  testing::Client client{place.app, place.options};
  client.open();
  client.send(
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x14\xc0\x00\x02\x07\xc6\x33\x64\x01\x12\x67\x01\xbb\x20\x00\x05\x01\x00\x00\x00\x00"s +
      std::string(request));
  client.run();
  CHECK(place.body(client) == "192.0.2.7 192.0.2.7:4711 > 198.51.100.1:443 https\n");
}

TEST_CASE("without a header nothing is answered") {
  for (const std::string_view bytes :
       {request, std::string_view{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}, std::string_view{"PROXY TCP4 x\r\n"}}) {
    CAPTURE(bytes);
    Place place;
    testing::Client client{place.app, place.options};
    client.open();
    client.send(bytes);
    client.run();
    CHECK(client.output().empty());
    CHECK(client.closed());
    CHECK(place.ends.fault == "invalid_proxy_header");
  }
}

TEST_CASE("a header that ends in the middle") {
  Place place;
  testing::Client client{place.app, place.options};
  client.open();
  client.send(header.substr(0, 20));
  client.close_write();
  client.run();
  CHECK(client.output().empty());
  CHECK(client.closed());
  CHECK(place.ends.fault == "invalid_proxy_header");
}

TEST_CASE("a header has three seconds, also when none of it comes") {
  for (const std::size_t sent : {std::size_t{0}, std::size_t{20}}) {
    CAPTURE(sent);
    Place place;
    testing::Client client{place.app, place.options};
    client.open();
    client.send(header.substr(0, sent));
    client.run();
    client.advance(Session::proxy_header_timeout - 1ms);
    CHECK_FALSE(client.closed());
    client.advance(2ms);
    CHECK(client.closed());
    CHECK(client.output().empty());
    CHECK(place.ends.fault == "proxy_header_timeout");
  }
}

TEST_CASE("where none is expected a header is a malformed request") {
  Place place;
  place.options.proxied = false;
  testing::Client client{place.app, place.options};
  client.open();
  client.send(std::string(header) + std::string(request));
  client.run();
  CHECK(client.reply().status == 400);
}
