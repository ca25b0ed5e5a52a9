// multipart/byteranges (RFC 9110, section 14.6): what stands between the pieces, and how long it all is.
//
//   --BOUNDARY CRLF part fields CRLF CRLF piece CRLF --BOUNDARY … --BOUNDARY-- CRLF
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/files/range.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace pounce::inline v0::files {

// "bytes 0-99/1234".
void append_content_range(std::string& out, const ByteRange& range, std::uint64_t size);

class Multipart {
 public:
  // `type` and `ranges` are borrowed. The boundary follows from `seed`; two answers should not have the same.
  Multipart(Bytes type, const Ranges& ranges, std::uint64_t size, std::uint64_t seed);

  [[nodiscard]] std::string content_type() const { return "multipart/byteranges; boundary=" + boundary_; }
  [[nodiscard]] std::uint64_t content_length() const;
  // What stands in front of the i-th piece; of the number of pieces: what stands behind the last one.
  [[nodiscard]] std::string before(std::size_t i) const;

 private:
  Bytes type_;
  const Ranges* ranges_;
  std::uint64_t size_;
  std::string boundary_;
};

}  // namespace pounce::inline v0::files
