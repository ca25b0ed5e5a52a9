// Response heads and chunk framing, composed straight into an Output. What they are given was checked before.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/fault.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/output.hpp>
#include <pounce/core/storage.hpp>

#include <cstdint>
#include <optional>

namespace pounce::inline v0::h1 {

// What is said about the connection: nothing (HTTP/1.1 goes on), that it goes on (HTTP/1.0), that it closes.
enum class Persistence : std::uint8_t { implied, keep_alive, close };

struct HeadFraming {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool in_fields = false;  // some of the given fields speak of length or connection
  Persistence persistence = Persistence::implied;
};

// Content-Length and Connection in `fields` are left out: `framing` says what goes there. `content` is what follows at once.
void compose_head(std::uint16_t status, Bytes lines, FieldList fields, const HeadFraming& framing, Bytes content,
                  Output& output);

// A 1xx; its fields are written as they are.
void compose_informational(std::uint16_t status, FieldList fields, Output& output);

// One chunk, not empty. With an owner, large content is lent.
void compose_chunk(Bytes content, StorageRef owner, Output& output);
// The last chunk and the trailer section.
void compose_last_chunk(FieldList trailers, Output& output);

// The answer to a fault: a sentence for people, and the end of the connection. `lines` as in compose_head.
void compose_fault(Fault fault, bool with_content, Bytes lines, Output& output);

}  // namespace pounce::inline v0::h1
