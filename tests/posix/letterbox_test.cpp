// SharedLetterbox: what any thread may do to it at any time.
#include <doctest/doctest.h>

#include <pounce/app/token.hpp>
#include <pounce/posix/letterbox.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace pounce;
using namespace pounce::posix;

namespace {

Loan<SharedLetterbox> make_letterbox() { return Loan<SharedLetterbox>{new SharedLetterbox}; }

}  // namespace

TEST_CASE("messages come in order; after close every post says gone, and what was there is dropped") {
  const auto letterbox = make_letterbox();
  const Token token{letterbox};
  CHECK(token.post("one") == Status::ok);
  CHECK(token.post("two") == Status::ok);
  std::string message;
  CHECK(letterbox->has_mail());
  CHECK(letterbox->take(message));
  CHECK(message == "one");
  letterbox->close();
  CHECK_FALSE(letterbox->has_mail());
  CHECK_FALSE(letterbox->take(message));
  CHECK(token.post("three") == Status::gone);
  CHECK(Token{}.post("nobody") == Status::gone);
}

TEST_CASE("bounded in messages and in bytes, exactly") {
  const auto letterbox = make_letterbox();
  for (std::size_t i = 0; i < Mailbox::most_messages; ++i) REQUIRE(letterbox->post("x") == Status::ok);
  CHECK(letterbox->post("x") == Status::full);
  const auto large = make_letterbox();
  CHECK(large->post(std::string(Mailbox::most_bytes, 'x')) == Status::ok);
  CHECK(large->post("x") == Status::full);
  std::string message;
  CHECK(large->take(message));
  CHECK(large->post("x") == Status::ok);
}

TEST_CASE("messages come in order, however far whoever posts is ahead of whoever takes") {
  for (const std::size_t ahead : {std::size_t{1}, std::size_t{2}, std::size_t{100}, Mailbox::most_messages}) {
    const auto letterbox = make_letterbox();
    std::size_t taken = 0;
    std::string message;
    for (std::size_t posted = 0; posted < 5000; ++posted) {
      REQUIRE(letterbox->post(std::to_string(posted)) == Status::ok);
      if (posted - taken + 1 < ahead) continue;
      REQUIRE(letterbox->take(message));
      REQUIRE(message == std::to_string(taken++));
    }
    while (letterbox->take(message)) REQUIRE(message == std::to_string(taken++));
    CHECK(taken == 5000);
    CHECK_FALSE(letterbox->has_mail());
  }
}

TEST_CASE(
    "threads post while the owner moves, takes and closes: every message that was accepted before is taken once") {
  struct Bell final : Waker {
    void wake(Link&) noexcept override { ++rung; }
    std::atomic<std::size_t> rung{0};
  } bell;
  for (int round = 0; round < 50; ++round) {
    auto letterbox = make_letterbox();
    std::atomic<std::size_t> accepted{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&accepted, token = Token{letterbox}] {
        for (int n = 0; n < 100; ++n) accepted += token.post("m") == Status::ok ? 1 : 0;
      });
    }
    std::size_t taken = 0;
    std::string message;
    // The link is never looked at by the bell: any address will do.
    auto* const link = reinterpret_cast<Link*>(&bell);
    for (int n = 0; n < 50; ++n) {
      letterbox->bind(n % 2 == 0 ? &bell : nullptr, n % 2 == 0 ? link : nullptr);
      while (letterbox->take(message)) ++taken;
    }
    for (std::thread& thread : threads) thread.join();
    while (letterbox->take(message)) ++taken;
    CHECK(taken == accepted);
    letterbox->close();
  }
}
