// Accept-Encoding, Available-Dictionary, Cache-Control, Vary and If-None-Match of anybody's.
//
// Input: the server's offers and the response's choice, a byte each; then field values, one a line: of Accept-Encoding, but the second is
// Available-Dictionary's, and the third the response's Cache-Control.
#include <pounce/compression/policy.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

using namespace pounce;
using namespace pounce::compression;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// One list says the same as its parts in fields of their own.
void check_joined(const std::vector<Field>& request, const Offers& offers) {
  std::string joined;
  for (const Field& field : request) {
    if (field.id != FieldId::accept_encoding) continue;
    if (field.value.find('"') != Bytes::npos) return;  // an open quote would swallow what follows
    joined.append(joined.empty() ? "" : ",").append(field.value);
  }
  const Field one{.name = "accept-encoding", .value = joined, .id = FieldId::accept_encoding};
  const Negotiated apart = negotiate(request, offers);
  const Negotiated together = negotiate({&one, 1}, offers);
  require(apart.coding == together.coding && apart.acceptable == together.acceptable);
}

// Said once more, in capitals, everything means the same.
void check_case(const std::vector<Field>& request, const Offers& offers) {
  std::vector<std::string> texts;
  texts.reserve(request.size());
  std::vector<Field> capitals = request;
  for (Field& field : capitals) {
    texts.emplace_back(field.value);
    std::transform(texts.back().begin(), texts.back().end(), texts.back().begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    field.value = texts.back();
  }
  require(negotiate(request, offers).coding == negotiate(capitals, offers).coding);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Dictionaries& dictionaries = *[] {
    auto* made = new Dictionaries;
    made->add(make_owned<Dictionary>("Hello World"));
    return made;
  }();
  if (size < 2) return 0;
  Policy policy;
  policy.offers = Offers{};
  for (const Coding coding : {Coding::zstd, Coding::gzip, Coding::deflate}) {
    if ((data[0] >> static_cast<unsigned>(coding) & 1) != 0) policy.offers.add(coding);
  }
  policy.dictionaries = &dictionaries;
  std::vector<Field> request;
  std::vector<Field> response = {{.name = "content-type", .value = "text/html"}};
  Bytes rest{reinterpret_cast<const char*>(data + 2), size - 2};
  for (std::size_t line = 0; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const Bytes value = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line == 1) {
      request.push_back({.name = "available-dictionary", .value = value});
      const auto hash = parse_available_dictionary(value);
      require(!hash || value.size() >= 46);
    } else if (line == 2) {
      response.push_back({.name = "cache-control", .value = value});
    } else {
      request.push_back({.name = "accept-encoding", .value = value, .id = FieldId::accept_encoding});
      request.push_back({.name = "if-none-match", .value = value, .id = FieldId::if_none_match});
    }
  }
  Subject subject;
  subject.request = request;
  subject.response = response;
  subject.choice = static_cast<Compress>(data[1] % 4);
  const Decision decision = decide(policy, subject);
  require(decision.coding == Coding::identity || decision.coding == Coding::dcz || policy.offers.has(decision.coding));
  require((decision.coding == Coding::dcz) == (decision.dictionary != nullptr));
  require((decision.coding != Coding::identity) == (decision.reason == Reason::coded));
  require(decision.coding == Coding::identity || decision.vary);
  require(decision.vary || !decision.vary_dictionary);
  require(!(subject.choice == Compress::off && decision.vary));
  check_joined(request, policy.offers);
  check_case(request, policy.offers);
  (void)holds_weak_form(request, "\"a\"");
  (void)varies_on(rest, "accept-encoding");
  return 0;
}
