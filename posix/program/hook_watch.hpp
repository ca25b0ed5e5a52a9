// HookWatch: while the main thread is within a hook of a generation that does not serve yet, a thread of this one's looks at signals for
// it: who wants the program to end gets that, whether the hook returns or not.
//
// SIGTERM or SIGINT: the hook may take `patience` from then on; then, or at a second signal, the process ends as it stands, with
// Exit::cut_at_drain. Whatever else is signalled waits for the main thread.
// Threads: one of its own while it lives; it touches `signals`, and the main thread does not.
#pragma once

#include "posix/program/speech.hpp"

#include <pounce/core/time.hpp>
#include <pounce/posix/wake_descriptor.hpp>
#include <pounce/program/signals.hpp>

#include <string>
#include <thread>
#include <vector>

namespace pounce::inline v0::program {

class HookWatch {
 public:
  // Borrows both. `hook`: its name, for who is told. `until`: of a program that has been told to end already. Throws std::system_error
  // without a thread or descriptors.
  HookWatch(Signals& signals, const Speech& speech, std::string hook, Duration patience, Instant until = never);
  HookWatch(const HookWatch&) = delete;
  HookWatch& operator=(const HookWatch&) = delete;
  ~HookWatch() { (void)end(); }

  // The hook has returned. Whether the program was told to end meanwhile, and not before.
  [[nodiscard]] bool end();

 private:
  void run();
  void take_signals();

  Signals& signals_;
  const Speech& speech_;
  std::string hook_;
  Duration patience_;
  Instant until_;               // never: not told to end
  bool told_ = false;           // meanwhile
  std::vector<Signal> others_;  // they are for the main thread
  posix::WakeDescriptor returned_;
  std::thread thread_;
};

// Ends the process as it stands: what runs in it does not return, and cannot be waited for. `what` has not returned.
[[noreturn]] void leave_behind(const Speech& speech, const std::string& what);

}  // namespace pounce::inline v0::program
