// The runtime of pounce-async, for a program: a server of reactors, and the pool of reactors that pounce-sync hands its waiting to.
//
// It is what a program needs and all that is installed; what the reactors are is in the other headers here.
// Ownership: arguments are borrowed and outlive what is made; `observer` may be null.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/posix/runtime.hpp>

#include <cstdint>

namespace pounce::inline v0::async {

// For program::run.
[[nodiscard]] Owned<posix::Runtime> make_server(const config::Config& config, const App& app,
                                                events::Observer* observer);

// For sync::make_server: a pool that lives on hand-offs alone. Its reactors count from `first_id` (an events::WorkerId).
[[nodiscard]] Owned<posix::HandoffPool> make_handoff_pool(const config::Config& config, const Service& service,
                                                          events::Observer* observer, posix::Census& census,
                                                          std::uint32_t first_id, posix::Turns* turns);

}  // namespace pounce::inline v0::async
