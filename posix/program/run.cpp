#include <pounce/program/run.hpp>

#include "posix/program/descriptors.hpp"
#include "posix/program/life.hpp"
#include "posix/program/observation.hpp"
#include "posix/program/operator_pages.hpp"
#include "posix/program/target.hpp"
#include "posix/program/tls_files.hpp"

#include <pounce/posix/clock.hpp>
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
#include <span>
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

// What the program says of itself, on standard error: each line a rendering of the server's state, or a remark.
class Speech {
 public:
  Speech(const config::Config& config, Style style) noexcept : config_(config), style_(style) {}

  void serving(const posix::Runtime& runtime, std::span<const config::BindAddress> admin) const {
    say(start_text(Started{.program = config_.program,
                           .version = pounce_version(),
                           .target = config_.target ? std::string_view{*config_.target} : std::string_view{},
                           .workers = runtime.workers(),
                           .addresses = runtime.addresses(),
                           .admin = admin,
                           .at = posix::wall_now()},
                   style_));
  }
  void draining(std::size_t connections, Duration left, bool first) const {
    say(drain_text(Draining{.program = config_.program,
                            .connections = connections,
                            .left = left,
                            .first = first,
                            .at = posix::wall_now()},
                   style_));
  }
  void stopped(const posix::Totals& totals) const {
    say(end_text(
        Ended{.program = config_.program, .requests = totals.requests, .cut = totals.cut, .at = posix::wall_now()},
        style_));
  }
  void remark(std::string_view level, std::string_view text) const {
    say(remark_text(Remark{.program = config_.program, .level = level, .text = text, .at = posix::wall_now()}, style_));
  }
  int complain(std::string_view problem, Exit exit) const {
    remark("error", problem);
    return leave(exit);
  }

 private:
  static void say(const std::string& text) { print(STDERR_FILENO, text); }

  const config::Config& config_;
  Style style_;
};

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
void provide_descriptors(const config::Config& config, std::size_t files, const Speech& speech) {
  constexpr std::size_t besides = 256;
  const std::size_t allowed = allow_descriptors(config.max_connections + besides + files);
  if (allowed > config.max_connections) return;
  speech.remark("warning", std::to_string(allowed) + " descriptors are allowed (ulimit -n), too few for " +
                               std::to_string(config.max_connections) + " connections (--max-connections)");
}

// What a configuration names and can be looked at before anything starts.
struct NamedFiles final : FileCheck {
  void check(const config::Config& config, std::vector<config::Problem>& problems,
             std::vector<config::Problem>& warnings) override {
    tls = TlsFiles::open(config, problems, warnings);
  }
  Owned<TlsFiles> tls;
};

// The drain, as the main thread sees it: when it ends, and what is told of it meanwhile.
class Drain {
 public:
  static constexpr Duration tell_every = std::chrono::seconds{1};

  [[nodiscard]] bool begun() const noexcept { return begun_; }
  [[nodiscard]] bool is_over(Instant now) const noexcept { return now >= cut_at_; }
  void begin(Instant now, Duration at_most, std::size_t connections, const Speech& speech) {
    begun_ = true;
    cut_at_ = after(now, at_most);
    tell(now, connections, speech, true);
  }
  // Once.
  void cut() noexcept { cut_at_ = tell_at_ = never; }
  // How many are left, where that has changed and it is time.
  void look(Instant now, std::size_t connections, const Speech& speech) {
    if (now < tell_at_) return;
    if (connections == told_) {
      tell_at_ = after(now, tell_every);
    } else {
      tell(now, connections, speech, false);
    }
  }
  // When to look next.
  [[nodiscard]] Instant next() const noexcept { return std::min(cut_at_, tell_at_); }

 private:
  void tell(Instant now, std::size_t connections, const Speech& speech, bool first) {
    told_ = connections;
    tell_at_ = after(now, tell_every);
    const Duration left = cut_at_ == never ? Duration::zero() : cut_at_ - now;
    speech.draining(connections, first ? left : std::chrono::ceil<std::chrono::seconds>(left), first);
  }

