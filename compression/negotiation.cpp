#include <pounce/compression/negotiation.hpp>

#include "compression/words.hpp"

#include <algorithm>

namespace pounce::inline v0::compression {

namespace {

constexpr int unsaid = -1;
constexpr int full_weight = 1000;

struct Weights {
  std::array<int, coding_count> named{unsaid, unsaid, unsaid, unsaid, unsaid};
  int others = unsaid;  // of '*'

  [[nodiscard]] int& of(Coding coding) noexcept { return named[static_cast<std::size_t>(coding)]; }
};

constexpr Bytes marks = "!#$%&'*+-.^_`|~";

bool is_token(Bytes text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || marks.find(c) != Bytes::npos;
  });
}

// `q=0.5`, without blanks around the sign (RFC 9110, section 5.6.6).
int parse_parameter(Bytes text) noexcept {
  if (text.size() < 2 || lower(text[0]) != 'q' || text[1] != '=') return -1;
  return parse_weight(text.substr(2));
}

void note(int& weight, int value) noexcept {
  if (weight == 0) return;
  weight = value == 0 ? 0 : std::max(weight, value);
}

void note_member(Weights& weights, Bytes member) noexcept {
  std::optional<Bytes> rest = member;
  const Bytes name = *next_part(rest, ';');
  if (!is_token(name)) return;
  int weight = full_weight;
  if (const auto parameter = next_part(rest, ';')) {
    weight = parse_parameter(*parameter);
    if (weight < 0 || rest) return;
  }
  if (name == "*") return note(weights.others, weight);
  if (const auto coding = coding_named(name)) note(weights.of(*coding), weight);
}

}  // namespace

int parse_weight(std::string_view text) noexcept {
  // 0 or 1, then perhaps a point and up to three digits, which after 1 are zeros.
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return -1;
  if (text.size() > 1 && text[1] != '.') return -1;
  int weight = text[0] == '1' ? full_weight : 0;
  int digit = full_weight / 10;
  for (std::size_t i = 2; i < text.size(); ++i, digit /= 10) {
    if (text[i] < '0' || text[i] > '9') return -1;
    weight += digit * (text[i] - '0');
  }
  return weight <= full_weight ? weight : -1;
}

Negotiated negotiate(FieldList request, const Offers& offers) noexcept {
  Weights weights;
  for (const Field& field : request) {
    if (field.id != FieldId::accept_encoding) continue;
    std::optional<Bytes> rest = field.value;
    while (const auto member = next_part(rest, ',')) note_member(weights, *member);
  }

  Negotiated best;
  int most = 0;
  for (const Coding coding : offers) {
    int weight = weights.of(coding);
    if (weight == unsaid && coding != Coding::dcz) weight = weights.others;
    if (weight <= most) continue;
    best.coding = coding;
    most = weight;
  }
  const int identity = weights.of(Coding::identity);
  if (most == 0) {
    best.acceptable = identity != 0 && (identity != unsaid || weights.others != 0);
  } else if (identity > most) {
    best.coding = Coding::identity;
  }
  return best;
}

}  // namespace pounce::inline v0::compression
