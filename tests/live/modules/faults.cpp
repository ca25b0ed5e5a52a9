// An application whose handlers do what handlers should not. test_app.py and test_drain.py look at what the client gets.
#include <pounce/app.hpp>

#include <chrono>
#include <stdexcept>

namespace {

using namespace std::chrono_literals;

pounce::Task throw_before(pounce::Exchange&) {
  throw std::runtime_error("before the head");
  co_return;
}

pounce::Task throw_after(pounce::Exchange& exchange) {
  if (exchange.start(pounce::Head{200}) != pounce::Status::ok) co_return;
  (void)co_await exchange.write("some content");
  throw std::runtime_error("after the head");
}

pounce::Task too_short(pounce::Exchange& exchange) {
  if (exchange.start(pounce::Head{200}.content_length(10)) != pounce::Status::ok) co_return;
  (void)co_await exchange.write("hello");
  (void)exchange.finish();
}

pounce::Task no_finish(pounce::Exchange& exchange) {
  if (exchange.start(pounce::Head{200}) != pounce::Status::ok) co_return;
  (void)co_await exchange.write("hello");
}

pounce::Task too_long(pounce::Exchange& exchange) {
  if (exchange.start(pounce::Head{200}.content_length(5)) != pounce::Status::ok) co_return;
  (void)co_await exchange.write("hello");
  (void)co_await exchange.write(" and HTTP/1.1 200 OK");
  (void)exchange.finish();
}

pounce::Task nothing(pounce::Exchange&) { co_return; }

// Answers without a look at the request's content.
pounce::Task early(pounce::Exchange& exchange) {
  (void)exchange.respond(pounce::Response::text("early"));
  co_return;
}

// Takes its time and will not be told to hurry.
pounce::Task stubborn(pounce::Exchange& exchange) {
  for (int second = 0; second < 60; ++second) {
    (void)co_await exchange.sleep(1s);
  }
  (void)exchange.respond(pounce::Response::text("at last"));
}

// Writes for ever; a fast reader must not let it own its thread.
pounce::Task torrent(pounce::Exchange& exchange) {
  if (exchange.start(pounce::Head{200}) != pounce::Status::ok) co_return;
  static constexpr char block[4096] = {};
  while (co_await exchange.write(pounce::Bytes{block, sizeof block}) == pounce::Status::ok) {
  }
}

pounce::App make() {
  pounce::App app;
  app.route("/good", [](const pounce::Request&) { return pounce::Response::text("good"); });
  app.route("/throw-plain", [](const pounce::Request&) -> pounce::Response { throw std::runtime_error("plain"); });
  app.route("/throw-odd", [](const pounce::Request&) -> pounce::Response { throw 7; });
  app.route("/throw-before", throw_before);
  app.route("/throw-after", throw_after);
  app.route("/short", too_short);
  app.route("/no-finish", no_finish);
  app.route("/long", too_long);
  app.route("/nothing", nothing);
  app.route("/early", early);
  app.route("/stubborn", stubborn);
  app.route("/torrent", torrent);
  app.route("/no-content", [](const pounce::Request&) { return pounce::Response{204}; });
  app.route("/not-modified",
            [](const pounce::Request&) { return pounce::Response{304, "content that must not go out"}; });
  app.route("/no-content-but",
            [](const pounce::Request&) { return pounce::Response{204, "content that must not go out"}; });
  app.route("/bad-status", [](const pounce::Request&) { return pounce::Response::text("odd", 99); });
  app.route("/bad-name", [](const pounce::Request&) { return pounce::Response::text("odd").set("bad name", "x"); });
  app.route("/framing-field",
            [](const pounce::Request&) { return pounce::Response::text("odd").set("transfer-encoding", "gzip"); });
  app.route("/own-status", [](const pounce::Request&) { return pounce::Response::text("own", 299); });
  return app;
}

}  // namespace

POUNCE_APP(make);
