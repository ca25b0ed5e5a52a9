// MediaTypes: which content is worth coding. A table of patterns; the default one is for what is text in some form.
//
// Patterns are a whole type ("application/json"), all of a kind ("text/*"), or a structured-syntax suffix ("+json", RFC 6838, section
// 4.2.8). Compared without case and without the parameters of a Content-Type.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pounce::inline v0::compression {

class MediaTypes {
 public:
  // The usual table.
  MediaTypes();
  // Another one. A pattern that is none of the three kinds never matches; see `is_pattern`.
  explicit MediaTypes(std::vector<std::string> patterns);

  [[nodiscard]] bool has(std::string_view content_type) const noexcept;
  [[nodiscard]] static bool is_pattern(std::string_view text) noexcept;
  [[nodiscard]] const std::vector<std::string>& patterns() const noexcept { return patterns_; }

 private:
  void sort();

  std::vector<std::string> patterns_;  // as they were given
  std::vector<std::string> kinds_;     // "text/"
  std::vector<std::string> suffixes_;  // "+json"
  std::vector<std::string> whole_;     // by length, so that few are compared
};

}  // namespace pounce::inline v0::compression
