// What it is: the frozen configuration. Config has a member per option of option_list.hpp, of the
// same name, and remembers where each value came from. freeze() is the only way from text to it.
// What it is not: what the libraries take. They take small structs of their own
// (`protocol::Limits` and others); whoever starts a server copies the members over.
// Ownership: `Owned<const Config>`: whoever froze it owns it, and threads share it by reference, without a lock.
// Units: durations are chrono, sizes bytes, min_rate bytes per second.
// Errors: freeze reports all problems of all settings at once, in a stable order.
// A default-constructed Config holds the defaults, for tests and for programs of one's own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pounce/config/bind_address.hpp>
#include <pounce/config/named_certificate.hpp>
#include <pounce/config/option_table.hpp>
#include <pounce/config/request_rate.hpp>
#include <pounce/config/setting.hpp>
#include <pounce/config/static_mount.hpp>
#include <pounce/core/lean.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/proxy/network.hpp>

namespace pounce::inline v0::config {

namespace detail {

// The type of a kind and the reading of a default (defaults.cpp). A default that does not parse does not compile:
// option_table.cpp asserts every row.
template <Kind kind>
struct Typed;

template <>
struct Typed<Kind::path> {
  using Type = std::optional<std::string>;  // nullopt: absent
  static Type initial(std::string_view text);
};
template <>
struct Typed<Kind::host> {
  using Type = std::string;
  static Type initial(std::string_view text);
};
template <>
struct Typed<Kind::text> {
  using Type = std::string;
  static Type initial(std::string_view text);
};
template <>
struct Typed<Kind::port> {
  using Type = std::uint16_t;
  static Type initial(std::string_view text);
};
template <>
struct Typed<Kind::addresses> {
  using Type = std::vector<BindAddress>;
  static Type initial(std::string_view) { return {}; }
};
template <>
struct Typed<Kind::count> {
  using Type = std::size_t;
  static Type initial(std::string_view text);
};
template <>
struct Typed<Kind::optional_count> {
  using Type = std::optional<std::size_t>;  // nullopt: none
  static Type initial(std::string_view) { return std::nullopt; }
};
template <>
struct Typed<Kind::auto_count> {
  using Type = std::optional<unsigned>;  // nullopt: auto
  static Type initial(std::string_view) { return std::nullopt; }
};
template <>
struct Typed<Kind::size> {
  using Type = std::size_t;
  static Type initial(std::string_view text);
};
template <>
struct Typed<Kind::rate> {
  using Type = std::size_t;
  static Type initial(std::string_view text);
};
template <>
struct Typed<Kind::duration> {
  using Type = std::chrono::nanoseconds;
  static Type initial(std::string_view text);
};
template <>
struct Typed<Kind::optional_duration> {
  using Type = std::optional<std::chrono::nanoseconds>;  // nullopt: none
  static Type initial(std::string_view) { return std::nullopt; }
};
template <>
struct Typed<Kind::optional_text> {
  using Type = std::optional<std::string>;  // nullopt: none
  static Type initial(std::string_view text);
};
template <>
struct Typed<Kind::optional_size> {
  using Type = std::optional<std::size_t>;  // nullopt: none
  static Type initial(std::string_view text);
};
template <>
struct Typed<Kind::mounts> {
  using Type = std::vector<StaticMount>;
  static Type initial(std::string_view) { return {}; }
};
template <>
struct Typed<Kind::certificates> {
  using Type = std::vector<NamedCertificate>;
  static Type initial(std::string_view) { return {}; }
};
template <>
struct Typed<Kind::choice> {
  using Type = std::string;
  static Type initial(std::string_view text);
};
template <>
struct Typed<Kind::networks> {
  using Type = std::vector<proxy::Network>;
  static Type initial(std::string_view) { return {}; }
};
template <>
struct Typed<Kind::optional_request_rate> {
  using Type = std::optional<RequestRate>;  // nullopt: none
  static Type initial(std::string_view) { return std::nullopt; }
};
template <>
struct Typed<Kind::prefixes> {
  using Type = std::vector<std::string>;
  static Type initial(std::string_view) { return {}; }
};
template <>
struct Typed<Kind::boolean> {
  using Type = bool;
  static Type initial(std::string_view text);
};

}  // namespace detail

struct Config {
#define POUNCE_MEMBER(kind, name, initial_text, ...) \
  detail::Typed<Kind::kind>::Type name = detail::Typed<Kind::kind>::initial(initial_text);
  POUNCE_OPTIONS(POUNCE_MEMBER)
#undef POUNCE_MEMBER

  Program program = Program::pounce_async;
  std::array<Origin, option_count> origins{};

  [[nodiscard]] const Origin& origin(OptionId id) const { return origins[static_cast<std::size_t>(id)]; }

  /// Some listener speaks TLS.
  [[nodiscard]] bool uses_tls() const;
  /// Where to listen: `bind`, or `host` and `port` when no --bind is given. Never empty.
  [[nodiscard]] std::vector<BindAddress> addresses() const;
};

/// Checks everything. Settings may come in any order; the strongest origin wins, also over an equal
/// or wrong value elsewhere, yet a wrong value is a problem even where another one beats it.
/// The same, for who looks for further problems before giving up: what is wrong is added to `problems`, and the Config has the default
/// in its place. Not to be served with then.
[[nodiscard]] Owned<const Config> freeze(Program program, std::span<const Setting> settings,
                                         std::vector<Problem>& problems);
[[nodiscard]] std::expected<Owned<const Config>, std::vector<Problem>> freeze(Program program,
                                                                              std::span<const Setting> settings);

/// The value as an operator would write it; "" where it is absent. A list is joined by commas.
[[nodiscard]] std::string value_text(const Config& config, OptionId id);

}  // namespace pounce::inline v0::config
