// KeptString: a std::string as storage, so that large content is lent and not copied.
//
// All of it stands in the header: an application module needs no symbol of ours. It is a template so that only who keeps a string has to
// include <string> (docs/decisions/0015).
// Ownership: the string lives until the last loan is given up, on whichever thread that is.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/storage.hpp>
#include <pounce/core/string_fwd.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

template <std::same_as<std::string> Text = std::string>
class KeptString final : public Storage {
 public:
  explicit KeptString(Text text) noexcept : text_(std::move(text)) {}
  [[nodiscard]] Bytes bytes() const noexcept { return text_; }

 private:
  void destroy() noexcept override { delete this; }

  Text text_;
};

// Moves `text` into storage and points `bytes` at it.
template <std::same_as<std::string> Text = std::string>
[[nodiscard]] StorageRef keep(std::type_identity_t<Text> text, Bytes& bytes) {
  auto* kept = new KeptString<Text>{std::move(text)};
  bytes = kept->bytes();
  return StorageRef{kept};
}

}  // namespace pounce::inline v0
