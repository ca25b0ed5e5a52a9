// An application as it should be.
#include <pounce/app.hpp>

namespace {

pounce::Response hello(const pounce::Request&) { return pounce::Response::text("Hello, World!"); }

pounce::App make() {
  pounce::App app;
  app.route("/hello", hello);
  return app;
}

}  // namespace

POUNCE_APP(make);
