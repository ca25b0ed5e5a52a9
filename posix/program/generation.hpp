// Generation: all that one configuration makes: the target with its application, what TLS needs, logs, pages, the runtime. A start makes
// the first one; each reload makes the next beside the one that serves, which drains when its successor accepts.
//
// Its life: read (configuration, files, module: nothing runs yet) → prepare (logs, start hooks) → start (listeners, workers) → drain →
// end (workers joined, stop hooks).
// Threads: `read` and `prepare` may run on a thread of their own; the rest is the main thread's.
// Errors: everything that is wrong at once, as lines for standard error, and the exit code that a start ends with.
#pragma once

#include "posix/program/admin_door.hpp"
#include "posix/program/lasting.hpp"
#include "posix/program/observation.hpp"
#include "posix/program/operator_pages.hpp"
#include "posix/program/speech.hpp"
#include "posix/program/target.hpp"
#include "posix/program/tls_files.hpp"

#include <pounce/app/application.hpp>
#include <pounce/config/freeze.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>
#include <pounce/events/event.hpp>
#include <pounce/limits/client_limit.hpp>
#include <pounce/posix/runtime.hpp>
#include <pounce/posix/turns.hpp>
#include <pounce/program/load.hpp>
#include <pounce/server/collectors.hpp>

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>

namespace pounce::inline v0::program {

// What a process was started with; the same for every generation.
struct Invocation {
  config::Program program;
  int argc;
  const char* const* argv;
  posix::MakeRuntime make;
  App* linked;  // the application, where it is no module; else null
};

struct Refused {
  Exit exit;
  std::string lines;
};

// For a configuration: what is said, in the way that it asks for.
[[nodiscard]] Speech speech_of(const config::Config& config);
// Warnings about what can be reached from where.
void warn_of_doors(const config::Config& config, std::span<const config::BindAddress> addresses, const Speech& speech);
// What a service manager is told.
[[nodiscard]] std::string status_text(std::uint64_t generation, const std::string& workers,
                                      std::span<const config::BindAddress> addresses);
class Generation {
 public:
  // What a configuration is and names, looked at.
  struct Read {
    Outcome outcome;  // `leave`: there is nothing beside it
    Owned<TlsFiles> tls;
    std::optional<Target> target;
  };
  // What one has of the generation before it.
  struct Before {
    const TlsFiles* tls = nullptr;  // null: none
    bool has_file = false;          // it came from a configuration file, which may not be gone
  };
  // Warnings are in the outcome.
  [[nodiscard]] static std::expected<Read, Refused> read(const Invocation& invocation, const Before& before);

  // What the runtime goes by, where that is not all that was read.
  struct Share {
    config::Config config;
    Owned<limits::ClientLimit> client_limit{};  // with other processes; null: its own, as configured
  };

  // Of a Read that is to be served. Borrows both.
  Generation(const Invocation& invocation, Lasting& lasting, Read read, std::uint64_t number,
             std::optional<Share> share = std::nullopt);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;
  ~Generation() = default;

  // Opens logs and runs the start hooks. After an error nothing of it runs.
  [[nodiscard]] std::expected<void, Refused> prepare();
  // Accepts from now on, with worker ids from `first_id`. After an error nothing is served; the stop hooks are still to be run (`end`).
  [[nodiscard]] std::expected<void, Refused> start(events::WorkerId first_id);
  // Its part of the limits over all processes, from now on.
  void use_share(config::Config share);
  // Tells the application.
  void tell_drain() const;
  // No new connections.
  void drain(Drain drain);
  void cut() { runtime_->cut(); }
  // The workers have ended, or are about to.
  [[nodiscard]] posix::Totals join();
  // The stop hooks; what they threw, empty: nothing.
  [[nodiscard]] std::string end();

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] const config::Config& config() const noexcept { return *config_; }
  [[nodiscard]] TlsFiles* tls() noexcept { return tls_.get(); }
  [[nodiscard]] Before before_next() const noexcept { return {tls_.get(), has_file_}; }
  [[nodiscard]] const Speech& speech() const noexcept { return speech_; }
  [[nodiscard]] const posix::Runtime& runtime() const noexcept { return *runtime_; }
  [[nodiscard]] Observation& observation() noexcept { return *observation_; }
  // Its worker ids: so many from there on.
  [[nodiscard]] events::WorkerId first_id() const noexcept { return first_id_; }
  [[nodiscard]] std::uint32_t ids() const { return posix::worker_ids(served()); }
  // A problem, as a line of this configuration's log.
  [[nodiscard]] Refused refused(std::string_view problem) const;
  // For the banner and for a service manager.
  void say_serving() const;
  [[nodiscard]] std::string status() const;

 private:
  // What the runtime goes by.
  [[nodiscard]] const config::Config& served() const noexcept { return share_ ? share_->config : *config_; }
  // Listens and starts. An error is one line.
  [[nodiscard]] std::expected<void, std::string> open_doors();
  // Only its addresses stay bound.
  void keep_listeners() const;
  void tell(const events::Lifecycle& event) noexcept;
  void provide_descriptors(std::size_t connections) const;

  const Invocation& invocation_;
  Lasting& lasting_;
  std::uint64_t number_;
  bool has_file_;
  Owned<const config::Config> config_;
  std::optional<Share> share_;
  Speech speech_;
  Owned<TlsFiles> tls_;  // null: nothing is spoken over TLS
  Target target_;
  events::WorkerId first_id_ = 0;
  bool told_ = false;           // that it has started
  mutable posix::Turns turns_;  // of an application that is single-threaded
  // In the order of their making: each borrows from those above.
  Owned<Observation> observation_;
  std::optional<Collectors> collectors_;
  Owned<OperatorPages> pages_;
  App front_;
  Owned<posix::Runtime> runtime_;
  Owned<AdminDoor> admin_;
};

}  // namespace pounce::inline v0::program
