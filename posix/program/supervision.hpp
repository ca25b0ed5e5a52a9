// Supervision: from the first generation that serves to the end of the last.
//
// SIGTTIN and SIGTTOU reload, with one worker more or less. SIGHUP reloads: the next generation is prepared, starts, and the one before it drains; whatever fails, the one that serves goes on.
// Signals that come meanwhile are one more reload behind it. SIGTERM or SIGINT drains all; the deadline or a second signal cuts, and
// who has not returned `most_dying` later, a hook or a handler, is left behind.
// Limits: `most_draining` generations at a time; a further reload waits for one of them to end.
// Threads: the main thread's. Borrows everything.
#pragma once

#include "posix/program/departure.hpp"
#include "posix/program/drain_clock.hpp"
#include "posix/program/generation.hpp"
#include "posix/program/lasting.hpp"
#include "posix/program/preparation.hpp"
#include "posix/program/watch.hpp"

#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>
#include <pounce/posix/wake_descriptor.hpp>
#include <pounce/program/notifier.hpp>
#include <pounce/program/signals.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pounce::inline v0::program {

class Supervision {
 public:
  static constexpr std::size_t most_draining = 4;
  static constexpr unsigned most_workers = 1024;

  // `first` is prepared.
  Supervision(const Invocation& invocation, Lasting& lasting, Signals& signals, Owned<Generation> first)
      : invocation_(invocation),
        lasting_(lasting),
        signals_(signals),
        current_(std::move(first)),
        watch_(current_->config()) {}

  // Until everything has ended.
  [[nodiscard]] Exit run();
  // Instead, where somebody has told the program to end before it served.
  [[nodiscard]] static Exit end_unserved(Lasting& lasting, Signals& signals, Generation& first);

 private:
  struct Draining {
    Owned<Generation> generation;
    Owned<Departure> departure;
    Instant cut_at = never;
    Instant late_at = never;  // then somebody is told of what has not returned
  };

  [[nodiscard]] bool turn();
  void wait();
  void tend(Instant now);
  void take_signals(Instant now);
  void begin_drain(Instant now);
  void stop_accepting();
  void cut();
  // There is somebody to wait for still.
  [[noreturn]] void give_up(bool current_is_over);

  void want_reload();
  void want_workers(int more);
  void begin_reload();
  void finish_preparation(Instant now);
  void replace(Owned<Generation> next, Instant now);
  // Its start hooks have run. Whether its stop hooks have done well; they may take until then.
  static bool end_unserved(Signals& signals, Generation& one, Instant until);
  void keep_current(const std::string& lines);
  void read_certificates_again();
  void retire_finished();
  void close_logs();
  static void give_memory_back() noexcept;
  [[nodiscard]] events::WorkerId free_ids(std::uint32_t count) const;
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] Exit finish();

  const Invocation& invocation_;
  Lasting& lasting_;
  Signals& signals_;
  Notifier notifier_;
  posix::WakeDescriptor hooks_returned_;
  Owned<Generation> current_;
  Owned<Departure> departure_;  // its; null: no drain has begun
  Watch watch_;
  std::vector<Draining> draining_;
  Owned<Preparation> preparation_;
  Instant preparation_late_at_ = never;
  DrainClock drain_;
  Instant accept_until_ = never;  // of a drain that has begun
  Instant give_up_at_ = never;    // … and was cut
  bool reload_wanted_ = false;
  bool told_of_waiting_ = false;
  posix::Totals ended_;           // of generations that are gone
  std::uint64_t cut_before_ = 0;  // connections, … by their own deadline
};

}  // namespace pounce::inline v0::program
