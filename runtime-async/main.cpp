// pounce-async: an application or a directory, served by reactors that never block.
#include <pounce/async/runtime.hpp>
#include <pounce/program/run.hpp>

int main(int argc, char** argv) {
  return pounce::program::run(pounce::config::Program::pounce_async, argc, argv, pounce::async::make_server);
}
