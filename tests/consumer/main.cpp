// A request in, an answer out, with nothing but Pounce::protocol.
#include <pounce/h1/connection.hpp>

#include <cstdio>
#include <string>
#include <variant>

int main() {
  const pounce::h1::Limits limits;
  pounce::Instant now{};
  pounce::h1::Connection connection(limits, now);
  pounce::Events events;
  pounce::Output output;

  std::string input = "GET /hello HTTP/1.1\r\nHost: example.org\r\n\r\n";
  const std::size_t eaten = connection.receive(input, now, events, output);
  std::string path;
  for (const pounce::Event& event : events) {
    const auto* request = std::get_if<pounce::event::Request>(&event);
    if (request == nullptr) continue;
    path = request->head->path;
    pounce::ResponseHead head;
    head.content_length = 3;
    if (connection.send_head(request->stream, head, output) != pounce::Sent::ok) return 1;
    if (connection.send_data(request->stream, "hi\n", {}, output).accepted != 3) return 1;
    if (connection.send_end(request->stream, {}, now, output) != pounce::Sent::ok) return 1;
  }
  std::string answer;
  pounce::Bytes slices[8];
  for (std::size_t i = 0, n = output.gather(slices); i < n; ++i) answer += slices[i];
  std::printf("%s\n%s", path.c_str(), answer.c_str());
  return eaten == input.size() && path == "/hello" && answer.starts_with("HTTP/1.1 200 ") &&
                 answer.ends_with("\r\n\r\nhi\n")
             ? 0
             : 1;
}
