#include <pounce/files/precompressed.hpp>

#include <pounce/http/syntax.hpp>

#include <optional>

namespace pounce::inline v0::files {

namespace {

// weight = OWS ";" OWS "q=" qvalue, in thousandths; nothing when it is none (RFC 9110, section 12.4.2).
std::optional<unsigned> parse_weight(Bytes text) noexcept {
  if (text.size() < 3 || !http::equals(text.substr(0, 2), "q=")) return std::nullopt;
  text.remove_prefix(2);
  if (text.front() != '0' && text.front() != '1') return std::nullopt;
  unsigned value = text.front() == '1' ? 1000 : 0;
  text.remove_prefix(1);
  if (text.empty()) return value;
  if (text.front() != '.' || text.size() > 4) return std::nullopt;
  unsigned place = 100;
  for (const char c : text.substr(1)) {
    if (!http::is_digit(c)) return std::nullopt;
    value += static_cast<unsigned>(c - '0') * place;
    place /= 10;
  }
  return value <= 1000 ? std::optional{value} : std::nullopt;
}

// What a request says of one coding: by its name, else by the asterisk, else nothing: not wanted.
unsigned weight_of(FieldList fields, Bytes coding) noexcept {
  std::optional<unsigned> named;
  unsigned any = 0;
  for (const Field& field : fields) {
    if (field.id != FieldId::accept_encoding) continue;
    http::ListElements elements{field.value};
    while (const auto element = elements.next()) {
      const std::size_t semicolon = element->find(';');
      const Bytes name = http::trim(element->substr(0, semicolon));
      unsigned weight = 1000;
      if (semicolon != Bytes::npos) {
        const auto given = parse_weight(http::trim(element->substr(semicolon + 1)));
        if (!given) continue;
        weight = *given;
      }
      if (name == "*") {
        any = weight;
      } else if (http::equals(name, coding) || (coding == "gzip" && http::equals(name, "x-gzip"))) {
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
