// HTTP/1.1 and HTTP/2 on one port, from a plain poll loop: the first octets tell which it is (RFC 9113, section 3.3).
#include "echo.hpp"
#include "poll_loop.hpp"

#include <pounce/h2/connection.hpp>

#include <unistd.h>

using namespace pounce;
const h2::Limits h2_limits;

struct Client {
  const int socket;
  std::variant<h1::Connection, h2::Connection> machine{std::in_place_type<h1::Connection>, limits, now()};
  bool decided = false;
  std::string input{};  // received, not consumed
  Output output{};
  ~Client() { close(socket); }
  short awaited() const {
    const bool reads = output.room() != 0 && std::visit([](auto& http) { return http.wants_input(); }, machine);
    return static_cast<short>((reads ? POLLIN : 0) | (output.empty() ? 0 : POLLOUT));
  }
  Instant deadline() const {
    return std::visit([&](auto& http) { return http.deadline(output); }, machine);
  }
  void handle(auto& http, const Event& event) {
    if (const auto* request = std::get_if<event::Request>(&event)) http.want_body(request->stream, true, now(), output);
    if (const auto* data = std::get_if<event::Data>(&event)) http.taken(data->stream, data->bytes.size(), output);
    if (const auto* reset = std::get_if<event::Reset>(&event)) http.reset(reset->stream, output);
    const auto* end = std::get_if<event::End>(&event);
    if (end && http.send_response(end->stream, {}, "hi\n", {}, now(), output) != Sent::ok)
      http.reset(end->stream, output);
  }
  bool advance(auto& http, bool ended) {  // false: the connection is over
    Events events;
    if (http.deadline(output) <= now()) http.expire(now(), events, output);
    for (bool found = decided; found; events.clear()) {
      const std::size_t eaten = http.receive({input.data(), input.size()}, now(), events, output);
      found = !events.empty();
      for (const Event& event : events) handle(http, event);
      input.erase(0, eaten);  // not before: the events point into it
    }
    if (ended) http.receive_end(now(), events, output);
    http.written(now(), output);
    for (Bytes slice[1]; output.gather(slice) != 0; http.written(now(), output)) {
      const ssize_t sent = send(socket, slice->data(), slice->size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN;
      output.written(static_cast<std::size_t>(sent));
    }
    if (output.finished()) shutdown(socket, SHUT_WR);
    return !http.finished(output);
  }
  bool step(bool readable) {
    char bytes[65536];
    const ssize_t size = readable ? recv(socket, bytes, sizeof bytes, 0) : 0;
    if (size < 0) return false;
    input.append(bytes, static_cast<std::size_t>(size));
    const bool is_h2 = input.starts_with(h2::client_preface);
    if (!decided && is_h2) machine.emplace<h2::Connection>(h2_limits, now());
    decided = decided || is_h2 || !h2::client_preface.starts_with(input);
    return std::visit([&](auto& http) { return advance(http, readable && size == 0); }, machine);
  }
};

int main() { serve<Client>(); }
