// Codings: with what a server compresses its responses. Filled before the first request; from then on shared without locks, and never changed.
//
// What is done to one response is decided by compression::decide; server/session carries it out.
// Limits: content of at most `whole_below` bytes is coded in one piece, and sent as it is where that makes it no smaller. More of
// it, and what is streamed, goes through an encoder that lives as long as the response: `most_encoders` of a connection's at once, further responses
// are sent as they are. A step codes at most `bytes_per_step` of a connection's content.
#pragma once

#include <pounce/compression/encoder.hpp>
#include <pounce/compression/policy.hpp>
#include <pounce/core/compress.hpp>
#include <pounce/core/storage.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pounce::inline v0 {

class App;

class Codings final : public Storage {
 public:
  static constexpr std::size_t whole_below = 128 * kibibyte;
  static constexpr std::size_t most_encoders = 16;
  static constexpr std::size_t bytes_per_step = 256 * kibibyte;

  // With the dictionaries of `app`, prepared for `zstd_level`.
  [[nodiscard]] static Loan<Codings> make(const App& app, int gzip_level = 3, int zstd_level = 3) {
    return Loan<Codings>{new Codings{app, gzip_level, zstd_level}};
  }

  // For what was decided. `number`: another one for each response.
  [[nodiscard]] compression::EncoderSettings settings(const compression::Decision& decision, Compress choice,
                                                      std::optional<std::uint64_t> size, std::uint64_t number) const;

  compression::Policy policy;
  int gzip_level;  // of deflate, too
  int zstd_level;
  compression::Secret secret{};  // for padding: random, made at start

 private:
  Codings(const App& app, int gzip_level, int zstd_level);
  void destroy() noexcept override { delete this; }

  compression::Dictionaries dictionaries_;
};

}  // namespace pounce::inline v0
