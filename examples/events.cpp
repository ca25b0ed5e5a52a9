// Server-sent events: a counter that goes on until the client leaves or the server shuts down.
//
//   curl -N localhost:8000/
//
// When the client has gone, the coroutine is destroyed where it waits; there is nothing to check. When the server begins to shut
// down, the wait says `draining`, once: time to take leave.
#include <pounce/app.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace {

using namespace std::chrono_literals;
using pounce::Status;

pounce::Task count(pounce::Exchange& x) {
  pounce::EventStream events{x};
  if (events.start() != Status::ok) co_return;
  for (std::uint64_t i = 1;; ++i) {
    const std::string text = std::to_string(i);
    if (co_await events.send(pounce::ServerEvent{text}.name("count").id(text)) != Status::ok) co_return;
    if (co_await x.sleep(1s) == Status::draining) break;
  }
  // `retry` tells a browser when to come back: another server will be there by then.
  if (co_await events.send(pounce::ServerEvent{"see you soon"}.name("goodbye").retry(2s)) != Status::ok) co_return;
  (void)events.finish();
}

}  // namespace

POUNCE_APP(count);
