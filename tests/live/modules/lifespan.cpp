// An application that says when its hooks run; test_drain.py reads it.
#include <pounce/app.hpp>

#include <cstdio>

namespace {

pounce::App make() {
  pounce::App app;
  app.on_start([] { std::fputs("hook: start\n", stderr); });
  app.on_drain([] { std::fputs("hook: drain\n", stderr); });
  app.on_stop([] { std::fputs("hook: stop\n", stderr); });
  app.route("*", [](const pounce::Request&) { return pounce::Response::text("Hello, World!"); });
  return app;
}

}  // namespace

POUNCE_APP(make);
