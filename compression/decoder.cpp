#include <pounce/compression/decoder.hpp>

#include "compression/zlib.hpp"
#include "compression/zstd.hpp"

#include <algorithm>
#include <array>

namespace pounce::inline v0::compression {

std::string_view name(DecodeFault fault) noexcept {
  switch (fault) {
    case DecodeFault::none: return "none";
    case DecodeFault::invalid: return "invalid";
    case DecodeFault::truncated: return "truncated";
    case DecodeFault::too_large: return "too_large";
    case DecodeFault::bomb: return "bomb";
    case DecodeFault::window_too_large: return "window_too_large";
    case DecodeFault::wrong_dictionary: return "wrong_dictionary";
  }
  return "none";
}

// Where a cap is reached one more byte is asked for, aside: a stream that has it wants too much, one that ends there does not.
Decoded Decoder::decode(Bytes input, MutableBytes out) {
  Decoded result;
  while (fault_ == DecodeFault::none) {
    const Bytes rest = input.substr(result.consumed);
    const std::uint64_t allowed = limits_.allowance(received_ + rest.size());
    const std::uint64_t most = std::min(limits_.most_produced(), allowed);
    const std::uint64_t left = most > produced_ ? most - produced_ : 0;
    std::array<char, 1> beyond{};
    const bool at_cap = left == 0;
    const MutableBytes room = at_cap ? MutableBytes{beyond} : out.subspan(result.produced);
    if (room.empty()) break;
    const Decoded step = run(rest, room.first(std::min<std::uint64_t>(room.size(), std::max<std::uint64_t>(left, 1))));
    received_ += step.consumed;
    result.consumed += step.consumed;
    fault_ = step.fault;
    if (at_cap) {
      if (step.produced != 0)
        fault_ = produced_ >= limits_.most_produced() ? DecodeFault::too_large : DecodeFault::bomb;
      break;
    }
    produced_ += step.produced;
    result.produced += step.produced;
    if (step.produced < left) break;  // not stopped by a cap
  }
  result.fault = fault_;
  return result;
}

DecodeFault Decoder::end() noexcept {
  if (fault_ == DecodeFault::none && !complete()) fault_ = DecodeFault::truncated;
  return fault_;
}

Owned<Decoder> make_decoder(Coding coding, DecoderLimits limits, const Dictionary* dictionary) {
  if (coding == Coding::zstd) return zstd::make_decoder(coding, limits, nullptr);
  if (coding == Coding::dcz) return zstd::make_decoder(coding, limits, dictionary);
  return zlib::make_decoder(coding, limits);
}

}  // namespace pounce::inline v0::compression
