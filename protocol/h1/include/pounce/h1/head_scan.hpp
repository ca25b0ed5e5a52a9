// HeadScan: how far the search for the end of a request head has come (RFC 9112, section 2.2).
//
// Starts at the first byte of the request line and looks at each byte once. Limits: request line, field lines, their number.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/fault.hpp>
#include <pounce/h1/limits.hpp>
#include <pounce/h1/section_scan.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0::h1 {

class HeadScan {
 public:
  // `head` holds all bytes of earlier calls again. Fault::none and not complete: more is needed. What can be seen to be
  // wrong without the rest is reported at once, so that whoever sends HTTP/0.9 or TLS is not left waiting.
  [[nodiscard]] Fault advance(Bytes head, const Limits& limits) noexcept;
  [[nodiscard]] bool complete() const noexcept { return complete_; }
  [[nodiscard]] std::size_t size() const noexcept { return request_line_ + fields_.size(); }
  [[nodiscard]] std::size_t request_line_size() const noexcept { return request_line_; }  // with its CRLF

 private:
  [[nodiscard]] Fault advance_request_line(Bytes head, const Limits& limits) noexcept;

  std::uint32_t searched_ = 0;      // of the request line
  std::uint32_t request_line_ = 0;  // 0 while it is open
  SectionScan fields_;
  bool complete_ = false;
  bool checked_ = false;  // the request line, while the rest was missing
};

}  // namespace pounce::inline v0::h1
