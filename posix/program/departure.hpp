// Departure: how a generation ends, in a process of its own or beside others: its drain hooks, its workers, its stop hooks, one after the other.
//
// Hooks run on a thread of their own: who sees to signals, other generations and the watchdog goes on with that, whether they return or not.
// Threads: the main thread's, but for the hooks.
#pragma once

#include "posix/program/generation.hpp"

#include <pounce/posix/wake_descriptor.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace pounce::inline v0::program {

class Departure {
 public:
  // Begins with the drain hooks. Borrows both; notifies `returned` when hooks have. It throws nothing: without a thread the hooks
  // run at once, on this one.
  Departure(Generation& generation, posix::WakeDescriptor& returned) noexcept;
  Departure(const Departure&) = delete;
  Departure& operator=(const Departure&) = delete;
  // Waits for hooks that run.
  ~Departure();

  // Readable when its workers have ended; -1: that is not what it waits for.
  [[nodiscard]] int descriptor() const noexcept;
  // Goes on with what has come. True: all has.
  [[nodiscard]] bool tend();
  // What has not returned, for who waits.
  [[nodiscard]] std::string obstacle() const;

  // Once it is over: of its workers, and what the stop hooks threw; empty: nothing.
  [[nodiscard]] const posix::Totals& totals() const noexcept { return totals_; }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  enum class Stage : std::uint8_t { telling, leaving, stopping, over };

  template <class Hooks>
  void run(Hooks hooks) noexcept;
  // Of hooks that have returned.
  void join();

  Generation& generation_;
  posix::WakeDescriptor& returned_;
  Stage stage_ = Stage::telling;
  posix::Totals totals_;
  std::string error_;  // the thread's until it has returned
  std::atomic<bool> have_returned_ = false;
  std::thread thread_;
};

}  // namespace pounce::inline v0::program
