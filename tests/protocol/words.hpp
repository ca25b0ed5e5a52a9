// The words of a transcript's lines: numbers, durations, quoted texts, fields, results.
#pragma once

#include <pounce/core/message.hpp>
#include <pounce/core/sent.hpp>
#include <pounce/core/time.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace transcript {

[[nodiscard]] std::uint64_t number(std::string_view text);
[[nodiscard]] pounce::Duration duration(std::string_view text);
[[nodiscard]] std::string_view name(pounce::Sent sent);
// Words are separated by blanks; what stands between quotes is one word, unescaped.
[[nodiscard]] std::vector<std::string> split(std::string_view line);
// Words "Name: value" as fields; ids are left to the machine, as an application would.
[[nodiscard]] std::vector<pounce::Field> fields_of(const std::vector<std::string>& words);

}  // namespace transcript
