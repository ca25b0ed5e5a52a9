// Lifespan: what is set up before the first request and taken down after the last one.
//
//   GREETING=Hi pounce-async ./liblifespan.so
//   GREETING=   pounce-async ./liblifespan.so    refuses to start: exit code 3
#include <pounce/app.hpp>

#include <memory>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace {

// Written before the server accepts, only read while it serves: no lock is needed.
struct Settings {
  std::string greeting;
};

pounce::App make() {
  auto settings = std::make_shared<Settings>();
  pounce::App app;
  app.on_start([settings] {
    const char* greeting = std::getenv("GREETING");
    if (greeting != nullptr && *greeting == '\0') throw std::runtime_error{"GREETING is empty"};
    settings->greeting = greeting != nullptr ? greeting : "Hello";
  });
  app.on_drain([] { /* tell a load balancer that this server goes */ });
  app.on_stop([settings] { settings->greeting.clear(); });  // after the last request: close what start has opened
  app.route("*", [settings](const pounce::Request&) { return pounce::Response::text(settings->greeting + "\n"); });
  return app;
}

}  // namespace

POUNCE_APP(make);
