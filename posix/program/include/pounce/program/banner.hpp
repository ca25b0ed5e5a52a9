// What it is: the lines a program prints when it has started, drains and has ended.
// What it is not: a log, nor output. Each function returns the text; print() (load.hpp) writes it.
// Ownership: arguments are borrowed for the call.
// Rules: not on a terminal, a plain line per address, for a log; colours only on a terminal and
// never with NO_COLOR set to anything (no-color.org) or TERM=dumb.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <pounce/config/config.hpp>

namespace pounce::inline v0::program {

struct Style {
  bool terminal = false;
  bool colour = false;
};

[[nodiscard]] Style style_of(int descriptor, const char* const* environment);

/// "http://127.0.0.1:8000" (or https), "unix:/run/pounce.sock".
[[nodiscard]] std::string url_of(const config::BindAddress& address, bool secure = false);

struct Started {
  config::Program program = config::Program::pounce_async;
  std::string_view version;
  std::string_view target;  // empty: the welcome page
  std::size_t workers = 1;
  std::span<const config::BindAddress> addresses;  // as bound, with the true ports
};
[[nodiscard]] std::string start_text(const Started& started, Style style);

[[nodiscard]] std::string drain_text(config::Program program, std::size_t connections, std::chrono::nanoseconds at_most,
                                     Style style);

struct Ended {
  config::Program program = config::Program::pounce_async;
  std::uint64_t requests = 0;
  std::uint64_t cut = 0;  // connections cut by the deadline or a second signal
};
[[nodiscard]] std::string end_text(const Ended& ended, Style style);

}  // namespace pounce::inline v0::program
