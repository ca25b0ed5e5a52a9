#include <algorithm>
#include <array>
#include <utility>

#include <pounce/config/bind_address.hpp>
#include <pounce/config/compression.hpp>
#include <pounce/config/freeze.hpp>
#include <pounce/config/named_certificate.hpp>
#include <pounce/config/static_mount.hpp>
#include <pounce/config/value.hpp>
#include <pounce/events/access_log.hpp>
#include <pounce/proxy/network.hpp>

namespace pounce::inline v0::config {

namespace {

// What is wrong with one value: the sentence after the quoted value, and what to write instead.
struct Wrong {
  std::string message;
  std::string hint;
};
template <class T>
using Read = std::expected<T, Wrong>;

std::unexpected<Wrong> wrong(std::string message, std::string hint = {}) {
  return std::unexpected(Wrong{std::move(message), std::move(hint)});
}

std::string_view example(const Option& option) {
  switch (option.kind) {
    case Kind::optional_size: return "a size is written 512KiB, 1MiB or 2GiB; none is none";
    case Kind::size: return "a size is written 512, 512B, 64KiB, 1MiB or 2GiB";
    case Kind::rate: return "a rate is written 500, 500B/s or 64KiB/s";
    case Kind::duration: return "a duration is written 250ms, 5s, 2m or 1h";
    case Kind::optional_duration: return "a duration is written 250ms, 5s, 2m or 1h; or none";
    case Kind::optional_request_rate: return "a request rate is written 100/s, 30/m, 1000/h or 5/d; none is no limit";
    case Kind::optional_count: return "write a whole number or none";
    case Kind::auto_count: return "write a whole number or auto";
    default: return "write a whole number";
  }
}

std::unexpected<Wrong> wrong(const Option& option, ValueFault fault) {
  const std::string hint(example(option));
  switch (fault) {
    case ValueFault::empty: return wrong("is empty", hint);
    case ValueFault::sign: return wrong("has a sign", hint);
    case ValueFault::blank: return wrong("has a blank in it", hint);
    case ValueFault::not_a_number: return wrong("is not a number", hint);
    case ValueFault::leading_zero: return wrong("has a leading zero", hint);
    case ValueFault::fraction: return wrong("has a fraction", hint);
    case ValueFault::missing_unit: return wrong("has no unit", hint);
    case ValueFault::unknown_unit: return wrong("has an unknown unit", hint);
    case ValueFault::too_large: return wrong("is above " + std::string(option.most), hint);
  }
  return wrong("is no value", hint);
}

template <class T, class Parse>
Read<T> bounded(const Option& option, const T& value, Parse parse) {
  std::string range = "from " + std::string(option.least) + " to " + std::string(option.most);
  if (value < parse(option.least).value()) {
    return wrong("is below " + std::string(option.least), value == T{} ? range + "; 0 does not mean unlimited" : range);
  }
  if (value > parse(option.most).value()) {
    return wrong("is above " + std::string(option.most), std::move(range));
  }
  return value;
}

template <class Parse>
auto parsed(const Option& option, std::string_view text, Parse parse)
    -> Read<typename decltype(parse(text))::value_type> {
  const auto value = parse(text);
  if (!value) {
    return wrong(option, value.error());
  }
  return bounded(option, *value, parse);
}

/// A count in the narrower type of its member. The bounds of the row keep it from losing anything.
template <class Type, class Number>
Read<Type> read_count(const Option& option, std::string_view text) {
  const auto value = parsed(option, text, parse_count);
  if (!value) {
    return std::unexpected(value.error());
  }
  return Type(static_cast<Number>(*value));
}

/// Text that may stand in a header field: visible bytes and inner blanks (RFC 9110 section 5.5).
bool is_field_text(std::string_view text) {
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  return !text.empty() && visible(text.front()) && visible(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return visible(c) || c == ' '; });
}

/// Some texts are lists of words that must mean something.
Read<std::optional<SmallString>> with_meaning(const Option& option, std::optional<SmallString> text) {
  if (option.id == OptionId::compression) {
    if (const auto offers = parse_offers(text); !offers)
      return wrong("has " + quoted(offers.error()) + ", which is no coding to choose or is there twice",
                   "zstd, gzip and deflate, each at most once, or none");
  } else if (option.id == OptionId::compression_types) {
    if (const auto types = parse_media_types(text); !types)
      return wrong("has " + quoted(types.error()) + ", which is no pattern of media types",
                   "write text/html, text/*, +json or usual, with commas between");
  }
  return text;
}

/// As it stands in a request target: visible, without query or fragment.
bool is_path_prefix(std::string_view text) {
  return text.starts_with('/') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '?' && c != '#'; });
}

