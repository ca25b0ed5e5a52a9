// What it is: what a service manager is told about this process, by the protocol of sd_notify(3): a datagram to the socket
// that NOTIFY_SOCKET names. Without that variable nothing is said and nothing is wrong.
// What it is not: a library of somebody else's: the protocol is documented as stable.
// The watchdog (WATCHDOG_USEC, WATCHDOG_PID) is told twice in its interval that the thread that supervises the workers lives.
// Ownership: one object per process. Errors: a manager that does not listen is no reason to stop serving.
#pragma once

#include <pounce/core/time.hpp>

#include <string>
#include <string_view>

namespace pounce::inline v0::program {

class Notifier {
 public:
  Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  ~Notifier();

  void ready(std::string_view status);
  /// Until the next `ready`.
  void reloading(std::string_view status);
  /// `at_most`: how long the end may take; the manager waits that much longer.
  void stopping(std::string_view status, Duration at_most);

  /// When `tend` wants to be called next; never without a watchdog.
  [[nodiscard]] Instant next() const noexcept { return next_; }
  void tend(Instant now);

 private:
  void send(const std::string& message) const;

  int socket_ = -1;
  Duration interval_{};
  Instant next_ = never;
};

}  // namespace pounce::inline v0::program
