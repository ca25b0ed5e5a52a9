#include "server/session/request_name.hpp"

#include <pounce/app/fields.hpp>

#include <algorithm>

namespace pounce::inline v0 {

namespace {

// A bijection that leaves no likeness between neighbours (the finalizer of SplitMix64).
constexpr std::uint64_t mixed(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

constexpr bool may_stand_in_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"-._~+/=:@"}.find(c) != std::string_view::npos;
}

}  // namespace

bool is_request_name_field(const Field& field) noexcept {
  return field.name.size() == request_name_field.size() && equal_without_case(field.name, request_name_field);
}

bool is_request_name(std::string_view text) noexcept {
  constexpr std::size_t longest = 128;
  return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), may_stand_in_name);
}

std::string_view request_name_of(FieldList fields) noexcept {
  const auto first = std::find_if(fields.begin(), fields.end(), is_request_name_field);
  if (first == fields.end() || !is_request_name(first->value)) return {};
  return std::any_of(first + 1, fields.end(), is_request_name_field) ? std::string_view{} : first->value;
}

RequestName make_request_name(std::uint64_t seed, RequestId id) noexcept {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15U;
  RequestName name{};
  std::size_t at = 0;
  for (const std::uint64_t half : {mixed(seed), mixed(seed + number(id) * golden)}) {
    for (int shift = 60; shift >= 0; shift -= 4) name[at++] = digits[(half >> static_cast<unsigned>(shift)) & 0xfU];
  }
  return name;
}

}  // namespace pounce::inline v0
