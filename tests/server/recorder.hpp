// Recorder: an observer for tests: checks the order of events at once and keeps one line for each.
#pragma once

#include <doctest/doctest.h>

#include <pounce/app/application.hpp>
#include <pounce/events/observer.hpp>
#include <pounce/events/order_check.hpp>
#include <pounce/testing.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pounce::testing {

class Recorder final : public events::Observer {
 public:
  Recorder() = default;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder() {
    CHECK(order.text() == "");
    CHECK(order.open_connections() == 0);
    CHECK(order.open_requests() == 0);
  }

  void observe(const events::Lifecycle& event) noexcept override {
    order.feed(event);
    std::visit(
        [this](const auto& what) {
          if constexpr (requires { line(what); }) lines.push_back(line(what));
        },
        event);
  }

  [[nodiscard]] std::size_t count(std::string_view beginning) const {
    std::size_t n = 0;
    for (const std::string& line : lines) n += line.starts_with(beginning) ? 1 : 0;
    return n;
  }
  // All lines, one after the other, with a stroke between them.
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const std::string& line : lines) out.append(out.empty() ? "" : " | ").append(line);
    return out;
  }

  events::OrderCheck order;
  std::vector<std::string> lines;

 private:
  static std::string line(const events::ConnectionOpened&) { return "opened"; }
  static std::string line(const events::TlsEstablished& e) {
    return "established " + std::string{e.tls_version} + (e.resumed ? " again" : "");
  }
  static std::string line(const events::TlsFailed& e) {
    std::string out = "TLS failed: " + std::string{name(e.tls_failure)};
    return e.what.empty() ? out : out.append(" (").append(e.what).append(")");
  }
  static std::string line(const events::RequestStarted& e) {
    return "started " + std::string{e.method} + " " + std::string{e.target};
  }
  static std::string line(const events::ResponseCompleted& e) {
    return "completed " + std::to_string(e.status) + " in " + std::to_string(e.body_received) + " out " +
           std::to_string(e.body_sent);
  }
  static std::string line(const events::RequestFailed& e) {
    std::string out = "failed " + std::string{name(e.failure)};
    if (e.failure == events::Failure::peer_fault) out.append(" ").append(info(e.fault).name);
    return out.append(" ").append(std::to_string(e.status));
  }
  static std::string line(const events::HandlerThrew& e) { return "threw " + std::string{e.what}; }
  static std::string line(const events::ClientDisconnected&) { return "disconnected"; }
  static std::string line(const events::HandedOff&) { return "handed off"; }
  static std::string line(const events::HandedBack&) { return "handed back"; }
  static std::string line(const events::HandoffRefused&) { return "hand-off refused"; }
  static std::string line(const events::ConnectionCompleted& e) {
    return "closed " + std::string{info(e.fault).name} + " after " + std::to_string(e.requests);
  }
  static std::string line(const events::WorkerStarted&) { return "worker started"; }
  static std::string line(const events::WorkerStopped&) { return "worker stopped"; }
  static std::string line(const events::DrainStarted&) { return "drain"; }
  static std::string line(const events::GenerationStarted&) { return "generation started"; }
  static std::string line(const events::GenerationStopped&) { return "generation stopped"; }
  static std::string line(const events::ConnectionRefused&) { return "refused"; }
};

// Options that record.
inline Options observed(Recorder& recorder) {
  Options options;
  options.observer = &recorder;
  return options;
}

inline std::size_t occurrences(std::string_view text, std::string_view word) {
  std::size_t n = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size())) ++n;
  return n;
}

}  // namespace pounce::testing