template <Kind kind>
Read<typename detail::Typed<kind>::Type> read(const Option& option, std::string_view text) {
  using Type = typename detail::Typed<kind>::Type;
  if constexpr (kind == Kind::path) {
    if (text.empty() || text.find('\0') != std::string_view::npos) {
      return wrong("is no path");
    }
    // A configuration can be printed as a file, and TOML is UTF-8.
    if (!is_utf8(text)) return wrong("is not UTF-8");
    return Type(text);
  } else if constexpr (kind == Kind::boolean) {
    if (text == "true" || text == "false") {
      return text == "true";
    }
    return wrong("is neither true nor false");
  } else if constexpr (kind == Kind::choice) {
    if (is_choice(option.least, text)) {
      return Type(text);
    }
    return wrong("is none of " + std::string(option.least));
  } else if constexpr (kind == Kind::host) {
    auto host = parse_host(text);
    if (!host) {
      return wrong(
          host.error() == AddressFault::no_host ? "is empty" : "is neither an IPv4 address, an IPv6 address nor a name",
          "for a port use --port, for a Unix socket --bind unix:PATH");
    }
    return std::move(host->host);
  } else if constexpr (kind == Kind::text) {
    if (!is_field_text(text)) {
      return wrong(text.empty() ? "is empty" : "is not visible ASCII text");
    }
    return Type(text);
  } else if constexpr (kind == Kind::optional_text) {
    if (text == "none") {
      return Type();
    }
    if (!is_field_text(text)) {
      return wrong(text.empty() ? "is empty" : "is not visible ASCII text", "none leaves it out");
    }
    return with_meaning(option, Type(text));
  } else if constexpr (kind == Kind::auto_count) {
    return text == "auto" ? Read<Type>(Type()) : read_count<Type, unsigned>(option, text);
  } else if constexpr (kind == Kind::optional_request_rate) {
    if (text == "none") {
      return Type();
    }
    const auto value = parse_request_rate(text);
    if (!value) {
      return wrong(option, value.error());
    }
    if (value->count < parse_request_rate(option.least)->count) {
      return wrong("is below " + std::string(option.least), "none is no limit");
    }
    if (value->count > parse_request_rate(option.most)->count) {
      return wrong("is above " + detail::decimal(parse_request_rate(option.most)->count) + " requests");
    }
    return Type(*value);
  } else if constexpr (kind == Kind::optional_count) {
    return text == "none" ? Read<Type>(Type()) : read_count<Type, std::size_t>(option, text);
  } else if constexpr (kind == Kind::optional_duration) {
    if (text == "none") {
      return Type();
    }
    const auto value = parsed(option, text, parse_duration);
    return value ? Read<Type>(Type(*value)) : Read<Type>(std::unexpected(value.error()));
  } else if constexpr (kind == Kind::optional_size) {
    if (text == "none") {
      return Type();
    }
    const auto value = parsed(option, text, parse_size);
    if (!value) {
      return std::unexpected(value.error());
    }
    return Type(static_cast<std::size_t>(*value));
  } else if constexpr (kind == Kind::port) {
    return read_count<Type, Type>(option, text);
  } else if constexpr (kind == Kind::count) {
    return parsed(option, text, parse_count);
  } else if constexpr (kind == Kind::size) {
    return parsed(option, text, parse_size);
  } else if constexpr (kind == Kind::rate) {
    return parsed(option, text, parse_rate);
  } else {
    static_assert(kind == Kind::duration);
    return parsed(option, text, parse_duration);
  }
}

