// An application for one thread at a time. It counts what it does in a static, and says which process and thread did it; and it can die.
#include <pounce/app.hpp>

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

std::atomic<int> inside{0};
std::atomic<bool> together{false};

// Whether somebody else is in the application at the same time.
class Visit {
 public:
  Visit() {
    if (inside.fetch_add(1) != 0) together = true;
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() { inside.fetch_sub(1); }
};

pounce::Response who(const pounce::Request&) {
  return pounce::Response::text(std::to_string(::getpid()) + (together ? " together" : " alone"));
}

pounce::Response work(const pounce::Request&) {
  const Visit visit;
  std::this_thread::sleep_for(std::chrono::milliseconds{5});
  return pounce::Response::text(std::to_string(::getpid()));
}

pounce::Task wait(pounce::Exchange& exchange) {
  for (int i = 0; i < 5; ++i) {
    {
      const Visit visit;
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    (void)co_await exchange.sleep(std::chrono::milliseconds{1});
  }
  const std::string text = std::to_string(::getpid());
  (void)exchange.respond(pounce::Response::text(text));
}

pounce::Task slow(pounce::Exchange& exchange) {
  (void)co_await exchange.sleep(std::chrono::milliseconds{700});
  (void)exchange.respond(pounce::Response::text("slow"));
}

// An echo that says whose it is.
pounce::Task socket(pounce::Exchange& exchange) {
  pounce::WebSocket socket = co_await exchange.accept_websocket();
  if (!socket) co_return;
  const std::string process = std::to_string(::getpid());
  while (true) {
    const pounce::Incoming got = co_await socket.receive();
    if (got.status() != pounce::Status::ok) break;
    const std::string text = process + " " + std::string{got.bytes()};
    if (co_await socket.send_text(text) != pounce::Status::ok) break;
  }
}

// Will not be told to hurry.
pounce::Task endless(pounce::Exchange& exchange) {
  while (true) (void)co_await exchange.sleep(std::chrono::seconds{1});
}

pounce::Response die(const pounce::Request&) {
  ::kill(::getpid(), SIGKILL);
  return pounce::Response::text("no");
}

pounce::Response fail(const pounce::Request&) { throw std::runtime_error{"this handler fails"}; }

pounce::App make() {
  pounce::App app;
  app.route("/", who);
  app.route("/work", work);
  app.route("/wait", wait);
  app.route("/slow", slow);
  app.route("/endless", endless);
  app.route("/socket", socket);
  app.route("/die", die);
  app.route("/throw", fail);
  app.accept_websockets();
  app.on_start([] {
    const char* const how = std::getenv("ALONE_START");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    if (how == nullptr) return;
    if (std::string_view{how} == "throw") throw std::runtime_error{"no database"};
    if (std::string_view{how} == "crash") ::kill(::getpid(), SIGKILL);
    if (std::string_view{how} == "hang") std::this_thread::sleep_for(std::chrono::hours{1});
    if (std::string_view{how} == "wait_there") {           // where there is a file, until there is none
      const char* const file = std::getenv("ALONE_FILE");  // NOLINT(concurrency-mt-unsafe)
      if (::access(file, F_OK) == 0) std::fputs("hook: waits\n", stderr);
      while (::access(file, F_OK) == 0) std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    if (std::string_view{how} == "wait") {                 // until there is a file
      const char* const file = std::getenv("ALONE_FILE");  // NOLINT(concurrency-mt-unsafe)
      while (::access(file, F_OK) != 0) std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    if (std::string_view{how} == "once") {  // the second start of any worker fails: the file is there then
      const char* const file = std::getenv("ALONE_FILE");  // NOLINT(concurrency-mt-unsafe)
      if (::access(file, F_OK) == 0) ::kill(::getpid(), SIGKILL);
    }
  });
  app.on_drain([] { const Visit visit; });
  return app;
}

}  // namespace

POUNCE_APP(make, pounce::single_threaded);
