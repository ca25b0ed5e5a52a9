// An application that says who it thinks asks, and which process it is; test_deploy.py and test_fleet.py read it.
#include <pounce/app.hpp>

#include <unistd.h>

#include <chrono>
#include <string>

namespace {

pounce::Response answer(const pounce::Request& request) {
  std::string text{request.client()};
  text.append(" ").append(request.scheme()).append(" ").append(request.authority());
  return pounce::Response::text(text.append(" ").append(std::to_string(::getpid())).append("\n"));
}

pounce::Task slow(pounce::Exchange& x) {
  (void)co_await x.sleep(std::chrono::milliseconds{100});  // a drain ends it sooner
  (void)x.respond(answer(x.request()));
}

pounce::App make() {
  pounce::App app;
  app.route("/slow", slow);
  app.route("*", answer);
  return app;
}

}  // namespace

POUNCE_APP(make);
