// What it is: the option table as data: a row per option, and what follows from a row mechanically
// (flag, variable, value placeholder), for whoever reads or prints options.
// What it is not: values. Those are in Config.
// Ownership: rows are constant data; views into them live as long as the program.
// Errors: find() answers nullptr for a name it does not know; nearest() suggests one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <pounce/config/option_list.hpp>

namespace pounce::inline v0::config {

/// How a value is written and which type it has in Config (config.hpp).
enum class Kind : std::uint8_t {
  path,
  host,
  port,
  addresses,
  count,
  optional_count,
  auto_count,
  size,
  rate,
  duration,
  optional_duration,
  optional_text,
  networks,
  optional_size,
  mounts,
  optional_request_rate,
  prefixes,
  certificates,
  choice,
  text,
  boolean,
};

/// Whether an option of this kind is a list: its values accumulate within one source.
constexpr bool is_list(Kind kind) noexcept {
  return kind == Kind::addresses || kind == Kind::mounts || kind == Kind::networks || kind == Kind::prefixes ||
         kind == Kind::certificates;
}

enum class Group : std::uint8_t {
  application,
  listening,
  proxies,
  workers,
  limits,
  clients,
  overload,
  deadlines,
  http2,
  tls,
  websocket,
  answers,
  files,
  compression,
  watching,
};
inline constexpr std::size_t group_count = 15;

enum class Stability : std::uint8_t { stable, experimental };

/// Which program is being configured.
enum class Program : std::uint8_t { pounce_async, pounce_sync };

/// Which programs know an option.
enum class Programs : std::uint8_t { both, async_only, sync_only };

enum class OptionId : std::uint8_t {
#define POUNCE_ENUMERATOR(kind, name, ...) name,
  POUNCE_OPTIONS(POUNCE_ENUMERATOR)
#undef POUNCE_ENUMERATOR
};

#define POUNCE_ONE(...) +1
inline constexpr std::size_t option_count = 0 POUNCE_OPTIONS(POUNCE_ONE);
#undef POUNCE_ONE

struct Option {
  OptionId id;
  Kind kind;
  std::string_view name;           // as in Config and pounce.toml: max_header_size
  std::string_view default_value;  // as an operator would write it; "" is absent
  std::string_view least;          // of a choice: its values, "1.2|1.3"
  std::string_view most;
  Group group;
  Programs programs;
  Stability stability;
  std::string_view help;
};

/// Something a program does instead of serving. No configuration, so no variable and no key.
struct Action {
  std::string_view flag;
  std::string_view help;
};

[[nodiscard]] std::span<const Option> options() noexcept;
[[nodiscard]] std::span<const Action> actions() noexcept;

[[nodiscard]] const Option* find(std::string_view name) noexcept;
[[nodiscard]] const Option& row(OptionId id) noexcept;

[[nodiscard]] std::string_view program_name(Program program) noexcept;
[[nodiscard]] bool applies_to(const Option& option, Program program) noexcept;
[[nodiscard]] bool is_list(const Option& option) noexcept;
/// False for `config`, which a configuration file cannot name.
[[nodiscard]] bool is_file_key(const Option& option) noexcept;
/// True for `target`, which is written without a flag.
[[nodiscard]] bool is_positional(const Option& option) noexcept;

[[nodiscard]] std::string_view title(Group group) noexcept;
/// What stands for the value in --help: "SIZE", "ADDRESS", "N|auto". Empty for a boolean.
[[nodiscard]] std::string_view placeholder(const Option& option) noexcept;
/// The unit of a value: "bytes", "bytes per second", "duration"; empty where there is none.
[[nodiscard]] std::string_view unit(Kind kind) noexcept;
/// "--max-header-size"; "TARGET" for the positional.
[[nodiscard]] std::string flag(const Option& option);
/// "POUNCE_MAX_HEADER_SIZE".
[[nodiscard]] std::string variable(const Option& option);

/// Edits (insertion, deletion, change, swap of neighbours) between two names; letter case and
/// `-` against `_` do not count. Names over 64 bytes are infinitely far from everything.
[[nodiscard]] std::size_t distance(std::string_view left, std::string_view right);
/// The closest option of the program, if it is close enough to have been meant.
[[nodiscard]] const Option* nearest(std::string_view name, Program program);

}  // namespace pounce::inline v0::config
