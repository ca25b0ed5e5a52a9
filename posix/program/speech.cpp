#include "posix/program/speech.hpp"

#include <pounce/posix/clock.hpp>

#include <unistd.h>

namespace pounce::inline v0::program {

void Speech::serving(const Serving& now) const {
  print(STDERR_FILENO,
        start_text(Started{.program = config_.program,
                           .version = pounce_version(),
                           .generation = now.generation,
                           .target = config_.target ? std::string_view{*config_.target} : std::string_view{},
                           .workers = now.workers,
                           .processes = now.processes,
                           .addresses = now.addresses,
                           .admin = now.admin,
                           .at = posix::wall_now()},
                   style_));
}

void Speech::draining(std::size_t connections, Duration left, bool first) const {
  print(STDERR_FILENO, drain_text(Draining{.program = config_.program,
                                           .connections = connections,
                                           .left = left,
                                           .first = first,
                                           .at = posix::wall_now()},
                                  style_));
}

void Speech::stopped(const posix::Totals& totals) const {
  print(STDERR_FILENO,
        end_text(
            Ended{.program = config_.program, .requests = totals.requests, .cut = totals.cut, .at = posix::wall_now()},
            style_));
}

void Speech::remark(std::string_view level, std::string_view text) const {
  print(STDERR_FILENO,
        remark_text(Remark{.program = config_.program, .level = level, .text = text, .at = posix::wall_now()}, style_));
}

}  // namespace pounce::inline v0::program
