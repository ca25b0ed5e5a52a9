// A page that opens a WebSocket, echoes a thousand mixed messages and shows the result; the echo, which says how it was asked for.
#include <pounce/app.hpp>

#include <cstdio>
#include <string>

namespace {

using pounce::Response;
using pounce::Status;

constexpr std::string_view page = R"(<!doctype html><title>sockets</title><p id="result">running</p><script>
const total = 1000, sizes = [0, 1, 20, 125, 126, 1000, 65535, 65536];
const size = n => n % 50 ? sizes[n * 7 % sizes.length] : 300000;
const message = n => n % 2 ? new Uint8Array(size(n)).fill(n % 251) : 'é'.repeat(size(n) / 2);
const same = (got, n) => typeof got === 'string' ? got === message(n)
    : got.byteLength === size(n) && new Uint8Array(got).every(octet => octet === n % 251);
const report = what => { document.getElementById('result').textContent = what; fetch('/report?' + what); };
// What else is asked for first has the browser know what the connection can do.
fetch('/nothing').then(() => {
  const socket = new WebSocket(location.href.replace('http', 'ws') + 'echo', ['first', 'chat']);
  socket.binaryType = 'arraybuffer';
  let received = 0, wrong = 0;
  socket.onopen = () => { for (let n = 0; n < total; ++n) socket.send(message(n)); };
  socket.onmessage = event => {
    if (!same(event.data, received)) ++wrong;
    if (++received === total) socket.close(3001, 'done');
  };
  socket.onclose = event => report('received=' + received + '&wrong=' + wrong + '&code=' + event.code + '&clean=' + event.wasClean +
      '&protocol=' + socket.protocol + '&extensions=' + socket.extensions.split(';')[0]);
});
</script>)";

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

pounce::Task echo(pounce::Exchange& x) {
  pounce::WebSocket socket = co_await x.accept_websocket("chat");
  if (!socket) co_return;
  say("socket: " + std::string{x.request().method()});
  while (true) {
    const pounce::Incoming got = co_await socket.receive();
    if (got.status() == Status::end) say("socket: ended " + std::to_string(got.code()));
    if (got.status() != Status::ok) break;
    if (co_await socket.send(got) != Status::ok) break;
  }
}

pounce::App app() {
  pounce::App app;
  app.route("/", [](const pounce::Request&) { return Response::html(pounce::Body::copy(page)); });
  app.route("/nothing", [](const pounce::Request&) { return Response{204}; });
  app.route("/report", [](const pounce::Request& request) {
    say("report: " + std::string{request.query()});
    return Response{204};
  });
  app.route("/echo", echo);
  app.accept_websockets();
  return app;
}

}  // namespace

POUNCE_APP(app);
