#include "posix/program/observation.hpp"

#include <unistd.h>

#include <utility>

namespace pounce::inline v0::program {

Observation::Observation(const std::string& program, bool json) : faults_(program, STDERR_FILENO, json) {
  relay_.add(faults_);
}

std::expected<Owned<Observation>, std::string> Observation::open(const config::Config& config,
                                                                 const std::string& program) {
  Owned<Observation> made{new Observation{program, config.log_format == "json"}};
  if (config.metrics_path || config.info_path) {
    made->metering_ = make_owned<posix::Metering>();
    made->relay_.add(*made->metering_);
  }
  if (config.access_log) {
    std::string why;
    auto format = events::AccessFormat::parse(config.access_log_format, why);
    if (!format) return std::unexpected("--access-log-format: " + why);  // of a Config that was made by hand
    auto writer = posix::LineWriter::open(*config.access_log, program);
    if (!writer) return std::unexpected(std::move(writer.error()));
    made->access_writer_ = std::move(*writer);
    made->relay_.add(made->access_log_.emplace(std::move(*format), *made->access_writer_));
  }
  if (config.event_log) {
    auto writer = posix::LineWriter::open(*config.event_log, program);
    if (!writer) return std::unexpected(std::move(writer.error()));
    made->event_writer_ = std::move(*writer);
    made->relay_.add(made->event_log_.emplace(*made->event_writer_));
  }
  return made;
}

void Observation::reopen() noexcept {
  if (access_writer_) access_writer_->reopen();
  if (event_writer_) event_writer_->reopen();
}

std::vector<events::Moment::Dropped> Observation::dropped() const {
  std::vector<events::Moment::Dropped> all;
  if (access_writer_) all.push_back({.log = "access", .lines = access_writer_->dropped()});
  if (event_writer_) all.push_back({.log = "events", .lines = event_writer_->dropped()});
  return all;
}

}  // namespace pounce::inline v0::program
