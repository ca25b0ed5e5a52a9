// Sec-WebSocket-Extensions (RFC 6455, section 9.1), and the agreement on permessage-deflate (RFC 7692, sections 5 and 7.1).
//
// Pure functions over a field list; they allocate nothing. What was agreed on is `DeflateTerms`; who compresses is somebody else.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/message_codec.hpp>
#include <pounce/ws/limits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace pounce::inline v0::ws {

// Whether all extension fields follow the grammar. Where they do not, the handshake is refused.
[[nodiscard]] bool are_extensions_valid(FieldList fields) noexcept;

// What was agreed on, and how the server says so.
class DeflateAgreement {
 public:
  // The first offer of the client's that can be met; none: no compression.
  [[nodiscard]] static std::optional<DeflateAgreement> of(FieldList request, const DeflateWishes& wishes) noexcept;

  [[nodiscard]] const DeflateTerms& terms() const noexcept { return terms_; }
  // The value of Sec-WebSocket-Extensions. Lives as long as this.
  [[nodiscard]] Bytes answer() const noexcept { return {text_.data(), size_}; }

 private:
  DeflateAgreement() noexcept = default;
  void add(Bytes text) noexcept;
  void add(unsigned bits) noexcept;

  DeflateTerms terms_;
  std::array<char, 140> text_;  // the longest is 128
  std::size_t size_ = 0;
};

// The client's side: what it offers (whole windows, any limit that the server sets for us), …
inline constexpr Bytes deflate_offer = "permessage-deflate; client_max_window_bits";
// … and the terms in the server's answer to that. `valid` is false when it is no answer to it: fail the connection (RFC 7692, section 7.1).
struct DeflateAnswer {
  bool valid = true;
  std::optional<DeflateTerms> terms;
};
[[nodiscard]] DeflateAnswer read_deflate_answer(FieldList response) noexcept;

}  // namespace pounce::inline v0::ws
