// Another thread wakes a waiting exchange: the handler hands out a token, the thread posts to it, the handler goes on.
//
//   curl localhost:8000/
//
// A token may be copied, kept and posted to from any thread, for as long as you like. When the client has gone `post` says
// `gone`; nothing dangles.
#include <pounce/app.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;
using pounce::Status;

// One thread that does slow work in order; think of a database connection that belongs to it.
class Kitchen {
 public:
  void open() {
    thread_ = std::jthread{[this](std::stop_token stop) { cook(stop); }};
  }
  void close() { thread_ = {}; }  // asks it to stop and waits for it
  void order(pounce::Token guest) {
    const std::lock_guard lock{mutex_};
    orders_.push_back(std::move(guest));
    filled_.notify_one();
  }

 private:
  void cook(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (filled_.wait(lock, stop, [this] { return !orders_.empty(); })) {
      const pounce::Token guest = std::move(orders_.front());
      orders_.pop_front();
      const std::string dish = "dish " + std::to_string(++cooked_);
      lock.unlock();
      (void)guest.post(dish);  // `gone` if nobody waits any more: then it was in vain
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any filled_;
  std::deque<pounce::Token> orders_;
  int cooked_ = 0;
  std::jthread thread_;
};

pounce::App make() {
  auto kitchen = std::make_shared<Kitchen>();
  pounce::App app;
  app.on_start([kitchen] { kitchen->open(); });
  app.on_stop([kitchen] { kitchen->close(); });
  app.route("*",
            [kitchen](pounce::Exchange& x) -> pounce::Task {  // captures live in the handler, longer than any frame
              kitchen->order(x.token());
              const pounce::Posted message = co_await x.message(5s);
              switch (message.status()) {
                case Status::ok: (void)x.respond(pounce::Response::text(message.text() + "\n")); break;
                case Status::draining: (void)x.respond(pounce::Response::text("closing time\n", 503)); break;
                default: (void)x.respond(pounce::Response::text("took too long\n", 504)); break;
              }
            });
  return app;
}

}  // namespace

POUNCE_APP(make);
