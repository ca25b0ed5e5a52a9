// What a program does, from the command line to the exit code, whichever runtime it has.
//
// Configuration → target (module, directory, welcome page, or an application that is linked in) → start hooks → listeners → banner
// → signals: the first SIGTERM or SIGINT drains until the shutdown deadline, a second one cuts at once → stop hooks → exit code
// (see Exit in load.hpp). This and what it calls are the only places that touch signals and print.
#pragma once

#include <pounce/config/option_table.hpp>
#include <pounce/posix/runtime.hpp>

namespace pounce::inline v0::program {

// The target comes from the command line.
[[nodiscard]] int run(config::Program which, int argc, char** argv, posix::MakeRuntime make);

// The application is linked in; a TARGET on the command line is an error. `app` gets the routes of --static, and outlives the call.
[[nodiscard]] int run(config::Program which, int argc, char** argv, posix::MakeRuntime make, App& app);

}  // namespace pounce::inline v0::program
