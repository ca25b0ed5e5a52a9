// The routes. Every handler is wrapped so that /runs can tell how often one has run.
#include "tour.hpp"

namespace tour {

std::atomic<std::uint64_t> runs{0};

namespace {

// The wrapper is no coroutine itself: it hands on what the handler returns, a Response or a Task.
auto counted(pounce::Response (*handler)(const pounce::Request&)) {
  return [handler](const pounce::Request& request) {
    runs.fetch_add(1, std::memory_order_relaxed);
    return handler(request);
  };
}

auto counted(pounce::Task (*handler)(pounce::Exchange&)) {
  return [handler](pounce::Exchange& x) {
    runs.fetch_add(1, std::memory_order_relaxed);
    return handler(x);
  };
}

}  // namespace

pounce::App make() {
  pounce::App app;
  app.route("/", counted(index));
  app.route("/hello", counted(hello));
  app.route("/echo", counted(echo));
  // Made once; each response borrows them, and nothing is copied.
  app.route("/big", [body = big_body()](const pounce::Request&) {
    runs.fetch_add(1, std::memory_order_relaxed);
    return pounce::Response::text(body);
  });
  app.route("/json", [body = json_body()](const pounce::Request&) {
    runs.fetch_add(1, std::memory_order_relaxed);
    return pounce::Response::json(body);
  });
  app.route("/sleep", counted(sleep));
  app.route("/events", counted(events));
  app.route("/headers", counted(echo_field));
  app.route("/hints", counted(hints));
  app.route("/trailers", counted(trailers));
  app.route("/runs", counted(count_runs));
  return app;
}

}  // namespace tour

POUNCE_APP(tour::make);
