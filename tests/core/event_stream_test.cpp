// ServerEvent: the framing of the WHATWG HTML standard, and nothing can break out of its line.
#include <doctest/doctest.h>

#include <pounce/app/event_stream.hpp>

#include <string>
#include <string_view>

using namespace pounce;
using namespace std::chrono_literals;

TEST_CASE("data alone, with lines, and with every kind of line end") {
  CHECK(ServerEvent{"one"}.framed() == "data: one\n\n");
  CHECK(ServerEvent{""}.framed() == "data: \n\n");
  CHECK(ServerEvent{"a\nb\r\nc\rd"}.framed() == "data: a\ndata: b\ndata: c\ndata: d\n\n");
  CHECK(ServerEvent{"a\n"}.framed() == "data: a\ndata: \n\n");
  CHECK(ServerEvent{"a\r\n\r\nb"}.framed() == "data: a\ndata: \ndata: b\n\n");
  CHECK(ServerEvent{"a\n\rb"}.framed() == "data: a\ndata: \ndata: b\n\n");
}

TEST_CASE("name, id and retry come first") {
  CHECK(ServerEvent{"d"}.name("n").id("i").retry(1500ms).framed() == "event: n\nid: i\nretry: 1500\ndata: d\n\n");
  ServerEvent event{"d"};
  event.name("first").name("second");
  CHECK(event.framed() == "event: second\ndata: d\n\n");
}

TEST_CASE("no input of an application makes a field of its own") {
  const std::string_view evil{"x\r\ndata: injected\n\0id: 9", 24};
  const std::string framed = ServerEvent{evil}.name(evil).id(evil).framed();
  std::string_view rest = framed;
  int events = 0;
  int ids = 0;
  int data = 0;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    CHECK(line.find('\r') == std::string_view::npos);
    if (line.starts_with("event: ")) ++events;
    if (line.starts_with("id: ")) ++ids;
    if (line.starts_with("data: ")) ++data;
  }
  CHECK(events == 1);
  CHECK(ids == 1);
  CHECK(data == 3);
  CHECK(framed.ends_with("\n\n"));
  CHECK(framed.find("\n\n") == framed.size() - 2);
}
