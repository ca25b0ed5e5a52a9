// The fast path for heads against the slow one: what it accepts, the scan, our parser and llhttp accept with the same views,
// ids and framing; all vector variants find the same marks; and a connection's events are the same whether a head comes whole,
// which may be fast, or cut, which never is.
//
// Input: one byte of choices, then either the bytes of a head or a program for the generator of heads, so that heads are
// also changed by their structure.
#include "tests/protocol/fast_difference.hpp"
#include "tests/protocol/head_generator.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace pounce;

namespace {

enum Choice : unsigned { generated = 1, tight = 2, every_cut = 4 };

void require(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "fast_head: %s\n", what.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned choices = data[0];
  const Bytes rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  std::string head{rest};
  if ((choices & Choice::generated) != 0) head = difference::HeadGenerator{difference::Program{rest}}.next();
  if (head.empty()) return 0;
  h1::Limits limits;
  if ((choices & Choice::tight) != 0) {
    limits.max_request_line = 30;
    limits.max_header_size = 150;
    limits.max_headers = 5;
  }
  const difference::Comparison found = difference::compare_paths(head, limits);
  require(found.difference.empty(), found.difference);

  const std::string whole = difference::connection_log(head, head.size(), limits);
  const std::size_t step = (choices & Choice::every_cut) != 0 && head.size() <= 400 ? 1 : 1 + head.size() / 3;
  for (std::size_t cut = 0; cut < head.size(); cut += step) {
    require(difference::connection_log(head, cut, limits) == whole, "cut at " + std::to_string(cut));
  }
  return 0;
}
