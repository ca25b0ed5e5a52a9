#include "tests/sim/script.hpp"

#include "tests/protocol/transcript.hpp"

#include <pounce/core/ascii.hpp>

#include <array>
#include <stdexcept>

namespace pounce::sim {

namespace {

struct Verb {
  std::string_view text;
  bool of_a_peer;
};

constexpr std::array<Verb, 20> verbs{{
    {"connects", true}, {"sends", true},         {"shuts down", true}, {"resets", true},  {"stops reading", true},
    {"reads on", true}, {"speaks HTTP/2", true}, {"gets", true},       {"posts", true},   {"tunnels", true},
    {"adds", true},     {"ends", true},          {"cancels", true},    {"option", false}, {"wait", false},
    {"leap", false},    {"post", false},         {"drain", false},     {"cut", false},    {"window", false},
}};

}  // namespace

Step parse_step(std::string_view line) {
  const std::string_view whole = line;
  Step step;
  line = trim(line);
  if (line.starts_with('+')) {
    step.at_once = true;
    line = trim(line.substr(1));
  }
  const auto take = [&](bool of_a_peer, std::string_view rest) {
    for (const Verb& verb : verbs) {
      if (verb.of_a_peer != of_a_peer || !rest.starts_with(verb.text)) continue;
      std::string_view argument = rest.substr(verb.text.size());
      if (!argument.empty() && !argument.starts_with(' ')) continue;
      argument = trim(argument);
      step.verb = verb.text;
      const std::size_t quote = argument.find('"');
      if (quote != std::string_view::npos && argument.size() >= quote + 2 && argument.ends_with('"')) {
        step.quoted = true;
        step.bytes = transcript::unescape({std::string{argument.substr(quote + 1, argument.size() - quote - 2)}});
        argument = trim(argument.substr(0, quote));
      }
      step.word = argument;
      return true;
    }
    return false;
  };
  if (take(false, line)) return step;
  const std::size_t blank = line.find(' ');
  if (blank != std::string_view::npos) {
    step.subject = line.substr(0, blank);
    if (take(true, trim(line.substr(blank)))) return step;
  }
  throw std::runtime_error("no such step: " + std::string{whole});
}

std::vector<Step> parse_script(const std::vector<std::string>& lines) {
  std::vector<Step> script;
  for (const std::string& line : lines) {
    if (!trim(line).empty() && !trim(line).starts_with('#')) script.push_back(parse_step(line));
  }
  return script;
}

std::string text(const Step& step) {
  std::string out = step.at_once ? "+ " : "";
  if (!step.subject.empty()) out += step.subject + ' ';
  out += step.verb;
  if (!step.word.empty()) out += ' ' + step.word;
  if (step.quoted) out += " \"" + transcript::escape_line(step.bytes) + '"';
  return out;
}

std::string text(const std::vector<Step>& script) {
  std::string out;
  for (const Step& step : script) out += text(step) + '\n';
  return out;
}

}  // namespace pounce::sim
