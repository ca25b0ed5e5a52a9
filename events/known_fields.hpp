// KnownFields: what lines of logs say of a request's fields, found in one pass over them.
#pragma once

#include <pounce/core/ascii.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/trace_parent.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace pounce::inline v0::events {

// Of several fields with a name, the first counts. Views borrow from the head, which may be null.
struct KnownFields {
  explicit KnownFields(const RequestHead* head) noexcept {
    if (head == nullptr) return;
    for (const Field& field : head->fields) {
      if (field.id == FieldId::user_agent) {
        keep(user_agent, field);
      } else if (field.id == FieldId::other) {
        look(field);
      }
    }
  }

  // Nothing where there is no valid traceparent, or more than one; then tracestate means nothing either (Trace Context, section 3.3).
  [[nodiscard]] std::optional<TraceParent> trace() const noexcept {
    return traceparents_ == 1 ? read_traceparent(traceparent_) : std::nullopt;
  }

  std::string_view referer;
  std::string_view user_agent;
  std::string_view tracestate;

 private:
  static void keep(std::string_view& value, const Field& field) noexcept {
    if (value.empty()) value = field.value;
  }
  void look(const Field& field) noexcept {
    switch (field.name.size()) {
      case 7:
        if (equal_without_case(field.name, "referer")) keep(referer, field);
        return;
      case 10:
        if (equal_without_case(field.name, "tracestate")) keep(tracestate, field);
        return;
      case 11:
        if (!equal_without_case(field.name, "traceparent")) return;
        ++traceparents_;
        keep(traceparent_, field);
        return;
      default: return;
    }
  }

  std::string_view traceparent_;
  std::size_t traceparents_ = 0;
};

}  // namespace pounce::inline v0::events
