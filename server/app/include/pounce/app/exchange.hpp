// Exchange: one request and its response, as a coroutine handler sees it.
//
//   pounce::Task upper(pounce::Exchange& x) {
//     if (x.start(pounce::Head{200}) != pounce::Status::ok) co_return;
//     while (true) {
//       pounce::Received got = co_await x.read();
//       if (got.status() != pounce::Status::ok) break;
//       if (co_await x.write(std::move(got).chunk()) != pounce::Status::ok) co_return;
//     }
//     (void)x.finish();
//   }
//
// Order: inform* → start → write* → finish; or respond, which is all of it. A handler that returns before its response is
// complete: 500 when no head went out, else the connection (or stream) is cut, so that nobody takes half an answer for a whole one.
// Waits: read, write, sleep, message, yield. Each takes an optional timeout. While it waits nothing else of this exchange runs. When
// the client has gone the coroutine is not resumed again: its frames are destroyed, in reverse order, where they wait. So
// hold what must be released in objects with destructors.
// Lifetime: the exchange outlives the handler's frame. It is used from its own coroutine only; Token is for other threads.
#pragma once

#include <pounce/app/chunk.hpp>
#include <pounce/app/host.hpp>
#include <pounce/app/request.hpp>
#include <pounce/app/response.hpp>
#include <pounce/app/status.hpp>
#include <pounce/app/task.hpp>
#include <pounce/app/token.hpp>
#include <pounce/app/wait.hpp>
#include <pounce/core/source.hpp>
#include <pounce/core/string_fwd.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

// What `read` gives: `ok` with a chunk, `end` when the content is complete, or why there is none.
class [[nodiscard]] Received {
 public:
  Received(Status status, Chunk chunk) noexcept : chunk_(std::move(chunk)), status_(status) {}
  Status status() const noexcept { return status_; }
  [[nodiscard]] Bytes bytes() const noexcept { return chunk_.bytes(); }
  [[nodiscard]] Chunk chunk() && noexcept { return std::move(chunk_); }

 private:
  Chunk chunk_;
  Status status_;
};

// What `message` gives: `ok` with a posted message, or why there is none. A template, so that only who looks at one has to include <string>.
template <std::same_as<std::string> Text>
class [[nodiscard]] PostedOf {
 public:
  PostedOf(Status status, Text text) noexcept : text_(std::move(text)), status_(status) {}
  Status status() const noexcept { return status_; }
  [[nodiscard]] const Text& text() const& noexcept { return text_; }
  [[nodiscard]] Text text() && noexcept { return std::move(text_); }

 private:
  Text text_;
  Status status_;
};
using Posted = PostedOf<std::string>;

class Exchange {
 public:
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] const Request& request() const noexcept { return request_; }
  // True from the moment the server began to shut down: start nothing long.
  [[nodiscard]] bool draining() const noexcept { return host_->draining(*this); }

  // --- the answer; these never wait ---

  // A 1xx such as 103 with `fields`, before the head. Peers that cannot read it get nothing, which is `ok`.
  Status inform(std::uint16_t status, const Fields& fields) { return host_->inform(*this, status, fields); }
  // The head of a streamed response.
  Status start(const Head& head) { return host_->start(*this, head); }
  // Completes a streamed response. Trailers reach peers whose framing has a place for them.
  Status finish(const Fields& trailers = Fields{}) { return host_->finish(*this, trailers); }
  // Head, content and end at once.
  Status respond(Response response) { return host_->respond(*this, response); }

  // --- waits ---

  class [[nodiscard]] Read;
  class [[nodiscard]] Write;
  class [[nodiscard]] WriteRegion;
  class [[nodiscard]] Sleep;
  template <std::same_as<std::string> Text>
  class [[nodiscard]] MessageOf;
  using Message = MessageOf<std::string>;
  class [[nodiscard]] Accept;

  // The next piece of request content. The first read sends 100 Continue to a peer that waits for it. Over HTTP/2 nothing more comes
  // after the answer: then `gone`.
  [[nodiscard]] Read read(Timeout timeout = {});
  // Content. Returns when all of it is in the output, which has room for `Output::default_limit` bytes: back-pressure.
  // The bytes must live until then.
  [[nodiscard]] Write write(Bytes bytes, Timeout timeout = {});
  [[nodiscard]] Write write(Chunk chunk, Timeout timeout = {});
  // Content that is not in memory, of a response with a declared length: the system sends it from where it is. Only where it can, which
  // `sends_regions` says, once the head is out: not through TLS, HTTP/2 or a content coding. A source that ends too soon cuts the answer.
  [[nodiscard]] WriteRegion write(Region region, Timeout timeout = {});
  [[nodiscard]] bool sends_regions() const noexcept { return host_->sends_regions(*this); }
  // `ok` after `duration`; `draining` once when a shutdown begins before that.
  [[nodiscard]] Sleep sleep(Duration duration);
  // Lets other work of this worker go first, and what was written out.
  [[nodiscard]] Sleep yield();
  // The next posted message: a Posted, for whoever has included <string>.
  template <StringIncluded Text = std::string>
  [[nodiscard]] MessageOf<Text> message(Timeout timeout = {});
  // Makes it a WebSocket, in place of an answer: `co_await x.accept_websocket("chat, superchat")`, with the subprotocols that the application
  // speaks. See <pounce/app/websocket.hpp>.
  [[nodiscard]] Accept accept_websocket();
  [[nodiscard]] Accept accept_websocket(Bytes protocols);
  // For other threads, to post messages to this exchange.
  [[nodiscard]] Token token() { return Token{host_->mailbox(*this)}; }

 protected:
  explicit Exchange(const Host& host) noexcept : host_(&host) {}
  ~Exchange() = default;

  const Host* host_;
  Request request_;
  Wait* parked_ = nullptr;  // what the coroutine waits for; the driver looks at it after every resume
  Frame* leaf_ = nullptr;   // … and who of it waits

  friend class Wait;
  friend class WebSocket;
  friend void* allocate_frame(Exchange* exchange, std::size_t size);
  friend void release_frame(void* frame, std::size_t size) noexcept;
};

