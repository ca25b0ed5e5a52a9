#include <pounce/program/run.hpp>

#include "posix/program/descriptors.hpp"
#include "posix/program/target.hpp"
#include "posix/program/tls_files.hpp"

#include <pounce/posix/clock.hpp>
#include <pounce/posix/log.hpp>
#include <pounce/program/banner.hpp>
#include <pounce/program/load.hpp>
#include <pounce/program/notifier.hpp>
#include <pounce/program/signals.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace pounce::inline v0::program {

namespace {

int leave(Exit exit) { return static_cast<int>(exit); }

int complain(const std::string& program, const std::string& problem, Exit exit) {
  print(STDERR_FILENO, program + ": error: " + problem + "\n");
  return leave(exit);
}

// Runs a hook; an exception becomes a line.
template <class Hook>
std::string failure_of(const char* name, Hook hook) {
  try {
    hook();
    return {};
  } catch (const std::exception& error) {
    return std::string{name} + ": " + error.what();
  } catch (...) {
    return std::string{name} + ": threw something that is not a std::exception";
  }
}

// Each connection takes a descriptor, and workers, listeners and the application some more; `files` are kept open. With fewer the server lives, but not well.
void provide_descriptors(const config::Config& config, std::size_t files, const std::string& program) {
  constexpr std::size_t besides = 256;
  const std::size_t allowed = allow_descriptors(config.max_connections + besides + files);
  if (allowed > config.max_connections) return;
  print(STDERR_FILENO, program + ": warning: " + std::to_string(allowed) +
                           " descriptors are allowed (ulimit -n), too few for " +
                           std::to_string(config.max_connections) + " connections (--max-connections)\n");
}

// What a configuration names and can be looked at before anything starts.
struct NamedFiles final : FileCheck {
  void check(const config::Config& config, std::vector<config::Problem>& problems,
             std::vector<config::Problem>& warnings) override {
    tls = TlsFiles::open(config, problems, warnings);
  }
  Owned<TlsFiles> tls;
};

// Until every worker has ended: one signal drains, the deadline or a second signal cuts.
void supervise(posix::Runtime& runtime, Signals& signals, Notifier& notifier, TlsFiles* tls,
               const config::Config& config, const App& app, const std::string& program, Style style) {
  bool draining = false;
  Instant cut_at = never;
  while (true) {
    std::array<pollfd, 2> waits{{{signals.descriptor(), POLLIN, 0}, {runtime.finished_descriptor(), POLLIN, 0}}};
    int timeout = -1;
    const Instant next = std::min({cut_at, notifier.next(), tls != nullptr ? tls->next() : never});
    if (next != never) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - posix::monotonic_now());
      timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
    }
    (void)::poll(waits.data(), waits.size(), timeout);
    if ((waits[1].revents & POLLIN) != 0) return;
    notifier.tend(posix::monotonic_now());
    bool cut = cut_at != never && posix::monotonic_now() >= cut_at;
    if (tls != nullptr && tls->tend(posix::monotonic_now())) print(STDERR_FILENO, tls->reload());
    for (Signal signal = signals.next(); signal != Signal::none; signal = signals.next()) {
      if (signal == Signal::reload) {
        if (tls != nullptr) print(STDERR_FILENO, tls->reload());
        continue;
      }
      if (std::exchange(draining, true)) {
        cut = true;
        continue;
      }
      cut_at = after(posix::monotonic_now(), config.shutdown_timeout);
      notifier.stopping("draining " + std::to_string(runtime.connections()) + " connections",
                        config.shutdown_timeout + std::chrono::seconds{5});
      print(STDERR_FILENO, drain_text(config.program, runtime.connections(), config.shutdown_timeout, style));
      if (const std::string error = failure_of("on_drain", [&] { app.drain(); }); !error.empty()) {
        print(STDERR_FILENO, program + ": error: " + error + "\n");
      }
      runtime.drain();
    }
    if (cut) {
      cut_at = never;
      runtime.cut();
    }
  }
}

std::string places_of(const std::vector<config::BindAddress>& addresses) {
  std::string text;
  for (const config::BindAddress& address : addresses) text.append(text.empty() ? "" : ", ").append(address.place());
  return text;
}

int serve(const config::Config& config, const Target& target, posix::MakeRuntime make, const std::string& program,
          TlsFiles* tls) {
  const App& app = target.app();
  Signals signals{tls != nullptr};
  provide_descriptors(config, target.most_open_files(), program);
  const Style style = style_of(STDERR_FILENO, environ);
  if (const std::string error = failure_of("on_start", [&] { app.start(); }); !error.empty()) {
    return complain(program, error, Exit::no_start);
  }
  posix::LogCollector log{program, STDERR_FILENO};
  Exit exit = Exit::clean;
  {
    const Owned<posix::Runtime> runtime = make(config, app, &log);
    if (tls != nullptr) runtime->use_filters(tls->filters());
    if (const auto started = runtime->start(); !started) {
      (void)complain(program, started.error(), Exit::no_start);
      (void)failure_of("on_stop", [&] { app.stop(); });
      return leave(Exit::no_start);
    }
    print(STDERR_FILENO,
          start_text(Started{.program = config.program,
                             .version = pounce_version(),
                             .target = config.target ? std::string_view{*config.target} : std::string_view{},
                             .workers = runtime->workers(),
                             .addresses = runtime->addresses()},
                     style));
    if (tls != nullptr && !tls->fingerprint().empty()) {
      print(STDERR_FILENO, program + ": a certificate was made for this run, SHA-256 " + tls->fingerprint() + "\n");
    }
    Notifier notifier;
    notifier.ready(std::to_string(runtime->workers()) +
                   (config.program == config::Program::pounce_async ? " reactors" : " workers") + " on " +
                   places_of(runtime->addresses()));
    supervise(*runtime, signals, notifier, tls, config, app, program, style);
    const posix::Totals totals = runtime->join();
    if (totals.cut != 0) exit = Exit::cut_at_drain;
    print(STDERR_FILENO,
          end_text(Ended{.program = config.program, .requests = totals.requests, .cut = totals.cut}, style));
  }
  if (const std::string error = failure_of("on_stop", [&] { app.stop(); }); !error.empty()) {
    return complain(program, error, exit == Exit::clean ? Exit::failed : exit);
  }
  return leave(exit);
}

int run(config::Program which, int argc, char** argv, posix::MakeRuntime make, App* linked) {
  const std::string program{config::program_name(which)};
  try {
    NamedFiles files;
    const Outcome outcome = load(which, argc, argv, environ, {}, &files);
    print(STDERR_FILENO, outcome.warnings);
    if (outcome.next == Outcome::Next::leave) {
      print(outcome);
      return leave(outcome.exit);
    }
    const config::Config& config = *outcome.config;
    if (linked != nullptr && config.target)
      return complain(program, "TARGET: the application is linked in", Exit::bad_usage);
    const std::expected<Target, std::string> target = Target::open(config, program, linked);
    if (!target) return complain(program, target.error(), Exit::no_start);
    if (outcome.next == Outcome::Next::check) {
      print(outcome);
      return leave(Exit::clean);
    }
    return serve(config, *target, make, program, files.tls.get());
  } catch (const std::exception& error) {
    return complain(program, error.what(), Exit::failed);
  }
}

}  // namespace

int run(config::Program which, int argc, char** argv, posix::MakeRuntime make) {
  return run(which, argc, argv, make, nullptr);
}

int run(config::Program which, int argc, char** argv, posix::MakeRuntime make, App& app) {
  return run(which, argc, argv, make, &app);
}

}  // namespace pounce::inline v0::program
