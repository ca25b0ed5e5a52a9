// Passing an exchange on: for handlers of the server's own that stand in front of an application's.
#pragma once

#include <pounce/app/handler.hpp>

namespace pounce::inline v0 {

// When the coroutine handler that works on `exchange` has ended, `next` is asked, as if the route had led there: with all of the request's
// content, provided that nothing of it was read, and nothing answered. Middleware and limits have had their say. `next` is borrowed, and
// outlives the exchange.
void pass_on(Exchange& exchange, const Handler& next) noexcept;

}  // namespace pounce::inline v0