inline bool Wait::await_ready() { return exchange_->host_->attempt(*exchange_, *this); }
inline void Wait::park(Frame& leaf) noexcept {
  exchange_->parked_ = this;
  exchange_->leaf_ = &leaf;
}

class Exchange::Read final : public Wait {
 public:
  Read(Exchange& exchange, Timeout timeout) noexcept : Wait(exchange, Kind::read, timeout) {}
  [[nodiscard]] Received await_resume() noexcept { return Received{status, std::move(chunk)}; }
};

class Exchange::Write final : public Wait {
 public:
  Write(Exchange& exchange, Chunk content, Timeout timeout) noexcept : Wait(exchange, Kind::write, timeout) {
    chunk = std::move(content);
  }
  [[nodiscard]] Status await_resume() const noexcept { return status; }
};

class Exchange::WriteRegion final : public Wait {
 public:
  WriteRegion(Exchange& exchange, Region content, Timeout timeout) noexcept
      : Wait(exchange, Kind::write_region, timeout), region(std::move(content)) {}
  [[nodiscard]] Status await_resume() const noexcept { return status; }

  Region region;  // for the server
};

class Exchange::Sleep final : public Wait {
 public:
  Sleep(Exchange& exchange, Kind what, Duration duration) noexcept : Wait(exchange, what, Timeout{duration}) {}
  [[nodiscard]] Status await_resume() const noexcept { return status; }
};

template <std::same_as<std::string> Text>
class Exchange::MessageOf final : public Wait {
 public:
  MessageOf(Exchange& exchange, Timeout timeout) noexcept : Wait(exchange, Kind::message, timeout) {}
  [[nodiscard]] PostedOf<Text> await_resume() noexcept {
    static_assert(!std::is_aggregate_v<MessageOf> && !std::is_aggregate_v<PostedOf<Text>>);
    return PostedOf<Text>{status, std::move(text)};
  }

  Text text;  // for the server: the result
};

static_assert(!std::is_aggregate_v<Exchange::Read> && !std::is_aggregate_v<Exchange::Write> &&
              !std::is_aggregate_v<Exchange::WriteRegion> && !std::is_aggregate_v<Region> &&
              !std::is_aggregate_v<Exchange::Sleep> && !std::is_aggregate_v<Received>);

inline Exchange::Read Exchange::read(Timeout timeout) { return Read{*this, timeout}; }
inline Exchange::Write Exchange::write(Bytes bytes, Timeout timeout) { return Write{*this, Chunk{bytes, {}}, timeout}; }
inline Exchange::Write Exchange::write(Chunk chunk, Timeout timeout) { return Write{*this, std::move(chunk), timeout}; }
inline Exchange::WriteRegion Exchange::write(Region region, Timeout timeout) {
  return WriteRegion{*this, std::move(region), timeout};
}
inline Exchange::Sleep Exchange::sleep(Duration duration) { return Sleep{*this, Wait::Kind::sleep, duration}; }
inline Exchange::Sleep Exchange::yield() { return Sleep{*this, Wait::Kind::yield, Duration::zero()}; }
template <StringIncluded Text>
Exchange::MessageOf<Text> Exchange::message(Timeout timeout) {
  return MessageOf<Text>{*this, timeout};
}

// The word before each frame says where it came from.
inline void* allocate_frame(Exchange* exchange, std::size_t size) {
  constexpr std::size_t prefix = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
  void* memory =
      exchange != nullptr ? exchange->host_->allocate(*exchange, size + prefix) : ::operator new(size + prefix);
  ::new (memory) Exchange*(exchange);
  return static_cast<char*>(memory) + prefix;
}

inline void release_frame(void* frame, std::size_t size) noexcept {
  constexpr std::size_t prefix = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
  void* memory = static_cast<char*>(frame) - prefix;
  if (Exchange* exchange = *static_cast<Exchange**>(memory); exchange != nullptr) {
    exchange->host_->release(*exchange, memory, size + prefix);
  } else {
    ::operator delete(memory);
  }
}

}  // namespace pounce::inline v0
