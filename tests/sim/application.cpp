#include "tests/sim/application.hpp"

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace pounce::sim {

namespace {

using std::chrono::milliseconds;

std::size_t parameter(const Request& request, std::string_view name) {
  const auto text = request.parameter(name);
  return text ? std::strtoul(text->c_str(), nullptr, 10) : 0;
}

// So many letters, none like the one before it: what is lost or doubled shows.
std::string letters(std::size_t count) {
  std::string out(count, '\0');
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<char>('a' + (i + i / 26) % 26);
  return out;
}

Task echo(Exchange& x, Visits& visits, milliseconds pause) {
  const Visits::Run run{visits};
  if (x.start(Head{200}) != Status::ok) co_return;
  while (true) {
    Received got = co_await x.read();
    if (got.status() != Status::ok) break;
    if (pause > milliseconds::zero()) (void)co_await x.sleep(pause);
    if (co_await x.write(std::move(got).chunk()) != Status::ok) co_return;
  }
  (void)x.finish();
}

Task lines(Exchange& x, Visits& visits) {
  const Visits::Run run{visits};
  if (x.start(Head{200}) != Status::ok) co_return;
  const milliseconds pause{parameter(x.request(), "ms")};
  for (std::size_t i = 1; i <= parameter(x.request(), "count"); ++i) {
    if (co_await x.sleep(pause) == Status::draining) {
      (void)co_await x.write("goodbye\n");
      break;
    }
    const std::string line = "line " + std::to_string(i) + "\n";
    if (co_await x.write(line) != Status::ok) co_return;
  }
  (void)x.finish();
}

Task flood(Exchange& x, Visits& visits) {
  const Visits::Run run{visits};
  if (x.start(Head{200}) != Status::ok) co_return;
  const std::string piece = letters(10'000);
  for (std::size_t left = parameter(x.request(), "bytes"); left != 0;) {
    const std::string_view some = std::string_view{piece}.substr(0, left);
    if (co_await x.write(some) != Status::ok) co_return;
    left -= some.size();
  }
  (void)x.finish();
}

Task message(Exchange& x, Visits& visits) {
  const Visits::Run run{visits};
  visits.expect(x.request().parameter("name").value_or(""), x.token());
  const Posted posted = co_await x.message();
  (void)x.respond(
      Response::text(posted.status() == Status::ok ? Body::copy(posted.text()) : Body::copy(name(posted.status()))));
}

Task message_stream(Exchange& x, Visits& visits) {
  const Visits::Run run{visits};
  visits.expect(x.request().parameter("name").value_or(""), x.token());
  if (x.start(Head{200}) != Status::ok) co_return;
  while (true) {
    const Posted posted = co_await x.message();
    if (posted.status() != Status::ok || posted.text() == "stop") break;
    const std::string line = posted.text() + "\n";
    if (co_await x.write(line) != Status::ok) co_return;
  }
  (void)co_await x.write("end\n");
  (void)x.finish();
}

Task refuse(Exchange& x, Visits& visits, bool look) {
  const Visits::Run run{visits};
  if (look) (void)co_await x.read();
  (void)x.respond(Response::text("refused", 403));
}

Task answers_early(Exchange& x, Visits& visits) {
  const Visits::Run run{visits};
  (void)x.respond(Response::text("early"));
  (void)co_await x.sleep(milliseconds{100});
}

Task throws(Exchange& x, Visits& visits, bool late) {
  const Visits::Run run{visits};
  if (late) {
    (void)x.start(Head{200});
    (void)co_await x.write("half");
  }
  (void)co_await x.sleep(milliseconds{100});
  throw std::runtime_error{"on purpose"};
}

Task leaves(Exchange& x, Visits& visits, bool late) {
  const Visits::Run run{visits};
  if (late) {
    (void)x.start(Head{200});
    (void)co_await x.write("half");
  }
  co_return;
}

Task sleeps(Exchange& x, Visits& visits) {
  const Visits::Run run{visits};
  const Status how = co_await x.sleep(milliseconds{parameter(x.request(), "ms")});
  (void)x.respond(Response::text(Body::copy(how == Status::ok ? "slept" : "woken")));
}

Task socket(Exchange& x, Visits& visits) {
  const Visits::Run run{visits};
  WebSocket socket = co_await x.accept_websocket();
  if (!socket) co_return;
  visits.expect(x.request().parameter("name").value_or(""), x.token());
  while (true) {
    const Incoming got = co_await socket.receive();
    if (got.status() != Status::ok || co_await socket.send(got) != Status::ok) break;
  }
}

}  // namespace

Status Visits::post(const std::string& name, const std::string& text) {
  Token token;
  {
    const std::lock_guard guard{lock_};
    token = tokens_[name];
  }
  return token.post(text);
}

void Visits::expect(const std::string& name, Token token) {
  const std::lock_guard guard{lock_};
  tokens_[name] = std::move(token);
}

App make_application(Visits& visits) {
  App app;
  app.route("/hello", [&visits](const Request&) {
    const Visits::Run run{visits};
    return Response::text("hello");
  });
  app.route("/collect", [&visits](const Request& request) {
    const Visits::Run run{visits};
    return Response::text(Body::copy(std::to_string(request.body().size()) + " bytes"));
  });
  app.route("/big", [&visits](const Request& request) {
    const Visits::Run run{visits};
    return Response::text(Body::copy(letters(parameter(request, "bytes"))));
  });
  app.route("/throw", [&visits](const Request&) -> Response {
    const Visits::Run run{visits};
    throw std::runtime_error{"on purpose"};
  });
  app.route("/echo", [&visits](Exchange& x) { return echo(x, visits, milliseconds::zero()); });
  app.route("/slow-echo", [&visits](Exchange& x) { return echo(x, visits, milliseconds{10}); });
  app.route("/sleep", [&visits](Exchange& x) { return sleeps(x, visits); });
  app.route("/lines", [&visits](Exchange& x) { return lines(x, visits); });
  app.route("/flood", [&visits](Exchange& x) { return flood(x, visits); });
  app.route("/message", [&visits](Exchange& x) { return message(x, visits); });
  app.route("/message/stream", [&visits](Exchange& x) { return message_stream(x, visits); });
  app.route("/socket", [&visits](Exchange& x) { return socket(x, visits); });
  app.accept_websockets();
  app.route("/refuse", [&visits](Exchange& x) { return refuse(x, visits, false); });
  app.route("/refuse-and-look", [&visits](Exchange& x) { return refuse(x, visits, true); });
  app.route("/answers-early", [&visits](Exchange& x) { return answers_early(x, visits); });
  app.route("/throw-in-a-coroutine", [&visits](Exchange& x) { return throws(x, visits, false); });
  app.route("/throw-late", [&visits](Exchange& x) { return throws(x, visits, true); });
  app.route("/leave", [&visits](Exchange& x) { return leaves(x, visits, false); });
  app.route("/leave-late", [&visits](Exchange& x) { return leaves(x, visits, true); });
  return app;
}

}  // namespace pounce::sim
