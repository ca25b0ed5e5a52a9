// Collectors that write lines: the access log, and every event as JSON. Both borrow a LineWriter; what they cost a worker is the
// formatting of a line.
#pragma once

#include <pounce/events/access_log.hpp>
#include <pounce/events/observer.hpp>
#include <pounce/posix/line_writer.hpp>

#include <utility>

namespace pounce::inline v0::posix {

class AccessLog final : public events::Observer {
 public:
  AccessLog(events::AccessFormat format, LineWriter& writer) noexcept : format_(std::move(format)), writer_(writer) {}
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  ~AccessLog() = default;

  void observe(const events::Lifecycle& event) noexcept override;
  [[nodiscard]] events::Kinds kinds() const noexcept override {
    return events::Kinds::of<events::ResponseCompleted, events::RequestFailed, events::RequestRejected>();
  }

 private:
  const events::AccessFormat format_;
  LineWriter& writer_;
};

class EventLog final : public events::Observer {
 public:
  explicit EventLog(LineWriter& writer) noexcept : writer_(writer) {}
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;
  ~EventLog() = default;

  void observe(const events::Lifecycle& event) noexcept override;

 private:
  LineWriter& writer_;
};

}  // namespace pounce::inline v0::posix
