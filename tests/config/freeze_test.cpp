// From settings to a frozen Config: every option, right and wrong; precedence; all problems at once.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <pounce/config/bind_address.hpp>
#include <pounce/config/environment.hpp>
#include <pounce/config/freeze.hpp>

#include "tests/config/settings.hpp"

namespace {

using namespace pounce::config;
using namespace std::chrono_literals;
using namespace testing;

// One row per option: a value that is taken (and is not the default), how it is written back, and
// values that are refused with a part of the message.
struct Trial {
  OptionId id;
  const char* good;
  const char* written;
  std::vector<std::pair<const char*, const char*>> bad;
  std::vector<std::pair<const char*, const char*>> beside = {};  // options without which it means nothing
};

const std::vector<std::pair<const char*, const char*>> no_count = {
    {"0", "below 1"},        {"-1", "sign"},           {"", "empty"},
    {"ten", "not a number"}, {"1.5", "fraction"},      {"1 ", "blank"},
    {"007", "leading"},      {"4KiB", "not a number"}, {"99999999999999999999", "above"},
    {"10000000000", "above"}};
const std::vector<std::pair<const char*, const char*>> no_size = {{"0", "0 does not mean unlimited"},
                                                                  {"-1", "sign"},
                                                                  {"", "empty"},
                                                                  {"big", "not a number"},
                                                                  {"64K", "unknown unit"},
                                                                  {"64 KiB", "blank"},
                                                                  {"99999999TiB", "above"},
                                                                  {"none", "not a number"}};
const std::vector<std::pair<const char*, const char*>> no_duration = {
    {"0s", "below 1ms"},     {"0", "no unit"},
    {"5", "no unit"},        {"-5s", "sign"},
    {"", "empty"},           {"5 s", "blank"},
    {"1.5s", "fraction"},    {"5sec", "unknown unit"},
    {"25h", "above 24h"},    {"99999999999h", "above 24h"},
    {"none", "not a number"}};

const std::vector<std::pair<const char*, const char*>> no_path = {{"", "no path"}, {"\x87", "UTF-8"}};
const std::vector<std::pair<const char*, const char*>> certificate = {{"tls_cert", "a.pem"}};
const std::vector<std::pair<const char*, const char*>> no_boolean = {
    {"", "neither"}, {"0", "neither"}, {"False", "neither"}, {"no", "neither"}};
const std::vector<std::pair<const char*, const char*>> no_path_below = {{"", "no path"},   {"/index.html", "below"},
                                                                        {"../x", "below"}, {"a//b", "below"},
                                                                        {"a/", "below"},   {".env", "below"}};

const std::vector<std::pair<const char*, const char*>> no_page = {{"", "no path"},
                                                                  {"health", "no plain path"},
                                                                  {"/a?b", "no plain path"},
                                                                  {"/*", "no plain path"},
                                                                  {"/a b", "no plain path"}};

std::vector<Trial> trials() {
  return {
      {OptionId::target, "./libchat.so", "./libchat.so", {{"", "no path"}, {"\x87", "UTF-8"}}},
      {OptionId::config, "/etc/pounce.toml", "/etc/pounce.toml", {{"", "no path"}, {"\x87", "UTF-8"}}},
      {OptionId::reload, "true", "true", no_boolean},
      {OptionId::reload_directory, "./src", "./src", no_path, {{"reload", "true"}}},
      {OptionId::host,
       "localhost",
       "localhost",
       {{"", "empty"},
        {"a b", "neither"},
        {"unix:/x", "neither"},
        {"1.2.3", "neither"},
        {"localhost:80", "neither"},
        {"::1%lo", "neither"}}},
      {OptionId::port,
       "0",
       "0",
       {{"65536", "above 65535"},
        {"70000", "above 65535"},
        {"-1", "sign"},
        {"", "empty"},
        {"http", "not a number"},
        {"080", "leading"},
        {"8000.0", "fraction"}}},
      {OptionId::bind,
       "[::1]:8080",
       "[::1]:8080",
       {{"", "empty"},
        {"8000", "no port"},
        {"::1:80", "brackets"},
        {"1.2.3.4:99999", "65535"},
        {"unix:", "no path"},
        {"[::1]:80,tsl", "property"},
        {"[::1]:80,proxy,proxy", "property"},
        {"[::1]:80,", "property"},
        {"[::1]:80,tls", "no certificate"},
        {"[::1]:80,proxy", "whose PROXY headers"},
        {"fd://2", "no descriptor"},
        {"fd://03", "no descriptor"},
        {"systemd:", "no socket name"},
        {"systemd:a:b", "no socket name"}}},
      {OptionId::backlog, "128", "128", no_count},
      {OptionId::trusted_proxies,
       "10.0.0.0/8,2001:db8::1/128,unix:",
       "10.0.0.0/8,2001:db8::1,unix:",
       {{"", "no IP address"},
        {"10.0.0.0/8,", "no IP address"},
        {"localhost", "no IP address"},
        {"10.0.0.0/33", "prefix length"},
        {"10.1.2.3/8", "bits set behind"}}},
      {OptionId::forwarded, "true", "true", {{"", "neither"}, {"1", "neither"}}},
      {OptionId::workers, "3", "3", no_count},
      {OptionId::worker_mode, "processes", "processes", {{"forks", "none of"}, {"", "none of"}}},
      {OptionId::worker_restarts, "5", "5", no_count},
      {OptionId::worker_start_timeout, "10s", "10s", no_duration},
      {OptionId::async_workers, "2", "2", no_count},
      {OptionId::worker_patience, "50ms", "50ms", no_duration},
      {OptionId::max_connections, "7", "7", no_count},
      {OptionId::max_requests_per_connection, "1000", "1000", no_count},
      {OptionId::max_request_line, "4096", "4KiB", no_size},
      {OptionId::max_header_size, "16KiB", "16KiB", no_size},
      {OptionId::max_headers, "50", "50", no_count},
      {OptionId::max_request_size, "5GiB", "5GiB", no_size},
      {OptionId::rate_limit,
       "30/m",
       "30/m",
       {{"", "empty"},
        {"0/s", "below 1/s"},
        {"1000001/s", "above 1000000 requests"},
        {"100", "no unit"},
        {"100/w", "unknown unit"},
        {"1.5/s", "fraction"},
        {"-1/s", "sign"}}},
      {OptionId::rate_limit_burst, "5", "5", no_count, {{"rate_limit", "100/s"}}},
      {OptionId::rate_limit_exempt,
       "10.0.0.0/8,::1",
       "10.0.0.0/8,::1",
       {{"", "no IP address"}, {"10.1.2.3/8", "bits set behind"}},
       {{"rate_limit", "100/s"}}},
      {OptionId::rate_limit_exempt_paths,
       "/health,/static",
       "/health,/static",
       {{"", "is no path"},
        {"health", "is no path"},
        {"/a,", "is no path"},
        {"/a?b", "is no path"},
        {"/a b", "is no path"}},
       {{"rate_limit", "100/s"}}},
      {OptionId::rate_limit_clients, "1024", "1024", no_count, {{"rate_limit", "100/s"}}},
      {OptionId::max_concurrency, "64", "64", no_count},
      {OptionId::queue_depth, "100", "100", no_count, {{"max_concurrency", "64"}}},
      {OptionId::queue_timeout, "250ms", "250ms", no_duration, {{"max_concurrency", "64"}}},
      {OptionId::queue_exempt_paths,
       "/events",
       "/events",
       {{"", "is no path"}, {"events", "is no path"}},
       {{"max_concurrency", "64"}}},
      {OptionId::header_timeout, "2m", "2m", no_duration},
      {OptionId::request_timeout, "250ms", "250ms", no_duration},
      {OptionId::min_rate, "64KiB/s", "64KiB/s", no_size},
      {OptionId::write_timeout, "1h", "1h", no_duration},
      {OptionId::keep_alive_timeout, "5s", "5s", no_duration},
      {OptionId::shutdown_timeout, "1500ms", "1500ms", no_duration},
      {OptionId::drain_delay, "2s", "2s", {{"0s", "below 1ms"}, {"5", "no unit"}, {"", "empty"}}},
      {OptionId::reload_timeout, "10m", "10m", no_duration},
      {OptionId::http2, "false", "false", {{"", "neither"}, {"none", "neither"}}},
      {OptionId::h2_max_streams, "250", "250", no_count},
      {OptionId::h2_stream_window, "1MiB", "1MiB", no_size},
      {OptionId::h2_connection_window, "4MiB", "4MiB", no_size},
      {OptionId::h2_max_frame_size, "32KiB", "32KiB", no_size},
      {OptionId::h2_max_header_list, "8KiB", "8KiB", no_size},
      {OptionId::h2_ping_interval,
       "30s",
       "30s",
       {{"0s", "below 1ms"}, {"5", "no unit"}, {"", "empty"}, {"25h", "above 24h"}}},
      {OptionId::h2_ping_timeout, "5s", "5s", no_duration},
      {OptionId::tls_cert, "a.pem", "a.pem", no_path},
      {OptionId::tls_key, "a.key", "a.key", no_path, certificate},
      {OptionId::tls_passphrase_file, "phrase", "phrase", no_path},
      {OptionId::tls_staple, "a.ocsp", "a.ocsp", no_path, certificate},
      {OptionId::tls_sni,
       "*.example.org=b.pem,b.key",
       "*.example.org=b.pem,b.key",
       {{"", "no '='"},
        {"b.pem,b.key", "no '='"},
        {"=b.pem,b.key", "host name"},
        {"a.*.org=b.pem,b.key", "host name"},
        {"192.0.2.1=b.pem,b.key", "host name"},
        {"a.org=b.pem", "certificate and a key"},
        {"a.org=,b.key", "certificate and a key"},
        {"a.org=b.pem,", "certificate and a key"},
        {"a.org=b.pem,b.key,c", "certificate and a key"},
        {"a.org=\x87,b.key", "UTF-8"}},
       certificate},
      {OptionId::tls_reject_unknown_names, "true", "true", no_boolean},
      {OptionId::tls_min,
       "1.3",
       "1.3",
       {{"", "none of"}, {"1.1", "none of"}, {"1.2|1.3", "none of"}, {"1", "none of"}}},
      {OptionId::tls_ciphers, "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", {{"", "empty"}}},
      {OptionId::tls_groups, "P-256", "P-256", {{"", "empty"}, {"a\nb", "visible"}}},
      {OptionId::tls_client_auth,
       "require",
       "require",
       {{"", "none of"}, {"yes", "none of"}, {"request", "add tls_client_ca"}},
       {{"tls_cert", "a.pem"}, {"tls_client_ca", "ca.pem"}}},
      {OptionId::tls_client_ca, "ca.pem", "ca.pem", no_path, {{"tls_cert", "a.pem"}, {"tls_client_auth", "request"}}},
      {OptionId::tls_ticket_keys, "keys", "keys", no_path},
      {OptionId::tls_ticket_rotation, "1h", "1h", {{"59s", "below 1m"}, {"169h", "above 168h"}, {"", "empty"}}},
      {OptionId::tls_handshake_timeout, "5s", "5s", no_duration},
      {OptionId::tls_max_handshakes, "50", "50", no_count},
      {OptionId::tls_watch, "1s", "1s", {{"99ms", "below 100ms"}, {"1", "no unit"}, {"", "empty"}}},
      {OptionId::tls_self_signed, "true", "true", no_boolean},
      {OptionId::ws_max_message_size, "1MiB", "1MiB", no_size},
      {OptionId::ws_ping_interval,
       "30s",
       "30s",
       {{"0s", "below 1ms"}, {"5", "no unit"}, {"", "empty"}, {"25h", "above 24h"}}},
      {OptionId::ws_ping_timeout, "5s", "5s", no_duration},
      {OptionId::ws_close_timeout, "2s", "2s", no_duration},
      {OptionId::ws_compression, "false", "false", no_boolean},
      {OptionId::ws_compression_level, "6", "6", {{"0", "below 1"}, {"10", "above 9"}, {"", "empty"}}},
      {OptionId::ws_compression_window, "10", "10", {{"8", "below 9"}, {"16", "above 15"}, {"", "empty"}}},
      {OptionId::ws_context_takeover, "false", "false", no_boolean},
      {OptionId::server_header,
       "my server/1",
       "my server/1",
       {{"", "empty"}, {"a\r\nb", "visible"}, {" a", "visible"}, {"a ", "visible"}, {"\xc3\xa4", "visible"}}},
      {OptionId::date_header, "false", "false", no_boolean},
      {OptionId::static_,
       "/assets/v1/=./dist;pass;cache-control=public, max-age=60",
       "/assets/v1=./dist;pass;cache-control=public, max-age=60",
       {{"", "begin with a slash"},
        {"assets=./dist", "begin with a slash"},
        {"/assets", "names no directory"},
        {"/assets=", "names no directory"},
        {"/assets=;pass", "names no directory"},
        {"/assets=;cache-control=no-cache", "names no directory"},
        {"/a//b=./dist", "no plain path"},
        {"/a/../b=./dist", "no plain path"},
        {"/a%20b=./dist", "no plain path"},
        {"/a?b=./dist", "no plain path"},
        {"/a=./dist;cache-control=", "visible"},
        {"/a=./dist;cache-control=a\nb", "visible"},
        {"/a=\x87", "UTF-8"}}},
      {OptionId::static_index, "home.html", "home.html", {{"", "empty"}, {"a/b", "no name"}, {".hidden", "no name"}}},
      {OptionId::static_fallback, "app/index.html", "app/index.html", no_path_below},
      {OptionId::static_not_found, "404.html", "404.html", no_path_below},
      {OptionId::static_listing, "true", "true", no_boolean},
      {OptionId::static_cache_control, "no-cache", "no-cache", {{"", "empty"}, {"a\r\nb", "visible"}}},
      {OptionId::static_immutable, "true", "true", no_boolean},
      {OptionId::static_precompressed, "false", "false", no_boolean},
      {OptionId::static_symlinks, "true", "true", no_boolean},
      {OptionId::static_open_files, "100", "100", no_count},
      {OptionId::static_contents, "64MiB", "64MiB", {{"", "empty"}, {"64K", "unknown unit"}, {"1KiB", "below 1MiB"}}},
      {OptionId::file_threads, "4", "4", no_count},
      {OptionId::mime_types, "/etc/mime.types", "/etc/mime.types", {{"", "no path"}}},
      {OptionId::compression,
       "gzip, zstd",
       "gzip, zstd",
       {{"", "empty"}, {"br", "no coding"}, {"gzip,gzip", "twice"}, {"gzip,", "no coding"}, {"dcz", "no coding"}}},
      {OptionId::compression_min_size, "1KiB", "1KiB", no_size},
      {OptionId::compression_gzip_level, "9", "9", {{"0", "below 1"}, {"10", "above 9"}, {"x", "not a number"}}},
      {OptionId::compression_zstd_level, "19", "19", {{"0", "below 1"}, {"23", "above 22"}, {"x", "not a number"}}},
      {OptionId::compression_max_streams, "16", "16", no_count},
      {OptionId::compression_types,
       "usual, application/x-thing,+cbor",
       "usual, application/x-thing,+cbor",
       {{"", "empty"}, {"text", "no pattern"}, {"*/*", "no pattern"}, {"usual,", "no pattern"}}},
      {OptionId::access_log, "/var/log/access", "/var/log/access", {{"", "no path"}}},
      {OptionId::access_log_format,
       "%h \"%r\" %s",
       "%h \"%r\" %s",
       {{"", "empty"},
        {"commno", "neither common"},
        {"%h %", "lone percent"},
        {"%y", "is none"},
        {"%h %(h)s", "mixes"},
        {"a\nb", "visible"}}},
      {OptionId::event_log, "-", "-", {{"", "no path"}}},
      {OptionId::log_format, "json", "json", {{"", "empty"}, {"JSON", "none of"}, {"xml", "none of"}}},
      {OptionId::health_path, "/-/health", "/-/health", no_page},
      {OptionId::metrics_path, "/-/metrics", "/-/metrics", no_page},
      {OptionId::info_path, "/-/info", "/-/info", no_page},
      {OptionId::request_id, "true", "true", no_boolean},
      {OptionId::server_timing, "true", "true", no_boolean},
      {OptionId::admin_bind,
       "127.0.0.1:9100",
       "127.0.0.1:9100",
       {{"", "empty"},
        {"9100", "no port"},
        {"1.2.3.4:99999", "65535"},
        {"unix:", "no path"},
        {"127.0.0.1:1,proxy", "not to be had"}}},
  };
}

}  // namespace

