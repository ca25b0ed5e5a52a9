#include <pounce/ws/handshake.hpp>

#include "sha1.hpp"

#include <pounce/http/syntax.hpp>
#include <pounce/ws/extensions.hpp>

#include <algorithm>
#include <cstring>
#include <optional>

namespace pounce::inline v0::ws {

namespace {

constexpr Bytes key_name = "Sec-WebSocket-Key";
constexpr Bytes version_name = "Sec-WebSocket-Version";
constexpr Bytes protocol_name = "Sec-WebSocket-Protocol";
constexpr Bytes accept_name = "Sec-WebSocket-Accept";
constexpr Bytes extensions_name = "Sec-WebSocket-Extensions";
constexpr Bytes websocket = "websocket";
constexpr Bytes version = "13";
constexpr Bytes accept_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr Bytes base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// With padding, to where there is room for all of it.
void write_base64(Bytes bytes, char* to) noexcept {
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - at);
    unsigned word = 0;
    for (std::size_t i = 0; i < 3; ++i) word = word << 8U | (i < left ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i) *to++ = i <= left ? base64[word >> (18 - 6 * i) & 63U] : '=';
  }
}

// 16 octets: 21 digits, one whose lower four bits say nothing, and padding.
bool is_key(Bytes key) noexcept {
  if (key.size() != key_size || !key.ends_with("==")) return false;
  for (const char c : key.substr(0, key_size - 2)) {
    if (base64.find(c) == Bytes::npos) return false;
  }
  return base64.find(key[key_size - 3]) % 16 == 0;
}

// The only field of this name; `several` when there are more.
struct Single {
  const Field* field = nullptr;
  bool several = false;
};
Single single(FieldList fields, Bytes name) noexcept {
  Single found;
  for (const Field& field : fields) {
    if (!equal_without_case(field.name, name)) continue;
    found.several = found.field != nullptr;
    found.field = &field;
    if (found.several) break;
  }
  return found;
}

bool any_has(FieldList fields, Bytes name, Bytes token) noexcept {
  return std::ranges::any_of(fields, [&](const Field& field) {
    return equal_without_case(field.name, name) && http::list_has(field.value, token);
  });
}

// Calls `handle` with each subprotocol of the request, until it says that it is the one. False when one is no token.
template <class Handle>
bool for_each_subprotocol(FieldList fields, Handle&& handle) {
  for (const Field& field : fields) {
    if (!equal_without_case(field.name, protocol_name)) continue;
    http::ListElements elements{field.value};
    while (const auto element = elements.next()) {
      if (!http::is_token(*element)) return false;
      if (handle(*element)) return true;
    }
  }
  return true;
}

// RFC 6455, section 4.2.1.
Fault judge_upgrade(const RequestHead& head, Opening& opening) noexcept {
  if (head.method_id != Method::get || head.has_body || !head.keep_alive) return Fault::invalid_handshake;
  if (!any_has(head.fields, "Connection", "upgrade")) return Fault::invalid_handshake;
  const Single key = single(head.fields, key_name);
  if (key.field == nullptr || key.several || !is_key(key.field->value)) return Fault::invalid_websocket_key;
  opening.key = key.field->value;
  return Fault::none;
}

// RFC 8441, section 5: no key, no Connection; frames come as content, of which nobody knows the length.
Fault judge_connect(const RequestHead& head) noexcept {
  const bool open = head.method_id == Method::connect && head.has_body && !head.content_length;
  return open ? Fault::none : Fault::invalid_handshake;
}

}  // namespace

bool asks_for_websocket(const RequestHead& head) noexcept {
  if (head.version == Version::http2) return equal_without_case(head.protocol, websocket);
  return head.version == Version::http11 && any_has(head.fields, "Upgrade", websocket);
}

Fault read_opening(const RequestHead& head, Opening& opening) noexcept {
  if (!asks_for_websocket(head)) return Fault::upgrade_required;
  const Single spoken = single(head.fields, version_name);
  if (spoken.field != nullptr && (spoken.several || spoken.field->value != version))
    return Fault::unsupported_websocket_version;
  if (spoken.field == nullptr) return Fault::invalid_handshake;
  const bool on_stream = head.version == Version::http2;
  const Fault fault = on_stream ? judge_connect(head) : judge_upgrade(head, opening);
  if (fault != Fault::none) return fault;
  if (!for_each_subprotocol(head.fields, [](Bytes) { return false; })) return Fault::invalid_handshake;
  if (!are_extensions_valid(head.fields)) return Fault::invalid_handshake;
  return Fault::none;
}

Bytes choose_subprotocol(FieldList request, std::span<const Bytes> ours) noexcept {
  Bytes chosen;
  (void)for_each_subprotocol(request, [&](Bytes theirs) {
    if (std::ranges::find(ours, theirs) == ours.end()) return false;
    chosen = theirs;
    return true;
  });
  return chosen;
}

std::array<char, accept_size> accept_value(Bytes key) noexcept {
  std::array<char, key_size + accept_suffix.size()> text;
  const std::size_t size = std::min(key.size(), key_size);
  std::memcpy(text.data(), key.data(), size);
  std::memcpy(text.data() + size, accept_suffix.data(), accept_suffix.size());
  const Sha1 digest = sha1({text.data(), size + accept_suffix.size()});
  std::array<char, accept_size> accept;
  write_base64({digest.data(), digest.size()}, accept.data());
  return accept;
}

Acceptance::Acceptance(const Opening& opening, Bytes subprotocol, Bytes extensions) noexcept : accept_{} {
  if (!opening.key.empty()) {
    accept_ = accept_value(opening.key);
    fields_[count_++] = {"Upgrade", websocket, FieldId::upgrade};
    fields_[count_++] = {"Connection", "Upgrade", FieldId::connection};
    fields_[count_++] = {accept_name, {accept_.data(), accept_.size()}};
  }
  if (!subprotocol.empty()) fields_[count_++] = {protocol_name, subprotocol};
  if (!extensions.empty()) fields_[count_++] = {extensions_name, extensions};
}

FieldList refusal_fields(Fault fault) noexcept {
  static constexpr std::array<Field, 2> supported{{{"Upgrade", websocket, FieldId::upgrade}, {version_name, version}}};
  if (info(fault).status == 426) return supported;
  return {};
}

// --- the client's side ---

std::array<char, key_size> make_key(const std::array<char, 16>& entropy) noexcept {
  std::array<char, key_size> key;
  write_base64({entropy.data(), entropy.size()}, key.data());
  return key;
}

bool is_accepted(std::uint16_t status, FieldList response, Bytes key, std::span<const Bytes> offered) noexcept {
  if (status != 101) return false;
  if (!any_has(response, "Upgrade", websocket) || !any_has(response, "Connection", "upgrade")) return false;
  const Single accept = single(response, accept_name);
  const std::array<char, accept_size> expected = accept_value(key);
  if (accept.field == nullptr || accept.several || accept.field->value != Bytes{expected.data(), expected.size()})
    return false;
  const Single protocol = single(response, protocol_name);
  if (protocol.several) return false;
  return protocol.field == nullptr || std::ranges::find(offered, protocol.field->value) != offered.end();
}

}  // namespace pounce::inline v0::ws