Read<BindAddress> read_address(std::string_view text) {
  auto address = parse_bind_address(text);
  if (!address) {
    return wrong(std::string(text_of(address.error())),
                 "write ADDR:PORT, [V6]:PORT, unix:PATH, fd://N or systemd:NAME; ,proxy and ,tls may follow");
  }
  return std::move(*address);
}

Read<StaticMount> read_mount(std::string_view text) {
  auto mount = parse_static_mount(text);
  if (!mount) {
    return wrong(std::move(mount.error()), "write /prefix=DIR, /prefix=DIR;pass or /prefix=DIR;cache-control=TEXT");
  }
  return std::move(*mount);
}

Read<NamedCertificate> read_certificate(std::string_view text) {
  auto certificate = parse_named_certificate(text);
  if (!certificate) {
    return wrong(std::move(certificate.error()), "write NAME=CERTIFICATE,KEY");
  }
  return std::move(*certificate);
}

/// A path below a directory as it is: "404.html", "errors/404.html".
bool is_below(std::string_view path) {
  while (true) {
    const std::string_view name = path.substr(0, path.find('/'));
    if (name.empty() || name.front() == '.' || name.find('\\') != std::string_view::npos) {
      return false;
    }
    if (name.size() == path.size()) {
      return true;
    }
    path.remove_prefix(name.size() + 1);
  }
}

class Freezer {
 public:
  explicit Freezer(Program program) { config_.program = program; }

  void add(const Setting& setting);
  std::vector<Problem> finish();
  Config take() { return std::move(config_); }

 private:
  void report(const Option& option, const Origin& origin, std::string message, std::string hint) {
    problems_.push_back({name_at(option, origin), std::move(message), origin, std::move(hint)});
  }
  enum class Rank : std::uint8_t { beaten, first, further };
  Rank rank(const Option& option, const Setting& setting);
  template <Kind kind>
  void assign(typename detail::Typed<kind>::Type& member, const Option& option, const Setting& setting);
  void check_addresses();
  void check_files();
  void check_tls();
  void check_watching();
  void check_ends();
  void check_pages();
  void check_limits();

  [[nodiscard]] bool is_set(OptionId id) const { return config_.origin(id).kind != Origin::Kind::built_in; }

  Config config_;
  std::vector<Problem> problems_;
};

/// Decides by origin whether a value takes effect, as the first or as a further one of a list, and notes where the member now comes from.
Freezer::Rank Freezer::rank(const Option& option, const Setting& setting) {
  Origin& holder = config_.origins[static_cast<std::size_t>(option.id)];
  if (setting.origin.kind < holder.kind) {
    return Rank::beaten;
  }
  if (setting.origin.kind == holder.kind && holder.kind != Origin::Kind::built_in) {
    if (!is_list(option)) {
      report(option, setting.origin, "is given more than once", holder.line == 0 ? "" : "first " + holder.text());
      return Rank::beaten;
    }
    return Rank::further;  // the origin of the first stays
  }
  holder = setting.origin;
  return Rank::first;
}

