// An application with a static constructor that throws, before there is anybody to catch it.
#include <pounce/app.hpp>

#include <stdexcept>

namespace {

struct Early {
  Early() { throw std::runtime_error("too early"); }
};

const Early early;

pounce::Response hello(const pounce::Request&) { return pounce::Response::text("Hello, World!"); }

}  // namespace

POUNCE_APP(hello);
