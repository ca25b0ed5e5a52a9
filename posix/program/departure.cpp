#include "posix/program/departure.hpp"

#include "posix/program/waits.hpp"

#include <pounce/posix/own_threads.hpp>

#include <exception>

namespace pounce::inline v0::program {

Departure::Departure(Generation& generation, posix::WakeDescriptor& returned) noexcept
    : generation_(generation), returned_(returned) {
  run([this] { generation_.tell_drain(); });
}

Departure::~Departure() { join(); }

template <class Hooks>
void Departure::run(Hooks hooks) noexcept {
  have_returned_.store(false);
  const auto work = [this, hooks] {
    hooks();
    have_returned_.store(true);
    returned_.notify();
  };
  try {
    thread_ = std::thread{[work] {
      const posix::OwnThread own;
      work();
    }};
  } catch (const std::exception&) {  // no thread, or no memory for one
    work();
  }
}

void Departure::join() {
  if (thread_.joinable()) thread_.join();
}

int Departure::descriptor() const noexcept {
  return stage_ == Stage::leaving ? generation_.runtime().finished_descriptor() : -1;
}

bool Departure::tend() {
  switch (stage_) {
    case Stage::telling:
      if (!have_returned_.load()) return false;
      join();
      stage_ = Stage::leaving;
      [[fallthrough]];
    case Stage::leaving:
      if (!is_readable(generation_.runtime().finished_descriptor())) return false;
      totals_ = generation_.join();
      stage_ = Stage::stopping;
      run([this] { error_ = generation_.end(); });
      [[fallthrough]];
    case Stage::stopping:
      if (!have_returned_.load()) return false;
      join();
      stage_ = Stage::over;
      [[fallthrough]];
    case Stage::over: return true;
  }
  return true;
}

std::string Departure::obstacle() const {
  const char* const what = stage_ == Stage::telling ? "on_drain" : stage_ == Stage::leaving ? "a handler" : "on_stop";
  return std::string{what} + " of " + generation_text(generation_.number());
}

}  // namespace pounce::inline v0::program
