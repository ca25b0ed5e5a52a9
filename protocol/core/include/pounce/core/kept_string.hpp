// KeptString: a std::string as storage, so that large content is lent and not copied.
//
// All of it stands in the header: an application module needs no symbol of ours.
// Ownership: the string lives until the last loan is given up, on whichever thread that is.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/storage.hpp>

#include <string>
#include <utility>

namespace pounce::inline v0 {

class KeptString final : public Storage {
 public:
  explicit KeptString(std::string text) noexcept : text_(std::move(text)) {}
  [[nodiscard]] Bytes bytes() const noexcept { return text_; }

 private:
  void destroy() noexcept override { delete this; }

  std::string text_;
};

// Moves `text` into storage and points `bytes` at it.
[[nodiscard]] inline StorageRef keep(std::string text, Bytes& bytes) {
  auto* kept = new KeptString{std::move(text)};
  bytes = kept->bytes();
  return StorageRef{kept};
}

}  // namespace pounce::inline v0
