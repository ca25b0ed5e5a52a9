// SmallString: a short text that is kept and never changed: an address, a path of a route.
//
// What it is not: a std::string. It has no terminator and cannot grow. Up to 24 octets stand in itself, which is every IPv4 address
// with its port; longer ones on the heap. A header of ours costs no <string> with it (docs/decisions/0015).
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

class SmallString {
 public:
  static constexpr std::size_t inline_capacity = 24;

  SmallString() noexcept : near_{} {}
  template <std::convertible_to<Bytes> Text>
    requires(!std::same_as<Text, SmallString>)
  SmallString(const Text& text) : near_{} {  // NOLINT(google-explicit-constructor): as std::string is made of a literal
    copy(text);
  }
  SmallString(const SmallString& other) : near_{} { copy(other.bytes()); }
  SmallString(SmallString&& other) noexcept : near_{} { take(other); }
  SmallString& operator=(SmallString other) noexcept {
    release();
    take(other);
    return *this;
  }
  ~SmallString() { release(); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] Bytes bytes() const noexcept {
    const char* const first = size_ > inline_capacity ? far_ : near_;
    return {first, size_};
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
  // To an empty one.
  void copy(Bytes text) {
    if (text.empty()) return;
    char* const first = text.size() > inline_capacity ? new char[text.size()] : near_;
    std::memcpy(first, text.data(), text.size());
    if (first != near_) far_ = first;
    size_ = text.size();
  }
  // Into one that has nothing to release.
  void take(SmallString& other) noexcept {
    std::memcpy(near_, other.near_, sizeof near_);  // the pointer, too
    size_ = std::exchange(other.size_, 0);
  }
  void release() noexcept {
    if (size_ > inline_capacity) delete[] far_;
    size_ = 0;
  }

  union {
    char near_[inline_capacity];
    char* far_;  // of more than `inline_capacity`
  };
  std::size_t size_ = 0;
};

}  // namespace pounce::inline v0
