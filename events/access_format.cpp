// From the text of a format to its atoms.
#include <pounce/events/access_log.hpp>

#include <array>
#include <string>
#include <utility>

namespace pounce::inline v0::events {

namespace {

constexpr std::string_view common = R"(%h %l %u %t "%r" %>s %b)";
constexpr std::string_view combined = R"(%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i")";

// Letters that are well known and not to be had here: say so rather than print nothing.
constexpr std::string_view not_kept = "fknopCeOSDXRi";

}  // namespace

struct AccessFormat::Parser {
  // An atom after its percent sign, without the braces.
  struct Row {
    std::string_view name;
    Kind kind;
  };
  static constexpr std::array<Row, 22> apache{{
      {"h", Kind::client},  {"a", Kind::client},         {"l", Kind::nobody},       {"u", Kind::nobody},
      {"t", Kind::time},    {"r", Kind::request_line},   {"m", Kind::method},       {"U", Kind::path},
      {"q", Kind::query},   {"H", Kind::protocol},       {"v", Kind::host},         {"V", Kind::host},
      {"s", Kind::status},  {">s", Kind::status},        {"<s", Kind::status},      {"b", Kind::bytes_or_dash},
      {"B", Kind::bytes},   {"T", Kind::seconds},        {"D", Kind::microseconds}, {"p", Kind::local_port},
      {"L", Kind::request}, {"I", Kind::bytes_received},
  }};
  // What stands in braces before an Apache letter: %{us}T.
  static constexpr std::array<Row, 12> braced{{
      {"s}T", Kind::seconds},
      {"ms}T", Kind::milliseconds},
      {"us}T", Kind::microseconds},
      {"sec}t", Kind::unix_seconds},
      {"msec}t", Kind::unix_milliseconds},
      {"usec}t", Kind::unix_microseconds},
      {"local}p", Kind::local_port},
      {"remote}p", Kind::peer_port},
      {"connection}x", Kind::connection},
      {"request-id}x", Kind::correlation},
      {"worker}x", Kind::worker},
      {"failure}x", Kind::failure},
  }};
  static constexpr std::array<Row, 16> gunicorn{{
      {"h", Kind::client},
      {"l", Kind::nobody},
      {"u", Kind::nobody},
      {"t", Kind::time},
      {"r", Kind::request_line},
      {"m", Kind::method},
      {"U", Kind::path},
      {"q", Kind::query},
      {"H", Kind::protocol},
      {"s", Kind::status},
      {"B", Kind::bytes},
      {"b", Kind::bytes_or_dash},
      {"T", Kind::seconds},
      {"M", Kind::milliseconds},
      {"D", Kind::microseconds},
      {"L", Kind::decimal_seconds},
  }};

  explicit Parser(std::string_view text) : rest(text) {}

  bool run() {
    while (!rest.empty()) {
      const std::size_t percent = rest.find('%');
      literal(rest.substr(0, percent));
      if (percent == std::string_view::npos) break;
      rest.remove_prefix(percent + 1);
      if (!atom()) return false;
      if (atoms.size() > most_atoms) return fail("has too many atoms (64 are allowed)");
    }
    return !atoms.empty() || fail("is empty");
  }

  bool atom() {
    if (rest.empty()) return fail("ends with a lone percent sign");
    if (rest.front() == '%') {
      rest.remove_prefix(1);
      literal("%");
      return true;
    }
    if (rest.front() == '(') return gunicorn_atom();
    seen_apache = true;
    if (seen_gunicorn) return fail("mixes %(x)s with %x");
    return rest.front() == '{' ? braced_atom() : apache_atom();
  }

  bool apache_atom() {
    const std::size_t size = rest.front() == '>' || rest.front() == '<' ? 2 : 1;
    const std::string_view name = rest.substr(0, size);
    rest.remove_prefix(name.size());
    for (const Row& row : apache) {
      if (row.name == name) return add(row.kind);
    }
    return unknown("%" + std::string{name}, name);
  }

  bool braced_atom() {
    const std::size_t close = rest.find('}');
    if (close == std::string_view::npos || close + 1 == rest.size()) return fail("has a brace that nothing closes");
    const std::string_view inside = rest.substr(1, close - 1);
    const std::string_view letter = rest.substr(close + 1, 1);
    const std::string_view name = rest.substr(1, close + 1);  // inside}letter
    rest.remove_prefix(close + 2);
    if (letter == "i") return add_field(inside);
    for (const Row& row : braced) {
      if (row.name == name) return add(row.kind);
    }
    return unknown("%{" + std::string{name}, letter);
  }

  bool gunicorn_atom() {
    seen_gunicorn = true;
    if (seen_apache) return fail("mixes %(x)s with %x");
    const std::size_t close = rest.find(")s");
    if (close == std::string_view::npos) return fail("has a parenthesis that )s does not close");
    const std::string_view name = rest.substr(1, close - 1);
    rest.remove_prefix(close + 2);
    if (name.starts_with('{') && name.ends_with("}i")) return add_field(name.substr(1, name.size() - 3));
    if (name == "f") return add_field("referer");
    if (name == "a") return add_field("user-agent");
    for (const Row& row : gunicorn) {
      if (row.name == name) return add(row.kind);
    }
    return unknown("%(" + std::string{name} + ")s", name.empty() ? name : name.substr(name.size() - 1));
  }

  bool add(Kind kind) {
    atoms.push_back({kind, {}});
    return true;
  }

  bool add_field(std::string_view name) {
    if (name.empty()) return fail("names no field between its braces");
    atoms.push_back({Kind::field, {}, field_id(name)});
    atoms.back().text.append(name);
    return true;
  }

  void literal(std::string_view text) {
    if (text.empty()) return;
    if (atoms.empty() || atoms.back().kind != Kind::literal) atoms.push_back({Kind::literal, {}});
    atoms.back().text.append(text);
  }

  bool unknown(const std::string& what, std::string_view letter) {
    const bool known = letter.size() == 1 && not_kept.find(letter) != std::string_view::npos;
    return fail("has the atom " + what + (known ? ", which is not kept here" : ", which is none"));
  }

  bool fail(std::string text) {
    why = std::move(text);
    return false;
  }

  std::string_view rest;
  List<Atom> atoms;
  std::string why;
  bool seen_apache = false;
  bool seen_gunicorn = false;
};

std::optional<AccessFormat> AccessFormat::parse(std::string_view text, std::string& why) {
  AccessFormat format;
  if (text == "json") {
    format.atoms_.push_back({Kind::json, {}});
    return format;
  }
  // A word that is no name of ours has no atoms, and would log the same for every request.
  if (text != "common" && text != "combined" && text.find('%') == std::string_view::npos) {
    why = "is neither common, combined, json nor a format with percent atoms";
    return std::nullopt;
  }
  Parser parser{text == "common" ? common : text == "combined" ? combined : text};
  if (!parser.run()) {
    why = std::move(parser.why);
    return std::nullopt;
  }
  format.atoms_ = std::move(parser.atoms);
  return format;
}

}  // namespace pounce::inline v0::events
