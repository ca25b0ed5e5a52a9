#include "posix/program/observation.hpp"

#include <unistd.h>

#include <utility>

namespace pounce::inline v0::program {

Observation::Observation(const std::string& program, bool json) : faults_(program, STDERR_FILENO, json) {
  relay_.add(faults_);
}

std::expected<SharedLog, std::string> Observation::open_log(const std::string& path, const std::string& program,
                                                            const SharedLog& before) {
  if (before.writer && before.path == path) return before;
  auto writer = posix::LineWriter::open(path, program);
  if (!writer) return std::unexpected(std::move(writer.error()));
  const std::uint64_t dropped = before.dropped_before + (before.writer ? before.writer->dropped() : 0);
  return SharedLog{path, std::shared_ptr<posix::LineWriter>{writer->release()}, dropped};
}

std::expected<Owned<Observation>, std::string> Observation::open(const config::Config& config,
                                                                 const std::string& program, Lasting& lasting) {
  Owned<Observation> made{new Observation{program, config.log_format == "json"}};
  if (config.metrics_path || config.info_path) {
    made->metering_ = &lasting.metering;
    made->relay_.add(*made->metering_);
  }
  if (config.access_log) {
    std::string why;
    auto format = events::AccessFormat::parse(config.access_log_format, why);
    if (!format) return std::unexpected("--access-log-format: " + why);  // of a Config that was made by hand
    auto log = open_log(*config.access_log, program, lasting.logs.access);
    if (!log) return std::unexpected(std::move(log.error()));
    made->access_writer_ = std::move(*log);
    made->relay_.add(made->access_log_.emplace(std::move(*format), *made->access_writer_.writer));
  }
  if (config.event_log) {
    auto log = open_log(*config.event_log, program, lasting.logs.events);
    if (!log) return std::unexpected(std::move(log.error()));
    made->event_writer_ = std::move(*log);
    made->relay_.add(made->event_log_.emplace(*made->event_writer_.writer));
  }
  return made;
}

void Observation::share_with(Logs& logs) const {
  if (access_writer_.writer) logs.access = access_writer_;
  if (event_writer_.writer) logs.events = event_writer_;
}

void Observation::reopen() noexcept {
  if (access_writer_.writer) access_writer_.writer->reopen();
  if (event_writer_.writer) event_writer_.writer->reopen();
}

List<events::Moment::Dropped> Observation::dropped() const {
  List<events::Moment::Dropped> all;
  const auto add = [&all](std::string_view name, const SharedLog& log) {
    if (log.writer) all.push_back({.log = name, .lines = log.dropped_before + log.writer->dropped()});
  };
  add("access", access_writer_);
  add("events", event_writer_);
  return all;
}

}  // namespace pounce::inline v0::program
