// Takes an upload piece by piece and says how large it was and its FNV-1a hash. What it does not want it refuses before a byte
// of content was sent: a client that said `Expect: 100-continue` keeps its bytes, from others they are thrown away.
//
//   curl -T some-file localhost:8000/
#include <pounce/app.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace {

using namespace std::chrono_literals;
using pounce::Response;
using pounce::Status;

constexpr std::uint64_t most = 512 * 1024;

pounce::Task upload(pounce::Exchange& x) {
  const pounce::Request& request = x.request();
  if (request.method_id() != pounce::Method::put && request.method_id() != pounce::Method::post) {
    (void)x.respond(Response::text("PUT or POST something\n", 405).set("allow", "PUT, POST"));
    co_return;
  }
  if (request.content_length().value_or(0) > most) {
    (void)x.respond(Response::text("at most 512 KiB\n", 413));
    co_return;
  }

  std::uint64_t size = 0;
  std::uint64_t hash = 0xcbf29ce484222325;
  while (true) {
    // The chunk lives until the next turn of the loop. A wait may have its own limit.
    const pounce::Received got = co_await x.read(10s);
    if (got.status() == Status::end) break;
    if (got.status() != Status::ok) {  // timeout: give up on this sender
      (void)x.respond(Response::text("too slow\n", 408).set("connection", "close"));
      co_return;
    }
    size += got.bytes().size();
    if (size > most) {  // chunked: the length was not known before
      (void)x.respond(Response::text("at most 512 KiB\n", 413).set("connection", "close"));
      co_return;
    }
    for (const char c : got.bytes()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  (void)x.respond(Response::text(std::to_string(size) + " bytes, hash " + std::to_string(hash) + "\n"));
}

}  // namespace

POUNCE_APP(upload);
