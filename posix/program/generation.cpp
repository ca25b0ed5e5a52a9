#include "posix/program/generation.hpp"

#include "posix/program/descriptors.hpp"
#include "posix/program/served_files.hpp"
#include "posix/program/worker_mode.hpp"

#include <pounce/posix/advice.hpp>
#include <pounce/posix/clock.hpp>
#include <pounce/posix/line_writer.hpp>

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

namespace pounce::inline v0::program {

namespace {

// A message of somebody else's, in one line.
std::string one_line(std::string_view text) {
  const auto breaks = [](char octet) { return static_cast<unsigned char>(octet) < ' ' || octet == '\x7f'; };
  return std::ranges::any_of(text, breaks) ? config::printable(text) : std::string{text};
}

// Runs a hook; an exception becomes a line.
template <class Hook>
std::string failure_of(const char* name, Hook hook) {
  try {
    hook();
    return {};
  } catch (const std::exception& error) {
    return std::string{name} + ": " + one_line(error.what());
  } catch (...) {
    return std::string{name} + ": threw something that is not a std::exception";
  }
}

void check_log(const config::Config& config, config::OptionId id, const std::optional<SmallString>& path,
               std::vector<config::Problem>& problems) {
  if (!path) return;
  const std::string name{path->bytes()};
  const int fault = posix::LineWriter::fault_of(name);
  if (fault == 0) return;
  const config::Origin& origin = config.origin(id);
  problems.push_back({config::name_at(config::row(id), origin),
                      "cannot write " + config::quoted(name) + ": " + std::generic_category().message(fault), origin,
                      posix::file_advice(name, fault)});
}

// What a configuration names and can be looked at before anything starts.
struct NamedFiles final : FileCheck {
  explicit NamedFiles(const TlsFiles* its_before) : before(its_before) {}
  void check(const config::Config& config, std::vector<config::Problem>& problems,
             std::vector<config::Problem>& warnings) override {
    tls = TlsFiles::open(config, problems, warnings, before);
    check_log(config, config::OptionId::access_log, config.access_log, problems);
    check_log(config, config::OptionId::event_log, config.event_log, problems);
    types = ServedFiles::check(config, problems, warnings);
    std::error_code ignored;
    if (config.reload_directory && !std::filesystem::is_directory(config.reload_directory->bytes(), ignored)) {
      const config::Origin& origin = config.origin(config::OptionId::reload_directory);
      problems.push_back({config::name_at(config::row(config::OptionId::reload_directory), origin),
                          config::quoted(*config.reload_directory) + " is no directory", origin, ""});
    }
  }
  const TlsFiles* before;
  Owned<TlsFiles> tls;
  files::MediaTypes types;
};

Style style_for(const config::Config& config) { return style_of(STDERR_FILENO, environ, config.log_format); }

std::string line_of(const config::Config& config, std::string_view problem) {
  return remark_text(Remark{.program = config.program, .level = "error", .text = problem, .at = posix::wall_now()},
                     style_for(config));
}

}  // namespace

// Information about a server helps who attacks it; and a door with nothing behind it is a slip.
void warn_of_doors(const config::Config& config, std::span<const config::BindAddress> addresses, const Speech& speech) {
  if (!config.admin_bind.empty() && !config.health_path && !config.metrics_path && !config.info_path) {
    speech.remark("warning", "--admin-bind has nothing to serve: say --health-path, --metrics-path or --info-path");
  }
  if (!config.info_path || !std::any_of(addresses.begin(), addresses.end(), is_reachable_from_outside)) return;
  speech.remark("warning", "--info-path " + std::string{*config.info_path} +
                               " can be reached from other machines; --admin-bind 127.0.0.1:PORT keeps it here");
}

Speech speech_of(const config::Config& config) { return Speech{config, style_for(config)}; }

std::string status_text(std::uint64_t generation, const std::string& workers,
                        std::span<const config::BindAddress> addresses) {
  std::string text = generation > 1 ? "generation " + std::to_string(generation) + ", " : std::string{};
  text.append(workers).append(" on ");
  bool first = true;
  for (const config::BindAddress& address : addresses) {
    text.append(std::exchange(first, false) ? "" : ", ").append(address.place());
  }
  return text;
}

std::expected<Generation::Read, Refused> Generation::read(const Invocation& invocation, const Before& before) {
  NamedFiles files{before.tls};
  Read read{.outcome = load(invocation.program, invocation.argc, invocation.argv, environ, &files, before.has_file),
            .tls = std::move(files.tls),
            .target = {}};
  if (read.outcome.next == Outcome::Next::leave) return read;
  const config::Config& config = *read.outcome.config;
  if (invocation.linked != nullptr && config.target) {
    return std::unexpected(Refused{Exit::bad_usage, line_of(config, "TARGET: the application is linked in")});
  }
  auto target = Target::open(config, std::string{config::program_name(config.program)}, invocation.linked,
                             std::move(files.types));
  if (!target) return std::unexpected(Refused{Exit::no_start, line_of(config, target.error())});
  read.target.emplace(std::move(*target));
  if (const std::string problem = fault_of_mode(config, *read.target, invocation.linked != nullptr); !problem.empty()) {
    return std::unexpected(Refused{Exit::bad_usage, line_of(config, problem)});
  }
  return read;
}

Generation::Generation(const Invocation& invocation, Lasting& lasting, Read read, std::uint64_t number,
                       std::optional<Share> share)
    : invocation_(invocation),
      lasting_(lasting),
      number_(number),
      has_file_(read.outcome.has_file),
      config_(std::move(read.outcome.config)),
      share_(std::move(share)),
      speech_(*config_, style_for(*config_)),
      tls_(std::move(read.tls)),
      target_(std::move(*read.target)) {}

Refused Generation::refused(std::string_view problem) const { return {Exit::no_start, line_of(*config_, problem)}; }

// Each connection takes a descriptor, and workers, listeners and the application some more; the files of the target are kept open.
// With fewer the server lives, but not well.
void Generation::provide_descriptors(std::size_t connections) const {
  constexpr std::size_t besides = 256;
  const std::size_t allowed = allow_descriptors(connections + besides + target_.most_open_files());
  if (allowed > connections || !lasting_.speaks) return;
  speech_.remark("warning", std::to_string(allowed) + " descriptors are allowed (ulimit -n), too few for " +
                                std::to_string(connections) + " connections (--max-connections)");
}

std::expected<void, Refused> Generation::prepare() {
  provide_descriptors(served().max_connections);
  auto observation = Observation::open(*config_, std::string{config::program_name(config_->program)}, lasting_);
  if (!observation) return std::unexpected(refused(observation.error()));
  observation_ = std::move(*observation);
  if (const std::string error = failure_of("on_start", [&] { target_.app().start(); }); !error.empty()) {
    return std::unexpected(refused(error));
  }
  return {};
}

std::expected<void, Refused> Generation::start(events::WorkerId first_id) {
  first_id_ = first_id;
  std::expected<void, std::string> started;
  try {
    started = open_doors();
  } catch (const std::exception& error) {  // no descriptor, no thread, no memory
    started = std::unexpected(std::string{error.what()});
  }
  if (started) {
    lasting_.runtimes.add(*runtime_);
    observation_->share_with(lasting_.logs);
    keep_listeners();
    return {};
  }
  admin_.reset();
  runtime_.reset();
  lasting_.listeners.forget();
  lasting_.admin_listeners.forget();
  if (told_) tell(events::GenerationStopped{posix::monotonic_now(), first_id_, number_, 0, 0, 0, 0});
  return std::unexpected(refused(started.error()));
}

std::expected<void, std::string> Generation::open_doors() {
  pages_ = make_owned<OperatorPages>(*config_, lasting_, *observation_);
  pages_->add_to(front_, config_->admin_bind.empty() ? OperatorPages::Which::all : OperatorPages::Which::health);
  collectors_.emplace(target_.app(), observation_->observer(), lasting_.collector_failures);
  runtime_ = invocation_.make(served(), target_.app(), collectors_->observer());
  runtime_->answer_first(front_);
  runtime_->use_listeners(lasting_.listeners);
  runtime_->count_from(first_id_);
  if (share_ && share_->client_limit) runtime_->limit_clients(std::move(share_->client_limit));
  if (tls_) runtime_->use_filters(tls_->filters());
  if (target_.single_threaded()) runtime_->take_turns(turns_);
  admin_ = make_owned<AdminDoor>(*config_, *pages_);
  tell(events::GenerationStarted{posix::monotonic_now(), first_id_, number_});
  told_ = true;
  auto opened = admin_->open(invocation_.make, lasting_.admin_listeners);
  return opened ? runtime_->start() : opened;
}

void Generation::use_share(config::Config share) {
  provide_descriptors(share.max_connections);
  if (tls_) tls_->allow_handshakes(share.tls_max_handshakes);
  if (runtime_) {  // its threads read the one that it was made with
    runtime_->allow(share);
  } else {
    share_->config = std::move(share);
  }
}

void Generation::tell(const events::Lifecycle& event) noexcept {
  if (events::Observer* const observer = collectors_->observer(); observer != nullptr) observer->observe(event);
}

void Generation::keep_listeners() const {
  lasting_.listeners.keep(config_->addresses());
  lasting_.admin_listeners.keep(config_->admin_bind);
}

void Generation::tell_drain() const {
  const posix::Turn turn{target_.single_threaded() ? &turns_ : nullptr};
  if (const std::string error = failure_of("on_drain", [&] { target_.app().drain(); }); !error.empty()) {
    speech_.remark("error", error);
  }
}

void Generation::drain(Drain drain) {
  if (drain == Drain::patient) admin_->drain();
  runtime_->drain(drain);
}

posix::Totals Generation::join() {
  const posix::Totals totals = runtime_->join();
  lasting_.runtimes.retire(*runtime_);
  tell(events::GenerationStopped{posix::monotonic_now(), first_id_, number_, totals.requests, totals.cut.connections,
                                 totals.cut.requests, totals.cut.websockets});
  return totals;
}

std::string Generation::end() {
  admin_.reset();
  return failure_of("on_stop", [&] { target_.app().stop(); });
}

void Generation::say_serving() const {
  speech_.serving({.generation = number_,
                   .workers = runtime_->workers(),
                   .processes = false,
                   .addresses = runtime_->addresses(),
                   .admin = admin_->addresses()});
  warn_of_doors(*config_, config_->admin_bind.empty() ? std::span{runtime_->addresses()} : admin_->addresses(),
                speech_);
  if (tls_ && number_ == 1 && !tls_->fingerprint().empty()) {
    speech_.remark("notice", "a certificate was made for this run, SHA-256 " + tls_->fingerprint());
  }
}

std::string Generation::status() const {
  const char* const noun = config_->program == config::Program::pounce_async ? " reactors" : " workers";
  return status_text(number_, std::to_string(runtime_->workers()) + noun, runtime_->addresses());
}

}  // namespace pounce::inline v0::program
