// The plain handlers. A string literal as content is sent from where it stands: no copy, no allocation.
#include "page.hpp"
#include "tour.hpp"

#include <cstddef>

namespace tour {

pounce::Response index(const pounce::Request& request) {
  const pounce::Field* accept = find(request.fields(), pounce::FieldId::accept);
  if (accept != nullptr && accept->value.find("text/html") != std::string_view::npos) {
    return pounce::Response::html(page).set("vary", "accept").set("content-security-policy", page_policy);
  }
  return pounce::Response::text("Hello, World!").set("vary", "accept");
}

pounce::Response hello(const pounce::Request&) { return pounce::Response::text("Hello, World!"); }

// Nothing is checked here: the server refuses a value with a line break in it, and the client gets a 500.
pounce::Response echo_field(const pounce::Request& request) {
  const std::optional<std::string> value = request.parameter("h");
  if (!value) return pounce::Response::text("try /headers?h=some+value\n", 400);
  return pounce::Response::text("look at the field x-echo\n").set("x-echo", *value);
}

pounce::Response count_runs(const pounce::Request&) {
  return pounce::Response::text(std::to_string(runs.load(std::memory_order_relaxed)) + "\n")
      .set("cache-control", "no-store");
}

// 1 MiB in lines of 64 bytes.
pounce::Body big_body() {
  constexpr std::size_t size = 1024 * 1024;
  std::string text;
  text.reserve(size);
  while (text.size() < size) {
    std::string line = "line " + std::to_string(text.size() / 64) + " ";
    line.resize(63, '.');
    text.append(line).push_back('\n');
  }
  return text;
}

// 16 KiB to the byte: as many entries as fit, then a text that fills up.
pounce::Body json_body() {
  constexpr std::size_t size = 16 * 1024;
  constexpr std::string_view tail = "],\"padding\":\"";
  std::string text = "{\"cats\":[";
  for (std::size_t id = 1;; ++id) {
    const std::string entry = (id == 1 ? "" : ",") + std::string{"{\"id\":"} + std::to_string(id) + ",\"name\":\"cat " +
                              std::to_string(id) + "\",\"lives\":9,\"asleep\":" + (id % 3 == 0 ? "false" : "true") +
                              "}";
    if (text.size() + entry.size() + tail.size() + 2 > size) break;
    text.append(entry);
  }
  text.append(tail);
  text.append(size - 2 - text.size(), '.').append("\"}");
  return text;
}

}  // namespace tour
