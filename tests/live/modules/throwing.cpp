// An application that can not be made.
#include <pounce/app.hpp>

#include <stdexcept>

namespace {

pounce::App make() { throw std::runtime_error("the constructor says no"); }

}  // namespace

POUNCE_APP(make);
