#include <pounce/files/listing.hpp>

#include <pounce/files/listed_names.hpp>
#include <pounce/files/target_path.hpp>
#include <pounce/http/date.hpp>
#include <pounce/http/syntax.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pounce::inline v0::files {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

// The length of the well-formed UTF-8 sequence at the front; 0 when there is none.
std::size_t sequence_length(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&byte](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned head = byte(0);
  const unsigned next = byte(1);
  if (head < 0x80) return 1;
  if (head >= 0xc2 && head <= 0xdf && tail(1)) return 2;
  if (head >= 0xe0 && head <= 0xef && tail(1) && tail(2) && (head != 0xe0 || next >= 0xa0) &&
      (head != 0xed || next < 0xa0)) {
    return 3;
  }
  if (head >= 0xf0 && head <= 0xf4 && tail(1) && tail(2) && tail(3) && (head != 0xf0 || next >= 0x90) &&
      (head != 0xf4 || next < 0x90)) {
    return 4;
  }
  return 0;
}

template <class Escape>
void append_text(std::string& out, std::string_view text, Escape escape) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      out.append(replacement);
    } else if (const std::string_view escaped = length == 1 ? escape(text.front()) : std::string_view{};
               !escaped.empty()) {
      out.append(escaped);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

void append_html(std::string& out, std::string_view text) {
  append_text(out, text, [](char c) -> std::string_view {
    switch (c) {
      case '&': return "&amp;";
      case '<': return "&lt;";
      case '>': return "&gt;";
      case '"': return "&quot;";
      case '\'': return "&#39;";
      default: return {};
    }
  });
}

// Names hold no control bytes; a slash needs no escape.
void append_json(std::string& out, std::string_view text) {
  out.push_back('"');
  append_text(out, text, [](char c) -> std::string_view {
    switch (c) {
      case '"': return "\\\"";
      case '\\': return "\\\\";
      case '<': return "\\u003c";  // whoever puts it into a page by mistake
      default: return {};
    }
  });
  out.push_back('"');
}

// "./" in front: a name with a colon would else be a scheme.
std::string link_to(const ListedName& entry) {
  std::string link = "./";
  append_encoded(link, entry.name);
  if (entry.directory) link.push_back('/');
  return link;
}

void put_in_order(ListedNames& names) {
  erase_if(names.names, [](const ListedName& entry) {
    const Bytes name = entry.name;
    const bool unreachable = std::ranges::any_of(
        name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\' || c == '/'; });
    return unreachable || name.empty() || name.front() == '.' || name.size() > most_name_bytes;
  });
  std::ranges::sort(names.names, [](const ListedName& a, const ListedName& b) {
    return a.directory != b.directory ? a.directory : a.name.bytes() < b.name.bytes();
  });
}

// "2026-11-21 15:04"; empty when no calendar of four digits has it.
std::string minute_text(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999) return {};
  const auto second = static_cast<unsigned>((time - day).count());
  std::string text;
  const auto put = [&text](unsigned number, unsigned digits, char behind) {
    const std::string plain = std::to_string(number);
    text.append(digits - std::min<std::size_t>(digits, plain.size()), '0').append(plain);
    if (behind != '\0') text.push_back(behind);
  };
  put(static_cast<unsigned>(year), 4, '-');
  put(static_cast<unsigned>(date.month()), 2, '-');
  put(static_cast<unsigned>(date.day()), 2, ' ');
  put(second / 3600, 2, ':');
  put(second / 60 % 60, 2, '\0');
  return text;
}

std::optional<unsigned> quality(FieldList fields, Bytes type) noexcept {
  const Bytes group = type.substr(0, type.find('/'));
  std::optional<unsigned> best;
  int best_rank = -1;
  for (const Field& field : fields) {
    if (field.id != FieldId::accept) continue;
    http::ListElements elements{field.value};
    while (const auto element = elements.next()) {
      const Bytes range = trim(element->substr(0, element->find(';')));
      const int rank = equal_without_case(range, type)                                                         ? 2
                       : range.ends_with("/*") && equal_without_case(range.substr(0, range.size() - 2), group) ? 1
                       : range == "*/*"                                                                        ? 0
                                                                                                               : -1;
      if (rank < 0 || rank < best_rank) continue;
      // Thousandths of the last q; what is none counts in full.
      unsigned weight = 1000;
      if (const std::size_t q = element->rfind("q=");
          q != Bytes::npos && q != 0 && ((*element)[q - 1] == ';' || is_blank((*element)[q - 1]))) {
        const Bytes text = trim(element->substr(q + 2));
        weight = text.starts_with('1') ? 1000 : 0;
        unsigned place = 100;
        for (const char c : text.substr(std::min<std::size_t>(2, text.size())).substr(0, 3)) {
          if (!http::is_digit(c)) break;
          weight += static_cast<unsigned>(c - '0') * place;
          place /= 10;
        }
      }
      best = weight;
      best_rank = rank;
    }
  }
  return best;
}

}  // namespace

bool wants_json(FieldList fields) noexcept {
  return quality(fields, "application/json").value_or(0) > quality(fields, "text/html").value_or(0);
}

std::string listing_html(Bytes location, ListedNames& names) {
  put_in_order(names);
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
  append_html(page, location);
  page.append(R"(</title>
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1.5rem }
h1 { font-size: 1.3rem; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse }
td { padding: .15rem .5rem .15rem 0; border-top: 1px solid #8883 }
td:first-child { overflow-wrap: anywhere }
td + td { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; opacity: .7 }
a { text-decoration: none }
a:hover { text-decoration: underline }
</style>
<h1>)");
  append_html(page, location);
  page.append("</h1>\n<table>\n");
  if (location != "/") page.append("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
  for (const ListedName& entry : names.names) {
    page.append("<tr><td><a href=\"");
    append_html(page, link_to(entry));
    page.append("\">");
    append_html(page, entry.name);
    if (entry.directory) page.push_back('/');
    page.append("</a></td><td>").append(entry.directory ? "" : std::to_string(entry.size));
    page.append("</td><td>").append(minute_text(entry.modified)).append("</td></tr>\n");
  }
  page.append("</table>\n");
  if (!names.complete)
    page.append("<p>There is more: only the first " + std::to_string(most_listed) + " were read.</p>\n");
  return page.append("</html>\n");
}

std::string listing_json(Bytes location, ListedNames& names) {
  put_in_order(names);
  std::string text = "{\"path\":";
  append_json(text, location);
  text.append(names.complete ? ",\"complete\":true" : ",\"complete\":false").append(",\"entries\":[");
  bool first = true;
  for (const ListedName& entry : names.names) {
    text.append(first ? "\n{\"name\":" : ",\n{\"name\":");
    first = false;
    append_json(text, entry.name);
    text.append(",\"href\":");
    append_json(text, link_to(entry));
    text.append(entry.directory ? ",\"type\":\"directory\""
                                : ",\"type\":\"file\",\"size\":" + std::to_string(entry.size));
    text.append(",\"modified\":").append(std::to_string(entry.modified.time_since_epoch().count())).append("}");
  }
  return text.append("\n]}\n");
}

}  // namespace pounce::inline v0::files
