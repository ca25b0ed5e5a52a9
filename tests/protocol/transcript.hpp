// Transcripts: readable documents that are tests. tests/transcripts/README.md describes their language.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace transcript {

// A fenced block of a case, or the prose between two of them (kind empty).
struct Part {
  std::string kind;  // http, app, limits, events, output
  std::vector<std::string> lines;
};

struct Case {
  std::string name;  // of its "##" heading; empty for what stands before the first
  std::vector<Part> parts;
};

struct Document {
  std::string path;
  std::vector<Case> cases;
};

[[nodiscard]] Document read(const std::string& path);
void write(const Document& document);

// "\r\n", "\t", "\0", "\xHH", "\\" and "\{N text}" (text N times); real line ends do not count.
[[nodiscard]] std::string unescape(const std::vector<std::string>& lines);
// The same backwards: a line ends behind each LF; long runs are abbreviated.
[[nodiscard]] std::vector<std::string> escape(std::string_view bytes);
// The text between the first and the last double quote of a line.
[[nodiscard]] std::string escape_line(std::string_view bytes);

}  // namespace transcript
