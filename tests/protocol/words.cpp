#include "words.hpp"

#include "transcript.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace transcript {

using namespace pounce;

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{}) throw std::runtime_error("not a number: " + std::string(text));
  return value;
}

Duration duration(std::string_view text) {
  const std::uint64_t value = number(text);
  if (text.ends_with("ms")) return std::chrono::milliseconds{value};
  if (text.ends_with("s")) return std::chrono::seconds{value};
  throw std::runtime_error("not a duration: " + std::string(text));
}

std::string_view name(Sent sent) {
  constexpr std::array<std::string_view, 8> names{
      "ok", "gone", "wrong_order", "invalid_field", "forbidden_field", "length_mismatch", "no_room", "invalid_text"};
  return names.at(static_cast<std::size_t>(sent));
}

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == ' ') {
      ++i;
    } else if (line[i] == '"') {
      const std::size_t end = line.find('"', i + 1);
      words.push_back(unescape({std::string(line.substr(i + 1, end - i - 1))}));
      i = end + 1;
    } else {
      const std::size_t end = std::min(line.find(' ', i), line.size());
      words.emplace_back(line.substr(i, end - i));
      i = end;
    }
  }
  return words;
}

std::vector<Field> fields_of(const std::vector<std::string>& words) {
  std::vector<Field> fields;
  for (const std::string& word : words) {
    const std::size_t colon = word.find(": ");
    if (colon == std::string::npos) continue;
    fields.push_back({std::string_view(word).substr(0, colon), std::string_view(word).substr(colon + 2)});
  }
  return fields;
}

}  // namespace transcript
