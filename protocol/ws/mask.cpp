#include "mask.hpp"

#include <cstring>

// The vectors are the compiler's own, so that one text serves all machines. Wider ones than AVX2's gain nothing: one is stored in a cycle.
namespace pounce::inline v0::ws {

namespace {

using Word = std::uint64_t;
// What lies anywhere, and may be anything.
template <class T, std::size_t Size>
struct Anywhere {
  using Type [[gnu::vector_size(Size), gnu::aligned(1), gnu::may_alias]] = T;
};

constexpr Word doubled(MaskKey key) noexcept { return Word{key} << 32U | key; }

template <class T>
T load(const char* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <class T>
void store(char* at, T value) noexcept {
  std::memcpy(at, &value, sizeof value);
}

// Both ends are read before the first write, so that their second writing changes nothing.
template <class T>
void apply_ends(char* bytes, std::size_t size, MaskKey key) noexcept {
  const T first = load<T>(bytes) ^ static_cast<T>(doubled(key));
  const T last = load<T>(bytes + size - sizeof(T)) ^ static_cast<T>(doubled(rotate(key, size)));
  store(bytes, first);
  store(bytes + size - sizeof(T), last);
}

void apply_scalar(char* bytes, std::size_t size, MaskKey key) noexcept {
  if (size >= sizeof(Word)) {
    if (size <= 2 * sizeof(Word)) return apply_ends<Word>(bytes, size, key);
    const Word last = load<Word>(bytes + size - sizeof(Word)) ^ doubled(rotate(key, size));
    std::size_t at = 0;
    for (; at + sizeof(Word) < size; at += sizeof(Word)) store(bytes + at, load<Word>(bytes + at) ^ doubled(key));
    return store(bytes + size - sizeof(Word), last);
  }
  if (size >= sizeof(MaskKey)) return apply_ends<MaskKey>(bytes, size, key);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(bytes[i] ^ static_cast<char>(key >> (8 * i)));
}

// The middle in aligned vectors: a store across two cache lines costs twice. Needs room for two vectors.
template <std::size_t Width>
[[gnu::always_inline]] inline void apply_wide(char* bytes, std::size_t size, MaskKey key) noexcept {
  using V = typename Anywhere<Word, Width>::Type;
  const auto vector = [](char* at) noexcept { return reinterpret_cast<V*>(at); };
  char* const end = bytes + size - Width;
  const V first = *vector(bytes) ^ (V{} + doubled(key));
  const V last = *vector(end) ^ (V{} + doubled(rotate(key, size - Width)));
  const std::size_t skip = Width - reinterpret_cast<std::uintptr_t>(bytes) % Width;
  const V middle = V{} + doubled(rotate(key, skip));
  char* at = bytes + skip;
  for (; end - at > static_cast<std::ptrdiff_t>(3 * Width); at += 4 * Width) {
    *vector(at) ^= middle;
    *vector(at + Width) ^= middle;
    *vector(at + 2 * Width) ^= middle;
    *vector(at + 3 * Width) ^= middle;
  }
  for (; at < end; at += Width) *vector(at) ^= middle;
  *vector(bytes) = first;
  *vector(end) = last;
}

constexpr std::size_t narrow = 16;

// 16 bytes at a time: what every 64-bit machine has (SSE2, NEON).
void apply_narrow(char* bytes, std::size_t size, MaskKey key) noexcept {
  size < 2 * narrow ? apply_scalar(bytes, size, key) : apply_wide<narrow>(bytes, size, key);
}

#if defined(__x86_64__)

[[gnu::target("avx2")]] void apply_avx2(char* bytes, std::size_t size, MaskKey key) noexcept {
  constexpr std::size_t width = 32;
  size < 2 * width ? apply_narrow(bytes, size, key) : apply_wide<width>(bytes, size, key);
}

// Through a table that the compiler's runtime fills before `main`.
bool has_avx2() noexcept { return __builtin_cpu_supports("avx2") != 0; }

#endif

}  // namespace

#if defined(__x86_64__)

void apply_mask(MutableBytes bytes, MaskKey key) noexcept {
  if (bytes.size() < 4 * narrow) return apply_narrow(bytes.data(), bytes.size(), key);
  has_avx2() ? apply_avx2(bytes.data(), bytes.size(), key) : apply_narrow(bytes.data(), bytes.size(), key);
}

std::array<MaskVariant, 3> mask_variants() noexcept {
  return {{{"scalar", apply_scalar, true}, {"sse2", apply_narrow, true}, {"avx2", apply_avx2, has_avx2()}}};
}

#else

void apply_mask(MutableBytes bytes, MaskKey key) noexcept { apply_narrow(bytes.data(), bytes.size(), key); }

std::array<MaskVariant, 2> mask_variants() noexcept {
  return {{{"scalar", apply_scalar, true}, {"16 bytes", apply_narrow, true}}};
}

#endif

// Only the client role copies while it masks: in pieces that stay in the cache.
void copy_masked(Bytes from, MaskKey key, char* to) noexcept {
  constexpr std::size_t piece = 4 * kibibyte;
  for (; !from.empty(); from.remove_prefix(piece < from.size() ? piece : from.size())) {
    const std::size_t size = piece < from.size() ? piece : from.size();
    std::memcpy(to, from.data(), size);
    apply_mask({to, size}, key);
    to += size;
  }
}

}  // namespace pounce::inline v0::ws
