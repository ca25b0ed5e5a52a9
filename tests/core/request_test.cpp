// Requests' small functions: percent decoding, and routes of an App.
#include <doctest/doctest.h>

#include <pounce/app/application.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

using namespace pounce;

TEST_CASE("percent decoding: once, strictly, with plus only where asked for") {
  CHECK(percent_decode("") == "");
  CHECK(percent_decode("a%20b") == "a b");
  CHECK(percent_decode("%2f%2F%25") == "//%");
  CHECK(percent_decode("%2520") == "%20");
  CHECK(percent_decode("%00") == std::string_view{"\0", 1});
  CHECK(percent_decode("%ff") == "\xff");
  CHECK(percent_decode("a+b") == "a+b");
  CHECK(percent_decode("a+b%2B", true) == "a b+");
  for (const std::string_view wrong : {"%", "%2", "a%", "a%2", "%zz", "%2g", "%g2", "%%20", "% 2"})
    CHECK_FALSE(percent_decode(wrong));
}

TEST_CASE("hooks run in the order in which they were added; one that throws is heard") {
  std::string log;
  App app;
  app.on_start([&] { log += "a"; }).on_start([&] { log += "b"; }).on_drain([&] { log += "d"; }).on_stop([&] {
    log += "s";
  });
  app.start();
  app.drain();
  app.stop();
  CHECK(log == "abds");
  App broken;
  broken.on_start([] { throw std::runtime_error{"no"}; });
  CHECK_THROWS_WITH(broken.start(), "no");
}

TEST_CASE("an App can be moved, with all that is in it") {
  App one;
  one.route("/a", [](const Request&) { return Response::text("a"); });
  const App two{std::move(one)};
  CHECK(two.find("/a") != nullptr);
  CHECK(two.find("/b") == nullptr);
  CHECK(two.accepts(Method::get));
  CHECK(two.accepts(Method::other));
  CHECK_FALSE(two.accepts(Method::trace));
}
