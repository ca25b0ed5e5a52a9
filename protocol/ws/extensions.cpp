#include <pounce/ws/extensions.hpp>

#include <pounce/http/syntax.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace pounce::inline v0::ws {

namespace {

constexpr Bytes field_name = "Sec-WebSocket-Extensions";
constexpr Bytes deflate_name = "permessage-deflate";
constexpr std::uint8_t least_window = 8;
constexpr std::uint8_t least_send_window = 9;  // zlib has no smaller one for raw streams
constexpr std::uint8_t most_window = 15;

// One name or parameter after the other: extension = token *( ";" token [ "=" ( token / quoted-string ) ] ).
class Extensions {
 public:
  enum class Found : std::uint8_t { name, parameter, end, invalid };

  explicit Extensions(Bytes value) noexcept : rest_(value) {}

  [[nodiscard]] Found next() noexcept {
    skip_blanks();
    if (at_name_) {
      while (take(',')) skip_blanks();  // empty elements (RFC 9110, section 5.6.1)
      if (rest_.empty()) return Found::end;
      at_name_ = false;
      name_ = take_token();
      return name_.empty() ? Found::invalid : Found::name;
    }
    if (rest_.empty()) return Found::end;
    if (take(',')) {
      at_name_ = true;
      return next_element();
    }
    if (!take(';')) return Found::invalid;
    skip_blanks();
    name_ = take_token();
    value_ = {};
    has_value_ = false;
    if (name_.empty()) return Found::invalid;
    skip_blanks();
    if (!take('=')) return Found::parameter;
    skip_blanks();
    has_value_ = true;
    return take_value() ? Found::parameter : Found::invalid;
  }
  [[nodiscard]] Bytes name() const noexcept { return name_; }
  [[nodiscard]] bool has_value() const noexcept { return has_value_; }
  [[nodiscard]] Bytes value() const noexcept { return value_; }

