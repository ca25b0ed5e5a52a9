#include "transcript.hpp"

#include <cctype>
#include <fstream>
#include <stdexcept>

namespace transcript {

Document read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  Document document{path, {{}}};
  document.cases.back().parts.emplace_back();
  bool fenced = false;
  for (std::string line; std::getline(file, line);) {
    auto& parts = document.cases.back().parts;
    if (line.starts_with("```")) {
      fenced = !fenced;
      parts.push_back({fenced ? line.substr(3) : "", {}});
    } else if (!fenced && line.starts_with("## ")) {
      document.cases.push_back({line.substr(3), {{}}});
    } else {
      parts.back().lines.push_back(line);
    }
  }
  return document;
}

void write(const Document& document) {
  std::ofstream file(document.path);
  for (const Case& one : document.cases) {
    if (!one.name.empty()) file << "## " << one.name << '\n';
    for (const Part& part : one.parts) {
      if (!part.kind.empty()) file << "```" << part.kind << '\n';
      for (const std::string& line : part.lines) file << line << '\n';
      if (!part.kind.empty()) file << "```\n";
    }
  }
}

namespace {

std::string unescape_text(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    if (++i == text.size()) throw std::runtime_error("a backslash at the end of a line");
    switch (text[i]) {
      case 'r': bytes += '\r'; break;
      case 'n': bytes += '\n'; break;
      case 't': bytes += '\t'; break;
      case '0': bytes += '\0'; break;
      case '\\': bytes += '\\'; break;
      case 'x':
        bytes += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
        break;
      case '{': {
        const std::size_t end = text.find('}', i);
        const std::size_t blank = text.find(' ', i);
        if (end == std::string_view::npos || blank > end) throw std::runtime_error("bad repetition");
        const std::string piece = unescape_text(text.substr(blank + 1, end - blank - 1));
        for (int n = std::stoi(std::string(text.substr(i + 1, blank - i - 1))); n > 0; --n) bytes += piece;
        i = end;
        break;
      }
      default: throw std::runtime_error("unknown escape \\" + std::string(1, text[i]));
    }
  }
  return bytes;
}

}  // namespace

std::string unescape(const std::vector<std::string>& lines) {
  std::string bytes;
  for (const std::string& line : lines) bytes += unescape_text(line);
  return bytes;
}

std::vector<std::string> escape(std::string_view bytes) {
  constexpr std::size_t least_run = 40;
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    std::size_t run = 1;
    while (i + run < bytes.size() && bytes[i + run] == c) ++run;
    if (run >= least_run && std::isprint(static_cast<unsigned char>(c)) != 0) {
      line += "\\{" + std::to_string(run) + ' ' + c + '}';
      i += run - 1;
      continue;
    }
    switch (c) {
      case '\r': line += "\\r"; break;
      case '\t': line += "\\t"; break;
      case '\\': line += "\\\\"; break;
      case '\n':
        lines.push_back(line + "\\n");
        line.clear();
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
          constexpr std::string_view digits = "0123456789abcdef";
          line += "\\x";
          line += digits[static_cast<unsigned char>(c) >> 4U];
          line += digits[static_cast<unsigned char>(c) & 15U];
        } else {
          line += c;
        }
    }
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

std::string escape_line(std::string_view bytes) {
  std::string line;
  for (const std::string& part : escape(bytes)) line += part;
  return line;
}

}  // namespace transcript
