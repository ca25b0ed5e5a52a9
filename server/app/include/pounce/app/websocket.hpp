// WebSocket: the messages of one exchange that has become a WebSocket (RFC 6455).
//
//   pounce::Task echo(pounce::Exchange& x) {
//     pounce::WebSocket socket = co_await x.accept_websocket();
//     if (!socket) co_return;  // it was asked for something else, and has answered that
//     while (true) {
//       pounce::Incoming got = co_await socket.receive();
//       if (got.status() != pounce::Status::ok) break;
//       if (co_await socket.send(got) != pounce::Status::ok) break;
//     }
//   }
//
// A browser lets any page open a WebSocket to any server, with the user's cookies. Check where the page is from before you accept:
//   if (x.request().header("origin") != "https://example.org") co_return (void)x.respond(pounce::Response::text("no\n", 403));
//
// Pings are answered by the server, and so is the peer's Close: when `receive` gives it, so that what came before it can still be answered; but
// not later than `ws_close_timeout`. When the handler returns the socket is closed with 1000, when it throws with 1011,
// when the server shuts down with 1001; the peer's answer to that is the end that `receive` gives.
// Back-pressure: `send` waits while the output has no room; while received messages wait (64 KiB), no more are read.
// Others' threads reach a socket through `x.token()`: what they post comes out of `receive`, between the peer's messages.
// Over HTTP/2 the same handlers are reached where the application says `App::accept_websockets()` (RFC 8441).
// Lifetime: a WebSocket refers to its exchange. It is used from its coroutine alone.
#pragma once

#include <pounce/app/exchange.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

// What `receive` gives: `ok` with a whole message, `end` when the peer has closed (or has failed to: code 1006), or why there is nothing.
class [[nodiscard]] Incoming {
 public:
  Incoming(Status status, MessageKind kind, bool posted, std::uint16_t code, Chunk chunk) noexcept
      : chunk_(std::move(chunk)), status_(status), kind_(kind), posted_(posted), code_(code) {}

  Status status() const noexcept { return status_; }
  [[nodiscard]] bool is_text() const noexcept { return kind_ == MessageKind::text; }
  [[nodiscard]] MessageKind kind() const noexcept { return kind_; }
  // It came through a token, not from the peer.
  [[nodiscard]] bool is_posted() const noexcept { return posted_; }
  // The message; of an end its reason. Text is UTF-8, but for what was posted.
  [[nodiscard]] Bytes bytes() const noexcept { return chunk_.bytes(); }
  [[nodiscard]] const Chunk& chunk() const noexcept { return chunk_; }
  // Of an end: the close code (RFC 6455, section 7.4); 1005: none was named, 1006: there was no Close.
  [[nodiscard]] std::uint16_t code() const noexcept { return code_; }

 private:
  Chunk chunk_;
  Status status_;
  MessageKind kind_;
  bool posted_;
  std::uint16_t code_;
};

class [[nodiscard, maybe_unused]] WebSocket {
 public:
  class [[nodiscard]] Receive;
  class [[nodiscard]] Send;

  WebSocket(Exchange& exchange, Status status, Bytes subprotocol) noexcept
      : exchange_(&exchange), subprotocol_(subprotocol), status_(status) {}

  // `ok`; `refused`: the request asks for no WebSocket, or wrongly, and 400 or 426 has been sent; `wrong_order`: something was answered already.
  Status status() const noexcept { return status_; }
  explicit operator bool() const noexcept { return status_ == Status::ok; }
  // What was chosen, as the request names it; empty: none.
  [[nodiscard]] Bytes subprotocol() const noexcept { return subprotocol_; }

  // The next message of the peer's, or posted.
  [[nodiscard]] Receive receive();  // with no argument that a coroutine's frame would have to keep
  [[nodiscard]] Receive receive(Timeout timeout);
  // A message. Returns when it is in the output; the bytes, and an Incoming, must live until then. `gone`: the end has been received, or sent;
  // `invalid_field`: text that is not UTF-8. Messages keep their order.
  [[nodiscard]] Send send_text(Bytes text, Timeout timeout = {});
  [[nodiscard]] Send send_binary(Bytes bytes, Timeout timeout = {});
  [[nodiscard]] Send send(MessageKind kind, Chunk chunk, Timeout timeout = {});
  [[nodiscard]] Send send(const Incoming& message);
  [[nodiscard]] Send send(const Incoming& message, Timeout timeout);
  // Begins the closing handshake: nothing can be sent after it, and `receive` gives what still comes, then the end. Codes as on the wire, a
  // reason of at most 123 bytes.
  Status close(std::uint16_t code = 1000, Bytes reason = {}) {
    return exchange_->host_->close_websocket(*exchange_, code, reason);
  }

 private:
  static constexpr std::size_t lent_from = 4096;  // less is copied: a loan of it would be taken for nothing

  Exchange* exchange_;
  Bytes subprotocol_;
  Status status_;
};

class Exchange::Accept final : public Wait {
 public:
  Accept(Exchange& exchange, Bytes protocols) noexcept : Wait(exchange, Kind::accept, {}) {
    chunk = Chunk{protocols, {}};
  }
  [[nodiscard]] WebSocket await_resume() noexcept {
    return WebSocket{*exchange_, status, status == Status::ok ? chunk.bytes() : Bytes{}};
  }
};

class WebSocket::Receive final : public Wait {
 public:
  Receive(Exchange& exchange, Timeout timeout) noexcept : Wait(exchange, Kind::receive, timeout) {}
  [[nodiscard]] Incoming await_resume() noexcept { return Incoming{status, message, posted, code, std::move(chunk)}; }
};

class WebSocket::Send final : public Wait {
 public:
  Send(Exchange& exchange, MessageKind kind_of, Chunk content, Timeout timeout) noexcept
      : Wait(exchange, Kind::send, timeout) {
    message = kind_of;
    chunk = std::move(content);
  }
  [[nodiscard]] Status await_resume() const noexcept { return status; }
};

static_assert(!std::is_aggregate_v<Incoming> && !std::is_aggregate_v<WebSocket> &&
              !std::is_aggregate_v<Exchange::Accept> && !std::is_aggregate_v<WebSocket::Receive> &&
              !std::is_aggregate_v<WebSocket::Send>);

inline Exchange::Accept Exchange::accept_websocket() { return Accept{*this, {}}; }
inline Exchange::Accept Exchange::accept_websocket(Bytes protocols) { return Accept{*this, protocols}; }
inline WebSocket::Receive WebSocket::receive() { return Receive{*exchange_, {}}; }
inline WebSocket::Receive WebSocket::receive(Timeout timeout) { return Receive{*exchange_, timeout}; }
inline WebSocket::Send WebSocket::send(MessageKind kind, Chunk chunk, Timeout timeout) {
  return Send{*exchange_, kind, std::move(chunk), timeout};
}
inline WebSocket::Send WebSocket::send(const Incoming& message, Timeout timeout) {
  const bool lent = message.bytes().size() >= lent_from;
  return send(message.kind(), lent ? message.chunk() : Chunk{message.bytes(), {}}, timeout);
}
inline WebSocket::Send WebSocket::send(const Incoming& message) { return send(message, Timeout{}); }
inline WebSocket::Send WebSocket::send_text(Bytes text, Timeout timeout) {
  return send(MessageKind::text, Chunk{text, {}}, timeout);
}
inline WebSocket::Send WebSocket::send_binary(Bytes bytes, Timeout timeout) {
  return send(MessageKind::binary, Chunk{bytes, {}}, timeout);
}

}  // namespace pounce::inline v0
