// Lifecycle events as JSON: one object per line, with a name, a time and what the event knows. docs/operations.md lists the members.
#pragma once

#include <pounce/core/string_fwd.hpp>
#include <pounce/events/event.hpp>
#include <pounce/events/text.hpp>

namespace pounce::inline v0::events {

// Appends the object and a line end. Octets are escaped as in the access log; durations are microseconds, `at_ns` is the monotonic
// stamp in nanoseconds.
void append_json(std::string& out, const Lifecycle& event, WallInstant wall, TimeText& time);

}  // namespace pounce::inline v0::events
