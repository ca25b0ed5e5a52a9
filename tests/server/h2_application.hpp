// One handler of every kind, for the tests of HTTP/2.
#pragma once

#include "tests/handlers.hpp"

#include <pounce/app.hpp>
#include <pounce/testing.hpp>

#include <stdexcept>
#include <string>

namespace pounce::testing {

inline std::string letters(std::size_t n) {
  std::string out(n, ' ');
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return out;
}

inline Fields one_field(std::string_view name, std::string_view value) {
  Fields fields;
  fields.add(name, value);
  return fields;
}

inline std::size_t number_in(const Request& request) { return std::stoul(std::string{request.query()}); }

inline App all_kinds() {
  App app;
  app.route("/", [](const Request&) { return Response::text("plain"); });
  app.route("/collect", [](const Request& r) { return Response::text(std::to_string(r.body().size())); });
  app.route("/big", [](const Request& r) { return Response::text(letters(number_in(r))); });
  app.route("/echo", echo_content);
  app.route("/sleep", [](Exchange& x) -> Task {
    const Alive here;
    const Status how = co_await x.sleep(std::chrono::milliseconds{number_in(x.request())});
    (void)x.respond(Response::text(Body::copy(name(how))));
  });
  app.route("/wait", [](Exchange& x) -> Task {
    const Alive here;
    (void)co_await x.message();
    (void)x.respond(Response::text("woken"));
  });
  app.route("/flood", [](Exchange& x) -> Task {
    const Alive here;
    if (x.start(Head{200}) != Status::ok) co_return;
    const std::string text = letters(number_in(x.request()));
    if (co_await x.write(text) != Status::ok) co_return;
    (void)x.finish(one_field("checksum", "7"));
  });
  app.route("/hints", [](Exchange& x) -> Task {
    const Alive here;
    (void)x.inform(103, one_field("link", "</a.css>; rel=preload"));
    (void)x.respond(Response::text("hinted"));
    co_return;
  });
  app.route("/throw-late", [](Exchange& x) -> Task {
    const Alive here;
    (void)x.start(Head{200});
    (void)co_await x.write("half");
    (void)co_await x.sleep(std::chrono::seconds{1});
    throw std::runtime_error{"late"};
  });
  app.route("/leave", [](Exchange& x) -> Task {
    const Alive here;
    (void)x.start(Head{200});
    co_return;
  });
  app.route("/linger", [](Exchange& x) -> Task {
    const Alive here;
    (void)x.respond(Response::text("early"));
    (void)co_await x.sleep(std::chrono::hours{1});
  });
  return app;
}

}  // namespace pounce::testing
