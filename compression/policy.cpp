#include <pounce/compression/policy.hpp>

#include "compression/sha256.hpp"
#include "compression/words.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pounce::inline v0::compression {

namespace {

// What the head of a response says about coding, found in one pass.
struct Said {
  Bytes content_type;
  bool coded = false;
  bool partial = false;
  bool fixed = false;  // no-transform, or a digest
};

Said look(FieldList response) noexcept {
  Said said;
  for (const Field& field : response) {
    switch (field.name.size()) {
      case 6:
        if (equal_without_case(field.name, "digest")) said.fixed = true;
        break;
      case 11:
        if (equal_without_case(field.name, "repr-digest") || equal_without_case(field.name, "content-md5"))
          said.fixed = true;
        break;
      case 12:
        if (equal_without_case(field.name, "content-type")) said.content_type = field.value;
        break;
      case 14:
        if (equal_without_case(field.name, "content-digest")) said.fixed = true;
        break;
      case 13:
        if (equal_without_case(field.name, "content-range")) said.partial = true;
        if (equal_without_case(field.name, "cache-control") && list_names(field.value, "no-transform"))
          said.fixed = true;
        break;
      case 16:
        if (equal_without_case(field.name, "content-encoding")) said.coded = true;
        break;
      default: break;
    }
  }
  return said;
}

bool has_content(std::uint16_t status) noexcept {
  return status >= 200 && status != 204 && status != 205 && status != 304;
}

// Why this response is not coded whatever the client accepts; `coded` when it may be.
Reason objection(const Policy& policy, const Subject& subject) noexcept {
  if (!policy.enabled) return Reason::disabled;
  if (subject.choice == Compress::off) return Reason::chosen;
  if (!has_content(subject.status) || subject.method == Method::connect) return Reason::status;
  if (subject.status == 206) return Reason::partial;
  const bool asked = subject.choice == Compress::always;
  if (!asked && subject.size && *subject.size < policy.min_size) return Reason::too_small;
  if (subject.size && *subject.size == 0) return Reason::too_small;
  const Said said = look(subject.response);
  if (said.partial) return Reason::partial;
  if (said.coded) return Reason::already_coded;
  if (said.fixed) return Reason::no_transform;
  if (asked) return Reason::coded;
  if (equal_without_case(trim(said.content_type.substr(0, said.content_type.find(';'))), "text/event-stream"))
    return Reason::event_stream;
  return policy.types.has(said.content_type) ? Reason::coded : Reason::media_type;
}

// The dictionary that the client says it has and may be used here.
const Dictionary* shared_dictionary(const Policy& policy, const Subject& subject) noexcept {
  if (subject.choice == Compress::hidden) return nullptr;
  for (const Field& field : subject.request) {
    if (!equal_without_case(field.name, "available-dictionary")) continue;
    const auto hash = parse_available_dictionary(field.value);
    const Dictionary* found = hash ? policy.dictionaries->find(*hash) : nullptr;
    return found != nullptr && same_origin_context(subject.request, subject.response) ? found : nullptr;
  }
  return nullptr;
}

}  // namespace

bool Dictionaries::add(Owned<Dictionary> dictionary) {
  if (list_.size() == most) return false;
  list_.push_back(std::move(dictionary));
  return true;
}

const Dictionary* Dictionaries::find(const DictionaryHash& hash) const noexcept {
  for (const auto& dictionary : list_) {
    if (dictionary->hash() == hash) return dictionary.get();
  }
  return nullptr;
}

std::string_view name(Reason reason) noexcept {
  switch (reason) {
    case Reason::coded: return "coded";
    case Reason::disabled: return "disabled";
    case Reason::chosen: return "chosen";
    case Reason::status: return "status";
    case Reason::partial: return "partial";
    case Reason::already_coded: return "already_coded";
    case Reason::no_transform: return "no_transform";
    case Reason::too_small: return "too_small";
    case Reason::media_type: return "media_type";
    case Reason::event_stream: return "event_stream";
    case Reason::head: return "head";
    case Reason::negotiated: return "negotiated";
    case Reason::not_acceptable: return "not_acceptable";
  }
  return "disabled";
}

Decision decide(const Policy& policy, const Subject& subject) noexcept {
  Decision decision;
  decision.reason = objection(policy, subject);
  if (decision.reason != Reason::coded) return decision;

  decision.vary = true;
  Offers offers;
  if (policy.dictionaries != nullptr && !policy.dictionaries->empty() && subject.choice != Compress::hidden) {
    decision.vary_dictionary = true;
    decision.dictionary = shared_dictionary(policy, subject);
    if (decision.dictionary != nullptr) offers.add(Coding::dcz);
  }
  for (const Coding coding : policy.offers) {
    // Deflate cannot be padded.
    if (subject.choice != Compress::hidden || coding != Coding::deflate) offers.add(coding);
  }

  const Negotiated negotiated = negotiate(subject.request, offers);
  if (negotiated.coding != Coding::dcz) decision.dictionary = nullptr;
  if (!negotiated.acceptable) {
    if (subject.status < 300)
      decision.reason = Reason::not_acceptable;
    else
      decision.reason = Reason::negotiated;
  } else if (negotiated.coding == Coding::identity) {
    decision.reason = Reason::negotiated;
  } else {
    decision.other_length = decision.weaken = true;
    if (subject.method == Method::head) {
      decision.reason = Reason::head;
      decision.dictionary = nullptr;
    } else {
      decision.coding = negotiated.coding;
    }
  }
  return decision;
}

bool holds_weak_form(FieldList request, std::string_view etag) noexcept {
  if (!etag.starts_with('"')) return false;
  for (const Field& field : request) {
    if (field.id != FieldId::if_none_match) continue;
    std::optional<Bytes> rest = field.value;
    while (const auto member = next_part(rest, ',')) {
      if (member->starts_with("W/") && member->substr(2) == etag) return true;
    }
  }
  return false;
}

std::uint16_t padding_length(const Secret& secret, std::uint64_t number) noexcept {
  std::array<char, sizeof(Secret) + sizeof number> seed{};
  std::memcpy(seed.data(), secret.data(), secret.size());
  std::memcpy(seed.data() + secret.size(), &number, sizeof number);
  const Sha256 hash = sha256({seed.data(), seed.size()});
  return static_cast<std::uint16_t>(1 + (hash[0] | hash[1] << 8) % most_padding);
}

bool varies_on(std::string_view vary, std::string_view name) noexcept {
  std::optional<Bytes> rest = vary;
  while (const auto member = next_part(rest, ',')) {
    if (*member == "*" || equal_without_case(*member, name)) return true;
  }
  return false;
}

}  // namespace pounce::inline v0::compression
