// EventStream: server-sent events (WHATWG HTML, section 9.2) over an Exchange: the head, the framing, the waits.
//
//   pounce::EventStream events{x};
//   if (events.start() != pounce::Status::ok) co_return;
//   while (co_await events.send(pounce::ServerEvent{"tick"}) == pounce::Status::ok) { … co_await x.sleep(1s) … }
//   (void)events.finish();
//
// Lines are framed here: data with line breaks becomes several `data:` lines; a line break or NUL in a name or id is dropped,
// since it would start another field.
#pragma once

#include <pounce/app/exchange.hpp>
#include <pounce/core/lean.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

class ServerEvent {
 public:
  explicit ServerEvent(std::string_view data) : data_(data) {}
  ServerEvent& name(std::string_view name) & {
    name_ = name;
    return *this;
  }
  ServerEvent&& name(std::string_view text) && { return std::move(name(text)); }
  ServerEvent& id(std::string_view id) & {
    id_ = id;
    return *this;
  }
  ServerEvent&& id(std::string_view text) && { return std::move(id(text)); }
  ServerEvent& retry(std::chrono::milliseconds wait) & {
    retry_ = wait;
    return *this;
  }
  ServerEvent&& retry(std::chrono::milliseconds wait) && { return std::move(retry(wait)); }

  // The octets on the wire.
  [[nodiscard]] std::string framed() const {
    std::string out;
    out.reserve(data_.size() + name_.size() + 32);
    if (!name_.empty()) field(out, "event: ", name_);
    if (!id_.empty()) field(out, "id: ", id_);
    if (retry_) field(out, "retry: ", std::to_string(retry_->count()));
    std::string_view rest = data_;
    while (true) {
      const std::size_t end = rest.find_first_of("\r\n");
      out.append("data: ").append(rest.substr(0, end)).push_back('\n');
      if (end == std::string_view::npos) break;
      rest.remove_prefix(rest.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
    }
    out.push_back('\n');
    return out;
  }

 private:
  static void field(std::string& out, std::string_view label, std::string_view value) {
    out.append(label);
    for (const char c : value) {
      if (c != '\r' && c != '\n' && c != '\0') out.push_back(c);
    }
    out.push_back('\n');
  }

  std::string data_;
  std::string name_;
  std::string id_;
  std::optional<std::chrono::milliseconds> retry_;
};

class EventStream {
 public:
  explicit EventStream(Exchange& exchange) noexcept : exchange_(&exchange) {}

  [[nodiscard]] Status start() {
    return exchange_->start(Head{200}.set("content-type", "text/event-stream").set("cache-control", "no-cache"));
  }
  // The frame is kept in this object until the write has ended: one send at a time.
  [[nodiscard]] Exchange::Write send(const ServerEvent& event, Timeout timeout = {}) {
    framed_ = event.framed();
    return exchange_->write(framed_, timeout);
  }
  // A comment line, to keep intermediaries from closing a quiet stream.
  [[nodiscard]] Exchange::Write ping(Timeout timeout = {}) {
    framed_ = ":\n\n";
    return exchange_->write(framed_, timeout);
  }
  Status finish() { return exchange_->finish(); }

 private:
  Exchange* exchange_;
  std::string framed_;
};

static_assert(!std::is_aggregate_v<ServerEvent> && !std::is_aggregate_v<EventStream>);

}  // namespace pounce::inline v0
