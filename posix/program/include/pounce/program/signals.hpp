// What it is: SIGTERM, SIGINT, SIGUSR1 and, where wanted, SIGHUP and others as something to wait for beside sockets: a readable descriptor and
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

enum class Signal : std::uint8_t { none, terminate, interrupt, reload, reopen, more, fewer, child };

class Signals {
 public:
  // Which signals beside SIGTERM, SIGINT and SIGUSR1.
  struct Wanted {
    bool reload = false;    // SIGHUP
    bool workers = false;   // SIGTTIN, SIGTTOU
    bool children = false;  // SIGCHLD
  };
  explicit Signals(Wanted wanted);
  Signals() : Signals(Wanted{}) {}
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Readable when a signal waits. Non-blocking, closed on exec.
  [[nodiscard]] int descriptor() const noexcept { return read_end_; }

  /// The next signal, or none. Never waits.
  [[nodiscard]] Signal next() noexcept;

  /// `signal`, which was taken, is for somebody who looks later.
  static void put_back(Signal signal) noexcept;

 private:
  int read_end_ = -1;
  int write_end_ = -1;  // of the pipe, where there is no signalfd
  struct sigaction old_pipe_{};
  struct sigaction old_term_{};
  struct sigaction old_int_{};
  struct sigaction old_usr1_{};
  struct sigaction old_hangup_{};
  Wanted wanted_;
#ifndef __linux__
  struct sigaction old_more_{};
  struct sigaction old_fewer_{};
  struct sigaction old_child_{};
#endif
};

}  // namespace pounce::inline v0::program
