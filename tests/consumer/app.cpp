// The smallest application module, compiled with one g++ line against the installed headers.
#include <pounce/app.hpp>

static pounce::Response hello(const pounce::Request&) { return pounce::Response("Hello, World!"); }

POUNCE_APP(hello)
