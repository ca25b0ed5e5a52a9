#include <pounce/program/run.hpp>

#include "posix/program/board.hpp"
#include "posix/program/generation.hpp"
#include "posix/program/hook_watch.hpp"
#include "posix/program/lasting.hpp"
#include "posix/program/process_supervision.hpp"
#include "posix/program/supervision.hpp"
#include "posix/program/worker_mode.hpp"

#include <pounce/program/load.hpp>
#include <pounce/program/signals.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <string>
#include <utility>

namespace pounce::inline v0::program {

namespace {

int leave(Exit exit) { return static_cast<int>(exit); }

int leave(const Refused& refused) {
  print(STDERR_FILENO, refused.lines);
  return leave(refused.exit);
}

int serve(const Invocation& invocation, Generation::Read read) {
  // Before the first thread of ours: it inherits what is blocked. What is linked in has nothing to reload but certificates.
  const bool processes = wants_processes(*read.outcome.config, *read.target);
  Signals signals{
      Signals::Wanted{.reload = invocation.linked == nullptr || read.tls, .workers = true, .children = processes}};
  Lasting lasting;
  if (processes) {
    Board board;
    lasting.board = &board;
    return leave(ProcessSupervision{invocation, lasting, board, signals}.run(std::move(read)));
  }
  auto first = make_owned<Generation>(invocation, lasting, std::move(read), 1);
  lasting.life.act(events::Action::start);
  HookWatch watch{signals, first->speech(), "on_start", first->config().shutdown_timeout};
  auto prepared = first->prepare();
  const bool told_to_end = watch.end();
  if (!prepared) return leave(prepared.error());
  if (told_to_end) return leave(Supervision::end_unserved(lasting, signals, *first));
  return leave(Supervision{invocation, lasting, signals, std::move(first)}.run());
}

// A descriptor that is opened later would take the place of one that is closed, and get what is printed.
void hold_standard_descriptors() {
  for (int one = STDIN_FILENO; one <= STDERR_FILENO; ++one) {
    if (::fcntl(one, F_GETFD) < 0 && errno == EBADF) (void)!::open("/dev/null", O_RDWR);
  }
}

int run(const Invocation& invocation) {
  hold_standard_descriptors();
  try {
    auto read = Generation::read(invocation, {});
    if (!read) return leave(read.error());
    print(STDERR_FILENO, read->outcome.warnings);
    if (read->outcome.next == Outcome::Next::serve) return serve(invocation, std::move(*read));
    print(read->outcome);
    return leave(read->outcome.exit);
  } catch (const std::exception& error) {
    return leave(Refused{Exit::failed,
                         std::string{config::program_name(invocation.program)} + ": error: " + error.what() + "\n"});
  }
}

}  // namespace

int run(config::Program which, int argc, char** argv, posix::MakeRuntime make) {
  return run(Invocation{which, argc, argv, make, nullptr});
}

int run(config::Program which, int argc, char** argv, posix::MakeRuntime make, App& app) {
  return run(Invocation{which, argc, argv, make, &app});
}

}  // namespace pounce::inline v0::program
