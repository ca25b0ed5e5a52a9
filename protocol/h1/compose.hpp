// Response heads and chunk framing, composed straight into an Output. What they are given was checked before.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/fault.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/output.hpp>
#include <pounce/core/sent.hpp>
#include <pounce/core/storage.hpp>

#include <cstdint>

namespace pounce::inline v0::h1 {

// What is said about the connection: nothing (HTTP/1.1 goes on), that it goes on (HTTP/1.0), that it closes.
enum class Persistence : std::uint8_t { implied, keep_alive, close };

// A length that may be known. Two plain members: an optional is copied as a whole while its parts are still on their way to memory.
struct Length {
  bool known = false;
  std::uint64_t bytes = 0;
};

struct HeadFraming {
  Length length;
  bool chunked = false;
  Persistence persistence = Persistence::implied;
};

// A response head under way, straight into the memory of an output. Nothing of it is in the output before `finish`.
class HeadPen {
 public:
  // Reserves room for the head, and for `content` bytes behind it.
  HeadPen(const ResponseHead& head, std::size_t content, Output& output);

  // Status line, ready-made lines and fields, each checked while it is copied. What fields say about length and connection is
  // left out, for the machine writes that: it goes to the arguments, which hold what is known already.
  [[nodiscard]] Sent begin(const ResponseHead& head, Length& length, bool& close) noexcept;
  // Framing, the end of the head, and content, if room was reserved for it.
  void finish(const HeadFraming& framing, Bytes content) noexcept;

 private:
  Output& output_;
  char* start_;
  char* at_;
};

// A 1xx; its fields are written as they are.
void compose_informational(std::uint16_t status, FieldList fields, Output& output);

// 101: `lines` as in compose_fault, fields as they are.
void compose_switch(FieldList fields, Bytes lines, Output& output);

// One chunk, not empty. With an owner, large content is lent.
void compose_chunk(Bytes content, StorageRef owner, Output& output);
// The last chunk and the trailer section.
void compose_last_chunk(FieldList trailers, Output& output);

// The answer to a fault: a sentence for people, and the end of the connection. `lines` as in compose_head.
void compose_fault(Fault fault, bool with_content, Bytes lines, Output& output);

}  // namespace pounce::inline v0::h1
