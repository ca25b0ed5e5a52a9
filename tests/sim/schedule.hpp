// Schedule: threads of which exactly one runs at a time, and a clock that moves only when none of them can.
//
// A thread that starts while a Schedule is alive belongs to it. It runs until it would block in the kernel, on a mutex, on a condition
// variable or in a join, or until the dice let another one go first. Then the one that set the simulation up (the conductor) chooses
// the next among those that can run. So each interleaving follows from the seed, and what is a race in the world is a choice here.
// When none can run, time jumps to what comes next: the end of a wait, or an event of the network.
// Limits: a run that makes no headway ends the process with a line that says why.
// Threads: the conductor is the one that made it; it may call whatever the others may: a wait of its own lets the others run.
#pragma once

#include <pounce/core/time.hpp>

#include "tests/sim/dice.hpp"

#include <semaphore.h>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pounce::sim {

class Schedule {
 public:
  using Ready = std::function<bool()>;

  // `switches`: one call in so many lets another thread go first; 0: none. `look`: what a look at the clock costs at most.
  Schedule(Dice& dice, std::uint64_t switches, Duration look);
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;
  ~Schedule();

  // The one that is alive, or null: then calls go to the real kernel.
  [[nodiscard]] static Schedule* current() noexcept;

  // --- time ---
  [[nodiscard]] Instant now() const noexcept { return now_; }
  // The same, as a program reads it: time passes meanwhile.
  Instant look();
  void at(Instant when, std::function<void()> event);
  // A delivery is an event that `settle` waits for.
  void deliver(Instant when, std::function<void()> event);

  // --- for any thread ---
  // Until `ready()` or `until`; true: it is.
  bool wait(const Ready& ready, Instant until);
  // A place where another thread may go first.
  void pass();
  void lock(const void* mutex);
  void unlock(const void* mutex);
  void wait_condition(const void* condition, const void* mutex);
  void notify(const void* condition, bool all);

  // --- threads ---
  struct Thread;
  // In the thread that starts another one; then in that one, first and last.
  [[nodiscard]] Thread* hire();
  [[nodiscard]] std::size_t count() const noexcept { return threads_.size(); }
  void begin(Thread* thread);
  void end();
  // Which of its threads is running; its threads count from 1, 0 is the conductor.
  [[nodiscard]] static std::size_t self() noexcept;
  [[nodiscard]] bool has_ended(std::size_t thread) const;

  // --- for the conductor ---
  // Until no thread can run and nothing is on its way in the network, or `patience` is over.
  void settle(Duration patience);
  void sleep(Duration duration);
  // Time passes while nothing runs, as when a machine was suspended: whatever was due meanwhile is late.
  void leap(Duration duration);

  // Said in front of whatever ends the process: which run this is.
  std::string story;
  [[noreturn]] void give_up(const std::string& why) const;

 private:
  struct Event {
    std::function<void()> what;
    bool delivery;
  };
  struct Sleeper {
    const void* condition;
    std::shared_ptr<bool> notified;
  };

  // Lets one thread run until it waits, or time go on; false: nothing will happen before `until`.
  bool go_on(Instant until, bool only_settle = false);
  void advance(Instant to);
  void run_due();
  void resume(Thread& thread);
  void count_call();

  Dice& dice_;
  std::uint64_t switches_;
  Duration look_;
  Instant now_;
  std::multimap<Instant, Event> events_;
  std::size_t deliveries_ = 0;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::map<const void*, std::size_t> owners_;  // of locked mutexes
  std::vector<Sleeper> sleepers_;
  sem_t conductor_;
  std::uint64_t calls_ = 0;       // in all
  std::uint64_t idle_calls_ = 0;  // since time moved
};

}  // namespace pounce::sim
