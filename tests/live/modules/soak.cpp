// Handlers of every kind, for traffic that goes on for long: whatever one of them keeps would add up.
#include <pounce/app.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace {

using pounce::Response;
using pounce::Status;
using std::chrono::milliseconds;

pounce::Task echo(pounce::Exchange& x) {
  if (x.start(pounce::Head{200}) != Status::ok) co_return;
  while (true) {
    pounce::Received got = co_await x.read();
    if (got.status() != Status::ok) break;
    if (co_await x.write(std::move(got).chunk()) != Status::ok) co_return;
  }
  (void)x.finish();
}

pounce::Task lines(pounce::Exchange& x) {
  if (x.start(pounce::Head{200}) != Status::ok) co_return;
  for (int i = 0; i < 100; ++i) {
    if (co_await x.sleep(milliseconds{1}) == Status::draining) break;
    if (co_await x.write(std::string_view{"a line of a stream\n"}) != Status::ok) co_return;
  }
  (void)x.finish();
}

pounce::Task sleeps(pounce::Exchange& x) {
  (void)co_await x.sleep(milliseconds{3});
  (void)x.respond(Response::text("slept"));
}

pounce::Task socket(pounce::Exchange& x) {
  pounce::WebSocket socket = co_await x.accept_websocket();
  if (!socket) co_return;
  while (true) {
    const pounce::Incoming got = co_await socket.receive();
    if (got.status() != Status::ok) break;
    if (co_await socket.send(got) != Status::ok) break;
  }
}

pounce::App make() {
  pounce::App app;
  app.route("/hello", [](const pounce::Request&) { return Response::text("Hello, World!"); });
  app.route("/size", [](const pounce::Request& request) {
    return Response::text(pounce::Body::copy(std::to_string(request.body().size())));
  });
  app.route("/large", [](const pounce::Request&) { return Response::text(std::string(200'000, 'x')); });
  app.route("/echo", echo);
  app.route("/lines", lines);
  app.route("/sleep", sleeps);
  app.route("/socket", socket);
  return app;
}

}  // namespace

POUNCE_APP(make);
