// A WebSocket that sends back what it gets, over HTTP/1.1 and over HTTP/2.
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

pounce::App app() {
  pounce::App app{echo};
  app.accept_websockets();  // HTTP/2 has to know beforehand
  return app;
}

}  // namespace

POUNCE_APP(app);
