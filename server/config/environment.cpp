#include <pounce/config/environment.hpp>

#include <string>

#include <pounce/config/bind_address.hpp>

namespace pounce::inline v0::config {

namespace {

void split_list(const Option& option, std::string_view text, const Origin& origin, std::vector<Setting>& settings) {
  while (true) {
    std::size_t comma = text.find(',');
    // Behind a comma there may stand a property of an address, too.
    while (option.kind == Kind::addresses && comma != std::string_view::npos) {
      const std::size_t next = text.find(',', comma + 1);
      if (!is_property(text.substr(comma + 1, next == std::string_view::npos ? next : next - comma - 1))) {
        break;
      }
      comma = next;
    }
    // A certificate has a comma of its own, in front of its key.
    if (option.kind == Kind::certificates && comma != std::string_view::npos) comma = text.find(',', comma + 1);
    settings.push_back({std::string(option.name), std::string(text.substr(0, comma)), origin});
    if (comma == std::string_view::npos) {
      return;
    }
    text.remove_prefix(comma + 1);
  }
}

/// The option that a variable is one slip away from, such as POUNCE_PROT.
const Option* slip(std::string_view suffix) {
  for (const Option& option : options()) {
    if (distance(suffix, option.name) <= 1) {
      return &option;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<Setting> settings_of_environment(Program program, std::span<const std::string_view> variables,
                                             std::vector<Problem>& problems) {
  constexpr std::string_view prefix = "POUNCE_";
  std::vector<Setting> settings;
  for (const std::string_view entry : variables) {
    const std::size_t equals = entry.find('=');
    if (!entry.starts_with(prefix) || equals == std::string_view::npos) {
      continue;
    }
    const std::string_view name = entry.substr(0, equals);
    const std::string_view value = entry.substr(equals + 1);
    const Origin origin = Origin::environment(std::string(name));
    const Option* match = nullptr;
    for (const Option& option : options()) {
      if (variable(option) == name) {
        match = &option;
      }
    }
    if (match != nullptr && is_list(*match)) {
      split_list(*match, value, origin, settings);
    } else if (match != nullptr) {
      settings.push_back({std::string(match->name), std::string(value), origin});
    } else if (const Option* meant = slip(name.substr(prefix.size()));
               meant != nullptr && applies_to(*meant, program)) {
      problems.push_back({std::string(name), "is no option", origin, "did you mean " + variable(*meant) + "?"});
    }
  }
  return settings;
}

}  // namespace pounce::inline v0::config
