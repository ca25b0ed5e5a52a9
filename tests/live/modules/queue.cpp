// Handlers that stay until somebody opens the gate, for tests and measurements of what happens when all places are taken.
#include <pounce/app.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace {

using pounce::Response;
using std::chrono::milliseconds;

class Gate {
 public:
  void wait_here(pounce::Token token) {
    const std::lock_guard guard{lock_};
    tokens_.push_back(std::move(token));
  }
  void wait_blocking() {
    std::unique_lock guard{lock_};
    const std::size_t ticket = next_++;
    opened_.wait(guard, [&] { return called_ > ticket; });
  }
  // Lets the one out that has been there longest: of coroutines first.
  void open() {
    std::unique_lock guard{lock_};
    while (!tokens_.empty()) {
      const pounce::Token token = std::move(tokens_.front());
      tokens_.pop_front();
      if (token.post("go") == pounce::Status::ok) return;
    }
    ++called_;
    guard.unlock();
    opened_.notify_all();
  }
  std::size_t inside() {
    const std::lock_guard guard{lock_};
    return tokens_.size() + next_ - called_;
  }

 private:
  std::mutex lock_;
  std::condition_variable opened_;
  std::deque<pounce::Token> tokens_;
  std::size_t next_ = 0;
  std::size_t called_ = 0;
};

Gate gate;

milliseconds pause(const pounce::Request& request) {
  return milliseconds{std::stoi(request.parameter("ms").value_or("10"))};
}

pounce::Task stay(pounce::Exchange& x) {
  gate.wait_here(x.token());
  (void)co_await x.message();
  (void)x.respond(Response::text("stayed"));
}

pounce::Task flood(pounce::Exchange& x) {
  static const std::string piece(10'000, 'x');
  (void)x.start(pounce::Head{200});
  while (co_await x.write(std::string_view{piece}) == pounce::Status::ok) {
  }
}

// As if a database took its time: without its thread, and with it.
pounce::Task wait(pounce::Exchange& x) {
  (void)co_await x.sleep(pause(x.request()));
  (void)x.respond(Response::text("waited"));
}

// A database with `places` connections: whoever comes while all are busy waits for one, in order, however long that takes.
class Database {
 public:
  // When the work is done that is asked for now.
  std::chrono::steady_clock::time_point take(milliseconds work) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard guard{lock_};
    auto& place = *std::min_element(free_at_.begin(), free_at_.end());
    place = std::max(place, now) + work;
    return place;
  }

 private:
  static constexpr std::size_t places = 8;
  std::mutex lock_;
  std::array<std::chrono::steady_clock::time_point, places> free_at_{};
};

Database database;

pounce::Task query(pounce::Exchange& x) {
  const auto done = database.take(pause(x.request()));
  (void)co_await x.sleep(done - std::chrono::steady_clock::now());
  (void)x.respond(Response::text("rows"));
}

Response query_blocking(const pounce::Request& request) {
  std::this_thread::sleep_until(database.take(pause(request)));
  return Response::text("rows");
}

Response block(const pounce::Request& request) {
  std::this_thread::sleep_for(pause(request));
  return Response::text("blocked");
}

pounce::App make() {
  pounce::App app;
  app.route("/hello", [](const pounce::Request&) { return Response::text("Hello, World!"); });
  app.route("/stay", stay);
  app.route("/stay/blocking", [](const pounce::Request&) {
    gate.wait_blocking();
    return Response::text("stayed");
  });
  app.route("/open", [](const pounce::Request&) {
    gate.open();
    return Response::text("opened");
  });
  app.route("/inside", [](const pounce::Request&) { return Response::text(std::to_string(gate.inside())); });
  app.route("/flood", flood);
  app.route("/wait", wait);
  app.route("/block", block);
  app.route("/query", query);
  app.route("/query/blocking", query_blocking);
  return app;
}

}  // namespace

POUNCE_APP(make);
