// An application that cannot be made.
#include <pounce/app.hpp>

#include <stdexcept>

namespace {

pounce::App make() { throw std::runtime_error("no such table:\nusers"); }

}  // namespace

POUNCE_APP(make);
