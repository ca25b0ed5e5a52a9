// WebSockets on pounce-sync: each moves to the pool with what its client has sent behind the handshake, and stays there; one room over all
// reactors loses nothing; a drain says goodbye to all of them.
#include "sockets.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

using namespace ground;

namespace {

// Who is there, and what all of them are told.
class Room {
 public:
  void enter(Token token) {
    {
      const std::lock_guard guard{lock_};
      tokens_.push_back(std::move(token));
    }
    changed_.notify_all();
  }
  [[nodiscard]] bool wait_for(std::size_t guests) {
    std::unique_lock guard{lock_};
    return changed_.wait_for(guard, 60s, [&] { return tokens_.size() >= guests; });
  }
  std::size_t say(const std::string& text) {
    const std::lock_guard guard{lock_};
    return static_cast<std::size_t>(std::count_if(tokens_.begin(), tokens_.end(),
                                                  [&](const Token& token) { return token.post(text) == Status::ok; }));
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<Token> tokens_;
};

App make_app(Room& room) {
  App app;
  app.route("/plain", [](const Request&) { return Response::text("plain\n"); });
  app.route("/socket", [&room](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    if (!socket) co_return;
    room.enter(x.token());
    while (true) {
      const Incoming got = co_await socket.receive();
      if (got.status() != Status::ok) break;
      if (co_await socket.send(got) != Status::ok) break;
    }
  });
  return app;
}

constexpr std::string_view opening =
    "GET /socket HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

// False: the server has said goodbye instead, or nothing.
bool hears(Client& client, std::string_view words) {
  std::string got;
  while (!got.ends_with(words)) {
    const std::string more = client.read_some();
    got += more;
    if (more.empty() || got.find(going_away) != std::string::npos) return false;
  }
  return true;
}

// One client thread: sockets of a few messages each, which end in every way that there is. Until the server takes no more.
void torment(std::uint16_t port, unsigned seed, std::atomic<std::size_t>& answered) {
  std::mt19937 random{seed};
  while (true) {
    Client client{port};
    if (!client.connected()) return;  // the server is stopping
    if (!client.send(std::string{opening} + (random() % 2 == 0 ? asked("sleep") : ""))) continue;
    if (random() % 8 == 0) continue;
    const std::string answer = client.read_until("\r\n\r\n");
    bool open = answer.starts_with("HTTP/1.1 101 ") && answer.find(going_away) == std::string::npos;
    for (std::size_t left = random() % 5; open && left > 0; --left) {
      const std::string text = "message " + std::to_string(left);
      open = client.send(asked("sleep") + asked(text)) && hears(client, said(text));
      if (open) ++answered;
    }
    if (!open) continue;
    switch (random() % 7) {
      case 0: client.abort(); break;
      case 1:
        if (client.send(masked_close)) (void)client.read_all();
        break;
      case 2:
        if (client.send(asked("throw"))) (void)client.read_some();
        break;
      case 3:
        if (client.send(asked("leave") + asked("to nobody"))) (void)client.read_some();
        break;
      case 4:
        if (client.send("\xff\xff\xff\xff\xff\xff")) (void)client.read_some();
        break;
      case 5: (void)client.send(asked("not all of it").substr(0, 9)); break;
      default: break;  // it just goes
    }
  }
}

}  // namespace

TEST_CASE("a WebSocket moves to the pool with its unread bytes, and leaves its worker to others") {
  Room room;
  const App app = make_app(room);
  Running run{small_config(1, 1), app};
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<Client>(run.port()));
    Client& client = *clients.back();
    REQUIRE(client.send(std::string{opening} + asked("first") + asked("second").substr(0, 7)));
    CHECK(client.read_until(said("first")).starts_with("HTTP/1.1 101 "));
    REQUIRE(client.send(asked("second").substr(7)));
    CHECK(client.read_until(said("second")) == said("second"));
  }
  // The one worker is free.
  Client other{run.port()};
  REQUIRE(other.get("/plain"));
  CHECK(other.read_until("plain\n").starts_with("HTTP/1.1 200"));
  CHECK(run.checked.wait([&] { return run.checked.handed_off >= 20; }));
  run.server.drain(Drain::prompt);
  for (const auto& client : clients) {
    CHECK(client->read_until(going_away) == going_away);
    CHECK(client->send(masked_close));
    CHECK(client->read_all().empty());
  }
  clients.clear();
  CHECK(run.end().cut.connections == 0);
  CHECK(run.checked.handed_back == 0);
}

TEST_CASE("one room over all reactors: what is posted reaches every socket, in order, while clients talk") {
  constexpr std::size_t guests = 100;
  constexpr std::size_t rounds = 200;
  Room room;
  const App app = make_app(room);
  Running run{small_config(2, 2), app, make_narrow_pool};
  std::atomic<std::size_t> wrong{0};
  std::atomic<std::size_t> posted{0};
  std::vector<std::thread> threads;
  // Four threads of clients: each talks on its sockets in turn, and counts what it hears of the two kinds.
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      std::vector<std::unique_ptr<Client>> clients;
      for (std::size_t i = 0; i < guests / 4; ++i) {
        clients.push_back(std::make_unique<Client>(run.port()));
        if (!clients.back()->send(std::string{opening} + asked("mine"))) ++wrong;
      }
      for (const auto& client : clients) {
        if (!client->send(asked("more"))) ++wrong;
        std::string all = client->read_until(said("last"));
        while (all.find(said("more")) == std::string::npos) {
          const std::string rest = client->read_some();
          if (rest.empty()) break;
          all += rest;
        }
        if (!all.starts_with("HTTP/1.1 101 ") || !(all.find(said("mine")) < all.find(said("more")))) ++wrong;
        std::size_t at = 0;
        for (std::size_t round = 0; round < rounds; ++round) {
          const std::size_t found = all.find(said("round " + std::to_string(round)), at);
          if (found == std::string::npos) {
            ++wrong;
            break;
          }
          at = found;
        }
        client->abort();
      }
    });
  }
  CHECK(room.wait_for(guests));
  for (std::size_t round = 0; round < rounds; ++round) posted += room.say("round " + std::to_string(round));
  posted += room.say("last");
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(posted == guests * (rounds + 1));
  run.server.drain(Drain::prompt);
  CHECK(run.end().cut.connections == 0);
  CHECK(room.say("to nobody") == 0);
}

TEST_CASE(
    "sockets that end in every way, and a drain in the middle: every promise about events is kept, on pounce-sync") {
  const App app = make_moody_app();
  Running run{small_config(3, 2), app, make_narrow_pool};
  be_tormented(run, torment);
}

TEST_CASE("the same on pounce-async") {
  const App app = make_moody_app();
  RunningOf<async::Server> run{small_config(2, 1), app};
  be_tormented(run, torment);
}
