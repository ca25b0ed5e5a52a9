// Script: a scenario as text: what the peers of a server do, and the server's owner, in order. README.md lists the lines.
//
// A step happens when everything that the one before it caused has come to rest; one that begins with '+' happens at once instead, while that
// is still on its way. A line that nobody understands is an error, with its number.
// To teach it a new verb, add a row to the table in play.cpp; the language itself knows subjects, verbs and arguments only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pounce::sim {

struct Step {
  bool at_once = false;
  std::string subject;  // a peer's name, or empty: the server's owner, or time
  std::string verb;     // "connects", "sends", "stops reading", "drain"
  std::string word;     // what follows, up to a quoted text
  std::string bytes;    // the quoted text, unescaped
  bool quoted = false;
};

[[nodiscard]] Step parse_step(std::string_view line);
[[nodiscard]] std::vector<Step> parse_script(const std::vector<std::string>& lines);
// The line that gives this step again.
[[nodiscard]] std::string text(const Step& step);
[[nodiscard]] std::string text(const std::vector<Step>& script);

}  // namespace pounce::sim