TEST_CASE("every option has its trial") {
  CHECK(trials().size() == option_count);
  for (std::size_t i = 0; i < option_count; ++i) {
    CHECK(trials()[i].id == static_cast<OptionId>(i));
  }
}

TEST_CASE("every option takes a right value, from every origin, and keeps where it came from") {
  for (const Trial& trial : trials()) {
    const Option& option = row(trial.id);
    CAPTURE(option.name);
    const std::string name(option.name);
    for (const Setting& setting :
         {by_flag(name, trial.good), by_environment(name, trial.good), by_file(name, trial.good, 7)}) {
      if (setting.origin.kind == Origin::Kind::file && !is_file_key(option)) {
        CHECK(problems_of({setting}).size() == 1);
        continue;
      }
      std::vector<Setting> settings = {setting};
      for (const auto& [other, value] : trial.beside) settings.push_back(by_flag(other, value));
      const Config config = frozen(settings);
      CHECK(value_text(config, trial.id) == trial.written);
      CHECK(value_text(config, trial.id) != value_text(Config(), trial.id));
      CHECK(config.origin(trial.id) == setting.origin);
      // And nothing else has changed.
      for (const Option& other : options()) {
        const bool was_set =
            std::any_of(settings.begin(), settings.end(), [&](const Setting& one) { return one.name == other.name; });
        if (!was_set) {
          CHECK(value_text(config, other.id) == value_text(Config(), other.id));
          CHECK(config.origin(other.id).text() == "default");
        }
      }
    }
  }
}

