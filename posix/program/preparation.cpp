#include "posix/program/preparation.hpp"

#include "posix/program/trial.hpp"
#include "posix/program/worker_mode.hpp"

#include <pounce/posix/own_threads.hpp>

#include <unistd.h>

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace pounce::inline v0::program {

Preparation::Preparation(const Invocation& invocation, Lasting& lasting, std::uint64_t number,
                         const Generation::Before& before)
    : invocation_(invocation), lasting_(lasting), number_(number), before_(before), thread_([this] {
        const posix::OwnThread own;
        result_.emplace(make());
        done_.notify();
      }) {}

Preparation::~Preparation() {
  if (thread_.joinable()) thread_.join();
}

Preparation::Result Preparation::take() {
  if (thread_.joinable()) thread_.join();
  return std::move(*result_);
}

Preparation::Result Preparation::make() const {
  try {
    if (auto passed = pass_trial(invocation_, abandoned_.descriptor()); !passed)
      return std::unexpected(std::move(passed.error()));
    auto read = Generation::read(invocation_, before_);
    if (!read) return std::unexpected(std::move(read.error()));
    print(STDERR_FILENO, read->outcome.warnings);
    if (read->outcome.next == Outcome::Next::leave) {
      return std::unexpected(Refused{read->outcome.exit, std::move(read->outcome.text)});
    }
    if (wants_processes(*read->outcome.config, *read->target)) {
      speech_of(*read->outcome.config)
          .remark("warning", "workers stay threads until the program is started again (--worker-mode)");
    }
    std::optional<Generation::Share> share;
    if (lasting_.workers) {
      share.emplace(*read->outcome.config);
      share->config.workers = lasting_.workers;
    }
    auto generation = make_owned<Generation>(invocation_, lasting_, std::move(*read), number_, std::move(share));
    if (auto prepared = generation->prepare(); !prepared) return std::unexpected(std::move(prepared.error()));
    return generation;
  } catch (const std::exception& error) {
    return std::unexpected(Refused{
        Exit::failed, std::string{config::program_name(invocation_.program)} + ": error: " + error.what() + "\n"});
  }
}

}  // namespace pounce::inline v0::program
