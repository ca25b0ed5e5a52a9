// Preparation: the next generation, read and prepared on a thread of its own, so that the main thread goes on with signals and the
// watchdog while a module is loaded and start hooks run.
#pragma once

#include "posix/program/generation.hpp"

#include <pounce/core/owned.hpp>
#include <pounce/posix/wake_descriptor.hpp>

#include <atomic>
#include <expected>
#include <optional>
#include <thread>

namespace pounce::inline v0::program {

class Preparation {
 public:
  using Result = std::expected<Owned<Generation>, Refused>;

  // Borrows everything.
  Preparation(const Invocation& invocation, Lasting& lasting, std::uint64_t number, const Generation::Before& before);
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;
  // Waits for the thread.
  ~Preparation();

  // Readable when the result is there.
  [[nodiscard]] int descriptor() const noexcept { return done_.descriptor(); }
  // Nobody needs it any more. A trial that is under way ends; a start hook has to return.
  void abandon() noexcept { abandoned_.notify(); }
  // Once; waits for it.
  [[nodiscard]] Result take();

 private:
  [[nodiscard]] Result make() const;

  const Invocation& invocation_;
  Lasting& lasting_;
  std::uint64_t number_;
  Generation::Before before_;
  std::optional<Result> result_;
  posix::WakeDescriptor done_;
  posix::WakeDescriptor abandoned_;
  std::thread thread_;
};

}  // namespace pounce::inline v0::program
