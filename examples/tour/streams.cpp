// The coroutines. Each wait says how it ended, and each handler decides what that means for its answer.
#include "tour.hpp"

#include <chrono>
#include <utility>

namespace tour {

using pounce::Status;
using std::chrono::milliseconds;

// Sends the content back while it arrives: a read of nothing new waits for the sender, a write without room for the reader.
// It reads before it starts the answer, since a client that sent `Expect: 100-continue` waits for that.
pounce::Task echo(pounce::Exchange& x) {
  pounce::Received got = co_await x.read();
  pounce::Head head{200};
  head.set("content-type", "application/octet-stream");
  if (const auto length = x.request().content_length()) head.content_length(*length);
  if (x.start(head) != Status::ok) co_return;
  while (got.status() == Status::ok) {
    if (co_await x.write(std::move(got).chunk()) != Status::ok) co_return;
    got = co_await x.read();
  }
  if (got.status() == Status::end) (void)x.finish();
}

pounce::Task sleep(pounce::Exchange& x) {
  const auto ms = number(x.request(), "ms", 1000, 3'600'000);
  if (!ms) {
    (void)x.respond(pounce::Response::text("try /sleep?ms=250, up to an hour\n", 400));
    co_return;
  }
  const Status status = co_await x.sleep(milliseconds{*ms});
  if (status == Status::draining) {
    (void)x.respond(pounce::Response::text("woken early: the server is shutting down\n"));
  } else {
    (void)x.respond(pounce::Response::text("slept " + std::to_string(*ms) + " ms\n"));
  }
}

pounce::Task events(pounce::Exchange& x) {
  const auto count = number(x.request(), "n", 10, 1'000'000'000);
  const auto pause = number(x.request(), "ms", 1000, 3'600'000);
  if (!count || !pause) {
    (void)x.respond(pounce::Response::text("try /events?n=10&ms=500\n", 400));
    co_return;
  }
  pounce::EventStream stream{x};
  if (stream.start() != Status::ok) co_return;
  for (std::uint32_t i = 1; i <= *count; ++i) {
    const std::string text = std::to_string(i);
    if (co_await stream.send(pounce::ServerEvent{"tick " + text}.id(text)) != Status::ok) co_return;
    if (i == *count) break;
    const Status status = co_await x.sleep(milliseconds{*pause});
    if (status == Status::draining) {  // said once: take leave, so that the client knows that it is no accident
      if (co_await stream.send(pounce::ServerEvent{"shutting down"}.name("goodbye")) != Status::ok) co_return;
      break;
    }
  }
  (void)stream.finish();
}

// A 103 tells a browser what to fetch while the answer is still being made.
pounce::Task hints(pounce::Exchange& x) {
  pounce::Fields links;
  links.add("link", "</style.css>; rel=preload; as=style");
  if (x.inform(103, links) != Status::ok) co_return;
  (void)co_await x.yield();  // what was said goes out now, before the work on the answer
  (void)x.respond(pounce::Response::text("a 103 with a link came before this\n"));
}

// What is known only at the end goes into a trailer.
pounce::Task trailers(pounce::Exchange& x) {
  if (x.start(pounce::Head{200}.set("content-type", "text/plain; charset=utf-8").set("trailer", "x-lines")) !=
      Status::ok)
    co_return;
  std::uint32_t lines = 0;
  for (; lines < 3; ++lines) {
    if (co_await x.write("a line of content\n") != Status::ok) co_return;
  }
  pounce::Fields fields;
  fields.add("x-lines", std::to_string(lines));
  (void)x.finish(fields);
}

}  // namespace tour
