// Streams the request content back while it arrives. Memory stays constant, however much goes through: `read` waits when nothing
// has come, `write` waits while the client does not read, and what is not read from the socket holds the sender back.
//
//   curl -T some-file localhost:8000/ | cmp - some-file
#include <pounce/app.hpp>

#include <utility>

namespace {

pounce::Task echo(pounce::Exchange& x) {
  // The first read comes before the head: it is what lets a client that said `Expect: 100-continue` send.
  pounce::Received got = co_await x.read();
  if (x.start(pounce::Head{200}.set("content-type", "application/octet-stream")) != pounce::Status::ok) co_return;
  while (got.status() == pounce::Status::ok) {
    // The chunk is moved on with the memory that it stands in: large ones are never copied.
    if (co_await x.write(std::move(got).chunk()) != pounce::Status::ok) co_return;
    got = co_await x.read();
  }
  // Only a complete request gets a complete answer. Without finish() the client sees that the answer was cut.
  if (got.status() == pounce::Status::end) (void)x.finish();
}

}  // namespace

POUNCE_APP(echo);
