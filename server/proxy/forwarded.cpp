#include <pounce/proxy/forwarded.hpp>

#include <pounce/http/syntax.hpp>
#include <pounce/http/target.hpp>

#include <algorithm>
#include <array>

namespace pounce::inline v0::proxy {

namespace {

std::string_view scheme_of(std::string_view text) noexcept {
  if (equal_without_case(text, "https")) return "https";
  return equal_without_case(text, "http") ? std::string_view{"http"} : std::string_view{};
}

std::string_view host_of(std::string_view text) noexcept {
  return http::is_authority(text) ? text : std::string_view{};
}

// The elements of all fields of one name as one list, from its right end. Empty elements are none.
class FromTheRight {
 public:
  FromTheRight(FieldList fields, std::string_view name) noexcept : fields_(fields), name_(name) {}

  std::optional<std::string_view> next() noexcept {
    while (true) {
      while (!line_) {
        if (fields_.empty()) return std::nullopt;
        if (equal_without_case(fields_.back().name, name_)) line_ = fields_.back().value;
        fields_ = fields_.first(fields_.size() - 1);
      }
      const std::size_t comma = line_->rfind(',');
      const std::string_view element = trim(line_->substr(comma == std::string_view::npos ? 0 : comma + 1));
      line_ = comma == std::string_view::npos ? std::nullopt : std::optional{line_->substr(0, comma)};
      if (!element.empty()) return element;
    }
  }

 private:
  FieldList fields_;
  std::string_view name_;
  std::optional<std::string_view> line_;
};

// What the hop that is `hops` from us says of its peer: proxies that append leave an element each. Where some replace, there are fewer, and
// the farthest that is there counts.
std::string_view said_by(FieldList fields, std::string_view name, std::size_t hops) noexcept {
  FromTheRight elements{fields, name};
  std::string_view said;
  for (std::size_t hop = 0; hop < hops; ++hop) {
    const auto element = elements.next();
    if (!element) break;
    said = *element;
  }
  return said;
}

Relayed relayed_by_x_forwarded(std::span<const Network> proxies, FieldList fields) noexcept {
  Relayed relayed;
  FromTheRight addresses{fields, "x-forwarded-for"};
  std::size_t hops = 0;
  while (hops < most_hops) {
    const auto element = addresses.next();
    if (!element) break;
    ++hops;
    auto address = parse_host_address(*element);
    if (!address) address = parse_ip(*element);
    if (!address) break;
    relayed.client = address;
    if (!contains(proxies, *address)) break;
  }
  const std::size_t said = std::max<std::size_t>(hops, 1);
  relayed.scheme = scheme_of(said_by(fields, "x-forwarded-proto", said));
  relayed.host = host_of(said_by(fields, "x-forwarded-host", said));
  return relayed;
}

// forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] ); a pair is token "=" ( token / quoted-string ).
struct Element {
  std::string_view node;  // of "for"
  std::string_view scheme;
  std::string_view host;
};

class Line {
 public:
  explicit Line(std::string_view text) noexcept : rest_(text) {}

  // Reads it to the end. False: it breaks the grammar, and so nobody can say where its last element begins.
  bool read() noexcept {
    while (true) {
      Element element;
      bool empty = true;
      if (!read_element(element, empty)) return false;
      if (!empty) last_[count_++ % most_hops] = element;
      if (rest_.empty()) return true;
      rest_.remove_prefix(1);  // the comma
    }
  }
  // The elements that are kept, the last one is number 0.
  [[nodiscard]] std::size_t size() const noexcept { return std::min(count_, most_hops); }
  [[nodiscard]] const Element& from_the_right(std::size_t i) const noexcept {
    return last_[(count_ - 1 - i) % most_hops];
  }

 private:
  void skip_blanks() noexcept {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  std::string_view take_token() noexcept {
    std::size_t n = 0;
    while (n < rest_.size() && http::is_in(rest_[n], http::class_token)) ++n;
    const std::string_view token = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return token;
  }
  // The text between the quotes as it stands: what is escaped can be none of the values that we want.
  bool take_quoted(std::string_view& value) noexcept {
    std::size_t n = 1;
    while (n < rest_.size() && rest_[n] != '"') {
      if (rest_[n] == '\\') ++n;
      ++n;
    }
    if (n >= rest_.size()) return false;
    value = rest_.substr(1, n - 1);
    rest_.remove_prefix(n + 1);
    return true;
  }
  bool take_pair(Element& element) noexcept {
    const std::string_view name = take_token();
    if (name.empty() || !rest_.starts_with('=')) return false;
    rest_.remove_prefix(1);
    std::string_view value;
    if (rest_.starts_with('"')) {
      if (!take_quoted(value)) return false;
    } else {
      value = take_token();
    }
    if (value.empty()) return false;
    std::string_view* const place = equal_without_case(name, "for")     ? &element.node
                                    : equal_without_case(name, "proto") ? &element.scheme
                                    : equal_without_case(name, "host")  ? &element.host
                                                                        : nullptr;
    if (place == nullptr) return true;
    if (!place->empty()) return false;  // each at most once
    *place = value;
    return true;
  }
  bool read_element(Element& element, bool& empty) noexcept {
    while (true) {
      skip_blanks();
      if (!rest_.empty() && rest_.front() != ';' && rest_.front() != ',') {
        if (!take_pair(element)) return false;
        empty = false;
        skip_blanks();
      }
      if (rest_.empty() || rest_.front() == ',') return true;
      if (rest_.front() != ';') return false;
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
  std::array<Element, most_hops> last_{};
  std::size_t count_ = 0;
};

Relayed relayed_by_forwarded(std::span<const Network> proxies, FieldList fields) noexcept {
  Relayed relayed;
  std::size_t hops = 0;
  for (; !fields.empty(); fields = fields.first(fields.size() - 1)) {
    if (fields.back().id != FieldId::forwarded) continue;
    Line line{fields.back().value};
    if (!line.read()) return relayed;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (++hops > most_hops) return relayed;
      const Element& element = line.from_the_right(i);
      if (const auto scheme = scheme_of(element.scheme); !scheme.empty()) relayed.scheme = scheme;
      if (const auto host = host_of(element.host); !host.empty()) relayed.host = host;
      const auto address = parse_host_address(element.node);
      if (!address) return relayed;
      relayed.client = address;
      if (!contains(proxies, *address)) return relayed;
    }
  }
  return relayed;
}

constexpr std::string_view x_forwarded = "x-forwarded-";

bool is_x_forwarded(const Field& field) noexcept {
  return equal_without_case(field.name.substr(0, x_forwarded.size()), x_forwarded);
}

}  // namespace

Relayed relayed(const Trust& trust, FieldList fields) noexcept {
  return trust.dialect == Dialect::forwarded ? relayed_by_forwarded(trust.proxies, fields)
                                             : relayed_by_x_forwarded(trust.proxies, fields);
}

bool speaks_for_proxy(const Field& field) noexcept {
  if (!may_speak_for_proxy(field)) return false;
  return field.id == FieldId::forwarded || is_x_forwarded(field) || equal_without_case(field.name, "x-real-ip");
}

bool is_visible(const Trust& trust, bool trusted_peer, const Field& field) noexcept {
  if (!speaks_for_proxy(field)) return true;
  if (!trusted_peer) return false;
  return (trust.dialect == Dialect::forwarded) == (field.id == FieldId::forwarded);
}

}  // namespace pounce::inline v0::proxy
