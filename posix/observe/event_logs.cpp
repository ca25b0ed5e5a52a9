#include <pounce/posix/event_logs.hpp>

#include <pounce/events/event_json.hpp>

#include <variant>

namespace pounce::inline v0::posix {

void AccessLog::observe(const events::Lifecycle& event) noexcept {
  std::visit(
      [&](const auto& one) {
        writer_.write(one.worker, one.at, [&](const LineWriter::Pen& pen) {
          if (const auto entry = events::access_entry(event, pen.wall)) format_.append(pen.out, *entry, pen.time);
        });
      },
      event);
}

void EventLog::observe(const events::Lifecycle& event) noexcept {
  std::visit(
      [&](const auto& one) {
        writer_.write(one.worker, one.at,
                      [&](const LineWriter::Pen& pen) { events::append_json(pen.out, event, pen.wall, pen.time); });
      },
      event);
}

}  // namespace pounce::inline v0::posix
