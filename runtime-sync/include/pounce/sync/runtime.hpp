// The runtime of pounce-sync, for a program: a server of blocking workers, with the pool that takes what waits.
//
// It is what a program needs and all that is installed; what the workers are is in the other headers here.
// Ownership: arguments are borrowed and outlive what is made; `observer` may be null.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/posix/runtime.hpp>

#include <cstdint>

namespace pounce::inline v0::sync {

// Makes the pool that exchanges are handed to. The program knows which; this runtime knows only what it does.
using MakePool = Owned<posix::HandoffPool> (*)(const config::Config& config, const Service& service,
                                               events::Observer* observer, posix::Census& census,
                                               std::uint32_t first_id, posix::Turns* turns);

// `make_pool` null: there is no pool, and workers wait themselves.
[[nodiscard]] Owned<posix::Runtime> make_server(const config::Config& config, const App& app,
                                                events::Observer* observer, MakePool make_pool);

}  // namespace pounce::inline v0::sync