  bool begun_ = false;
  Instant cut_at_ = never;
  Instant tell_at_ = never;
  std::size_t told_ = 0;
};

int milliseconds_until(Instant next) {
  if (next == never) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - posix::monotonic_now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

// What serving takes, from the start hooks to the stop hooks.
struct Stage {
  const config::Config& config;
  const App& app;
  Signals& signals;
  Life& life;
  Observation& observation;
  TlsFiles* tls;  // null: nothing is spoken over TLS
  const Speech& speech;
};

// Certificates are read again, and the server goes on meanwhile.
void read_again(const Stage& stage) {
  if (stage.tls == nullptr) return;
  stage.life.act(events::Action::reload);
  print(STDERR_FILENO, stage.tls->reload());
  stage.life.act(events::Action::reloaded);
}

// Until every worker has ended: one signal drains, the deadline or a second signal cuts.
void supervise(const Stage& stage, posix::Runtime& runtime, Notifier& notifier) {
  const auto& [config, app, signals, life, observation, tls, speech] = stage;
  Drain drain;
  while (true) {
    std::array<pollfd, 2> waits{{{signals.descriptor(), POLLIN, 0}, {runtime.finished_descriptor(), POLLIN, 0}}};
    const Instant next = std::min({drain.next(), notifier.next(), tls != nullptr ? tls->next() : never});
    (void)::poll(waits.data(), waits.size(), milliseconds_until(next));
    if ((waits[1].revents & POLLIN) != 0) return;
    const Instant now = posix::monotonic_now();
    notifier.tend(now);
    if (tls != nullptr && tls->tend(now)) read_again(stage);
    bool cut = drain.is_over(now);
    for (Signal signal = signals.next(); signal != Signal::none; signal = signals.next()) {
      if (signal == Signal::reopen) {
        observation.reopen();
      } else if (signal == Signal::reload) {
        read_again(stage);
      } else if (drain.begun()) {
        cut = true;
      } else {
        life.act(events::Action::drain);
        notifier.stopping("draining " + std::to_string(runtime.connections()) + " connections",
                          config.shutdown_timeout + std::chrono::seconds{5});
        drain.begin(now, config.shutdown_timeout, runtime.connections(), speech);
        if (const std::string error = failure_of("on_drain", [&] { app.drain(); }); !error.empty()) {
          speech.remark("error", error);
        }
        runtime.drain();
      }
    }
    if (cut) {
      drain.cut();
      runtime.cut();
    } else if (drain.begun()) {
      drain.look(now, runtime.connections(), speech);
    }
  }
}

// The door for the operator: a small runtime of its own, so that no crowd at the others, and no busy worker, stands before it. What it
// answers is in no log and no metric. It stays open until the drain has ended.
class AdminDoor {
 public:
  // Borrows `pages`.
  AdminDoor(const config::Config& config, const OperatorPages& pages) : config_(config) {
    config_.bind = config.admin_bind;
    config_.backlog = 64;
    config_.workers = config_.async_workers = 1;
    config_.max_connections = 64;
    config_.rate_limit.reset();
    config_.max_concurrency.reset();
    config_.trusted_proxies.clear();
    pages.add_to(app_, OperatorPages::Which::all);
  }
  AdminDoor(const AdminDoor&) = delete;
  AdminDoor& operator=(const AdminDoor&) = delete;
  ~AdminDoor() { close(); }

  [[nodiscard]] std::expected<void, std::string> open(posix::MakeRuntime make) {
    if (config_.bind.empty()) return {};
    runtime_ = make(config_, app_, nullptr);
    auto started = runtime_->start();
    if (!started) runtime_.reset();
    return started;
  }
  void close() noexcept {
    if (!runtime_) return;
    runtime_->drain();
    runtime_->cut();
    (void)runtime_->join();
    runtime_.reset();
  }
  [[nodiscard]] std::span<const config::BindAddress> addresses() const {
    return runtime_ ? std::span{runtime_->addresses()} : std::span<const config::BindAddress>{};
  }

 private:
  config::Config config_;
  App app_;
  Owned<posix::Runtime> runtime_;
};

// Information about a server helps who attacks it; and a door with nothing behind it is a slip.
void warn_of_doors(const config::Config& config, std::span<const config::BindAddress> addresses, const Speech& speech) {
  if (!config.admin_bind.empty() && !config.health_path && !config.metrics_path && !config.info_path) {
    speech.remark("warning", "--admin-bind has nothing to serve: say --health-path, --metrics-path or --info-path");
  }
  if (!config.info_path || !std::any_of(addresses.begin(), addresses.end(), is_reachable_from_outside)) return;
  speech.remark("warning", "--info-path " + *config.info_path +
                               " can be reached from other machines; --admin-bind 127.0.0.1:PORT keeps it here");
}

std::string places_of(const std::vector<config::BindAddress>& addresses) {
  std::string text;
  for (const config::BindAddress& address : addresses) text.append(text.empty() ? "" : ", ").append(address.place());
  return text;
}

// Between the start hooks and the stop hooks.
Exit serve(const Stage& stage, posix::MakeRuntime make) {
  const auto& [config, app, signals, life, observation, tls, speech] = stage;
  OperatorPages pages{config, life, observation};
  App front;
  pages.add_to(front, config.admin_bind.empty() ? OperatorPages::Which::all : OperatorPages::Which::health);
  const Owned<posix::Runtime> runtime = make(config, app, observation.observer());
  runtime->answer_first(front);
  if (tls != nullptr) runtime->use_filters(tls->filters());
  AdminDoor admin{config, pages};  // gone before the runtime that it tells of
  auto started = admin.open(make);
  if (started) started = runtime->start();
  if (!started) {
    life.act(events::Action::drain);
    speech.remark("error", started.error());
    return Exit::no_start;
  }
  pages.watch(*runtime);
  life.act(events::Action::prepared);
  life.act(events::Action::serve);
  speech.serving(*runtime, admin.addresses());
  warn_of_doors(config, config.admin_bind.empty() ? std::span{runtime->addresses()} : admin.addresses(), speech);
  if (tls != nullptr && !tls->fingerprint().empty()) {
    speech.remark("notice", "a certificate was made for this run, SHA-256 " + tls->fingerprint());
  }
  Notifier notifier;
  notifier.ready(std::to_string(runtime->workers()) +
                 (config.program == config::Program::pounce_async ? " reactors" : " workers") + " on " +
                 places_of(runtime->addresses()));
  supervise(stage, *runtime, notifier);
  const posix::Totals totals = runtime->join();
  life.act(events::Action::stop);
  admin.close();
  speech.stopped(totals);
  return totals.cut != 0 ? Exit::cut_at_drain : Exit::clean;
}

int serve(const config::Config& config, const Target& target, posix::MakeRuntime make, const std::string& program,
          TlsFiles* tls) {
  const App& app = target.app();
  Signals signals{tls != nullptr};
  Life life;
  const Speech speech{config, style_of(STDERR_FILENO, environ, config.log_format)};
  provide_descriptors(config, target.most_open_files(), speech);
  const auto observation = Observation::open(config, program);
  if (!observation) return speech.complain(observation.error(), Exit::no_start);
  life.act(events::Action::start);
  if (const std::string error = failure_of("on_start", [&] { app.start(); }); !error.empty()) {
    return speech.complain(error, Exit::no_start);
  }
  const Exit exit = serve(Stage{config, app, signals, life, **observation, tls, speech}, make);
  if (const std::string error = failure_of("on_stop", [&] { app.stop(); }); !error.empty()) {
    return speech.complain(error, exit == Exit::clean ? Exit::failed : exit);
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
