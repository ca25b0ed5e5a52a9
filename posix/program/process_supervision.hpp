// ProcessSupervision: a supervisor of worker processes, from the first crew that serves to the end of the last. It serves nobody itself, and
// has one thread.
//
// A worker that dies is started again, after a wait that grows (RestartBudget); when it happens too often the program drains and ends with
// exit code 1. SIGHUP reloads: a second crew prepares, serves, and the one before retires; whatever fails, the one that serves
// goes on. SIGTTIN and SIGTTOU: one worker more, one less. SIGTERM or SIGINT drains all; the deadline or a second signal cuts.
// Limits: `most_draining` crews beside the one that serves, `most_workers` processes in one; a worker that was cut has five seconds to end.
// Threads: the main thread's, and there must be no other. Borrows everything.
#pragma once

#include "posix/program/board.hpp"
#include "posix/program/crew.hpp"
#include "posix/program/drain_clock.hpp"
#include "posix/program/restart_budget.hpp"
#include "posix/program/trial.hpp"
#include "posix/program/watch.hpp"

#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>
#include <pounce/program/notifier.hpp>
#include <pounce/program/signals.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pounce::inline v0::program {

class ProcessSupervision {
 public:
  static constexpr std::size_t most_draining = 4;
  static constexpr std::size_t most_workers = 1024;

  ProcessSupervision(const Invocation& invocation, Lasting& lasting, Board& board, Signals& signals);

  // Until everything has ended. `first` is to be served.
  [[nodiscard]] Exit run(Generation::Read first);

 private:
  // A member of the crew that serves is to be started again.
  struct Restart {
    std::size_t index;
    Instant at;
  };

  [[nodiscard]] bool turn();
  void wait();
  void tend(Instant now);
  void take_signals(Instant now);
  void act(events::Action action);
  void tell_board();

  // members
  void start(Crew& crew, std::size_t index, Instant now);
  void hear();
  void replace_leavers(Instant now);
  void replace(const Member& member, Instant now);
  void reap(Instant now);
  void bury(Crew& crew, Owned<Member> member, int status, Instant now);
  void has_died(const Member& member, int status, Instant now);
  void tend_members(Instant now);
  void add_one(Instant now);
  void remove_one(Instant now);
  void dismiss_one(Instant now);

  // the crew that begins
  void begin(Generation::Read read, std::uint64_t number, Instant now);
  void tend_next(Instant now);
  void give_up_next(Instant now);
  void serve_next(Instant now);
  void tend_announcement(Instant now);
  void announce();

  // reload
  void begin_reload();
  void finish_trial(Instant now);
  void keep_current(const std::string& lines);
  void retire_finished();

  // the end
  void begin_drain(Instant now);
  void stop_accepting(Instant now);
  void cut(Instant now);
  [[nodiscard]] Exit finish();

  [[nodiscard]] const Speech& speech() const;
  [[nodiscard]] events::WorkerId free_ids(std::uint32_t count);
  template <class Do>
  void each_crew(Do act) {
    if (current_) act(*current_);
    if (next_) act(*next_);
    for (const auto& crew : draining_) act(*crew);
  }

  const Invocation& invocation_;
  Lasting& lasting_;
  Board& board_;
  Signals& signals_;
  Notifier notifier_;
  RestartBudget budget_{1};
  Owned<Crew> current_;             // null until the first one serves
  Owned<Crew> next_;                // it begins …
  std::optional<Refused> failure_;  // … and this is why it does not
  std::vector<Owned<Crew>> draining_;
  std::optional<Watch> watch_;
  std::optional<Trial> trial_;
  Instant announce_by_ = never;  // that the current crew serves
  std::vector<Restart> restarts_;
  DrainClock drain_;
  Instant accept_until_ = never;  // of a drain that has begun
  bool stopped_accepting_ = false;
  bool reload_wanted_ = false;
  bool told_of_waiting_ = false;
  bool told_of_threads_ = false;
  std::uint64_t forked_ = 0;  // processes, ever
  std::uint64_t reloaded_ = 0;
  std::uint64_t refused_ = 0;
  posix::Totals ended_;           // of crews that are gone
  std::uint64_t cut_before_ = 0;  // connections, … by their own deadline
  bool stop_failed_ = false;      // a stop hook
  bool died_leaving_ = false;     // a worker, in the drain of the program
  bool left_behind_ = false;      // somebody who went on when the program had to end
  std::optional<Exit> verdict_;   // once it is clear
};

}  // namespace pounce::inline v0::program