template <Kind kind>
void Freezer::assign(typename detail::Typed<kind>::Type& member, const Option& option, const Setting& setting) {
  const auto fault = [&](const Wrong& found) {
    report(option, setting.origin, quoted(setting.value) + " " + found.message, found.hint);
  };
  const Rank its_rank = rank(option, setting);
  const bool ignored = its_rank == Rank::beaten;
  if constexpr (is_list(kind)) {
    if (its_rank == Rank::first) {
      member.clear();
    }
  }
  if constexpr (kind == Kind::addresses || kind == Kind::mounts || kind == Kind::certificates) {
    auto element = [&] {
      if constexpr (kind == Kind::addresses) {
        return read_address(setting.value);
      } else if constexpr (kind == Kind::certificates) {
        return read_certificate(setting.value);
      } else {
        return read_mount(setting.value);
      }
    }();
    if (!element) {
      return fault(element.error());
    }
    if (!ignored) {
      member.push_back(std::move(*element));
    }
  } else if constexpr (kind == Kind::networks) {
    // One value may hold several: an operator has them as one list.
    for (std::string_view rest = setting.value;;) {
      const std::string_view text = rest.substr(0, rest.find(','));
      proxy::NetworkFault found{};
      const auto network = proxy::parse_network(text, &found);
      if (!network) {
        report(option, setting.origin, quoted(text) + " " + std::string(proxy::text_of(found)),
               "write an address, a network such as 10.0.0.0/8 or 2001:db8::/32, or unix:");
      } else if (!ignored) {
        member.push_back(*network);
      }
      if (text.size() == rest.size()) {
        return;
      }
      rest.remove_prefix(text.size() + 1);
    }
  } else if constexpr (kind == Kind::prefixes) {
    for (std::string_view rest = setting.value;;) {
      const std::string_view text = rest.substr(0, rest.find(','));
      if (!is_path_prefix(text)) {
        report(option, setting.origin, quoted(text) + " is no path", "write it as requests have it, such as /health");
      } else if (!ignored) {
        member.emplace_back(text);
      }
      if (text.size() == rest.size()) {
        return;
      }
      rest.remove_prefix(text.size() + 1);
    }
  } else {
    auto value = read<kind>(option, setting.value);
    if (!value) {
      fault(value.error());
    }
    // Also with a wrong value the origin counts: the operator did set it.
    if (!ignored && value) {
      member = std::move(*value);
    }
  }
}

void Freezer::add(const Setting& setting) {
  const Option* option = find(setting.name);
  if (option == nullptr) {
    problems_.push_back({setting.name, "is no option", setting.origin,
                         nearest_hint(setting.name, config_.program, setting.origin.kind)});
    return;
  }
  if (!applies_to(*option, config_.program)) {
    const Program other = config_.program == Program::pounce_async ? Program::pounce_sync : Program::pounce_async;
    report(*option, setting.origin,
           "is an option of " + std::string(program_name(other)) + " and means nothing to " +
               std::string(program_name(config_.program)),
           option->id == OptionId::async_workers ? "workers sets the number of reactors here" : "");
    return;
  }
  if (setting.origin.kind == Origin::Kind::file && !is_file_key(*option)) {
    report(*option, setting.origin, "cannot stand in a configuration file",
           "use " + flag(*option) + " or " + variable(*option));
    return;
  }
  switch (option->id) {
#define POUNCE_ASSIGN(kind, name, ...) \
  case OptionId::name: assign<Kind::kind>(config_.name, *option, setting); break;
    POUNCE_OPTIONS(POUNCE_ASSIGN)
#undef POUNCE_ASSIGN
  }
}

void Freezer::check_addresses() {
  if (!is_set(OptionId::bind)) {
    return;
  }
  const Option& bind = row(OptionId::bind);
  for (const OptionId id : {OptionId::host, OptionId::port}) {
    if (is_set(id)) {
      report(row(id), config_.origin(id), "cannot be set together with bind",
             "bind was set by " + config_.origin(OptionId::bind).text() + "; leave one of them out");
    }
  }
  const auto& addresses = config_.bind;
  for (auto later = addresses.begin(); later != addresses.end(); ++later) {
    const bool any_port = later->kind <= BindAddress::Kind::tcp_name && later->port == 0;
    const auto same = [later](const BindAddress& other) { return other.place() == later->place(); };
    if (!any_port && std::any_of(addresses.begin(), later, same)) {
      report(bind, config_.origin(OptionId::bind), quoted(later->place()) + " is given more than once", "");
    }
    if (later->proxy && !is_set(OptionId::trusted_proxies)) {
      report(bind, config_.origin(OptionId::bind),
             quoted(later->text()) + " needs to know whose PROXY headers to believe", "name them with trusted_proxies");
    }
  }
}

