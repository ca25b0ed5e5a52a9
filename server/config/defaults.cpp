// The reading of defaults, and what a Config needs to have its lists whole for. All defaults parse (option_table.cpp asserts it).
#include <pounce/config/config.hpp>

#include <pounce/config/bind_address.hpp>
#include <pounce/config/named_certificate.hpp>
#include <pounce/config/setting.hpp>
#include <pounce/config/static_mount.hpp>
#include <pounce/config/value.hpp>
#include <pounce/proxy/network.hpp>

#include <string_view>
#include <utility>

namespace pounce::inline v0::config {

namespace {

template <Kind kind>
typename detail::Typed<kind>::Type initial([[maybe_unused]] std::string_view text) {
  using Type = typename detail::Typed<kind>::Type;
  if constexpr (kind == Kind::host || kind == Kind::text || kind == Kind::choice) {
    return Type(text);
  } else if constexpr (kind == Kind::path) {
    return text.empty() ? Type() : Type(text);
  } else if constexpr (kind == Kind::optional_text) {
    return text == "none" ? Type() : Type(text);
  } else if constexpr (kind == Kind::port || kind == Kind::count) {
    return static_cast<Type>(*parse_count(text));
  } else if constexpr (kind == Kind::size) {
    return static_cast<Type>(*parse_size(text));
  } else if constexpr (kind == Kind::rate) {
    return static_cast<Type>(*parse_rate(text));
  } else if constexpr (kind == Kind::duration) {
    return *parse_duration(text);
  } else if constexpr (kind == Kind::optional_size) {
    return text == "none" ? Type() : Type(static_cast<std::size_t>(*parse_size(text)));
  } else if constexpr (kind == Kind::boolean) {
    return text == "true";
  } else {
    return {};  // an empty list, or none
  }
}

}  // namespace

Config::Config()
    :
#define POUNCE_INITIAL(kind, name, initial_text, ...) name(initial<Kind::kind>(initial_text)),
      POUNCE_OPTIONS(POUNCE_INITIAL)
#undef POUNCE_INITIAL
          program(Program::pounce_async) {
  origins.resize(option_count);
}
Config::Config(const Config& other) = default;
Config::Config(Config&& other) noexcept = default;
Config& Config::operator=(const Config& other) = default;
Config& Config::operator=(Config&& other) noexcept = default;
Config::~Config() = default;

const Origin& Config::origin(OptionId id) const { return origins[static_cast<std::size_t>(id)]; }

}  // namespace pounce::inline v0::config
