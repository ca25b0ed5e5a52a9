// PackedFields: the fields of a request that may be kept for hours, such as a WebSocket's: eight octets for each, and their text in a row.
//
// Names that nearly every such request has stand in a table, in both spellings that clients use, and take no room of their own.
// A reader: it borrows the text, which lies behind the entries. Strings that it gives live as long as that, or for ever.
#pragma once

#include <pounce/core/message.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pounce::inline v0 {

class PackedFields {
 public:
  struct Entry {
    std::uint32_t value_size;
    std::uint32_t name : 24;  // its size; from `first_common` on where it stands in `common_names`
    std::uint32_t id : 8;
  };
  static constexpr std::uint32_t first_common = (1U << 24) - 256;
  static constexpr std::string_view common_names[] = {
      "Host",
      "Connection",
      "Upgrade",
      "Origin",
      "Cookie",
      "Authorization",
      "User-Agent",
      "Accept",
      "Accept-Encoding",
      "Accept-Language",
      "Cache-Control",
      "Pragma",
      "Sec-WebSocket-Extensions",
      "Sec-WebSocket-Key",
      "Sec-WebSocket-Protocol",
      "Sec-WebSocket-Version",
      "host",
      "connection",
      "upgrade",
      "origin",
      "cookie",
      "authorization",
      "user-agent",
      "accept",
      "accept-encoding",
      "accept-language",
      "cache-control",
      "pragma",
      "sec-websocket-extensions",
      "sec-websocket-key",
      "sec-websocket-protocol",
      "sec-websocket-version",
  };

  // `count` entries lie directly in front of `text`.
  PackedFields(const char* text, std::size_t count) noexcept
      : entry_(text - count * sizeof(Entry)), text_(text), left_(count) {}

  // The next one, in order of arrival. False: there is none.
  [[nodiscard]] bool next(Field& field) noexcept {
    if (left_ == 0) return false;
    --left_;
    Entry entry;
    std::memcpy(&entry, entry_, sizeof entry);
    entry_ += sizeof entry;
    field.name = entry.name >= first_common ? common_names[entry.name - first_common] : take(entry.name);
    field.value = take(entry.value_size);
    field.id = static_cast<FieldId>(entry.id);
    return true;
  }

 private:
  [[nodiscard]] std::string_view take(std::size_t size) noexcept {
    const std::string_view piece{text_, size};
    text_ += size;
    return piece;
  }

  const char* entry_;
  const char* text_;
  std::size_t left_;
};

}  // namespace pounce::inline v0
