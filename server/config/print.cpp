#include <pounce/config/print.hpp>

#include <pounce/config/bind_address.hpp>
#include <pounce/config/named_certificate.hpp>
#include <pounce/config/static_mount.hpp>
#include <pounce/config/value.hpp>
#include <pounce/proxy/network.hpp>

namespace pounce::inline v0::config {

namespace {

constexpr std::size_t columns = 80;

/// Appends words up to the last column, with `indent` blanks before each line but the first.
void wrap(std::string& text, std::string_view words, std::size_t column, std::size_t indent) {
  bool first = true;
  while (!words.empty()) {
    const std::size_t blank = words.find(' ');
    const std::string_view word = words.substr(0, blank);
    if (!first && column + 1 + word.size() > columns) {
      text.append("\n").append(indent, ' ');
      column = indent;
    } else if (!first) {
      text.push_back(' ');
      ++column;
    }
    text.append(word);
    column += word.size();
    first = false;
    words.remove_prefix(blank == std::string_view::npos ? words.size() : blank + 1);
  }
  text.push_back('\n');
}

void entry(std::string& text, std::string left, std::string_view right) {
  constexpr std::size_t indent = 25;
  left.insert(0, "  ");
  if (left.size() + 2 > indent) {
    text.append(left).append("\n").append(indent, ' ');
  } else {
    text.append(left).append(indent - left.size(), ' ');
  }
  wrap(text, right, indent, indent);
}

std::string left_side(const Option& option) {
  std::string text = flag(option);
  if (option.kind == Kind::boolean) {
    text = option.default_value == "true" ? "--no-" + text.substr(2) : text;
  } else if (!is_positional(option)) {
    text.append(" ").append(placeholder(option));
  }
  return text;
}

std::string_view shown_default(const Option& option) {
  return option.default_value.empty() ? "none" : option.default_value;
}

/// The text between quotes as TOML and nobody else reads it.
std::string toml_string(std::string_view value) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text.append("\\").push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      text.append("\\u00").push_back(hex[byte >> 4U]);
      text.push_back(hex[byte & 0xfU]);
    } else {
      text.push_back(c);
    }
  }
  return text.append("\"");
}

std::string text_of(const SmallString& element) { return element; }
std::string text_of(const auto& element) { return element.text(); }

std::string toml_value(const Config& config, const Option& option) {
  const auto array = [](const auto& elements) {
    std::string list = "[";
    for (const auto& element : elements) {
      list.append(list.size() > 1 ? ", " : "").append(toml_string(text_of(element)));
    }
    return list.append("]");
  };
  switch (option.id) {
    case OptionId::bind: return array(config.bind);
    case OptionId::admin_bind: return array(config.admin_bind);
    case OptionId::trusted_proxies: return array(config.trusted_proxies);
    case OptionId::rate_limit_exempt: return array(config.rate_limit_exempt);
    case OptionId::rate_limit_exempt_paths: return array(config.rate_limit_exempt_paths);
    case OptionId::queue_exempt_paths: return array(config.queue_exempt_paths);
    case OptionId::static_: return array(config.static_);
    case OptionId::tls_sni: return array(config.tls_sni);
    default: break;
  }
  const std::string text = value_text(config, option.id);
  const bool bare = option.kind == Kind::boolean || option.kind == Kind::port || option.kind == Kind::count ||
                    parse_count(text).has_value();
  return bare && option.kind != Kind::optional_text && option.kind != Kind::text && option.kind != Kind::path &&
                 option.kind != Kind::host && option.kind != Kind::choice
             ? text
             : toml_string(text);
}

template <class Element>
std::string joined(const List<Element>& list) {
  std::string text;
  for (const Element& element : list) {
    text.append(text.empty() ? "" : ",").append(text_of(element));
  }
  return text;
}

