// A library whose entry gives nothing.
#include <pounce/app.hpp>

extern "C" __attribute__((visibility("default"))) const pounce::Module* pounce_module();
const pounce::Module* pounce_module() { return nullptr; }
