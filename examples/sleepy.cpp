// Time: a handler that waits, a child task that is awaited like a function, and a wait with a limit.
//
//   curl localhost:8000/tea?minutes=1
#include <pounce/app.hpp>

#include <charconv>
#include <chrono>
#include <string>
#include <system_error>

namespace {

using namespace std::chrono_literals;
using pounce::Status;

// A child of the handler: it takes the exchange, so its frame lives with the request and goes with it.
pounce::TaskOf<bool> wait_for(pounce::Exchange& x, std::chrono::minutes time) {
  for (auto left = time; left > 0min; left -= 1min) {
    const Status status = co_await x.sleep(1min);
    if (status == Status::draining) co_return false;  // said once in an exchange: whoever hears it passes it on
  }
  co_return true;
}

pounce::Task tea(pounce::Exchange& x) {
  int minutes = 0;
  const std::string text = x.request().parameter("minutes").value_or("3");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), minutes);
  if (error != std::errc{} || end != text.data() + text.size() || minutes < 0 || minutes > 10) {
    (void)x.respond(pounce::Response::text("0 to 10 minutes\n", 400));
    co_return;
  }
  // A pounce::Task has no symmetric transfer: a child that does not wait costs no more than a call.
  const bool ready = co_await wait_for(x, std::chrono::minutes{minutes});
  (void)x.respond(ready ? pounce::Response::text("tea is ready\n")
                        : pounce::Response::text("no tea: closing time\n", 503));
}

pounce::App make() {
  pounce::App app;
  app.route("/tea", tea);
  return app;
}

}  // namespace

POUNCE_APP(make);
