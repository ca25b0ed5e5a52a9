// A server of one file: the application is linked in, no module is loaded. Options, signals, exit codes: as in pounce-async.
//
//   ./linked --port 8000
#include <pounce/app.hpp>
#include <pounce/async/runtime.hpp>
#include <pounce/config/config.hpp>
#include <pounce/program/run.hpp>

int main(int argc, char** argv) {
  pounce::App app;
  app.route("/", [](const pounce::Request&) { return pounce::Response::text("Hello from within!\n"); });
  return pounce::program::run(pounce::config::Program::pounce_async, argc, argv, pounce::async::make_server, app);
}
