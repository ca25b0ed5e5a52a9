// Body and Response: literals stand where they stand, owned content is moved and never copied.
#include <doctest/doctest.h>

#include <pounce/app/response.hpp>

#include <string>
#include <utility>

using namespace pounce;

TEST_CASE("a literal is neither copied nor owned") {
  static constexpr const char* literal = "Hello, World!";
  const Body body{literal};
  CHECK(body.bytes().data() == literal);
  CHECK(body.size() == 13);
  CHECK_FALSE(body.owner());
  const Response response = Response::text(literal);
  CHECK(response.body().bytes().data() == literal);
}

TEST_CASE("a string's memory is moved in") {
  std::string text(1000, 'x');
  const char* const at = text.data();
  const Response response = Response::json(std::move(text), 201);
  CHECK(response.body().bytes().data() == at);
  CHECK(response.body().owner()->sole());
  CHECK(response.head().status() == 201);
  CHECK(response.head().fields().find("content-type") == "application/json");
}

TEST_CASE("a short string works too, whose bytes move with it") {
  const Response response{200, std::string{"short"}};
  const Response moved{Response{response}};
  CHECK(moved.body().bytes() == "short");
}

TEST_CASE("a chunk is lent on; copy copies") {
  Bytes bytes;
  StorageRef owner = keep(std::string(100, 'c'), bytes);
  const Body body{Chunk{bytes, owner}};
  CHECK(body.bytes().data() == bytes.data());
  CHECK(owner->loans() == 2);
  const Body copy = Body::copy(bytes);
  CHECK(copy.bytes() == bytes);
  CHECK(copy.bytes().data() != bytes.data());
}

TEST_CASE("setters chain on named and on temporary responses") {
  Response named = Response::redirect("/there");
  named.set("a", "1").add("a", "2");
  CHECK(named.head().status() == 302);
  CHECK(named.head().fields().find("location") == "/there");
  CHECK(named.head().fields().size() == 3);
  const Response temporary = Response::html("x").set("a", "1").set("a", "2");
  CHECK(temporary.head().fields().find("a") == "2");
  const Head head = Head{204}.set("a", "1").add("b", "2").content_length(7);
  CHECK(head.content_length() == 7);
  CHECK(head.fields().size() == 2);
}
