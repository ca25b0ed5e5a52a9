#include <pounce/files/multipart.hpp>

namespace pounce::inline v0::files {

namespace {

// SplitMix64: neighbouring seeds have nothing in common afterwards.
std::uint64_t mixed(std::uint64_t seed) noexcept {
  seed += 0x9e3779b97f4a7c15U;
  seed = (seed ^ seed >> 30U) * 0xbf58476d1ce4e5b9U;
  seed = (seed ^ seed >> 27U) * 0x94d049bb133111ebU;
  return seed ^ seed >> 31U;
}

}  // namespace

void append_content_range(std::string& out, const ByteRange& range, std::uint64_t size) {
  out.append("bytes ").append(std::to_string(range.first)).append("-").append(std::to_string(range.last));
  out.append("/").append(std::to_string(size));
}

Multipart::Multipart(Bytes type, const Ranges& ranges, std::uint64_t size, std::uint64_t seed)
    : type_(type), ranges_(&ranges), size_(size) {
  constexpr Bytes digits = "0123456789abcdef";
  for (const std::uint64_t half : {mixed(seed), mixed(~seed)}) {
    for (unsigned shift = 0; shift < 64; shift += 4) boundary_.push_back(digits[half >> shift & 15U]);
  }
}

std::uint64_t Multipart::content_length() const {
  std::uint64_t length = 0;
  const auto pieces = ranges_->pieces();
  for (std::size_t i = 0; i <= pieces.size(); ++i) length += before(i).size();
  for (const ByteRange& piece : pieces) length += piece.size();
  return length;
}

std::string Multipart::before(std::size_t i) const {
  std::string text{i == 0 ? "--" : "\r\n--"};
  text.append(boundary_);
  if (i == ranges_->pieces().size()) return text.append("--\r\n");
  text.append("\r\nContent-Type: ").append(type_).append("\r\nContent-Range: ");
  append_content_range(text, ranges_->pieces()[i], size_);
  return text.append("\r\n\r\n");
}

}  // namespace pounce::inline v0::files
