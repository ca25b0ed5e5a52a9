// An application that has a thread of its own from the moment that it is loaded.
#include <pounce/app.hpp>

#include <chrono>
#include <thread>

namespace {

struct Threaded {
  Threaded() {
    std::thread{[] {
      while (true) std::this_thread::sleep_for(std::chrono::hours{1});
    }}.detach();
  }
};
const Threaded threaded;

pounce::Response answer(const pounce::Request&) { return pounce::Response::text("Hello, World!"); }

}  // namespace

POUNCE_APP(answer);
