// An application that throws what is no exception.
#include <pounce/app.hpp>

namespace {

pounce::App make() { throw 7; }

}  // namespace

POUNCE_APP(make);
