#include <pounce/files/precompressed.hpp>

#include <pounce/compression/negotiation.hpp>
#include <pounce/http/syntax.hpp>

#include <algorithm>
#include <optional>

namespace pounce::inline v0::files {

namespace {

// What a request says of one coding: by its name, and of all others by the asterisk.
struct Said {
  std::optional<unsigned> named;
  unsigned any = 0;
};

Said said_of(FieldList fields, Bytes coding) noexcept {
  Said said;
  for (const Field& field : fields) {
    if (field.id != FieldId::accept_encoding) continue;
    http::ListElements elements{field.value};
    while (const auto element = elements.next()) {
      const std::size_t semicolon = element->find(';');
      const Bytes name = trim(element->substr(0, semicolon));
      unsigned weight = 1000;
      if (semicolon != Bytes::npos) {
        const Bytes parameter = trim(element->substr(semicolon + 1));
        const int given =
            equal_without_case(parameter.substr(0, 2), "q=") ? compression::parse_weight(parameter.substr(2)) : -1;
        if (given < 0) continue;
        weight = static_cast<unsigned>(given);
      }
      if (name == "*") {
        said.any = weight;
      } else if (equal_without_case(name, coding) || (coding == "gzip" && equal_without_case(name, "x-gzip"))) {
        said.named = weight;
      }
    }
  }
  return said;
}

}  // namespace

Preferences::Preferences(FieldList fields) noexcept {
  if (find(fields, FieldId::accept_encoding) == nullptr) return;
  // Who names the file as it is with more weight prefers it; the asterisk does not name it.
  const unsigned least = std::max(said_of(fields, "identity").named.value_or(0), 1U);
  std::array<unsigned, neighbours.size()> weights{};
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    const Said said = said_of(fields, neighbours[i].coding);
    weights[i] = said.named.value_or(said.any);
    if (weights[i] < least) continue;
    std::size_t place = size_++;
    for (; place != 0 && weights[order_[place - 1]] < weights[i]; --place) order_[place] = order_[place - 1];
    order_[place] = i;
  }
}

}  // namespace pounce::inline v0::files
