#include <pounce/program/banner.hpp>

#include <unistd.h>

#include <pounce/config/value.hpp>

#include "posix/program/banner_json.hpp"

namespace pounce::inline v0::program {

namespace {

std::string_view variable(const char* const* environment, std::string_view name) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry(*environment);
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) {
      return entry.substr(name.size() + 1);
    }
  }
  return {};
}

std::string counted(std::uint64_t number, std::string_view noun) {
  std::string text = config::detail::decimal(number).append(" ").append(noun);
  return number == 1 ? text : text.append(noun.ends_with('s') ? "es" : "s");
}

std::string_view noun_of(config::Program program) {
  return program == config::Program::pounce_async ? "reactor" : "worker";
}

std::string coloured(std::string_view text, std::string_view code, Style style) {
  std::string result;
  if (!style.colour) {
    return result.append(text);
  }
  return result.append("\x1b[").append(code).append("m").append(text).append("\x1b[0m");
}

}  // namespace

Style style_of(int descriptor, const char* const* environment, std::string_view format) {
  Style style;
  style.json = format == "json";
  style.terminal = format == "pretty" || (format == "auto" && ::isatty(descriptor) == 1);
  style.colour = style.terminal && variable(environment, "NO_COLOR").empty() && variable(environment, "TERM") != "dumb";
  return style;
}

std::string url_of(const config::BindAddress& address, bool secure) {
  using Kind = config::BindAddress::Kind;
  const bool is_host = address.kind == Kind::tcp4 || address.kind == Kind::tcp6 || address.kind == Kind::tcp_name;
  return (!is_host ? "" : secure ? "https://" : "http://") + address.place();
}

std::string start_text(const Started& started, Style style) {
  if (style.json) return json_text(started);
  const std::string name(config::program_name(started.program));
  const std::string workers = counted(started.workers, started.processes ? "worker process" : noun_of(started.program));
  const std::string target(started.target.empty() ? "a welcome page" : started.target);
  std::string text;
  if (!style.terminal) {
    for (const config::BindAddress& address : started.addresses) {
      text.append(name).append(" ").append(started.version).append(": ");
      if (started.generation > 1) text.append("generation ").append(std::to_string(started.generation)).append(", ");
      text.append("serving ").append(target);
      text.append(" on ").append(url_of(address, address.tls)).append(" with ").append(workers).append("\n");
    }
    for (const config::BindAddress& address : started.admin) {
      text.append(name)
          .append(" ")
          .append(started.version)
          .append(": for its operator on ")
          .append(url_of(address))
          .append("\n");
    }
    return text;
  }
  text.append("\n  ").append(coloured("Pounce " + std::string(started.version), "1", style));
  text.append("  ").append(coloured(name + ", " + workers, "2", style));
  if (started.generation > 1) {
    text.append(coloured(", generation " + std::to_string(started.generation), "2", style));
  }
  text.append("\n  serving ").append(target).append(" on\n");
  for (const config::BindAddress& address : started.addresses) {
    text.append("    ").append(coloured(url_of(address, address.tls), "36", style)).append("\n");
  }
  for (const config::BindAddress& address : started.admin) {
    text.append("    ").append(coloured(url_of(address), "36", style)).append(" for its operator\n");
  }
  return text.append("  ").append(coloured("Ctrl+C to stop", "2", style)).append("\n\n");
}

std::string drain_text(const Draining& draining, Style style) {
  if (style.json) return json_text(draining);
  std::string text(config::program_name(draining.program));
  text.append(draining.first ? ": draining " : ": still draining ").append(counted(draining.connections, "connection"));
  text.append(", for ").append(config::duration_text(draining.left)).append(" at most");
  return style.terminal && draining.first ? text.append("; once more to cut them now\n") : text.append("\n");
}

std::string cut_text(const Cut& cut) {
  std::string text = counted(cut.connections, "connection");
  if (cut.requests != 0) text.append(" with ").append(counted(cut.requests, "request"));
  if (cut.websockets != 0) {
    text.append(cut.requests != 0 ? " and " : " with ").append(counted(cut.websockets, "WebSocket"));
  }
  return text;
}

std::string end_text(const Ended& ended, Style style) {
  if (style.json) return json_text(ended);
  std::string text(config::program_name(ended.program));
  const std::string requests = counted(ended.requests, "request");
  if (ended.cut.connections == 0) {
    return text.append(": drained, ").append(requests).append(" served\n");
  }
  text.append(": ").append(coloured("cut " + cut_text(ended.cut), "33", style));
  return text.append(", ").append(requests).append(" served\n");
}

std::string remark_text(const Remark& remark, Style style) {
  if (style.json) return json_text(remark);
  std::string text(config::program_name(remark.program));
  return text.append(": ").append(remark.level).append(": ").append(remark.text).append("\n");
}

}  // namespace pounce::inline v0::program