TEST_CASE("every option refuses wrong values, naming flag, value and reason") {
  for (const Trial& trial : trials()) {
    const std::string name(row(trial.id).name);
    CAPTURE(name);
    CHECK_FALSE(trial.bad.empty());
    for (const auto& [value, reason] : trial.bad) {
      CAPTURE(value);
      std::vector<Setting> settings = {by_flag(name, value)};
      for (const auto& [other, right] : trial.beside) {
        // The missing half of the pair is what some trials are about.
        if (std::string_view{other}.starts_with("tls_client")) continue;
        settings.push_back(by_flag(other, right));
      }
      const auto lines = problems_of(settings);
      REQUIRE(lines.size() == 1);
      CAPTURE(lines[0]);
      CHECK(lines[0].starts_with("pounce-sync: error: " + flag(row(trial.id)) + ": "));
      CHECK(lines[0].find(reason) != std::string::npos);
      CHECK(lines[0].find("from command line") != std::string::npos);
      CHECK(std::count(lines[0].begin(), lines[0].end(), '\n') == 1);
    }
  }
}

TEST_CASE("bounds are inclusive and exact") {
  const auto all = trials();
  for (const Option& option : options()) {
    if (option.least.empty() || option.kind == Kind::choice) continue;
    CAPTURE(option.name);
    const std::string name(option.name);
    for (const std::string_view bound : {option.least, option.most}) {
      std::vector<Setting> settings = {by_flag(name, std::string(bound))};
      for (const auto& [other, value] : all[static_cast<std::size_t>(option.id)].beside) {
        settings.push_back(by_flag(other, value));
      }
      if (option.id == OptionId::drain_delay && bound == option.most) {
        CHECK(problems_of(settings).size() == 1);  // see below: nothing can be longer
        continue;
      }
      CHECK(problems_of(settings).empty());
    }
  }
  CHECK(problems_of({by_flag("max_request_line", "31B")}).size() == 1);
  CHECK(problems_of({by_flag("backlog", "65536")}).size() == 1);
  CHECK(problems_of({by_flag("header_timeout", "86400001ms")}).size() == 1);
}

