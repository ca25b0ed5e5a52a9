// An application whose last hook fails: the program ends with exit code 1.
#include <pounce/app.hpp>

#include <stdexcept>

namespace {

pounce::App make() {
  pounce::App app;
  app.on_stop([] { throw std::runtime_error("the last lines are lost"); });
  app.route("*", [](const pounce::Request&) { return pounce::Response::text("Hello, World!"); });
  return app;
}

}  // namespace

POUNCE_APP(make);
