// What a request costs between the two system calls: Session, machine and a plain handler, without a kernel or a network.
//   bench-session [ROUNDS [CASE]]
// Nanoseconds per request, the best and the median of many rounds, for one request per step and for sixteen.
#include <pounce/app.hpp>
#include <pounce/server/session.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace pounce;

class NoWake final : public Wake {
 public:
  [[nodiscard]] Loan<Letterbox> open() override { return {}; }
};

class Ids final : public RequestIds {
  [[nodiscard]] std::uint64_t refill() override { return last_ += block; }
  std::uint64_t last_ = 0;
};

class Driver {
 public:
  explicit Driver(const App& app) : service_{.app = app, .limits = {}}, station_{workspace_, ids_, nullptr, 0} {
    tick_.now = Instant{} + std::chrono::hours{1};
    tick_.lines = "Server: pounce\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    session_ = std::make_unique<Session>(service_, station_, wake_, Peers{ConnectionId{1}, "local", "peer"}, tick_.now);
  }

  void turn(std::string_view bytes) {
    const MutableBytes space = session_->space();
    std::memcpy(space.data(), bytes.data(), bytes.size());
    session_->received(bytes.size());
    session_->step(tick_);
    session_->written(session_->output().size(), tick_.now);
    session_->settle();
  }

 private:
  Service service_;
  Workspace workspace_;
  Ids ids_;
  NoWake wake_;
  Station station_;
  Tick tick_;
  std::unique_ptr<Session> session_;
};

void measure(const char* name, std::string_view request, std::size_t depth, int rounds) {
  App app;
  app.route("*", [](const Request&) { return Response::text("Hello, World!").set("vary", "accept"); });
  Driver driver{app};
  std::string batch;
  for (std::size_t i = 0; i < depth; ++i) batch += request;
  const std::size_t turns = 3200 / depth;
  std::vector<double> costs;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < turns; ++i) driver.turn(batch);
    const std::chrono::duration<double, std::nano> length = std::chrono::steady_clock::now() - start;
    costs.push_back(length.count() / static_cast<double>(turns * depth));
  }
  std::ranges::sort(costs);
  std::printf("%-24s %6.1f ns at best, %6.1f in the middle\n", name, costs.front(), costs[costs.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 300;
  constexpr std::string_view bare = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n";
  constexpr std::string_view browser =
      "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "
      "(KHTML, like "
      "Gecko) Chrome/119.0.0.0 Safari/537.36\r\nAccept: "
      "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
      "image/webp\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\nCookie: "
      "session=0123456789abcdef\r\n\r\n";
  const std::string_view only = argc > 2 ? argv[2] : "";
  const auto consider = [&](const char* name, std::string_view request, std::size_t depth) {
    if (only.empty() || only == name) measure(name, request, depth, rounds);
  };
  consider("bare", bare, 1);
  consider("bare, sixteen a step", bare, 16);
  consider("browser", browser, 1);
}
