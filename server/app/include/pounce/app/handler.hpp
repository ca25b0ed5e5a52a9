// Handler: what a route leads to. Two kinds: plain (a function of the collected request) and coroutine (a Task over an Exchange).
//
// Handlers are owned by the App and called from many threads at once: they must be safe for that. A lambda coroutine's captures
// live in its handler, so they outlive every frame.
#pragma once

#include <pounce/app/exchange.hpp>
#include <pounce/app/request.hpp>
#include <pounce/app/response.hpp>
#include <pounce/app/task.hpp>
#include <pounce/core/owned.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

template <class F>
concept PlainHandler = std::is_invocable_r_v<Response, const F&, const Request&>;
template <class F>
concept CoroutineHandler = std::is_invocable_r_v<Task, const F&, Exchange&>;

class Handler {
 public:
  enum class Kind : std::uint8_t { plain, coroutine };

  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  // Whether request content reaches it without its Content-Encoding; see `decoded`.
  [[nodiscard]] bool decodes() const noexcept { return decodes_; }
  void decode() noexcept { decodes_ = true; }
  // Whether it is one of those of which only so many run at once, where an operator limits that; all but those of static files are.
  [[nodiscard]] bool needs_place() const noexcept { return needs_place_; }
  [[nodiscard]] virtual Response respond(const Request&) const { return Response{500}; }
  [[nodiscard]] virtual Task run(Exchange&) const { return {}; }

 protected:
  explicit Handler(Kind kind, bool needs_place = true) noexcept : kind_(kind), needs_place_(needs_place) {}

 private:
  Kind kind_;
  bool decodes_ = false;
  bool needs_place_;
};

template <PlainHandler F>
class PlainFunction final : public Handler {
 public:
  explicit PlainFunction(F function) : Handler(Kind::plain), function_(std::move(function)) {}
  [[nodiscard]] Response respond(const Request& request) const override { return function_(request); }

 private:
  F function_;
};

template <CoroutineHandler F>
class CoroutineFunction final : public Handler {
 public:
  explicit CoroutineFunction(F function) : Handler(Kind::coroutine), function_(std::move(function)) {}
  [[nodiscard]] Task run(Exchange& exchange) const override { return function_(exchange); }

 private:
  F function_;
};

template <class F>
  requires PlainHandler<std::decay_t<F>> || CoroutineHandler<std::decay_t<F>>
[[nodiscard]] Owned<Handler> make_handler(F&& function) {
  using Function = std::decay_t<F>;
  if constexpr (PlainHandler<Function>) {
    return make_owned<PlainFunction<Function>>(std::forward<F>(function));
  } else {
    return make_owned<CoroutineFunction<Function>>(std::forward<F>(function));
  }
}

// A handler that gets request content decoded: gzip, deflate and zstd, at most `max_request_size` bytes of it and at most 200 times
// what was received (then 413); damaged content is answered 400, another coding 415 with what is accepted. Without it content comes as it was sent.
// The request's fields stay as they are. A coroutine's `read` says `gone` when its content was refused.
//   app.route("/reports", pounce::decoded(take_report));
template <class F>
  requires PlainHandler<std::decay_t<F>> || CoroutineHandler<std::decay_t<F>>
[[nodiscard]] Owned<Handler> decoded(F&& function) {
  Owned<Handler> handler = make_handler(std::forward<F>(function));
  handler->decode();
  return handler;
}

}  // namespace pounce::inline v0
