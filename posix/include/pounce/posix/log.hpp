// LogCollector: what an operator sees by default. One line, in one write, for each fault of the application: a handler that threw,
// a handler that left its response incomplete. And one for the first peer that speaks TLS where it is not spoken, or does not where it is,
// and for the first handshake that failed for each reason that may be the configuration.
//
//   pounce-async: error: request 17 on connection 4: the handler threw: no such table
//
// What peers do wrong makes no line: it would be theirs to fill a disk with. No lock; whole lines stay whole up to
// PIPE_BUF. Control bytes are written as \xNN, and long texts are cut, so that nobody forges a line.
#pragma once

#include <pounce/events/observer.hpp>
#include <pounce/posix/journal.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace pounce::inline v0::posix {

// Text of unknown origin for a terminal or a log: one line, no control bytes, at most 1000 bytes of it.
[[nodiscard]] std::string printable(std::string_view text);

// What is said about an event; no text for the many about which nothing is.
struct Said {
  std::string_view level;  // "error", "warning"
  std::string text;
};
[[nodiscard]] Said said_about(const events::Lifecycle& event);
// The line for it, with its line end; or empty.
[[nodiscard]] std::string log_line(std::string_view program, const events::Lifecycle& event);

class LogCollector final : public events::Observer {
 public:
  // The descriptor is borrowed. `json`: each line is an object {"time", "program", "level", "message"}.
  LogCollector(std::string program, int descriptor, bool json = false)
      : program_(std::move(program)), descriptor_(descriptor), journal_(is_journal(descriptor)), json_(json) {}
  LogCollector(const LogCollector&) = delete;
  LogCollector& operator=(const LogCollector&) = delete;
  ~LogCollector() = default;

  void observe(const events::Lifecycle& event) noexcept override;
  [[nodiscard]] events::Kinds kinds() const noexcept override {
    return events::Kinds::of<events::HandlerThrew, events::RequestFailed, events::ConnectionCompleted,
                             events::TlsFailed>();
  }

 private:
  std::string program_;
  int descriptor_;
  bool journal_;
  bool json_;
  std::atomic<bool> said_hello_{false};              // that TLS came to a port without it
  std::atomic<bool> said_clear_text_{false};         // that a request came to a port for TLS
  std::atomic<std::uint32_t> said_tls_failures_{0};  // a bit for each TlsFailure
  static_assert(tls_failure_count <= 32);
};

}  // namespace pounce::inline v0::posix
