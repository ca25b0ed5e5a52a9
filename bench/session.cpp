// What a request costs between the two system calls: Session, machine and a plain handler, without a kernel or a network.
//   bench-session [ROUNDS [CASE]]
// Nanoseconds per request, the best and the median of many rounds, for one request per step and for sixteen.
#include "tests/server/driver.hpp"

#include <pounce/app.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace pounce;
using testing::Driver;

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
    for (std::size_t i = 0; i < turns; ++i) (void)driver.turn(batch);
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
