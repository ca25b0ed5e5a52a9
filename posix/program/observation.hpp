// Who listens to a generation's events: what its configuration asks for, made before the first event and gone after the last. Logs
// whose path stays, and the meters, are shared with the generations before it.
//
// Always there: lines on standard error about faults of the application. On request: the access log, the log of events, meters.
#pragma once

#include "posix/program/lasting.hpp"

#include <pounce/config/config.hpp>
#include <pounce/core/list.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/events/metrics.hpp>
#include <pounce/events/relay.hpp>
#include <pounce/posix/event_logs.hpp>
#include <pounce/posix/line_writer.hpp>
#include <pounce/posix/log.hpp>
#include <pounce/posix/metering.hpp>

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace pounce::inline v0::program {

class Observation {
 public:
  // Opens the logs that are not in `lasting` yet, which is borrowed. An error is one line without the program's name.
  [[nodiscard]] static std::expected<Owned<Observation>, std::string> open(const config::Config& config,
                                                                           const std::string& program,
                                                                           Lasting& lasting);
  // Its logs are the ones that the next generation shares.
  void share_with(Logs& logs) const;

  // What a runtime is given.
  [[nodiscard]] events::Observer* observer() noexcept { return relay_.front(); }
  // Opens the files of the logs anew, as after a rotation.
  void reopen() noexcept;
  // Null where nobody asks for numbers.
  [[nodiscard]] const posix::Metering* metering() const noexcept { return metering_; }
  // How many lines each log could not take.
  [[nodiscard]] List<events::Moment::Dropped> dropped() const;

 private:
  Observation(const std::string& program, bool json);
  [[nodiscard]] static std::expected<SharedLog, std::string> open_log(const std::string& path,
                                                                      const std::string& program,
                                                                      const SharedLog& before);

  posix::LogCollector faults_;
  // Writers before who borrows them.
  SharedLog access_writer_;
  SharedLog event_writer_;
  std::optional<posix::AccessLog> access_log_;
  std::optional<posix::EventLog> event_log_;
  posix::Metering* metering_ = nullptr;
  events::Relay relay_;
};

}  // namespace pounce::inline v0::program
