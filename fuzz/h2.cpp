// An HTTP/2 connection fed with any bytes: however they are cut, events and output are the same, and what is found is well-formed.
//
// Input: one byte that chooses the cut, one that says whether a preface is put in front, then what arrives.
#include "h2_run.hpp"

using namespace pounce;
using namespace pounce::fuzzing;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 20000) return 0;
  const std::size_t seed = data[0];
  wire::FrameWriter hello;
  if (data[1] % 4 != 0) hello.hello();
  const std::string bytes = hello.take() + std::string(reinterpret_cast<const char*>(data) + 2, size - 2);
  const h2::Limits limits = small_limits();

  H2Run whole{limits};
  whole.feed(bytes);
  whole.end();
  H2Run cut{limits};
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t piece = std::min(seed == 0 ? 1 : 1 + (seed * 7 + at * 13) % seed, bytes.size() - at);
    cut.feed(Bytes{bytes}.substr(at, piece));
    at += piece;
  }
  cut.end();
  require(cut.log() == whole.log());
  require(cut.frames() == whole.frames());
  return 0;
}