TEST_CASE("defaults, in numbers") {
  const Config config = frozen({});
  CHECK(config.host == "127.0.0.1");
  CHECK(config.port == 8000);
  CHECK(config.bind.empty());
  CHECK(config.backlog == 4096);
  CHECK_FALSE(config.workers.has_value());
  CHECK_FALSE(config.async_workers.has_value());
  CHECK(config.max_connections == 10000);
  CHECK_FALSE(config.max_requests_per_connection.has_value());
  CHECK(config.max_request_line == 8192);
  CHECK(config.max_header_size == 65536);
  CHECK(config.max_headers == 100);
  CHECK(config.max_request_size == 1048576);
  CHECK(config.header_timeout == 10s);
  CHECK(config.request_timeout == 30s);
  CHECK(config.min_rate == 500);
  CHECK(config.write_timeout == 30s);
  CHECK(config.keep_alive_timeout == 75s);
  CHECK(config.shutdown_timeout == 10s);
  CHECK(config.server_header == "pounce");
  CHECK(config.date_header);
  CHECK_FALSE(config.target.has_value());
  CHECK_FALSE(config.config.has_value());
}

TEST_CASE("words for what can be absent") {
  CHECK_FALSE(frozen({by_flag("server_header", "none")}).server_header.has_value());
  CHECK_FALSE(frozen({by_flag("workers", "auto")}).workers.has_value());
  CHECK_FALSE(frozen({by_flag("max_requests_per_connection", "none")}).max_requests_per_connection.has_value());
  CHECK(frozen({by_flag("max_requests_per_connection", "1")}).max_requests_per_connection == 1U);
  CHECK(frozen({by_flag("workers", "1")}).workers == 1U);
}

