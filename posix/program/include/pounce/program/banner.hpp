// What it is: the lines a program prints when it has started, drains and has ended: renderings of the server's state (events::reduce).
// What it is not: a log, nor output. Each function returns the text; print() (load.hpp) writes it.
// Ownership: arguments are borrowed for the call.
// Rules (--log-format): not on a terminal, a plain line per address, for a log; colours only on a terminal and
// never with NO_COLOR set to anything (no-color.org) or TERM=dumb; as JSON an object per line, with the time and the state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <pounce/config/bind_address.hpp>
#include <pounce/config/config.hpp>
#include <pounce/config/setting.hpp>
#include <pounce/core/cut.hpp>
#include <pounce/events/text.hpp>

namespace pounce::inline v0::program {

struct Style {
  bool terminal = false;
  bool colour = false;
  bool json = false;
};

/// `format`: auto, plain, pretty or json.
[[nodiscard]] Style style_of(int descriptor, const char* const* environment, std::string_view format = "auto");

/// "http://127.0.0.1:8000" (or https), "unix:/run/pounce.sock".
[[nodiscard]] std::string url_of(const config::BindAddress& address, bool secure = false);

struct Started {
  config::Program program = config::Program::pounce_async;
  std::string_view version;
  std::uint64_t generation = 1;  // 1: the start; each reload makes the next
  std::string_view target;       // empty: the welcome page
  std::size_t workers = 1;
  bool processes = false;                          // of one worker each
  std::span<const config::BindAddress> addresses;  // as bound, with the true ports
  std::span<const config::BindAddress> admin;      // the same of --admin-bind
  events::WallInstant at{};                        // for JSON, as below
};
[[nodiscard]] std::string start_text(const Started& started, Style style);

struct Draining {
  config::Program program = config::Program::pounce_async;
  std::size_t connections = 0;
  std::chrono::nanoseconds left{};  // until they are cut
  bool first = true;                // it begins; else it goes on
  events::WallInstant at{};
};
[[nodiscard]] std::string drain_text(const Draining& draining, Style style);

/// "3 connections with 2 requests and 1 WebSocket".
[[nodiscard]] std::string cut_text(const Cut& cut);

struct Ended {
  config::Program program = config::Program::pounce_async;
  std::uint64_t requests = 0;  // served
  Cut cut;
  events::WallInstant at{};
};
[[nodiscard]] std::string end_text(const Ended& ended, Style style);

/// Something that went wrong, or might: "pounce-async: warning: …".
struct Remark {
  config::Program program = config::Program::pounce_async;
  std::string_view level = "error";  // or "warning"
  std::string_view text;
  events::WallInstant at{};
};
[[nodiscard]] std::string remark_text(const Remark& remark, Style style);

}  // namespace pounce::inline v0::program
