// What touches each octet of a WebSocket message: masking, in place, and the check that text is UTF-8; each variant that this machine can run.
//
//   build/release/bench/bench-websocket      (pin it: taskset -c 1)
//
// GB/s in cache, by processor time: medians of rounds that are interleaved, with their quartiles.
#include "protocol/ws/mask.hpp"
#include "protocol/ws/utf8_variants.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

using namespace pounce;

namespace {

constexpr std::array<std::size_t, 4> sizes{1024, 4096, 16384, 65536};
constexpr int rounds = 31;
constexpr std::size_t bytes_a_round = 64U << 20U;

void keep(const void* value) { asm volatile("" : : "g"(value) : "memory"); }

std::string repeated(Bytes text, std::size_t size) {
  std::string out;
  while (out.size() + text.size() <= size) out += text;
  return out.append(size - out.size(), '.');
}

struct Row {
  std::string name;
  std::size_t size;
  std::function<void(std::size_t)> run;  // so many times
  std::vector<double> rates{};
};

void measure(Row& row) {
  const std::size_t times = bytes_a_round / row.size;
  const std::clock_t start = std::clock();
  row.run(times);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  row.rates.push_back(static_cast<double>(times * row.size) / seconds / 1e9);
}

}  // namespace

int main() {
  // English, Greek, Chinese and cats: one to four octets a character.
  const Bytes mixed =
      "Pounce: \xce\xb7 \xce\xb3\xce\xac\xcf\x84\xce\xb1 \xcf\x80\xce\xb7\xce\xb4\xce\xac, the cat leaps, "
      "\xe7\x8c\xab\xe8\xb7\xb3\xe8\xb5\xb7\xe4\xbe\x86 \xf0\x9f\x90\xbe; caf\xc3\xa9 na\xc3\xafve. ";
  std::vector<std::string> buffers;
  buffers.reserve(3 * sizes.size());
  std::vector<Row> rows;
  for (const std::size_t size : sizes) {
    std::string& masked = buffers.emplace_back(size, 'x');
    rows.push_back({"mask, as chosen", size, [&masked](std::size_t times) {
                      for (; times != 0; --times) {
                        ws::apply_mask(masked, 0x12345678);
                        keep(masked.data());
                      }
                    }});
    for (const ws::MaskVariant& variant : ws::mask_variants()) {
      if (!variant.available) continue;
      rows.push_back({std::string{"mask, "} + variant.name, size, [&masked, apply = variant.apply](std::size_t times) {
                        for (; times != 0; --times) {
                          apply(masked.data(), masked.size(), 0x12345678);
                          keep(masked.data());
                        }
                      }});
    }
    for (const auto& [name, text] :
         {std::pair{"UTF-8, mixed, ", repeated(mixed, size)}, std::pair{"UTF-8, ASCII, ", std::string(size, 'x')}}) {
      const std::string& kept = buffers.emplace_back(text);
      for (const ws::Utf8Variant& variant : ws::utf8_variants()) {
        if (!variant.available) continue;
        rows.push_back({name + std::string{variant.name}, size, [&kept, check = variant.check](std::size_t times) {
                          for (; times != 0; --times) {
                            if (!check(kept)) std::abort();
                          }
                        }});
      }
    }
  }
  for (int round = 0; round < rounds; ++round) {
    for (Row& row : rows) measure(row);
  }
  for (Row& row : rows) {
    std::ranges::sort(row.rates);
    std::printf("%-28s %6zu bytes: %7.1f GB/s (%.1f to %.1f)\n", row.name.c_str(), row.size, row.rates[rounds / 2],
                row.rates[rounds / 4], row.rates[3 * rounds / 4]);
  }
}
