#include "server/testing/connection.hpp"

#include <pounce/core/filter.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <utility>

namespace pounce::inline v0::testing {

namespace {

class LocalLetterbox final : public Letterbox {
 public:
  Status post(std::string message) override {
    if (closed_) return Status::gone;
    if (messages_.size() >= most_messages || bytes_ + message.size() > most_bytes) return Status::full;
    bytes_ += message.size();
    messages_.push_back(std::move(message));
    return Status::ok;
  }
  bool take(std::string& message) override {
    if (messages_.empty()) return false;
    message = std::move(messages_.front());
    messages_.pop_front();
    bytes_ -= message.size();
    return true;
  }
  [[nodiscard]] bool has_mail() const override { return !messages_.empty(); }
  void close() noexcept override {
    closed_ = true;
    messages_.clear();
    bytes_ = 0;
  }

 private:
  void destroy() noexcept override { delete this; }

  std::deque<std::string> messages_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace

Loan<Letterbox> LocalWake::open() { return Loan<Letterbox>{new LocalLetterbox}; }

Client::Connection::Connection(const App& app, Options wanted)
    : options(std::move(wanted)),
      service_{.app = app,
               .limits = options.limits,
               .h2 = options.h2,
               .http2 = options.http2,
               .ws = options.ws,
               .ws_compression = options.ws_compression,
               .ws_deflate = options.ws_deflate,
               .output_limit = options.output_limit,
               .inbox_limit = options.inbox_limit,
               .trust = options.trust,
               .codings = options.codings,
               .request_queue = options.request_queue,
               .front = options.front,
               .request_names = options.request_names,
               .server_timing = options.server_timing},
      collectors_{app, options.observer, collector_failures_},
      station_{workspace_, ids_, collectors_.observer(), 0} {
  // Not the origin, so that nothing can take a default-made instant for the present.
  tick.now = Instant{} + std::chrono::hours{1};
  tick.wall = WallTime{std::chrono::seconds{784111777}};  // Sun, 06 Nov 1994 08:49:37 GMT
  tick.lines = options.lines;
  tick.clock = options.clock;
}

Client::Connection::~Connection() {
  if (session_) end(false);
}

void Client::Connection::open() {
  if (session_) end(true);
  input.clear();
  output.clear();
  input_ended = output_ended = end_told_ = false;
  ++connections_;
  Peers peers{
      .connection = ConnectionId{connections_},
      .local = "127.0.0.1:80",
      .peer = options.peer.empty() ? SmallString{"127.0.0.1:" + std::to_string(40000 + connections_)} : options.peer,
      .proxied = options.proxied};
  session_ = options.filters == nullptr ? make_owned<Session>(service_, station_, wake_, std::move(peers), tick.now)
                                        : make_owned<Session>(service_, station_, wake_, std::move(peers), tick.now,
                                                              options.filters->accept());
}

void Client::Connection::end(bool broken) {
  if (broken) {
    session_->broken();
    session_->step(tick);
  }
  session_->close(tick.now, false);
  session_.reset();
}

bool Client::Connection::read() {
  if (!input.empty() && session_->wants_input()) {
    const MutableBytes space = session_->space();
    const std::size_t n = std::min({space.size(), input.size(), options.read_size});
    if (n == 0) return false;
    std::memcpy(space.data(), input.data(), n);
    input.erase(0, n);
    session_->received(n);
    return true;
  }
  if (input.empty() && input_ended && !end_told_) {
    end_told_ = true;
    session_->received_end();
    return true;
  }
  return false;
}

bool Client::Connection::write() {
  Output& from = session_->output();
  std::array<Bytes, 64> slices;
  std::size_t left = options.write_size;
  if (takes) left = std::min(left, *takes);
  std::size_t n = 0;
  const std::size_t count = from.gather(slices);
  for (std::size_t i = 0; i < count && left != 0; ++i) {
    const Bytes piece = slices[i].substr(0, left);
    output.append(piece);
    n += piece.size();
    left -= piece.size();
  }
  if (n != 0) {
    if (takes) *takes -= n;
    session_->written(n, tick.now);
    ++writes;
  }
  if (from.finished() && from.empty()) output_ended = true;
  return n != 0;
}

bool Client::Connection::turn() {
  bool moved = read();
  moved = session_->runnable() || moved;
  session_->step(tick);
  ++steps;
  moved = write() || moved;
  session_->settle();
  if (session_->finished()) {
    end(false);
    output_ended = true;
    return true;
  }
  return moved || session_->runnable() || (!input.empty() && session_->wants_input());
}

// Until nothing happens any more. `jump`: over the waits of handlers only; else over all, up to `limit`.
void Client::Connection::settle_down(bool jump, Instant limit) {
  const std::size_t most = output.size() + options.most_output;
  while (session_ && output.size() < most) {
    if (turn()) continue;
    if (!session_) return;
    const Instant alarm = session_->alarm();
    if (jump && alarm == never) return;
    const Instant next = std::min(alarm, session_->deadline());
    if (next > limit || next == never) return;
    // A deadline may be early or stand in the past: time goes on all the same.
    tick.now = std::max(next, tick.now + std::chrono::milliseconds{next <= tick.now ? 1 : 0});
    if (tick.now > limit) {
      tick.now = limit;
      return;
    }
  }
}

}  // namespace pounce::inline v0::testing
