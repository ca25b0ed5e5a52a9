// An application of which something does not return while there is a file STUCK_FILE: what STUCK_IN names, `on_drain` or `on_stop`, or
// a handler, of /stuck.
#include <pounce/app.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

namespace {

// NOLINTBEGIN(concurrency-mt-unsafe): nobody sets them
void stay(const char* what) {
  const char* const file = std::getenv("STUCK_FILE");
  if (::access(file, F_OK) == 0) std::fprintf(stderr, "stuck: %s\n", what);
  while (::access(file, F_OK) == 0) std::this_thread::sleep_for(std::chrono::milliseconds{5});
}

void stay_within(const char* hook) {
  const char* const where = std::getenv("STUCK_IN");
  if (where != nullptr && std::string_view{where} == hook) stay(hook);
}
// NOLINTEND(concurrency-mt-unsafe)

pounce::App make() {
  pounce::App app;
  app.on_drain([] { stay_within("on_drain"); });
  app.on_stop([] { stay_within("on_stop"); });
  app.route("/stuck", [](const pounce::Request&) {
    stay("a handler");
    return pounce::Response::text("at last");
  });
  app.route("/process", [](const pounce::Request&) { return pounce::Response::text(std::to_string(::getpid())); });
  return app;
}

}  // namespace

POUNCE_APP(make);
