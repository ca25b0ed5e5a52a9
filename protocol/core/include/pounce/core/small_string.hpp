// SmallString: a short text that is kept and never changed: an address, a path of a route.
//
// What it is not: a std::string. It has no terminator and cannot grow. It takes 24 octets. Up to 23 of text stand in itself, which is every
// IPv4 address with its port; longer ones on the heap. A header of ours costs no <string> with it (docs/decisions/0015).
// Ownership: of a copy of what it is made from. Views live as long as it does, and is not moved or assigned to. Limits: none of its own;
// whoever keeps what a peer sends bounds it. Errors: std::bad_alloc.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/string_fwd.hpp>

#include <concepts>
#include <cstddef>
#include <cstring>
#include <utility>

namespace pounce::inline v0 {

// Aligned, so that tools that look for leaks find what it points to.
class alignas(char*) SmallString {
 public:
  static constexpr std::size_t inline_capacity = 23;

  SmallString() noexcept = default;
  template <std::convertible_to<Bytes> Text>
    requires(!std::same_as<Text, SmallString>)
  SmallString(const Text& text) {  // NOLINT(google-explicit-constructor): as std::string is made of a literal
    copy(text);
  }
  SmallString(const SmallString& other) { copy(other.bytes()); }
  SmallString(SmallString&& other) noexcept { take(other); }
  SmallString& operator=(SmallString other) noexcept {
    release();
    take(other);
    return *this;
  }
  ~SmallString() { release(); }

  [[nodiscard]] std::size_t size() const noexcept { return bytes().size(); }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] Bytes bytes() const noexcept {
    if (size_ != elsewhere) return {place_, static_cast<std::size_t>(size_)};
    const char* const text = far().text;
    return {text, far().size};
  }
  operator Bytes() const noexcept { return bytes(); }  // NOLINT(google-explicit-constructor): as std::string does
  // A std::string, for whoever has included <string>.
  template <std::same_as<std::string> Text>
  operator Text() const {  // NOLINT(google-explicit-constructor): what it is made of
    return Text(bytes());
  }
  template <std::convertible_to<Bytes> Text>
  [[nodiscard]] friend bool operator==(const SmallString& a, const Text& b) noexcept {
    return a.bytes() == static_cast<Bytes>(b);
  }

 private:
  static constexpr unsigned char elsewhere = 255;
  // What stands in `place_` when the text does not: a copy of its octets, for a member of its own would leave less room for text.
  struct Far {
    char* text;
    std::size_t size;
  };
  [[nodiscard]] Far far() const noexcept {
    Far far;
    std::memcpy(&far, place_, sizeof far);
    return far;
  }
  // To an empty one.
  void copy(Bytes text) {
    if (text.size() <= inline_capacity) {
      if (!text.empty()) std::memcpy(place_, text.data(), text.size());
      size_ = static_cast<unsigned char>(text.size());
      return;
    }
    const Far far{new char[text.size()], text.size()};
    std::memcpy(far.text, text.data(), text.size());
    std::memcpy(place_, &far, sizeof far);
    size_ = elsewhere;
  }
  // Into one that has nothing to release.
  void take(SmallString& other) noexcept {
    std::memcpy(place_, other.place_, sizeof place_);
    size_ = std::exchange(other.size_, static_cast<unsigned char>(0));
  }
  void release() noexcept {
    if (size_ == elsewhere) delete[] far().text;
    size_ = 0;
  }

  char place_[inline_capacity] = {};
  unsigned char size_ = 0;  // or `elsewhere`
};

}  // namespace pounce::inline v0
