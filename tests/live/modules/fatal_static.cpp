// An application that a process does not survive: a constructor of static storage duration throws.
#include <pounce/app.hpp>

#include <stdexcept>

namespace {

struct Fatal {
  Fatal() { throw std::runtime_error("not today"); }
};
const Fatal fatal;

pounce::Response answer(const pounce::Request&) { return pounce::Response::text("never"); }

}  // namespace

POUNCE_APP(answer);
