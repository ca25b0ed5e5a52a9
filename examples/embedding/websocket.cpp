// WebSockets from a plain poll loop: what comes goes back. h1::Connection hears the handshake, ws::Connection has what follows.
#include "poll_loop.hpp"

#include <pounce/ws/connection.hpp>
#include <pounce/ws/handshake.hpp>

#include <unistd.h>

#include <cerrno>
#include <deque>

using namespace pounce;
const ws::Limits socket_limits;

struct Client {
  const int socket;
  h1::Connection http{limits, now()};
  std::optional<ws::Connection> web{};  // once it is one
  std::string input{};                  // received, not consumed
  Output output{};
  std::deque<std::pair<MessageKind, std::string>> waiting{};  // for room
  ~Client() { close(socket); }
  auto with(auto use) { return web ? use(*web) : use(http); }
  auto with(auto use) const { return web ? use(*web) : use(http); }
  short awaited() const {
    const bool reads = with([](auto& machine) { return machine.wants_input(); });
    return static_cast<short>((reads ? POLLIN : 0) | (output.empty() ? 0 : POLLOUT));
  }
  Instant deadline() const {
    return with([&](auto& machine) { return machine.deadline(output); });
  }
  void open(const event::Request& request) {
    ws::Opening opening;
    const Fault fault = ws::read_opening(*request.head, opening);
    const ws::Acceptance accepted{opening, {}, {}};
    if (fault == Fault::none && http.send_switch(request.stream, accepted.fields(), output) == Sent::ok)
      return void(web.emplace(socket_limits, now()));
    const ResponseHead head{.status = info(fault).status, .fields = ws::refusal_fields(fault), .close = true};
    (void)http.send_response(request.stream, head, {}, {}, now(), output);
  }
  void echo() {  // in order, and no more is read while something waits
    const auto goes = [&](auto& it) { return web->send_message(it.first, it.second, {}, output) != Sent::no_room; };
    while (!waiting.empty() && goes(waiting.front())) waiting.pop_front();
    web->want_messages(waiting.empty(), now());
  }
  bool advance(bool ended) {  // true: something has moved
    Events events;
    if (web) echo();
    if (deadline() <= now()) with([&](auto& machine) { machine.expire(now(), events, output); });
    const std::size_t eaten = with([&](auto& machine) { return machine.receive(input, now(), events, output); });
    if (ended && eaten == 0) with([&](auto& machine) { machine.receive_end(now(), events, output); });
    for (const Event& event : events) {
      if (const auto* request = std::get_if<event::Request>(&event)) open(*request);
      if (const auto* got = std::get_if<event::Message>(&event)) waiting.emplace_back(got->kind, got->bytes);
    }
    input.erase(0, eaten);  // not before: the events point into it
    return eaten != 0 || !events.empty();
  }
  bool step(bool readable) {  // false: the connection is over
    char bytes[65536];
    const ssize_t size = readable ? recv(socket, bytes, sizeof bytes, 0) : 0;
    if (size < 0) return false;
    input.append(bytes, static_cast<std::size_t>(size));
    for (bool moved = true; moved;) {
      moved = advance(readable && size == 0);
      Bytes out;
      const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      const ssize_t sent = output.gather({&out, 1}) == 0 ? 0 : send(socket, out.data(), out.size(), flags);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent > 0) output.written(static_cast<std::size_t>(sent));
      with([&](auto& machine) { machine.written(now(), output); });
      moved = moved || sent > 0;
    }
    if (output.finished() && output.empty()) shutdown(socket, SHUT_WR);
    return !with([&](auto& machine) { return machine.finished(output); });
  }
};

int main() { serve<Client>(); }