 private:
  Found next_element() noexcept { return next(); }
  bool take(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_blanks() noexcept {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  Bytes take_token() noexcept {
    std::size_t size = 0;
    while (size < rest_.size() && http::is_in(rest_[size], http::class_token)) ++size;
    const Bytes token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }
  bool take_value() noexcept {
    if (take('"')) return take_quoted();
    value_ = take_token();
    return !value_.empty();
  }
  // What is quoted must be a token, too, without its escapes (RFC 6455, section 9.1).
  bool take_quoted() noexcept {
    std::size_t size = 0;
    for (; !take('"'); rest_.remove_prefix(1)) {
      take('\\');
      if (rest_.empty() || !http::is_in(rest_.front(), http::class_token)) return false;
      if (size < quoted_.size()) quoted_[size++] = rest_.front();
    }
    value_ = Bytes{quoted_.data(), size};
    return size != 0;
  }

  Bytes rest_;
  Bytes name_;
  Bytes value_;
  std::array<char, 3> quoted_;  // what begins a quoted value; those that mean something to us are shorter
  bool has_value_ = false;
  bool at_name_ = true;
};

// The parameters of one element, each at the most once.
struct Parameters {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  std::uint8_t server_max_window_bits = 0;  // 0: not there
  std::uint8_t client_max_window_bits = 0;
  bool client_max_window_bits_bare = false;  // there, without a value
  bool invalid = false;
};

std::uint8_t window_bits(Bytes value) noexcept {
  const auto number = http::parse_digits(value);
  if (!number || value.starts_with('0') || *number < least_window || *number > most_window) return 0;
  return static_cast<std::uint8_t>(*number);
}

void read_parameter(const Extensions& at, Parameters& all) noexcept {
  const auto flag = [&](bool& given) {
    all.invalid = all.invalid || given || at.has_value();
    given = true;
  };
  const auto bits = [&](std::uint8_t& given) {
    const std::uint8_t number = window_bits(at.value());
    all.invalid = all.invalid || given != 0 || number == 0;
    given = number;
  };
  if (equal_without_case(at.name(), "server_no_context_takeover")) return flag(all.server_no_context_takeover);
  if (equal_without_case(at.name(), "client_no_context_takeover")) return flag(all.client_no_context_takeover);
  if (equal_without_case(at.name(), "server_max_window_bits")) return bits(all.server_max_window_bits);
  if (!equal_without_case(at.name(), "client_max_window_bits")) {
    all.invalid = true;
    return;
  }
  if (all.client_max_window_bits_bare) all.invalid = true;
  if (at.has_value()) return bits(all.client_max_window_bits);
  all.invalid = all.invalid || all.client_max_window_bits != 0;
  all.client_max_window_bits_bare = true;
}

// Calls `handle` with the name and the parameters of each element until it says that it has found what it looks for. False when the grammar
// is not followed.
template <class Handle>
bool for_each_extension(FieldList fields, Handle&& handle) {
  for (const Field& field : fields) {
    if (!equal_without_case(field.name, field_name)) continue;
    Extensions at{field.value};
    Bytes name;
    Parameters parameters;
    for (;;) {
      const Extensions::Found found = at.next();
      if (found == Extensions::Found::invalid) return false;
      if (found == Extensions::Found::parameter) {
        read_parameter(at, parameters);
        continue;
      }
      if (!name.empty() && handle(name, parameters)) return true;
      if (found == Extensions::Found::end) break;
      name = at.name();
      parameters = Parameters{};
    }
  }
  return true;
}

}  // namespace

bool are_extensions_valid(FieldList fields) noexcept {
  return for_each_extension(fields, [](Bytes, const Parameters&) { return false; });
}

void DeflateAgreement::add(Bytes text) noexcept {
  std::memcpy(text_.data() + size_, text.data(), text.size());
  size_ += text.size();
}

void DeflateAgreement::add(unsigned bits) noexcept {
  if (bits >= 10) add("1");
  const char digit = static_cast<char>('0' + bits % 10);
  add(Bytes{&digit, 1});
}

std::optional<DeflateAgreement> DeflateAgreement::of(FieldList request, const DeflateWishes& wishes) noexcept {
  std::optional<DeflateAgreement> agreement;
  const auto meet = [&](Bytes name, const Parameters& offer) {
    if (!equal_without_case(name, deflate_name) || offer.invalid) return false;
    DeflateAgreement mine;
    DeflateTerms& terms = mine.terms_;
    const bool limits_server = offer.server_max_window_bits != 0;
    terms.send_window_bits =
        limits_server ? std::min(offer.server_max_window_bits, wishes.send_window_bits) : wishes.send_window_bits;
    if (terms.send_window_bits < least_send_window) return false;
    const bool limits_client = offer.client_max_window_bits_bare || offer.client_max_window_bits != 0;
    if (!limits_client && wishes.receive_window_bits < most_window) return false;
    terms.receive_window_bits = wishes.receive_window_bits;
    if (offer.client_max_window_bits != 0)
      terms.receive_window_bits = std::min(offer.client_max_window_bits, wishes.receive_window_bits);
    terms.send_takeover = wishes.send_takeover && !offer.server_no_context_takeover;
    terms.receive_takeover = wishes.receive_takeover && !offer.client_no_context_takeover;

    mine.add(deflate_name);
    if (!terms.send_takeover) mine.add("; server_no_context_takeover");
    if (!terms.receive_takeover) mine.add("; client_no_context_takeover");
    if (limits_server || terms.send_window_bits < most_window) {
      mine.add("; server_max_window_bits=");
      mine.add(terms.send_window_bits);
    }
    if (limits_client) {
      mine.add("; client_max_window_bits=");
      mine.add(terms.receive_window_bits);
    }
    agreement = mine;
    return true;
  };
  if (!for_each_extension(request, meet)) return std::nullopt;
  return agreement;
}

DeflateAnswer read_deflate_answer(FieldList response) noexcept {
  DeflateAnswer answer;
  const auto read = [&](Bytes name, const Parameters& given) {
    const bool is_ours = equal_without_case(name, deflate_name) && !given.invalid && !given.client_max_window_bits_bare;
    const bool can = given.client_max_window_bits == 0 || given.client_max_window_bits >= least_send_window;
    if (!is_ours || !can || answer.terms) {
      answer.valid = false;
      return true;
    }
    DeflateTerms& terms = answer.terms.emplace();
    if (given.client_max_window_bits != 0) terms.send_window_bits = given.client_max_window_bits;
    if (given.server_max_window_bits != 0) terms.receive_window_bits = given.server_max_window_bits;
    terms.send_takeover = !given.client_no_context_takeover;
    terms.receive_takeover = !given.server_no_context_takeover;
    return false;
  };
  if (!for_each_extension(response, read)) answer.valid = false;
  if (!answer.valid) answer.terms.reset();
  return answer;
}

}  // namespace pounce::inline v0::ws
