#include <pounce/testing.hpp>

#include "server/testing/connection.hpp"

#include <string>
#include <utility>

namespace pounce::inline v0::testing {

Client::Client(const App& app, Options options) : connection_(make_owned<Connection>(app, std::move(options))) {}
Client::~Client() = default;

Reply Client::get(std::string_view target, const Fields& fields) { return request("GET", target, fields); }
Reply Client::head(std::string_view target, const Fields& fields) { return request("HEAD", target, fields); }
Reply Client::post(std::string_view target, std::string_view body, const Fields& fields) {
  return request("POST", target, fields, body);
}

Reply Client::request(std::string_view method, std::string_view target, const Fields& fields, std::string_view body) {
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  if (!fields.contains("host")) text.append("Host: test\r\n");
  const bool framed = fields.contains("content-length") || fields.contains("transfer-encoding");
  if (!framed && (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH")) {
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  for (const Field field : fields) text.append(field.name).append(": ").append(field.value).append("\r\n");
  text.append("\r\n").append(body);
  if (!connection_->is_open() || connection_->output_ended) open();
  connection_->output.clear();
  send(text);
  return reply(method == "HEAD");
}

Reply Client::reply(bool to_head) {
  Connection& c = *connection_;
  const Instant limit = after(c.tick.now, c.options.patience);
  while (true) {
    if (auto reply = take_reply(c.output, to_head, c.output_ended || !c.is_open())) return std::move(*reply);
    if (!c.is_open()) return {};
    if (c.turn()) continue;
    // Nothing moves: jump to what the handler waits for, or give up.
    const Instant now = c.tick.now;
    if (!c.is_open() || c.session_->alarm() == never || c.output.size() >= c.options.most_output) break;
    const Instant next = std::min(c.session_->alarm(), c.session_->deadline());
    c.tick.now = std::max(next, now + std::chrono::milliseconds{next <= now ? 1 : 0});
    if (c.tick.now > limit) break;
  }
  // Not complete: what there is of it.
  std::string unfinished = c.output;
  Reply reply = take_reply(unfinished, to_head, true).value_or(Reply{});
  reply.complete = false;
  return reply;
}

void Client::open() { connection_->open(); }

void Client::send(std::string_view bytes) {
  if (!connection_->is_open()) open();
  connection_->input.append(bytes);
}

void Client::close_write() { connection_->input_ended = true; }

void Client::reset() {
  if (connection_->is_open()) connection_->end(true);
}

std::string Client::take_output() { return std::exchange(connection_->output, {}); }
const std::string& Client::output() const noexcept { return connection_->output; }
void Client::take_at_most(std::optional<std::size_t> bytes) { connection_->takes = bytes; }

void Client::run() { connection_->settle_down(true, after(connection_->tick.now, connection_->options.patience)); }

void Client::advance(Duration duration) {
  Connection& c = *connection_;
  const Instant limit = after(c.tick.now, duration);
  c.settle_down(false, limit);
  c.tick.now = limit;
  if (c.is_open()) (void)c.turn();
}

Instant Client::now() const noexcept { return connection_->tick.now; }

void Client::drain() {
  if (connection_->is_open()) connection_->session_->drain(connection_->tick);
}

bool Client::closed() const noexcept { return !connection_->is_open(); }
bool Client::end_of_output() const noexcept { return connection_->output_ended; }
std::size_t Client::steps() const noexcept { return connection_->steps; }
std::size_t Client::writes() const noexcept { return connection_->writes; }
Session* Client::session() noexcept { return connection_->session_.get(); }

}  // namespace pounce::inline v0::testing
