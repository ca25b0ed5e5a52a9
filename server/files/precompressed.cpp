#include <pounce/files/precompressed.hpp>

#include <pounce/compression/negotiation.hpp>
#include <pounce/http/syntax.hpp>

#include <optional>

namespace pounce::inline v0::files {

namespace {

// What a request says of one coding: by its name, else by the asterisk, else nothing: not wanted.
unsigned weight_of(FieldList fields, Bytes coding) noexcept {
  std::optional<unsigned> named;
  unsigned any = 0;
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
        any = weight;
      } else if (equal_without_case(name, coding) || (coding == "gzip" && equal_without_case(name, "x-gzip"))) {
        named = weight;
      }
    }
  }
  return named.value_or(any);
}

}  // namespace

Preferences::Preferences(FieldList fields) noexcept {
  if (find(fields, FieldId::accept_encoding) == nullptr) return;
  std::array<unsigned, neighbours.size()> weights{};
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    weights[i] = weight_of(fields, neighbours[i].coding);
    if (weights[i] == 0) continue;
    std::size_t place = size_++;
    for (; place != 0 && weights[order_[place - 1]] < weights[i]; --place) order_[place] = order_[place - 1];
    order_[place] = i;
  }
}

}  // namespace pounce::inline v0::files
