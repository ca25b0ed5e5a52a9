// What it is: the frozen configuration. Config has a member per option of option_list.hpp, of the
// same name, and remembers where each value came from. freeze() of <pounce/config/freeze.hpp> is the only way from text to it.
// What it is not: what the libraries take. They take small structs of their own
// (`protocol::Limits` and others); whoever starts a server copies the members over.
// Ownership: `Owned<const Config>`: whoever froze it owns it, and threads share it by reference, without a lock.
// Units: durations are chrono, sizes bytes, min_rate bytes per second.
// A default-constructed Config holds the defaults, for tests and for programs of one's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <pounce/config/option_table.hpp>
#include <pounce/config/request_rate.hpp>
#include <pounce/core/lean.hpp>
#include <pounce/core/list.hpp>
#include <pounce/core/small_string.hpp>

namespace pounce::inline v0::proxy {
class Network;
}

namespace pounce::inline v0::config {

struct BindAddress;
struct NamedCertificate;
struct Origin;
struct StaticMount;

namespace detail {

// The type of a kind.
template <Kind kind>
struct Typed;

template <>
struct Typed<Kind::path> {
  using Type = std::optional<SmallString>;  // nullopt: absent
};
template <>
struct Typed<Kind::host> {
  using Type = SmallString;
};
template <>
struct Typed<Kind::text> {
  using Type = SmallString;
};
template <>
struct Typed<Kind::port> {
  using Type = std::uint16_t;
};
template <>
struct Typed<Kind::addresses> {
  using Type = List<BindAddress>;
};
template <>
struct Typed<Kind::count> {
  using Type = std::size_t;
};
template <>
struct Typed<Kind::optional_count> {
  using Type = std::optional<std::size_t>;  // nullopt: none
};
template <>
struct Typed<Kind::auto_count> {
  using Type = std::optional<unsigned>;  // nullopt: auto
};
template <>
struct Typed<Kind::size> {
  using Type = std::size_t;
};
template <>
struct Typed<Kind::rate> {
  using Type = std::size_t;
};
template <>
struct Typed<Kind::duration> {
  using Type = std::chrono::nanoseconds;
};
template <>
struct Typed<Kind::optional_duration> {
  using Type = std::optional<std::chrono::nanoseconds>;  // nullopt: none
};
template <>
struct Typed<Kind::optional_text> {
  using Type = std::optional<SmallString>;  // nullopt: none
};
template <>
struct Typed<Kind::optional_size> {
  using Type = std::optional<std::size_t>;  // nullopt: none
};
template <>
struct Typed<Kind::mounts> {
  using Type = List<StaticMount>;
};
template <>
struct Typed<Kind::certificates> {
  using Type = List<NamedCertificate>;
};
template <>
struct Typed<Kind::choice> {
  using Type = SmallString;
};
template <>
struct Typed<Kind::networks> {
  using Type = List<proxy::Network>;
};
template <>
struct Typed<Kind::optional_request_rate> {
  using Type = std::optional<RequestRate>;  // nullopt: none
};
template <>
struct Typed<Kind::prefixes> {
  using Type = List<SmallString>;
};
template <>
struct Typed<Kind::boolean> {
  using Type = bool;
};

}  // namespace detail

struct Config {
  // Out of line: who has a Config need not include what it has lists of (docs/decisions/0015).
  Config();
  Config(const Config& other);
  Config(Config&& other) noexcept;
  Config& operator=(const Config& other);
  Config& operator=(Config&& other) noexcept;
  ~Config();

#define POUNCE_MEMBER(kind, name, ...) detail::Typed<Kind::kind>::Type name;
  POUNCE_OPTIONS(POUNCE_MEMBER)
#undef POUNCE_MEMBER

  Program program = Program::pounce_async;
  List<Origin> origins;  // of each option

  [[nodiscard]] const Origin& origin(OptionId id) const;

  /// Some listener speaks TLS.
  [[nodiscard]] bool uses_tls() const;
  /// Where to listen: `bind`, or `host` and `port` when no --bind is given. Never empty.
  [[nodiscard]] List<BindAddress> addresses() const;
};

}  // namespace pounce::inline v0::config
