// The name of a request across machines, as X-Request-ID carries it: whose is taken, and how one is made.
//
// Pure: a name of ours follows from a random number of the process and the request's id, so no two requests of a process share one.
#pragma once

#include <pounce/core/ids.hpp>
#include <pounce/core/message.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pounce::inline v0 {

inline constexpr std::string_view request_name_field = "x-request-id";

[[nodiscard]] bool is_request_name_field(const Field& field) noexcept;

// 1 to 128 octets: letters, digits and -._~+/=:@ (what ids are written with, and nothing that a log or a field must escape).
[[nodiscard]] bool is_request_name(std::string_view text) noexcept;

// The only one among the fields, if it is one; else empty.
[[nodiscard]] std::string_view request_name_of(FieldList fields) noexcept;

using RequestName = std::array<char, 32>;
// 32 hexadecimal digits.
[[nodiscard]] RequestName make_request_name(std::uint64_t seed, RequestId id) noexcept;

}  // namespace pounce::inline v0
