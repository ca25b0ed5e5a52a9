// Law: a line of framing ends in CR LF, and every byte of it has a state that names it. Whatever has no state is a fault.
#include <pounce/h1/chunked.hpp>

#include <pounce/http/syntax.hpp>

#include <algorithm>
#include <cassert>

namespace pounce::inline v0::h1 {

namespace {

constexpr std::uint8_t most_size_digits = 16;
// Larger sizes fit the digits, but no body that anybody sends: they are attempts at a wrap-around.
constexpr std::uint64_t most_size = std::uint64_t{1} << 62;

}  // namespace

ChunkDecoder::Result ChunkDecoder::next(Bytes input, const Limits& limits) noexcept {
  std::size_t used = 0;
  while (used < input.size()) {
    if (state_ == State::data) {
      const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(size_, input.size() - used));
      size_ -= piece;
      if (size_ == 0) state_ = State::data_cr;
      return {Found::data, Fault::none, used + piece, input.substr(used, piece)};
    }
    if (state_ == State::trailers) return find_trailers(input, used, limits);
    if (const Fault fault = step(input[used], limits); fault != Fault::none) {
      return {Found::fault, fault, used, {}};
    }
    ++used;
  }
  return {Found::more, Fault::none, used, {}};
}

Fault ChunkDecoder::step(char c, const Limits& limits) noexcept {
  switch (state_) {
    case State::size:
      if (http::is_in(c, http::class_hex)) {
        if (++digits_ > most_size_digits) return Fault::invalid_chunk_size;
        size_ = size_ << 4 | http::hex_value(c);
        return Fault::none;
      }
      if (digits_ == 0) return Fault::invalid_chunk_size;
      if (c == '\r') {
        state_ = State::size_end;
        return Fault::none;
      }
      if (c != ';') return Fault::invalid_chunk_size;
      return step_extension(c, limits);
    case State::size_end:
      return c == '\n'          ? begin_chunk(limits)
             : extensions_ != 0 ? Fault::invalid_chunk_extension
                                : Fault::invalid_chunk_size;
    case State::data_cr: state_ = State::data_lf; return c == '\r' ? Fault::none : Fault::invalid_chunk_end;
    case State::data_lf: state_ = State::size; return c == '\n' ? Fault::none : Fault::invalid_chunk_end;
    default: return step_extension(c, limits);
  }
}

// chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), but no blank right after the size.
Fault ChunkDecoder::step_extension(char c, const Limits& limits) noexcept {
  if (c == '\r') {
    const bool may_end = state_ == State::ext_name || state_ == State::ext_name_blank || state_ == State::ext_value ||
                         state_ == State::ext_end;
    state_ = State::size_end;
    return may_end ? Fault::none : Fault::invalid_chunk_extension;
  }
  if (extensions_ == limits.max_chunk_extensions) return Fault::chunk_extensions_too_large;
  ++extensions_;
  switch (state_) {
    case State::size:  // at the first ';'
      state_ = State::ext_name_first;
      return Fault::none;
    case State::ext_name_first:
      if (is_blank(c)) return Fault::none;
      state_ = State::ext_name;
      return http::is_in(c, http::class_token) ? Fault::none : Fault::invalid_chunk_extension;
    case State::ext_name:
      if (http::is_in(c, http::class_token)) return Fault::none;
      [[fallthrough]];
    case State::ext_name_blank:
      if (c == '=') {
        state_ = State::ext_value_first;
        return Fault::none;
      }
      break;
    case State::ext_value_first:
      if (is_blank(c)) return Fault::none;
      state_ = c == '"' ? State::ext_quoted : State::ext_value;
      return c == '"' || http::is_in(c, http::class_token) ? Fault::none : Fault::invalid_chunk_extension;
    case State::ext_value:
      if (http::is_in(c, http::class_token)) return Fault::none;
      break;
    case State::ext_quoted:
      if (c == '"') state_ = State::ext_end;
      if (c == '\\') state_ = State::ext_escape;
      return c == '"' || c == '\\' || http::is_in(c, http::class_quoted) ? Fault::none : Fault::invalid_chunk_extension;
    case State::ext_escape:
      state_ = State::ext_quoted;
      return http::is_in(c, http::class_value) ? Fault::none : Fault::invalid_chunk_extension;
    default: break;
  }
  // Behind a name or a value: blanks, then the next extension.
  if (c == ';') {
    state_ = State::ext_name_first;
    return Fault::none;
  }
  state_ = state_ == State::ext_name || state_ == State::ext_name_blank ? State::ext_name_blank : State::ext_end;
  return is_blank(c) ? Fault::none : Fault::invalid_chunk_extension;
}

Fault ChunkDecoder::begin_chunk(const Limits& limits) noexcept {
  digits_ = 0;
  if (size_ > most_size) return Fault::invalid_chunk_size;
  assert(total_ <= most_size);
  if (limits.max_request_size && size_ > *limits.max_request_size - std::min(total_, *limits.max_request_size)) {
    return Fault::body_too_large;
  }
  total_ = std::min(total_ + size_, most_size);
  state_ = size_ == 0 ? State::trailers : State::data;
  return Fault::none;
}

ChunkDecoder::Result ChunkDecoder::find_trailers(Bytes input, std::size_t used, const Limits& limits) noexcept {
  const Bytes section = input.substr(used);
  switch (trailers_.advance(section, limits.max_trailer_size, limits.max_trailers)) {
    case SectionScan::Verdict::complete:
      return {Found::end, Fault::none, used + trailers_.size(), section.substr(0, trailers_.size() - 2)};
    case SectionScan::Verdict::too_large:
    case SectionScan::Verdict::too_many: return {Found::fault, Fault::trailers_too_large, used, {}};
    case SectionScan::Verdict::bare_line_end: return {Found::fault, Fault::invalid_trailer, used, {}};
    case SectionScan::Verdict::more: break;
  }
  return {Found::more, Fault::none, used, {}};
}

}  // namespace pounce::inline v0::h1
