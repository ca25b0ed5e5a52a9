#include "posix/program/speech.hpp"

#include "posix/program/waits.hpp"

#include <pounce/posix/clock.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

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

void Speech::retired(std::uint64_t generation, const posix::Totals& totals) const {
  std::string text = generation_text(generation) + " has ended: " + counted(totals.requests, "request");
  if (totals.cut.connections != 0) text.append(", ").append(cut_text(totals.cut)).append(" cut");
  remark("notice", text);
}

void Speech::remark(std::string_view level, std::string_view text) const {
  print(STDERR_FILENO,
        remark_text(Remark{.program = config_.program, .level = level, .text = text, .at = posix::wall_now()}, style_));
}

void Speech::pass_on(std::string_view lines) const {
  if (!style_.json) return print(STDERR_FILENO, lines);
  constexpr std::array<std::string_view, 3> levels{"error: ", "warning: ", "notice: "};
  const std::string name = std::string{config::program_name(config_.program)}.append(": ");
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    if (line.starts_with(R"({"time":")") && line.ends_with('}')) {
      print(STDERR_FILENO, std::string{line}.append("\n"));
      continue;
    }
    std::string_view level = levels[0];
    if (line.starts_with(name)) line.remove_prefix(name.size());
    for (const std::string_view one : levels) {
      if (!line.starts_with(one)) continue;
      level = one;
      line.remove_prefix(one.size());
      break;
    }
    if (!line.empty()) remark(level.substr(0, level.size() - 2), line);
  }
}

}  // namespace pounce::inline v0::program
