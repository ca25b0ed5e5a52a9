// An application as if built with headers of another version: nothing in it may be called.
#include <pounce/app.hpp>

#include <cstdlib>

namespace {

constexpr pounce::ModuleStamp another_version() {
  pounce::ModuleStamp stamp;
  stamp.abi += 1000;
  return stamp;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const pounce::Module* pounce_module();
const pounce::Module* pounce_module() {
  static constexpr pounce::Module module{another_version(), +[]() -> pounce::App* { std::abort(); },
                                         +[](pounce::App*) { std::abort(); }};
  return &module;
}
