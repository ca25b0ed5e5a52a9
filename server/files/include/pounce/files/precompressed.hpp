// Files that stand beside another one with its content already compressed: their codings, and which of them a request takes.
// Brotli is among them, which nobody here can make; else <pounce/compression/negotiation.hpp> has the rules.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/message.hpp>

#include <array>
#include <cstddef>

namespace pounce::inline v0::files {

struct Neighbour {
  Bytes coding;  // its name in Accept-Encoding and Content-Encoding
  Bytes ending;  // what is appended to the name of the file
};

// In the order of our preference, where the client has none.
inline constexpr std::array<Neighbour, 3> neighbours{Neighbour{"zstd", ".zst"}, Neighbour{"br", ".br"},
                                                     Neighbour{"gzip", ".gz"}};

// Indices into `neighbours` of those that a request takes, best first; none to which it prefers identity by name.
class Preferences {
 public:
  explicit Preferences(FieldList fields) noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const Neighbour& operator[](std::size_t i) const noexcept { return neighbours[order_[i]]; }

 private:
  std::array<std::size_t, neighbours.size()> order_{};
  std::size_t size_ = 0;
};

}  // namespace pounce::inline v0::files
