// An application that says who it thinks asks, and which process it is; test_deploy.py and test_fleet.py read it.
#include <pounce/app.hpp>

#include <unistd.h>

#include <string>

namespace {

pounce::Response answer(const pounce::Request& request) {
  std::string text{request.client()};
  text.append(" ").append(request.scheme()).append(" ").append(request.authority());
  return pounce::Response::text(text.append(" ").append(std::to_string(::getpid())).append("\n"));
}

pounce::App make() {
  pounce::App app;
  app.route("*", answer);
  return app;
}

}  // namespace

POUNCE_APP(make);
