// Policy: whether a response is coded, with what, and what its head must say then.
//
// One pure function over the request's fields and the response's, for every protocol and both programs. In this order:
//   never    status 1xx, 204, 205, 304; a Content-Encoding already; Cache-Control: no-transform; a partial answer (206, or
//            Content-Range); a digest of the content; the response's own choice
//   seldom   fewer bytes than `min_size`, a type outside of `types`, text/event-stream: unless the response asks for it
//   else     by negotiation. From here on the answer depends on Accept-Encoding, so `vary` is true whatever comes of it
//   HEAD     is never coded, but its head says what GET's would as far as that is known: Vary, a weak ETag, no Content-Length
// A 406 is called for only where nothing acceptable is offered and identity is forbidden, and only in place of a 2xx.
#pragma once

#include <pounce/compression/coding.hpp>
#include <pounce/compression/dictionary.hpp>
#include <pounce/compression/media_types.hpp>
#include <pounce/compression/negotiation.hpp>
#include <pounce/core/compress.hpp>
#include <pounce/core/list.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/owned.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pounce::inline v0::compression {

// Dictionaries that the server has. Frozen before the first request; shared by reference.
class Dictionaries {
 public:
  static constexpr std::size_t most = 16;

  // False: there are `most` already.
  bool add(Owned<Dictionary> dictionary);
  [[nodiscard]] const Dictionary* find(const DictionaryHash& hash) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return list_.empty(); }

 private:
  List<Owned<Dictionary>> list_;
};

struct Policy {
  bool enabled = true;
  Offers offers = usual_offers();  // without dcz: that is offered first when the client has one of `dictionaries`
  std::uint64_t min_size = 500;
  MediaTypes types;
  const Dictionaries* dictionaries = nullptr;

  [[nodiscard]] static constexpr Offers usual_offers() noexcept {
    Offers offers;
    offers.add(Coding::zstd);
    offers.add(Coding::gzip);
    offers.add(Coding::deflate);
    return offers;
  }
};

// The facts about one response.
struct Subject {
  Method method = Method::get;
  std::uint16_t status = 200;
  FieldList request{};
  FieldList response{};  // ids need not be set
  std::optional<std::uint64_t> size{};
  Compress choice = Compress::automatic;
};

enum class Reason : std::uint8_t {
  coded,
  disabled,
  chosen,  // the response opted out
  status,  // has no content, or says something about bytes
  partial,
  already_coded,
  no_transform,  // or the head has a digest of the content as it is
  too_small,
  media_type,
  event_stream,
  head,            // a GET would be coded
  negotiated,      // the client wants identity
  not_acceptable,  // answer 406
};

[[nodiscard]] std::string_view name(Reason reason) noexcept;

struct Decision {
  Reason reason = Reason::disabled;
  Coding coding = Coding::identity;        // of the content that is sent
  const Dictionary* dictionary = nullptr;  // of dcz
  bool vary = false;                       // on Accept-Encoding …
  bool vary_dictionary = false;            // … and on Available-Dictionary
  bool other_length = false;               // the Content-Length of the identity answer is not to be sent
  bool weaken = false;                     // a strong ETag becomes weak: it names other bytes
};

[[nodiscard]] Decision decide(const Policy& policy, const Subject& subject) noexcept;

// A 304 repeats the validator in the form that the client has: weak when If-None-Match has the weak form of this strong `etag`.
[[nodiscard]] bool holds_weak_form(FieldList request, std::string_view etag) noexcept;

// What makes the length of padding unpredictable to whoever does not have it.
using Secret = std::array<std::uint8_t, 32>;
inline constexpr std::uint16_t most_padding = 256;

// A length from 1 to `most_padding`, for Compress::hidden. It looks random to who does not know the secret; give another `number`
// each time.
[[nodiscard]] std::uint16_t padding_length(const Secret& secret, std::uint64_t number) noexcept;

// Whether a Vary list says `name` or `*`.
[[nodiscard]] bool varies_on(std::string_view vary, std::string_view name) noexcept;

}  // namespace pounce::inline v0::compression
