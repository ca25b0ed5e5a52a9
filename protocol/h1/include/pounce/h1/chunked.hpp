// ChunkDecoder: the chunked transfer coding, strictly (RFC 9112, section 7.1), for bytes that arrive in any pieces.
//
// It copies nothing: data comes as views into the input. Only CR LF ends a line; a size is 1 to 16 hexadecimal digits and
// nothing else; extensions are checked against their grammar and ignored. The trailer section is shown as a whole once
// all of it is there; parsing it is for the caller.
// Limits: content, extensions in all of one message, size and number of trailers (see `Limits`).
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/fault.hpp>
#include <pounce/h1/limits.hpp>
#include <pounce/h1/section_scan.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0::h1 {

class ChunkDecoder {
 public:
  enum class Found : std::uint8_t {
    more,   // nothing but framing in these bytes, or the trailer section is not complete
    data,   // `bytes` is content, never empty
    end,    // `bytes` is the trailer section: field lines without the empty line that ends it
    fault,  // terminal
  };
  struct Result {
    Found found = Found::more;
    Fault fault = Fault::none;
    std::size_t used = 0;  // this prefix of the input is done with
    Bytes bytes{};
  };

  // Call again with what follows the used prefix. `more` with bytes left over: they are needed again, with those to come.
  [[nodiscard]] Result next(Bytes input, const Limits& limits) noexcept;

 private:
  enum class State : std::uint8_t {
    size,
    size_end,
    data,
    data_cr,
    data_lf,
    trailers,
    ext_name_first,
    ext_name,
    ext_name_blank,
    ext_value_first,
    ext_value,
    ext_quoted,
    ext_escape,
    ext_end,
  };

  [[nodiscard]] Fault step(char c, const Limits& limits) noexcept;
  [[nodiscard]] Fault step_extension(char c, const Limits& limits) noexcept;
  [[nodiscard]] Fault begin_chunk(const Limits& limits) noexcept;
  [[nodiscard]] Result find_trailers(Bytes input, std::size_t used, const Limits& limits) noexcept;

  std::uint64_t size_ = 0;        // of the chunk, then what is left of it
  std::uint64_t total_ = 0;       // content in this message
  std::uint32_t extensions_ = 0;  // bytes of them in this message
  SectionScan trailers_;
  State state_ = State::size;
  std::uint8_t digits_ = 0;
};

}  // namespace pounce::inline v0::h1