// The canonical text of a member, by the kind of its option.
template <Kind kind>
std::string written(const typename detail::Typed<kind>::Type& value) {
  if constexpr (kind == Kind::path) {
    return value.value_or("");
  } else if constexpr (kind == Kind::host || kind == Kind::choice || kind == Kind::text) {
    return value;
  } else if constexpr (kind == Kind::optional_text) {
    return value.value_or("none");
  } else if constexpr (kind == Kind::boolean) {
    return value ? "true" : "false";
  } else if constexpr (is_list(kind)) {
    return joined(value);
  } else if constexpr (kind == Kind::optional_size) {
    return value ? size_text(*value) : "none";
  } else if constexpr (kind == Kind::optional_count || kind == Kind::auto_count) {
    return value ? detail::decimal(*value) : kind == Kind::auto_count ? "auto" : "none";
  } else if constexpr (kind == Kind::size) {
    return size_text(value);
  } else if constexpr (kind == Kind::rate) {
    return rate_text(value);
  } else if constexpr (kind == Kind::duration) {
    return duration_text(value);
  } else if constexpr (kind == Kind::optional_request_rate) {
    return value ? request_rate_text(*value) : "none";
  } else if constexpr (kind == Kind::optional_duration) {
    return value ? duration_text(*value) : "none";
  } else {
    return detail::decimal(value);
  }
}

}  // namespace

std::string value_text(const Config& config, OptionId id) {
  switch (id) {
#define POUNCE_WRITE(kind, name, ...) \
  case OptionId::name: return written<Kind::kind>(config.name);
    POUNCE_OPTIONS(POUNCE_WRITE)
#undef POUNCE_WRITE
  }
  return {};
}

std::string help_text(Program program) {
  std::string text = "Usage: " + std::string(program_name(program)) + " [TARGET] [options]\n\n";
  wrap(text,
       "Serves TARGET over HTTP. Each option has a flag, an environment variable and a key in "
       "pounce.toml; the flag beats the variable, the variable the file, the file the default.",
       0, 0);
  for (std::size_t g = 0; g < group_count; ++g) {
    const auto group = static_cast<Group>(g);
    text.append("\n").append(title(group)).append(":\n");
    for (const Option& option : options()) {
      if (option.group == group && applies_to(option, program)) {
        std::string right(option.help);
        right.append(" [default: ").append(shown_default(option));
        entry(text, left_side(option), right.append("; ").append(variable(option)).append("]"));
      }
    }
  }
  text.append("\nInstead of serving:\n");
  for (const Action& action : actions()) {
    entry(text, std::string(action.flag), action.help);
  }
  text.append("\nSizes: 512, 64KiB, 1MiB. Times: 250ms, 5s, 2m, 1h. Rates: 500B/s, 64KiB/s.\n");
  text.append("Exit codes: 0 clean, 1 run-time failure, 2 bad command line or configuration,\n");
  text.append("3 start-up failed, 4 the drain was cut.\n");
  return text;
}

std::string config_text(const Config& config) {
  std::string text = "# Configuration of " + std::string(program_name(config.program)) + "\n";
  std::size_t group = group_count;
  for (const Option& option : options()) {
    if (!applies_to(option, config.program)) {
      continue;
    }
    if (group != static_cast<std::size_t>(option.group)) {
      group = static_cast<std::size_t>(option.group);
      text.append("\n# ").append(title(option.group)).append("\n");
    }
    const bool absent = value_text(config, option.id).empty();
    // Lines that a file may not contain, or that another value makes void, are comments.
    const bool void_by_bind = (option.id == OptionId::host || option.id == OptionId::port) && !config.bind.empty();
    std::string line = absent || void_by_bind || !is_file_key(option) ? "# " : "";
    line.append(option.name).append(" =");
    if (!absent) {
      line.append(" ").append(toml_value(config, option));
    }
    constexpr std::size_t comment = 44;
    line.append(line.size() < comment ? comment - line.size() : 2, ' ');
    text.append(line).append("# ").append(config.origin(option.id).text()).append("\n");
  }
  return text;
}

}  // namespace pounce::inline v0::config
