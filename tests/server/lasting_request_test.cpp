// The request of a WebSocket, which lives for hours: it takes little, and says all that any request says, before it is accepted and after.
#include "tests/server/h2_socket.hpp"

#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/events/event.hpp>
#include <pounce/events/observer.hpp>
#include <pounce/proxy/network.hpp>

#include <string>
#include <variant>
#include <vector>

using namespace pounce;
using testing::Client;
using testing::H2Client;
using testing::H2Socket;
using testing::Options;
using testing::WsPeer;

namespace {

// Line, fields with their ids, and what is looked up.
std::string described(const Request& request) {
  std::string text;
  text.append(request.method()).append(" ").append(request.target()).append(" ").append(request.path());
  text.append(" ?").append(request.query()).append(" @").append(request.authority());
  text.append(" ").append(request.parameter("room").value_or("none"));
  text.append(" ").append(request.header("x-EMPTY") ? "empty" : "absent");
  text.append(" ").append(request.header("cookie").value_or("none")).append(" ").append(request.peer());
  return text;
}

std::string listed(const Request& request) {
  std::string text;
  for (const Field& field : request.fields()) {
    text.append(field.name).append(field.id == field_id(field.name) ? "=" : "!").append(field.value).append(";");
  }
  return text;
}

const std::string long_name(300, 'n');

std::string fields_of(bool with_long_name) {
  std::string fields =
      "Cookie: a=b; c=d\r\nX-Empty:\r\nOrigin: https://example.org\r\nuser-agent: t\r\nACCEPT: x\r\nPragma:\r\n";
  if (with_long_name) fields.append(long_name).append(": long\r\n");
  return fields;
}

// As they come out again: the opening's own first.
std::string expected_fields(bool with_long_name) {
  std::string text = "Cookie=a=b; c=d;X-Empty=;Origin=https://example.org;user-agent=t;ACCEPT=x;Pragma=;";
  if (with_long_name) text.append(long_name).append("=long;");
  return text;
}

// What an access log would see of the head.
class Heads final : public events::Observer {
 public:
  void observe(const events::Lifecycle& event) noexcept override {
    if (const auto* const started = std::get_if<events::RequestStarted>(&event)) note(started->asked);
    if (const auto* const completed = std::get_if<events::ResponseCompleted>(&event)) note(completed->asked);
  }
  [[nodiscard]] events::Kinds kinds() const noexcept override {
    return events::Kinds::of<events::RequestStarted, events::ResponseCompleted>();
  }
  std::vector<std::string> heads;

 private:
  void note(const events::Asked& asked) {
    std::string text{asked.head->target};
    for (const Field& field : asked.head->fields) {
      if (field.id == FieldId::cookie) text.append(" ").append(field.value);
    }
    heads.push_back(text);
  }
};

}  // namespace

TEST_CASE("it reads the same before and after it was accepted; strings that were taken before are there after it") {
  for (const bool with_long_name : {false, true}) {
    CAPTURE(with_long_name);
    std::string before;
    std::string fields_after;
    std::string after;
    std::string held;
    const App app{[&](Exchange& x) -> Task {
      before = described(x.request());
      const std::string_view cookie = x.request().header("cookie").value_or("none");
      WebSocket socket = co_await x.accept_websocket();
      (void)co_await socket.receive();
      after = described(x.request());
      fields_after = listed(x.request());
      CHECK(listed(x.request()) == fields_after);  // the table is made once
      held = cookie;
    }};
    Heads heads;
    Options options;
    options.observer = &heads;
    Client client{app, options};
    WsPeer peer{client, "/chat?room=7", fields_of(with_long_name)};
    peer.text("now");
    peer.run();
    CHECK(before.find("GET /chat?room=7 /chat ?room=7 @") == 0);
    CHECK(before.find(" 7 empty a=b; c=d ") != std::string::npos);
    CHECK(after == before);
    CHECK(held == "a=b; c=d");
    CHECK(fields_after.find('!') == std::string::npos);
    CHECK(fields_after.find(expected_fields(with_long_name)) != std::string::npos);
    CHECK(heads.heads == std::vector<std::string>{"/chat?room=7 a=b; c=d", "/chat?room=7 a=b; c=d"});
  }
}

TEST_CASE("middleware and plain handlers see the fields of a request that asks for another protocol") {
  App app{[](const Request& request) { return Response::text(listed(request)); }};
  Client client{app};
  client.send("GET / HTTP/1.1\r\nHost: t\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n");
  client.run();
  CHECK(client.take_output().ends_with("Host=t;Upgrade=h2c;Connection=upgrade;"));
}

TEST_CASE("over HTTP/2 it reads the same, too") {
  std::string before;
  std::string after;
  std::string fields;
  App app{[&](Exchange& x) -> Task {
    before = described(x.request());
    WebSocket socket = co_await x.accept_websocket();
    (void)co_await socket.receive();
    after = described(x.request());
    fields = listed(x.request());
  }};
  app.accept_websockets();
  H2Client peer{app};
  H2Socket socket{peer, "/chat?room=7", {{"cookie", "a=b"}, {"x-empty", ""}, {"accept", ""}}};
  socket.run();
  socket.text("now");
  socket.run();
  CHECK(before.find("CONNECT /chat?room=7 /chat ?room=7 @") == 0);
  CHECK(before.find(" 7 empty a=b ") != std::string::npos);
  CHECK(after == before);
  CHECK(fields.find('!') == std::string::npos);
  CHECK(fields.find("sec-websocket-version=13;cookie=a=b;x-empty=;accept=;") != std::string::npos);
}

TEST_CASE("what a trusted proxy says of its client is there as long as the socket") {
  std::string said;
  const App app{[&](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    (void)co_await socket.receive();
    const Request& request = x.request();
    said.append(request.client()).append(" ").append(request.scheme()).append(" ").append(request.authority());
    said.append(" ").append(request.correlation()).append(" ").append(request.header("forwarded").value_or("none"));
  }};
  Options options;
  options.trust.proxies.push_back(proxy::parse_network("127.0.0.0/8").value());
  options.request_names = 1;
  Client client{app, options};
  WsPeer peer{
      client, "/",
      "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: example.org\r\nX-Request-ID: "
      "abc-7\r\nForwarded: for=1\r\n"};
  peer.text("now");
  peer.run();
  CHECK(said == "203.0.113.9 https example.org abc-7 none");
}
