// WorkerProcess: the life of a process that serves for a supervisor, from the fork to its exit code: the same generation that serves in a
// program of threads, with one worker, moved on by what the supervisor says.
//
// Terminals and managers signal whole groups of processes. So SIGINT and SIGHUP are the supervisor's alone, and SIGTERM retires this one:
// it ends when it has served what it has, at `--shutdown-timeout` at the latest. When the supervisor has died, the same happens.
// Threads: the main thread's. Borrows everything.
#pragma once

#include "posix/program/board.hpp"
#include "posix/program/channel.hpp"
#include "posix/program/departure.hpp"
#include "posix/program/generation.hpp"

#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>
#include <pounce/program/signals.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace pounce::inline v0::program {

class WorkerProcess {
 public:
  // How often it tells the others of itself.
  static constexpr Duration publish_every = std::chrono::seconds{1};

  struct Place {
    std::uint64_t generation;
    Generation::Share share;
    events::WorkerId first_id;
    std::uint64_t number;  // of this process, among all that were ever forked
  };

  WorkerProcess(const Invocation& invocation, Lasting& lasting, const Channel& channel, Generation::Read read,
                Place place);

  [[nodiscard]] Exit run();

 private:
  [[nodiscard]] Exit refuse(const Refused& refused);
  [[nodiscard]] bool await_go();
  void turn(Instant& publish_at);
  void take_signals(Instant now);
  void obey(const Channel::Message& message, Instant now);
  void tell_drain();
  void retire(Instant now);
  void stop_accepting(Drain drain);
  void say_closed();
  void publish();
  [[nodiscard]] Exit finish();

  const Invocation& invocation_;
  Lasting& lasting_;
  const Channel& channel_;
  pid_t supervisor_;
  events::WorkerId first_id_;
  Signals signals_;
  Owned<Generation> generation_;
  posix::WakeDescriptor hooks_returned_;
  Owned<Departure> departure_;  // null: no drain has begun
  Instant cut_at_ = never;
  Instant give_up_at_ = never;  // of a worker on its own: who has been cut has not returned
  bool stopping_ = false;       // it is to accept no more
  bool closed_ = false;         // it accepts no more
  bool orphaned_ = false;
};

// In a process that was forked a moment ago: signals and limits are a worker's, and nothing of the supervisor's is held.
void become_worker(pid_t supervisor, Lasting& lasting) noexcept;

}  // namespace pounce::inline v0::program
