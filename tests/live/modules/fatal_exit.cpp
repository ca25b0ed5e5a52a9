// An application that a process does not survive, and that looks as if it had: it ends it while it is loaded, with 0.
#include <pounce/app.hpp>

#include <cstdlib>

namespace {

struct Fatal {
  Fatal() { std::_Exit(0); }
};
const Fatal fatal;

pounce::Response answer(const pounce::Request&) { return pounce::Response::text("never"); }

}  // namespace

POUNCE_APP(answer);
