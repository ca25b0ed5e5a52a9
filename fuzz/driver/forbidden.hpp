// What the sandbox and the functions that pure code may not call agree upon.
#pragma once

namespace pounce::sandbox {

// The pipe to the parent while this process is confined; -1 otherwise, and then the functions of
// forbidden.cpp do what the C library's would.
extern int confined_pipe;

// Tells the parent what was asked for and ends the process.
[[noreturn]] void refuse(const char* what);

}  // namespace pounce::sandbox
