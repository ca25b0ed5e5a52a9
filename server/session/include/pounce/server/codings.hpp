// Codings: with what a server compresses its responses. Filled before the first request; from then on shared without locks: only the count of
// living encoders changes.
//
// What is done to one response is decided by compression::decide; server/session carries it out.
// Limits: content of at most `whole_below` bytes is coded in one piece, and sent as it is where that makes it no smaller. More of
// it, and what is streamed, goes through an encoder that lives as long as the response: `most_encoders` of a connection's at once,
// `most_streams` of all connections; further responses are sent as they are. A step codes at most `bytes_per_step` of a connection's content.
#pragma once

#include <pounce/compression/encoder.hpp>
#include <pounce/compression/policy.hpp>
#include <pounce/core/compress.hpp>
#include <pounce/core/storage.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace pounce::inline v0 {

class App;

class Codings final : public Storage {
 public:
  static constexpr std::size_t whole_below = 128 * kibibyte;
  static constexpr std::size_t most_encoders = 16;
  static constexpr std::size_t bytes_per_step = 256 * kibibyte;

  // With the dictionaries of `app`, prepared for `zstd_level`.
  [[nodiscard]] static Loan<Codings> make(const App& app, int gzip_level = 1, int zstd_level = 3) {
    return Loan<Codings>{new Codings{app, gzip_level, zstd_level}};
  }

  // For what was decided. `number`: another one for each response.
  [[nodiscard]] compression::EncoderSettings settings(const compression::Decision& decision, Compress choice,
                                                      std::optional<std::uint64_t> size, std::uint64_t number) const;

  // What an encoder holds that lives on: one of `most_streams`. Given back when it dies, on any thread.
  class Place {
   public:
    Place() noexcept = default;
    Place(Place&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (of_ != nullptr) __atomic_fetch_sub(&of_->streams_, std::size_t{1}, __ATOMIC_RELAXED);
    }
    [[nodiscard]] explicit operator bool() const noexcept { return of_ != nullptr; }

   private:
    friend class Codings;
    explicit Place(const Codings* of) noexcept : of_(of) {}
    const Codings* of_ = nullptr;
  };
  // Null when all are taken.
  [[nodiscard]] Place take_place() const noexcept {
    Place place{this};
    const bool taken = __atomic_fetch_add(&streams_, std::size_t{1}, __ATOMIC_RELAXED) < most_streams;
    return taken ? std::move(place) : Place{};
  }

  compression::Policy policy;
  int gzip_level;  // of deflate, too
  int zstd_level;
  std::size_t most_streams = 1024;
  compression::Secret secret{};  // for padding: random, made at start

 private:
  Codings(const App& app, int gzip_level, int zstd_level);
  void destroy() noexcept override { delete this; }

  compression::Dictionaries dictionaries_;
  mutable std::size_t streams_ = 0;  // atomic, by the compiler's builtins
};

}  // namespace pounce::inline v0
