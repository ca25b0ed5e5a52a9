// Handlers that block their thread, beside one that awaits: what blocking workers are for, and what must not meet on a reactor.
#include <pounce/app.hpp>

#include <chrono>
#include <thread>

namespace {

using pounce::Response;
using std::chrono::milliseconds;

Response block(const pounce::Request&) {
  std::this_thread::sleep_for(milliseconds{20});
  return Response::text("blocked\n");
}

pounce::Task wait(pounce::Exchange& x) {
  (void)co_await x.sleep(milliseconds{1});
  (void)x.respond(Response::text("waited\n"));
}

pounce::App make() {
  pounce::App app;
  app.route("/hello", [](const pounce::Request&) { return Response::text("Hello, World!"); });
  app.route("/block", block);
  app.route("/wait", wait);
  return app;
}

}  // namespace

POUNCE_APP(make);
