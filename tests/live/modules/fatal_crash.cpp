// An application that ends its process while it is loaded.
#include <pounce/app.hpp>

#include <cstdlib>

namespace {

[[gnu::constructor]] void crash() { std::abort(); }

pounce::Response answer(const pounce::Request&) { return pounce::Response::text("never"); }

}  // namespace

POUNCE_APP(answer);
