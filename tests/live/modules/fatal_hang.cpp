// An application that says nothing any more while it is loaded, and does not come back.
#include <pounce/app.hpp>

#include <unistd.h>

namespace {

[[gnu::constructor]] void hang() {
  ::close(STDERR_FILENO);
  ::pause();
}

pounce::Response answer(const pounce::Request&) { return pounce::Response::text("never"); }

}  // namespace

POUNCE_APP(answer);