void Freezer::check_tls() {
  const auto& config = config_;
  const auto complain = [this](OptionId id, std::string message, std::string hint = {}) {
    report(row(id), config_.origin(id), std::move(message), std::move(hint));
  };
  if (config.tls_cert && config.tls_self_signed) {
    complain(OptionId::tls_self_signed, "cannot be set together with tls_cert", "leave one of them out");
  }
  const bool has_certificate = config.tls_cert || config.tls_self_signed;
  for (const OptionId id : {OptionId::tls_key, OptionId::tls_staple, OptionId::tls_sni, OptionId::tls_client_ca}) {
    if (is_set(id) && !has_certificate) complain(id, "means nothing without a certificate", "add tls_cert");
  }
  const auto wants_tls = [](const BindAddress& address) { return address.tls; };
  if (is_set(OptionId::bind)) {
    const bool any = std::any_of(config.bind.begin(), config.bind.end(), wants_tls);
    if (any && !has_certificate) {
      complain(OptionId::bind, "has an address for TLS, and there is no certificate", "add tls_cert and tls_key");
    }
    if (!any && has_certificate) {
      complain(config.tls_cert ? OptionId::tls_cert : OptionId::tls_self_signed, "is used by no address",
               "end an address of bind in ,tls");
    }
  }
  if (config.tls_client_auth != "none" && !config.tls_client_ca) {
    complain(OptionId::tls_client_auth, "needs somebody who issues certificates", "add tls_client_ca");
  }
  if (config.tls_client_auth == "none" && config.tls_client_ca) {
    complain(OptionId::tls_client_ca, "means nothing as long as clients are not asked for a certificate",
             "set tls_client_auth to request or require");
  }
  if (config.tls_ticket_keys && is_set(OptionId::tls_ticket_rotation)) {
    complain(OptionId::tls_ticket_rotation, "means nothing for keys from a file", "leave one of them out");
  }
}

void Freezer::check_files() {
  const auto& mounts = config_.static_;
  for (auto later = mounts.begin(); later != mounts.end(); ++later) {
    const auto same = [later](const StaticMount& mount) { return mount.prefix == later->prefix; };
    if (std::any_of(mounts.begin(), later, same)) {
      report(row(OptionId::static_), config_.origin(OptionId::static_),
             "names " + quoted(later->prefix) + " more than once", "");
    }
  }
  const auto check = [this](OptionId id, const std::optional<SmallString>& path) {
    if (path && !is_below(*path)) {
      report(row(id), config_.origin(id), quoted(*path) + " is no path below a directory",
             "write it relative to the directory, without hidden names");
    }
  };
  check(OptionId::static_fallback, config_.static_fallback);
  check(OptionId::static_not_found, config_.static_not_found);
  if (config_.static_index &&
      (config_.static_index->bytes().find('/') != Bytes::npos || !is_below(*config_.static_index))) {
    report(row(OptionId::static_index), config_.origin(OptionId::static_index),
           quoted(*config_.static_index) + " is no name of a file", "");
  }
}

void Freezer::check_watching() {
  std::string why;
  if (!events::AccessFormat::parse(config_.access_log_format, why)) {
    report(row(OptionId::access_log_format), config_.origin(OptionId::access_log_format),
           quoted(config_.access_log_format) + " " + why,
           "write common, combined, json or a format such as \"%h %s %B\"");
  }
  constexpr std::array<std::string_view, 4> speeches{"auto", "plain", "pretty", "json"};
  if (std::find(speeches.begin(), speeches.end(), config_.log_format) == speeches.end()) {
    report(row(OptionId::log_format), config_.origin(OptionId::log_format),
           quoted(config_.log_format) + " is none of auto, plain, pretty and json", "");
  }
  check_pages();
}

