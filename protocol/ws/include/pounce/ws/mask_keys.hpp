// MaskKeys: the masking keys of a client's frames (RFC 6455, section 10.3): nobody who sees some can tell the next.
//
// A pseudo-random function (SipHash-2-4) of a secret and a counter. The secret is an argument, for nothing here is random: it must come
// from a strong source of entropy and be used for one connection.
#pragma once

#include <array>
#include <cstdint>

namespace pounce::inline v0::ws {

class MaskKeys {
 public:
  using Secret = std::array<std::uint64_t, 2>;

  explicit constexpr MaskKeys(Secret secret) noexcept : secret_(secret) {}
  [[nodiscard]] std::uint32_t next() noexcept;

 private:
  Secret secret_;
  std::uint64_t count_ = 0;
};

}  // namespace pounce::inline v0::ws