TEST_CASE("a flag beats the environment, the environment the file, the file the default") {
  const auto flag_value = by_flag("port", "1");
  const auto variable_value = by_environment("port", "2");
  const auto file_value = by_file("port", "3");
  std::vector<Setting> settings = {flag_value, variable_value, file_value};
  std::sort(settings.begin(), settings.end(), [](const Setting& a, const Setting& b) { return a.value < b.value; });
  do {  // in whatever order they come
    CHECK(frozen(settings).port == 1);
    CHECK(frozen(settings).origin(OptionId::port).kind == Origin::Kind::flag);
  } while (std::next_permutation(settings.begin(), settings.end(),
                                 [](const Setting& a, const Setting& b) { return a.value < b.value; }));
  CHECK(frozen({variable_value, file_value}).port == 2);
  CHECK(frozen({file_value, variable_value}).port == 2);
  CHECK(frozen({file_value}).port == 3);
}

TEST_CASE("a flag equal to the default still beats the file") {
  const Config config = frozen({by_file("port", "9000"), by_flag("port", "8000")});
  CHECK(config.port == 8000);
  CHECK(config.origin(OptionId::port).text() == "command line");
}

TEST_CASE("a list comes whole from the strongest origin") {
  const Config config = frozen({by_file("bind", "127.0.0.1:1"), by_flag("bind", "127.0.0.1:2"),
                                by_flag("bind", "unix:/tmp/p"), by_environment("bind", "127.0.0.1:4")});
  REQUIRE(config.bind.size() == 2);
  CHECK(config.bind[0].text() == "127.0.0.1:2");
  CHECK(config.bind[1].text() == "unix:/tmp/p");
  const auto addresses = config.addresses();
  REQUIRE(addresses.size() == 2);
  CHECK(addresses[0] == config.bind[0]);
  CHECK(addresses[1] == config.bind[1]);
}

