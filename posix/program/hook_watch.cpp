#include "posix/program/hook_watch.hpp"

#include "posix/program/waits.hpp"

#include <pounce/config/value.hpp>
#include <pounce/posix/clock.hpp>
#include <pounce/posix/own_threads.hpp>
#include <pounce/program/load.hpp>

#include <poll.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace pounce::inline v0::program {

void leave_behind(const Speech& speech, const std::string& what) {
  speech.remark("error", what + " has not returned: the program ends without it");
  ::_exit(static_cast<int>(Exit::cut_at_drain));
}

HookWatch::HookWatch(Signals& signals, const Speech& speech, std::string hook, Duration patience, Instant until)
    : signals_(signals), speech_(speech), hook_(std::move(hook)), patience_(patience), until_(until), thread_([this] {
        const posix::OwnThread own;
        run();
      }) {}

bool HookWatch::end() {
  if (thread_.joinable()) {
    returned_.notify();
    thread_.join();
    for (const Signal other : others_) Signals::put_back(other);
  }
  return told_;
}

void HookWatch::run() {
  while (true) {
    std::array<pollfd, 2> waits{{{returned_.descriptor(), POLLIN, 0}, {signals_.descriptor(), POLLIN, 0}}};
    (void)::poll(waits.data(), waits.size(), milliseconds_until(until_));
    if (waits[0].revents != 0) return;
    take_signals();
    if (until_ <= posix::monotonic_now()) leave_behind(speech_, hook_);
  }
}

void HookWatch::take_signals() {
  for (Signal signal = signals_.next(); signal != Signal::none; signal = signals_.next()) {
    const bool ends = signal == Signal::terminate || signal == Signal::interrupt ||
                      (signal == Signal::reload && has_lost_its_terminal());
    if (!ends) {
      others_.push_back(signal);
    } else if (until_ != never) {
      leave_behind(speech_, hook_);
    } else {
      told_ = true;
      until_ = after(posix::monotonic_now(), patience_);
      speech_.remark("notice", hook_ + " runs: the program ends when it has returned, in " +
                                   config::duration_text(patience_) + " at the latest");
    }
  }
}

}  // namespace pounce::inline v0::program
