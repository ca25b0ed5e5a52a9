// A chat room: what one says, all hear, whichever thread serves them. Subprotocol "chat", pages of one origin alone.
//
//   python3 -m websockets ws://localhost:8000/
//
// A socket belongs to the thread that serves it. Others reach it through its token: what is posted to it comes out of its `receive`, in the order of
// the posts. The room is the only thing that they share, and its lock is held for no longer than the posting takes.
#include <pounce/app.hpp>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace {

using pounce::Status;

class Room {
 public:
  void enter(std::uint64_t guest, pounce::Token token) {
    const std::lock_guard lock{mutex_};
    guests_.emplace_back(guest, std::move(token));
  }
  void leave(std::uint64_t guest) {
    const std::lock_guard lock{mutex_};
    std::erase_if(guests_, [guest](const auto& entry) { return entry.first == guest; });
  }
  // Who does not keep up (`full`) misses a message; that is better than a room that waits for the slowest.
  void say(const std::string& text) {
    const std::lock_guard lock{mutex_};
    for (const auto& [guest, token] : guests_) (void)token.post(text);
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::uint64_t, pounce::Token>> guests_;
};

Room room;

// Leaves also when the client has gone, and the handler is not resumed any more.
struct Guest {
  explicit Guest(pounce::Exchange& x) : id(pounce::number(x.request().id())) { room.enter(id, x.token()); }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;
  ~Guest() { room.leave(id); }
  std::uint64_t id;
};

pounce::Task chat(pounce::Exchange& x) {
  const auto origin =
      x.request().header("origin");  // browsers say it; others' pages must not join in their users' names
  if (origin && *origin != std::string(x.request().scheme()) + "://" + std::string(x.request().authority())) {
    (void)x.respond(pounce::Response::text("another origin\n", 403));
    co_return;
  }
  pounce::WebSocket socket = co_await x.accept_websocket("chat");
  if (!socket) co_return;
  const Guest guest{x};
  while (true) {
    pounce::Incoming got = co_await socket.receive();
    if (got.status() != Status::ok) co_return;
    if (!got.is_posted()) {
      if (got.is_text()) room.say(std::to_string(guest.id) + ": " + std::string(got.bytes()));
    } else if (co_await socket.send(got) != Status::ok) {
      co_return;
    }
  }
}

pounce::App app() {
  pounce::App app{chat};
  app.accept_websockets();
  return app;
}

}  // namespace

POUNCE_APP(app);
