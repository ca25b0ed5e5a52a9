// What it is: SIGTERM, SIGINT, SIGUSR1 and, where wanted, SIGHUP as something to wait for beside sockets: a readable descriptor and
// next(). SIGPIPE is ignored meanwhile, for a peer that has gone shows as a failed write.
// What it is not: a policy. First drain, second cut is for the program to say, and that SIGUSR1 opens logs anew. SIGHUP is left
// alone where there is nothing to read again, so that nohup works.
// Ownership: one object per process, made in main before any thread starts (threads inherit the
// blocked signals) and gone after the last has ended; SIGPIPE is restored then, the three
// stay blocked, so that a late one does not kill a process that has said that it ended well.
// Errors: a constructor that cannot get its descriptor throws std::system_error.
#pragma once

#include <csignal>
#include <cstdint>

namespace pounce::inline v0::program {

enum class Signal : std::uint8_t { none, terminate, interrupt, reload, reopen };

class Signals {
 public:
  // `reload`: SIGHUP is one of them.
  explicit Signals(bool reload = false);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Readable when a signal waits. Non-blocking, closed on exec.
  [[nodiscard]] int descriptor() const noexcept { return read_end_; }

  /// The next signal, or none. Never waits.
  [[nodiscard]] Signal next() noexcept;

 private:
  int read_end_ = -1;
  int write_end_ = -1;  // of the pipe, where there is no signalfd
  struct sigaction old_pipe_{};
  struct sigaction old_term_{};
  struct sigaction old_int_{};
  struct sigaction old_usr1_{};
  struct sigaction old_hangup_{};
  bool reload_ = false;
};

}  // namespace pounce::inline v0::program
