// An application that says which build of it answers, and how often that build was asked; test_reload.py replaces its file.
//
// In its working directory a file `fail` makes its start hook throw, `slow` makes the hook take a while, `thread` makes it start a
// thread that is never joined; `/held` blocks its thread while there is a file `hold`.
#include <pounce/app.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

#ifndef BUILD
#error "which one?"
#endif

namespace {

std::atomic<int> asked{0};

bool is_there(const char* name) { return ::access(name, F_OK) == 0; }

void start() {
  std::fputs("hook: start " BUILD "\n", stderr);
  if (is_there("fail")) throw std::runtime_error("there is a file `fail`");
  if (is_there("slow")) std::this_thread::sleep_for(std::chrono::seconds{2});
  if (is_there("thread")) std::thread{[] { std::this_thread::sleep_for(std::chrono::hours{1}); }}.detach();
}

pounce::Response held(const pounce::Request&) {
  std::fputs("held by " BUILD "\n", stderr);
  while (is_there("hold")) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  return pounce::Response::text("held by " BUILD);
}

pounce::Task later(pounce::Exchange& x) {
  const pounce::Status status = co_await x.sleep(std::chrono::seconds{60});
  if (status != pounce::Status::draining) co_return;
  (void)x.respond(pounce::Response::text("later, by " BUILD));
}

pounce::App make() {
  pounce::App app;
  app.on_start(start);
  app.on_drain([] { std::fputs("hook: drain " BUILD "\n", stderr); });
  app.on_stop([] { std::fputs("hook: stop " BUILD "\n", stderr); });
  app.route("/later", later);
  app.route("/held", held);
  app.route("/count", [](const pounce::Request&) { return pounce::Response::text(std::to_string(++asked)); });
  app.route("*", [](const pounce::Request&) { return pounce::Response::text(BUILD); });
  return app;
}

}  // namespace

POUNCE_APP(make);
