// An application that needs a function which nobody has.
#include <pounce/app.hpp>

int nobody_has_this();

namespace {

pounce::Response hello(const pounce::Request&) {
  return nobody_has_this() == 0 ? pounce::Response{200} : pounce::Response{500};
}

}  // namespace

POUNCE_APP(hello);
