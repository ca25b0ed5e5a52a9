// An application whose start hook fails.
#include <pounce/app.hpp>

#include <stdexcept>

namespace {

pounce::App make() {
  pounce::App app;
  app.on_start([] { throw std::runtime_error("the start hook says no"); });
  return app;
}

}  // namespace

POUNCE_APP(make);
