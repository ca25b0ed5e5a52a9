// Body: the content of a response that is known as a whole: a view and, unless it is a literal, a loan on what holds it.
//
// A string literal is used where it stands: that constructor is `consteval`, so that only text of static storage duration gets
// in. Everything else is owned: a std::string (moved in) or a Chunk. Large content is sent without a copy.
#pragma once

#include <pounce/app/chunk.hpp>
#include <pounce/core/kept_copy.hpp>
#include <pounce/core/kept_string.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

class Body {
 public:
  constexpr Body() noexcept = default;
  consteval Body(const char* literal) : bytes_(literal) {}  // NOLINT(google-explicit-constructor)
  // A std::string, from whoever has included <string>.
  template <std::same_as<std::string> Text = std::string>
  Body(std::type_identity_t<Text> text)  // NOLINT(google-explicit-constructor)
      : owner_(keep(std::move(text), bytes_)) {}
  Body(Chunk chunk) noexcept : bytes_(chunk.bytes()), owner_(chunk.owner()) {}  // NOLINT(google-explicit-constructor)
  // A view owns nothing: this copies it.
  [[nodiscard]] static Body copy(std::string_view text) {
    Body body;
    body.owner_ = keep_copy(text, body.bytes_);
    return body;
  }

  [[nodiscard]] Bytes bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  // What keeps `bytes` alive; null for literals, which need nobody.
  [[nodiscard]] const StorageRef& owner() const noexcept { return owner_; }

 private:
  Bytes bytes_;
  StorageRef owner_;
};

static_assert(!std::is_aggregate_v<Body>);

}  // namespace pounce::inline v0