TEST_CASE("where to listen without --bind") {
  CHECK(frozen({}).addresses()[0].text() == "127.0.0.1:8000");
  const auto six = frozen({by_flag("host", "::1"), by_flag("port", "81")}).addresses();
  REQUIRE(six.size() == 1);
  CHECK(six[0].kind == BindAddress::Kind::tcp6);
  CHECK(six[0].text() == "[::1]:81");
  CHECK(frozen({by_flag("host", "[::1]")}).addresses()[0].text() == "[::1]:8000");
  CHECK(frozen({by_flag("host", "localhost")}).addresses()[0].kind == BindAddress::Kind::tcp_name);
}

TEST_CASE("one value twice from one place is a slip") {
  const auto lines = problems_of({by_flag("port", "1"), by_flag("port", "1")});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == "pounce-sync: error: --port: is given more than once (from command line)\n");
}

TEST_CASE("the request line and the header section are limited each for itself") {
  CHECK(problems_of({by_flag("max_request_line", "128KiB")}).empty());
  CHECK(problems_of({by_file("max_header_size", "1KiB", 3)}).empty());
}

TEST_CASE("an option of the other program says so") {
  const auto lines = problems_of({by_flag("async_workers", "2")}, Program::pounce_async);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] ==
        "pounce-async: error: --async-workers: is an option of pounce-sync and means nothing to "
        "pounce-async (from command line; hint: workers sets the number of reactors here)\n");
}

