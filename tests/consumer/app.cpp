// The smallest application module, compiled with one g++ line against the installed headers.
#include <pounce/app.hpp>

#include <string>

static pounce::Response hello(const pounce::Request& request) {
  return pounce::Response::text("Hello, " + std::string(request.path()) + "!");
}

POUNCE_APP(hello);
