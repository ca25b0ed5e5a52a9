// Runs a piece of code in a child process that may do nothing but compute.
//
// What it is: the proof, at run time, that the pure layers are pure. The child may use memory it
// has or asks the kernel for, write to one pipe, and exit. Any other system call ends it (seccomp
// filter, Linux). The clock is read without a system call on most machines, and the environment
// always, so clock_gettime, time, gettimeofday, getenv, getrandom and their relatives are defined
// by forbidden.cpp and end the child as well.
//
// What it is not: a defence. It is a test instrument; it trusts the code not to attack it.
//
// Limits: where the kernel denies the filter, and under sanitizers (whose runtime needs the
// system), the code runs unconfined and the report says so.
#pragma once

#include <string>

namespace pounce::sandbox {

enum class Outcome {
  clean,       // the body returned true
  failed,      // the body returned false, crashed or was killed
  forbidden,   // it asked for something that pure code may not have
  unconfined,  // it returned true, but no filter could be set
};

struct Report {
  Outcome outcome;
  std::string text;  // one line for people: what was asked for, at which step
};

// Calls body(state) in a confined child and waits for it. Everything the body needs must be in
// memory before. What it writes to standard error is
// lost: it counts as forbidden, as any output would.
Report run(bool (*body)(void* state), void* state);

// For the body: names the step it is at, so that a report can say where it ended.
void step(unsigned number);

}  // namespace pounce::sandbox