void Freezer::check_pages() {
  std::vector<std::string_view> seen;
  const auto check = [&](OptionId id, const std::optional<SmallString>& path) {
    if (!path) {
      return;
    }
    const auto is_plain = [](char c) { return c > 0x20 && c < 0x7f && c != '%' && c != '?' && c != '#' && c != '*'; };
    if (const Bytes text = *path; !text.starts_with('/') || !std::all_of(text.begin(), text.end(), is_plain)) {
      report(row(id), config_.origin(id), quoted(*path) + " is no plain path", "write it as in a URL: /-/health");
    } else if (std::find(seen.begin(), seen.end(), *path) != seen.end()) {
      report(row(id), config_.origin(id), quoted(*path) + " is another page's path", "");
    }
    seen.emplace_back(*path);
  };
  check(OptionId::health_path, config_.health_path);
  check(OptionId::metrics_path, config_.metrics_path);
  check(OptionId::info_path, config_.info_path);
  for (const BindAddress& address : config_.admin_bind) {
    if (address.tls || address.proxy) {
      report(row(OptionId::admin_bind), config_.origin(OptionId::admin_bind),
             quoted(address.text()) + " has a property that is not to be had here", "write " + address.place());
    }
    if (address.kind <= BindAddress::Kind::tcp_name && address.port == 0) continue;
    const List<BindAddress> doors = config_.addresses();
    if (std::any_of(doors.begin(), doors.end(),
                    [&](const BindAddress& door) { return door.place() == address.place(); })) {
      report(row(OptionId::admin_bind), config_.origin(OptionId::admin_bind),
             quoted(address.place()) + " is where requests are served", "choose another address");
    }
  }
}

void Freezer::check_ends() {
  if (config_.drain_delay && *config_.drain_delay >= config_.shutdown_timeout) {
    report(row(OptionId::drain_delay), config_.origin(OptionId::drain_delay),
           "leaves nothing of shutdown_timeout, which it is a part of", "make it shorter, or shutdown_timeout longer");
  }
  if (config_.reload_directory && !config_.reload) {
    report(row(OptionId::reload_directory), config_.origin(OptionId::reload_directory), "means nothing without reload",
           "add reload");
  }
}

// Somebody who tunes a limit that is not there believes that it is. One that is set to none has been thought of.
void Freezer::check_limits() {
  const auto needs = [this](OptionId id, OptionId limit) {
    if (!is_set(id) || is_set(limit)) return;
    report(row(id), config_.origin(id), "means nothing without " + std::string(row(limit).name),
           "add " + std::string(row(limit).name));
  };
  for (const OptionId id : {OptionId::queue_depth, OptionId::queue_timeout, OptionId::queue_exempt_paths}) {
    needs(id, OptionId::max_concurrency);
  }
  for (const OptionId id : {OptionId::rate_limit_burst, OptionId::rate_limit_exempt, OptionId::rate_limit_exempt_paths,
                            OptionId::rate_limit_clients}) {
    needs(id, OptionId::rate_limit);
  }
}

std::vector<Problem> Freezer::finish() {
  check_addresses();
  check_tls();
  check_files();
  check_watching();
  check_ends();
  check_limits();
  return std::move(problems_);
}

}  // namespace

List<BindAddress> Config::addresses() const {
  if (!bind.empty()) {
    return bind;
  }
  // Frozen, so it parses; the fallback is for a Config built by hand with a host that does not.
  BindAddress address = parse_host(host).value_or(BindAddress{});
  address.port = port;
  address.tls = tls_cert || tls_self_signed;
  return {std::move(address)};
}

bool Config::uses_tls() const {
  const List<BindAddress> all = addresses();
  return std::any_of(all.begin(), all.end(), [](const BindAddress& address) { return address.tls; });
}

Owned<const Config> freeze(Program program, std::span<const Setting> settings, std::vector<Problem>& problems) {
  Freezer freezer(program);
  for (const Setting& setting : settings) {
    freezer.add(setting);
  }
  for (Problem& found : freezer.finish()) {
    problems.push_back(std::move(found));
  }
  return make_owned<const Config>(freezer.take());
}

std::expected<Owned<const Config>, std::vector<Problem>> freeze(Program program, std::span<const Setting> settings) {
  std::vector<Problem> problems;
  Owned<const Config> config = freeze(program, settings, problems);
  if (!problems.empty()) {
    return std::unexpected(std::move(problems));
  }
  return config;
}

}  // namespace pounce::inline v0::config
