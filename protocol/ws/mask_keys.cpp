#include <pounce/ws/mask_keys.hpp>

#include <bit>

namespace pounce::inline v0::ws {

namespace {

struct Sip {
  std::uint64_t a, b, c, d;

  constexpr void round() noexcept {
    a += b;
    b = std::rotl(b, 13) ^ a;
    a = std::rotl(a, 32);
    c += d;
    d = std::rotl(d, 16) ^ c;
    a += d;
    d = std::rotl(d, 21) ^ a;
    c += b;
    b = std::rotl(b, 17) ^ c;
    c = std::rotl(c, 32);
  }
  constexpr void add(std::uint64_t word) noexcept {
    d ^= word;
    round();
    round();
    a ^= word;
  }
};

// Of eight octets.
constexpr std::uint64_t siphash(MaskKeys::Secret secret, std::uint64_t word) noexcept {
  Sip sip{secret[0] ^ 0x736f6d6570736575, secret[1] ^ 0x646f72616e646f6d, secret[0] ^ 0x6c7967656e657261,
          secret[1] ^ 0x7465646279746573};
  sip.add(word);
  sip.add(std::uint64_t{8} << 56U);  // how many octets there were
  sip.c ^= 0xff;
  for (int i = 0; i < 4; ++i) sip.round();
  return sip.a ^ sip.b ^ sip.c ^ sip.d;
}

// The reference's vector for 00 … 07 under the key 00 … 0f.
static_assert(siphash({0x0706050403020100, 0x0f0e0d0c0b0a0908}, 0x0706050403020100) == 0x93f5f5799a932462);

}  // namespace

std::uint32_t MaskKeys::next() noexcept { return static_cast<std::uint32_t>(siphash(secret_, count_++)); }

}  // namespace pounce::inline v0::ws
