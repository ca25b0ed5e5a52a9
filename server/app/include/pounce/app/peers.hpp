// Peers: who is connected to whom. One for each connection, which outlives its requests.
#pragma once

#include <pounce/core/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

// AddressText: "127.0.0.1:8000", "[2001:db8::1]:8000", "unix:". Each connection has two: an IPv4 address with its port lies in place, what is
// longer on the heap. It owns its text. Errors: making one throws std::bad_alloc.
class AddressText {
 public:
  static constexpr std::size_t in_place = 23;

  AddressText() noexcept = default;
  template <class Text>
    requires std::is_convertible_v<const Text&, std::string_view>
  AddressText(const Text& text) {  // NOLINT(google-explicit-constructor)
    keep(text);
  }
  AddressText(AddressText&& other) noexcept { swap(other); }
  AddressText& operator=(AddressText other) noexcept {
    swap(other);
    return *this;
  }
  ~AddressText() {
    if (size_ == elsewhere) delete[] far().text;
  }

  [[nodiscard]] std::string_view view() const noexcept {
    if (size_ != elsewhere) return {place_, static_cast<std::size_t>(size_)};
    const char* const text = far().text;
    return {text, far().size};
  }
  operator std::string_view() const noexcept { return view(); }  // NOLINT(google-explicit-constructor)

 private:
  static constexpr std::uint8_t elsewhere = 255;
  // What stands in place of a text that does not fit, in octets: all of this has no alignment, and takes 24.
  struct Far {
    char* text;
    std::size_t size;
  };
  [[nodiscard]] Far far() const noexcept {
    Far far;
    std::memcpy(&far, place_, sizeof far);
    return far;
  }

  void keep(std::string_view text) {
    if (text.empty()) return;
    if (text.size() <= in_place) {
      std::memcpy(place_, text.data(), text.size());
      size_ = static_cast<std::uint8_t>(text.size());
      return;
    }
    const Far far{new char[text.size()], text.size()};
    std::memcpy(far.text, text.data(), text.size());
    std::memcpy(place_, &far, sizeof far);
    size_ = elsewhere;
  }
  void swap(AddressText& other) noexcept {
    char place[in_place];
    std::memcpy(place, place_, in_place);
    std::memcpy(place_, other.place_, in_place);
    std::memcpy(other.place_, place, in_place);
    const std::uint8_t size = size_;
    size_ = other.size_;
    other.size_ = size;
  }

  char place_[in_place] = {};
  std::uint8_t size_ = 0;
};

struct Peers {
  ConnectionId connection{};
  AddressText local;  // "127.0.0.1:8000"
  AddressText peer;   // "127.0.0.1:40112"
  // The connection begins with a header of the PROXY protocol, from a trusted proxy; peer and local are then the ones that it names.
  bool proxied = false;
  bool secure = false;  // a proxy in front says that the client came over TLS
};

}  // namespace pounce::inline v0
