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
#include <pounce/core/decimal.hpp>
#include <pounce/core/lean.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/small_string.hpp>
#include <pounce/core/string_fwd.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
  // Negative waits count as zero.
  ServerEvent& retry(std::chrono::milliseconds wait) & {
    retry_ = wait.count() < 0 ? 0 : static_cast<std::uint64_t>(wait.count());
    retries_ = true;
    return *this;
  }
  ServerEvent&& retry(std::chrono::milliseconds wait) && { return std::move(retry(wait)); }

  // The octets on the wire, as a std::string for whoever has included <string>.
  template <StringIncluded Text = std::string>
  [[nodiscard]] Text framed() const {
    Text out(most_framed(), '\0');
    out.resize(frame(out.data()));
    return out;
  }
  // The same into memory of the caller's, which has room for `most_framed`; how many octets they are.
  [[nodiscard]] std::size_t frame(char* const first) const noexcept {
    char* at = first;
    if (!name_.empty()) at = field(at, "event: ", name_);
    if (!id_.empty()) at = field(at, "id: ", id_);
    if (retries_) at = field(at, "retry: ", Decimal{retry_}.bytes());
    std::string_view rest = data_;
    while (true) {
      const std::size_t end = rest.find_first_of("\r\n");
      at = line(at, "data: ", rest.substr(0, end));
      if (end == std::string_view::npos) break;
      rest.remove_prefix(rest.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
    }
    *at++ = '\n';
    return static_cast<std::size_t>(at - first);
  }
  // At least as many octets as `frame` writes.
  [[nodiscard]] std::size_t most_framed() const noexcept {
    std::size_t lines = 1;
    for (const char c : data_.bytes()) lines += c == '\r' || c == '\n' ? 1U : 0U;
    return data_.size() + name_.size() + id_.size() + lines * 7 + 48;
  }

 private:
  static char* put(char* at, std::string_view text) noexcept {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return at + text.size();
  }
  static char* line(char* at, std::string_view label, std::string_view text) noexcept {
    return put(put(put(at, label), text), "\n");
  }
  // A line of what may have breaks in it: they are dropped.
  static char* field(char* at, std::string_view label, std::string_view value) noexcept {
    at = put(at, label);
    for (const char c : value) {
      if (c != '\r' && c != '\n' && c != '\0') *at++ = c;
    }
    *at++ = '\n';
    return at;
  }

  SmallString data_;
  SmallString name_;
  SmallString id_;
  std::uint64_t retry_ = 0;  // milliseconds, where `retries_`
  bool retries_ = false;
};

class EventStream {
 public:
  explicit EventStream(Exchange& exchange) noexcept : exchange_(&exchange) {}

  [[nodiscard]] Status start() {
    return exchange_->start(Head{200}.set("content-type", "text/event-stream").set("cache-control", "no-cache"));
  }
  // The frame is kept in this object until the write has ended: one send at a time.
  [[nodiscard]] Exchange::Write send(const ServerEvent& event, Timeout timeout = {}) {
    const std::size_t most = event.most_framed();
    if (most > capacity_) {
      framed_ = Owned<char[]>{new char[most]};
      capacity_ = most;
    }
    const std::size_t size = event.frame(framed_.get());
    const char* const first = framed_.get();
    return exchange_->write(Bytes{first, size}, timeout);
  }
  // A comment line, to keep intermediaries from closing a quiet stream.
  [[nodiscard]] Exchange::Write ping(Timeout timeout = {}) { return exchange_->write(":\n\n", timeout); }
  Status finish() { return exchange_->finish(); }

 private:
  Exchange* exchange_;
  Owned<char[]> framed_;  // of the event that is on its way; the next one is framed in the same memory
  std::size_t capacity_ = 0;
};

static_assert(!std::is_aggregate_v<ServerEvent> && !std::is_aggregate_v<EventStream>);

}  // namespace pounce::inline v0