TEST_CASE("all problems come at once, each with its origin") {
  const auto lines =
      problems_of({by_flag("port", "70000"), by_environment("backlog", "0"), by_file("max_headrs", "5", 3),
                   by_file("header_timeout", "5", 4), by_flag("bind", "nonsense"), by_flag("date_header", "maybe")});
  REQUIRE(lines.size() == 7);
  CHECK(lines[0] == "pounce-sync: error: --port: '70000' is above 65535 (from command line; hint: from 0 to 65535)\n");
  CHECK(lines[1].find("POUNCE_BACKLOG: '0' is below 1 (from environment POUNCE_BACKLOG") != std::string::npos);
  CHECK(lines[2].find("max_headrs: is no option (from pounce.toml line 3; hint: did you mean "
                      "max_headers?)") != std::string::npos);
  CHECK(lines[3].find("header_timeout: '5' has no unit (from pounce.toml line 4; hint: a duration "
                      "is written 250ms, 5s, 2m or 1h)") != std::string::npos);
  CHECK(lines[4].find("--bind: 'nonsense' has no port") != std::string::npos);
  CHECK(lines[5].find("--date-header: 'maybe' is neither true nor false") != std::string::npos);
  CHECK(lines[6].find("--port: cannot be set together with bind") != std::string::npos);
}

TEST_CASE("a wrong value is a problem even where a stronger one beats it") {
  CHECK(problems_of({by_environment("port", "tcp://10.0.0.1"), by_flag("port", "80")}).size() == 1);
  CHECK(problems_of({by_file("bind", "nonsense"), by_flag("bind", "127.0.0.1:1")}).size() == 1);
}

TEST_CASE("a value in a message cannot write to the terminal") {
  CHECK(quoted("\x1b[31m\n\x9b") == "'\\x1b[31m\\x0a\\x9b'");
  CHECK(printable("a\xc3\xa4\x7f") == "a\\xc3\\xa4\\x7f");
  CHECK(Origin::file("a\nb", 2).text() == "a\\x0ab line 2");
  CHECK(quoted(std::string(500, 'a')) == "'" + std::string(80, 'a') + "...'");
}

TEST_CASE("names that are nearly right") {
  CHECK(distance("port", "prot") == 1);
  CHECK(distance("port", "port") == 0);
  CHECK(distance("max-header-size", "MAX_HEADER_SIZE") == 0);
  CHECK(distance("", "port") == 4);
  CHECK(distance("abcdef", "badcfe") == 3);
  CHECK(nearest("prot", Program::pounce_async)->name == "port");
  CHECK(nearest("max_header", Program::pounce_async)->name == "max_headers");
  CHECK(nearest("keepalive_timeout", Program::pounce_async)->name == "keep_alive_timeout");
  CHECK(nearest("ascync_workers", Program::pounce_sync)->name == "async_workers");
  CHECK(nearest("entirely_else", Program::pounce_async) == nullptr);
  CHECK(nearest("x", Program::pounce_async) == nullptr);
  CHECK(nearest(std::string(1000, 'x'), Program::pounce_async) == nullptr);
}

TEST_CASE("the environment gives settings of POUNCE_ variables") {
  std::vector<Problem> problems;
  const std::vector<std::string_view> variables = {
      "PATH=/bin",        "POUNCE_PORT=80",          "POUNCE_BIND=127.0.0.1:1,[::1]:2",
      "POUNCE_HOME=/opt", "POUNCE_PORTS_X=1",        "POUNCE_KEEP_ALIVE_TIMEOUT=5s",
      "POUNCE_EQUALS",    "POUNCE_SERVER_HEADER=a=b"};
  const auto settings = settings_of_environment(Program::pounce_async, variables, problems);
  CHECK(problems.empty());
  REQUIRE(settings.size() == 5);
  CHECK(settings[0].value == "80");
  CHECK(settings[1].value == "127.0.0.1:1");
  CHECK(settings[2].value == "[::1]:2");
  CHECK(settings[2].origin.text() == "environment POUNCE_BIND");
  CHECK(settings[4].value == "a=b");
}

TEST_CASE("a variable one slip away from an option is reported, another is not ours") {
  std::vector<Problem> problems;
  const std::vector<std::string_view> variables = {"POUNCE_PROT=80", "POUNCE_SERVICE_HOST=x", "POUNCE_port=1"};
  CHECK(settings_of_environment(Program::pounce_async, variables, problems).empty());
  REQUIRE(problems.size() == 2);
  CHECK(line_of(Program::pounce_async, problems[0]) ==
        "pounce-async: error: POUNCE_PROT: is no option (from environment POUNCE_PROT; hint: did "
        "you mean POUNCE_PORT?)\n");
}
