// MediaTypes: which content is worth coding. A table of patterns; the default one is for what is text in some form.
//
// Patterns are a whole type ("application/json"), all of a kind ("text/*"), or a structured-syntax suffix ("+json", RFC 6838, section
// 4.2.8). Compared without case and without the parameters of a Content-Type.
// Ownership: of its patterns; copies share them, on any threads. Errors: std::bad_alloc.
#pragma once

#include <pounce/core/storage.hpp>

#include <span>
#include <string_view>

namespace pounce::inline v0::compression {

class MediaTypes {
 public:
  // The usual table.
  MediaTypes();
  // Another one. A pattern that is none of the three kinds never matches; see `is_pattern`.
  explicit MediaTypes(std::span<const std::string_view> patterns);

  [[nodiscard]] bool has(std::string_view content_type) const noexcept;
  [[nodiscard]] static bool is_pattern(std::string_view text) noexcept;
  // As they were given. Views live as long as this, or a copy of it.
  [[nodiscard]] std::span<const std::string_view> patterns() const noexcept;

 private:
  class Tables;

  [[nodiscard]] const Tables& tables() const noexcept;

  StorageRef tables_;  // Tables; never changed
};

}  // namespace pounce::inline v0::compression
