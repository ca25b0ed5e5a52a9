// pounce-sync: an application or a directory, served by blocking workers; what waits is handed to a pool of reactors.
#include <pounce/async/runtime.hpp>
#include <pounce/program/run.hpp>
#include <pounce/sync/runtime.hpp>

namespace {

pounce::Owned<pounce::posix::Runtime> make_server(const pounce::config::Config& config, const pounce::App& app,
                                                  pounce::events::Observer* observer) {
  return pounce::sync::make_server(config, app, observer, pounce::async::make_handoff_pool);
}

}  // namespace

int main(int argc, char** argv) {
  return pounce::program::run(pounce::config::Program::pounce_sync, argc, argv, make_server);
}
