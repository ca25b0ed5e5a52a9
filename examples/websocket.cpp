// A WebSocket that sends back what it gets.
//
//   python3 -m websockets ws://localhost:8000/
#include <pounce/app.hpp>

namespace {

using pounce::Status;

pounce::Task echo(pounce::Exchange& x) {
  pounce::WebSocket socket = co_await x.accept_websocket();
  if (!socket) co_return;  // it was asked for something else, and has answered that
  while (true) {
    pounce::Incoming got = co_await socket.receive();
    if (got.status() != Status::ok) break;
    if (co_await socket.send(got) != Status::ok) break;
  }
}

}  // namespace

POUNCE_APP(echo);
