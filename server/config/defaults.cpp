// The reading of defaults: those that are not simply empty. All of them parse (option_table.cpp asserts it).
#include <pounce/config/config.hpp>

#include <pounce/config/value.hpp>

namespace pounce::inline v0::config::detail {

auto Typed<Kind::path>::initial(std::string_view text) -> Type {
  return text.empty() ? Type() : Type(std::string(text));
}
auto Typed<Kind::host>::initial(std::string_view text) -> Type { return Type(text); }
auto Typed<Kind::text>::initial(std::string_view text) -> Type { return Type(text); }
auto Typed<Kind::port>::initial(std::string_view text) -> Type { return static_cast<Type>(*parse_count(text)); }
auto Typed<Kind::count>::initial(std::string_view text) -> Type { return static_cast<Type>(*parse_count(text)); }
auto Typed<Kind::size>::initial(std::string_view text) -> Type { return static_cast<Type>(*parse_size(text)); }
auto Typed<Kind::rate>::initial(std::string_view text) -> Type { return static_cast<Type>(*parse_rate(text)); }
auto Typed<Kind::duration>::initial(std::string_view text) -> Type { return *parse_duration(text); }
auto Typed<Kind::optional_text>::initial(std::string_view text) -> Type {
  return text == "none" ? Type() : Type(std::string(text));
}
auto Typed<Kind::optional_size>::initial(std::string_view text) -> Type {
  return text == "none" ? Type() : Type(static_cast<std::size_t>(*parse_size(text)));
}
auto Typed<Kind::choice>::initial(std::string_view text) -> Type { return Type(text); }
auto Typed<Kind::boolean>::initial(std::string_view text) -> Type { return text == "true"; }

}  // namespace pounce::inline v0::config::detail
