// The opening handshake (RFC 6455, section 4) as pure functions over heads, for both sides.
//
// What it is not: the exchange of the heads; that is HTTP's. Its order for a server: `read_opening`; the application decides (its origin
// check is `Origin` against a list of its own); `choose_subprotocol` and `DeflateAgreement::of`; then `Acceptance::fields` go out with 101
// (h1::Connection::send_switch) and the octets behind the request belong to ws::Connection. Over HTTP/2 (RFC 8441) it is an extended CONNECT
// and 200 (h2::Connection::send_switch), and the content of the stream belongs to it. A fault has its status in the table of faults,
// and its fields in `refusal_fields`.
// Ownership: views in results lie in the arguments.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/fault.hpp>
#include <pounce/core/message.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pounce::inline v0::ws {

inline constexpr std::size_t key_size = 24;     // 16 octets in Base64
inline constexpr std::size_t accept_size = 28;  // 20 octets in Base64

// What an opening handshake says.
struct Opening {
  Bytes key;  // over HTTP/2 there is none
};

// Whether a request asks for a WebSocket at all: it names websocket in Upgrade, or in `:protocol`.
[[nodiscard]] bool asks_for_websocket(const RequestHead& head) noexcept;

// `upgrade_required`: the request is none. Else what is wrong with it, the version first.
[[nodiscard]] Fault read_opening(const RequestHead& head, Opening& opening) noexcept;

// The first subprotocol that the client names and that is one of ours, as it lies in the request; empty when there is none. Compared as they are.
[[nodiscard]] Bytes choose_subprotocol(FieldList request, std::span<const Bytes> ours) noexcept;

// The value of Sec-WebSocket-Accept for a key.
[[nodiscard]] std::array<char, accept_size> accept_value(Bytes key) noexcept;

// The fields of the answer that accepts: without a key, over HTTP/2, only what was agreed on.
class Acceptance {
 public:
  // `subprotocol` and `extensions` may be empty; they are borrowed.
  Acceptance(const Opening& opening, Bytes subprotocol, Bytes extensions) noexcept;
  Acceptance(const Acceptance&) = delete;
  Acceptance& operator=(const Acceptance&) = delete;

  [[nodiscard]] FieldList fields() const noexcept { return {fields_.data(), count_}; }

 private:
  std::array<char, accept_size> accept_;
  std::array<Field, 5> fields_;
  std::size_t count_ = 0;
};

// What an answer that refuses says besides its status: with 426, what is spoken here, and in which version.
[[nodiscard]] FieldList refusal_fields(Fault fault) noexcept;

// --- the client's side ---

// The value of Sec-WebSocket-Key for 16 octets from a strong source of entropy, used once.
[[nodiscard]] std::array<char, key_size> make_key(const std::array<char, 16>& entropy) noexcept;

// Whether a response to a request with `key` accepts, with one of the subprotocols that were offered or none.
[[nodiscard]] bool is_accepted(std::uint16_t status, FieldList response, Bytes key,
                               std::span<const Bytes> offered) noexcept;

}  // namespace pounce::inline v0::ws
