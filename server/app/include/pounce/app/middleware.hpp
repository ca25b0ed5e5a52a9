// Middleware: what wraps every handler, plain and coroutine alike.
//
// `before` sees the request as soon as its head is there, before any content; an answer from it ends the request there (later
// middleware and the handler are not asked). `after` sees each head before it goes out, also the ones that `before` made and
// the server's own 404, 405 and 500; it may change them. Onion order: `before` in the order of App::use, `after` in reverse,
// and only for those whose `before` was asked. Both are called from many threads at once and must not block.
#pragma once

#include <pounce/app/request.hpp>
#include <pounce/app/response.hpp>

#include <optional>

namespace pounce::inline v0 {

class Middleware {
 public:
  Middleware() = default;
  Middleware(const Middleware&) = delete;
  Middleware& operator=(const Middleware&) = delete;
  virtual ~Middleware() = default;

  [[nodiscard]] virtual std::optional<Response> before(const Request&) const { return std::nullopt; }
  virtual void after(const Request&, Head&) const {}
};

}  // namespace pounce::inline v0
