// Negotiation: which coding an Accept-Encoding asks for (RFC 9110, section 12.5.3).
//
// Pure, one pass, no allocation; time is linear in the length of the field. Rules beyond the grammar:
// - all fields of the name are one list; names are compared without case; `x-gzip` is gzip;
// - a member that is malformed is as if it were not there: no name, a weight with more than three decimals or above 1,
//   another parameter;
// - of a coding that is named twice a zero counts, else the highest weight;
// - `*` speaks for all that are not named, but never for `dcz`, which only a client with a dictionary can mean;
// - identity is acceptable unless it, or `*` without it, has weight 0. It wins only where it is named with more weight than all
//   that is offered, or nothing else is acceptable;
// - among equal weights the server's order decides;
// - no field, or an empty one: identity.
#pragma once

#include <pounce/compression/coding.hpp>
#include <pounce/core/message.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace pounce::inline v0::compression {

// What the server would send, in its order of preference. Identity need not be said.
class Offers {
 public:
  constexpr Offers() noexcept = default;
  // Each once; what is there already, and identity, is not added.
  constexpr void add(Coding coding) noexcept {
    if (coding == Coding::identity || has(coding)) return;
    codings_[size_++] = coding;
  }
  [[nodiscard]] constexpr bool has(Coding coding) const noexcept {
    for (const Coding offered : *this) {
      if (offered == coding) return true;
    }
    return false;
  }
  [[nodiscard]] constexpr const Coding* begin() const noexcept { return codings_.data(); }
  [[nodiscard]] constexpr const Coding* end() const noexcept { return codings_.data() + size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }

 private:
  std::array<Coding, coding_count> codings_{};
  std::size_t size_ = 0;
};

struct Negotiated {
  Coding coding = Coding::identity;
  bool acceptable = true;  // false: nothing offered is, and identity is forbidden
};

[[nodiscard]] Negotiated negotiate(FieldList request, const Offers& offers) noexcept;

// A weight in thousandths (RFC 9110, section 12.4.2), or -1 when it is malformed.
[[nodiscard]] int parse_weight(std::string_view text) noexcept;

}  // namespace pounce::inline v0::compression
