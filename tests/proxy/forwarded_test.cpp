// Who the client is, by what trusted proxies say: each row is the fields that arrived, and what is made of them.
#include <doctest/doctest.h>

#include <pounce/proxy/forwarded.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace pounce;
using namespace pounce::proxy;

namespace {

// One field a line, "name: value".
std::vector<Field> fields_of(std::string_view text) {
  std::vector<Field> fields;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t colon = line.find(": ");
    const std::string_view name = line.substr(0, colon);
    fields.push_back({name, line.substr(colon + 2), field_id(name)});
  }
  return fields;
}

Trust trust(Dialect dialect) {
  return {.proxies = {parse_network("10.0.0.0/8").value(), parse_network("2001:db8:1::/48").value()},
          .dialect = dialect};
}

struct Row {
  std::string_view why;
  std::string_view fields;
  std::string_view client;  // "-": the peer
  std::string_view scheme = "-";
  std::string_view host = "-";
};

void check(const Row& row, Dialect dialect) {
  CAPTURE(row.why);
  const std::vector<Field> fields = fields_of(row.fields);
  const Relayed found = relayed(trust(dialect), fields);
  CHECK((found.client ? found.client->text() : "-") == row.client);
  CHECK((found.scheme.empty() ? "-" : found.scheme) == row.scheme);
  CHECK((found.host.empty() ? "-" : found.host) == row.host);
}

}  // namespace

TEST_CASE("X-Forwarded-For, -Proto and -Host") {
  const Row rows[] = {
      {"nothing is said", "host: a", "-"},
      {"one proxy", "x-forwarded-for: 192.0.2.7", "192.0.2.7"},
      {"names are compared without case", "X-FORWARDED-FOR: 192.0.2.7", "192.0.2.7"},
      {"what the client made up stands left of what is true", "x-forwarded-for: 198.51.100.1, 192.0.2.7", "192.0.2.7"},
      {"two proxies", "x-forwarded-for: 192.0.2.7, 10.0.0.2", "192.0.2.7"},
      {"three, and an invention", "x-forwarded-for: 1.1.1.1, 192.0.2.7, 10.0.0.3, 10.0.0.2", "192.0.2.7"},
      {"an invention that is a trusted address", "x-forwarded-for: 10.9.9.9, 192.0.2.7", "192.0.2.7"},
      {"all of them are trusted: the farthest", "x-forwarded-for: 10.0.0.3, 10.0.0.2", "10.0.0.3"},
      {"lines are one list", "x-forwarded-for: 192.0.2.7\nx-forwarded-for: 10.0.0.2", "192.0.2.7"},
      {"the last line counts first", "x-forwarded-for: 1.1.1.1\nhost: a\nX-Forwarded-For: 192.0.2.7", "192.0.2.7"},
      {"no blank behind the comma", "x-forwarded-for: 1.1.1.1,192.0.2.7", "192.0.2.7"},
      {"tabs and empty elements", "x-forwarded-for: 1.1.1.1,\t192.0.2.7 ,, ,", "192.0.2.7"},
      {"an empty line", "x-forwarded-for: 192.0.2.7\nx-forwarded-for: ", "192.0.2.7"},
      {"a port", "x-forwarded-for: 192.0.2.7:4711", "192.0.2.7"},
      {"IPv6, bare", "x-forwarded-for: 2001:DB8:2::0007", "2001:db8:2::7"},
      {"IPv6 in brackets", "x-forwarded-for: [2001:db8:2::7]", "2001:db8:2::7"},
      {"IPv6 with a port", "x-forwarded-for: [2001:db8:2::7]:4711", "2001:db8:2::7"},
      {"a trusted IPv6 proxy", "x-forwarded-for: 192.0.2.7, 2001:db8:1::1", "192.0.2.7"},
      {"IPv4 in IPv6 is IPv4", "x-forwarded-for: ::ffff:192.0.2.7", "192.0.2.7"},
      {"also for trust", "x-forwarded-for: 192.0.2.7, ::ffff:10.0.0.2", "192.0.2.7"},
      {"no address: the last one that was", "x-forwarded-for: 192.0.2.7, unknown, 10.0.0.2", "10.0.0.2"},
      {"no address at all", "x-forwarded-for: unknown", "-"},
      {"a name is no address", "x-forwarded-for: localhost", "-"},
      {"an injection is no address", "x-forwarded-for: 192.0.2.7\" OR 1=1", "-"},
      {"nor is this", "x-forwarded-for: 192.0.2.7 10.0.0.2", "-"},
      {"nor a zone", "x-forwarded-for: fe80::1%eth0", "-"},
      {"Forwarded is another dialect", "forwarded: for=192.0.2.7;proto=https;host=a", "-"},
      {"the scheme", "x-forwarded-for: 192.0.2.7\nx-forwarded-proto: https", "192.0.2.7", "https"},
      {"without case", "x-forwarded-proto: HTTPS", "-", "https"},
      {"only the two", "x-forwarded-proto: javascript", "-"},
      {"of the same hop as the client", "x-forwarded-for: 192.0.2.7, 10.0.0.2\nx-forwarded-proto: https, http",
       "192.0.2.7", "https"},
      {"not what the client made up", "x-forwarded-for: 1.1.1.1, 192.0.2.7\nx-forwarded-proto: https, http",
       "192.0.2.7", "http"},
      {"in lines", "x-forwarded-for: 192.0.2.7, 10.0.0.2\nx-forwarded-proto: https\nx-forwarded-proto: http",
       "192.0.2.7", "https"},
      {"one for all hops", "x-forwarded-for: 192.0.2.7, 10.0.0.2\nx-forwarded-proto: https", "192.0.2.7", "https"},
      {"without a client: the nearest", "x-forwarded-proto: https, http", "-", "http"},
      {"the host", "x-forwarded-for: 192.0.2.7\nx-forwarded-host: example.org", "192.0.2.7", "-", "example.org"},
      {"its port", "x-forwarded-host: example.org:8443", "-", "-", "example.org:8443"},
      {"an IPv6 host", "x-forwarded-host: [2001:db8::1]:8443", "-", "-", "[2001:db8::1]:8443"},
      {"of the same hop", "x-forwarded-for: 192.0.2.7, 10.0.0.2\nx-forwarded-host: a.example, b.example", "192.0.2.7",
       "-", "a.example"},
      {"no host", "x-forwarded-host: example.org/path", "-"},
      {"nor this", "x-forwarded-host: user@example.org", "-"},
      {"nor a blank", "x-forwarded-host: a b", "-"},
      {"all three", "x-forwarded-for: 192.0.2.7\nx-forwarded-proto: http\nx-forwarded-host: a.example", "192.0.2.7",
       "http", "a.example"},
  };
  for (const Row& row : rows) check(row, Dialect::x_forwarded);
}

TEST_CASE("Forwarded (RFC 7239)") {
  const Row rows[] = {
      {"nothing is said", "host: a", "-"},
      {"X-Forwarded-For is another dialect", "x-forwarded-for: 192.0.2.7", "-"},
      {"one proxy", "forwarded: for=192.0.2.7", "192.0.2.7"},
      {"the RFC's own", "Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60", "http"},
      {"names without case", "forwarded: FOR=192.0.2.7;Proto=HTTPS;HOST=a.example", "192.0.2.7", "https", "a.example"},
      {"IPv6 is quoted", "forwarded: for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"},
      {"a port needs quotes too", "forwarded: for=\"192.0.2.7:4711\"", "192.0.2.7"},
      {"an invention", "forwarded: for=1.1.1.1, for=192.0.2.7", "192.0.2.7"},
      {"two proxies", "forwarded: for=192.0.2.7, for=10.0.0.2", "192.0.2.7"},
      {"in lines", "forwarded: for=192.0.2.7\nforwarded: for=10.0.0.2", "192.0.2.7"},
      {"the client's element says the scheme", "forwarded: for=192.0.2.7;proto=https, for=10.0.0.2;proto=http",
       "192.0.2.7", "https"},
      {"or the nearest that does", "forwarded: for=192.0.2.7, for=10.0.0.2;proto=http;host=a", "192.0.2.7", "http",
       "a"},
      {"an invented element says nothing", "forwarded: for=1.1.1.1;proto=https;host=evil, for=192.0.2.7", "192.0.2.7"},
      {"blanks around separators", "forwarded: for=192.0.2.7 ; proto=https\t, for=10.0.0.2", "192.0.2.7", "https"},
      {"empty pairs and elements", "forwarded: ;for=192.0.2.7;;, ,", "192.0.2.7"},
      {"unknown", "forwarded: for=unknown", "-"},
      {"unknown ends the walk, and its element counts", "forwarded: for=1.1.1.1, for=unknown;proto=https", "-",
       "https"},
      {"hidden", "forwarded: for=192.0.2.7, for=_hidden, for=10.0.0.2", "10.0.0.2"},
      {"what is not known is passed over", "forwarded: for=192.0.2.7;secret=\"a,b;c\\\"d\"", "192.0.2.7"},
      {"a host in quotes", "forwarded: host=\"example.org:8443\"", "-", "-", "example.org:8443"},
      {"a host that is none", "forwarded: for=192.0.2.7;host=\"a/b\"", "192.0.2.7"},
      {"escapes stand in no address", "forwarded: for=\"192.0.2.\\7\"", "-"},
      {"an open quote swallows what is behind it: the line says nothing", "forwarded: for=\"1.1.1.1, for=192.0.2.7",
       "-"},
      {"two quotes of two people", "forwarded: for=\", for=\"[2001:db8:2::7]\"", "-"},
      {"but only its line", "forwarded: for=\"1.1.1.1\nforwarded: for=192.0.2.7", "192.0.2.7"},
      {"bare IPv6 is no token", "forwarded: for=[2001:db8::1]", "-"},
      {"twice the same", "forwarded: for=192.0.2.7;for=1.1.1.1", "-"},
      {"no equals sign", "forwarded: for", "-"},
      {"blank around it", "forwarded: for = 192.0.2.7", "-"},
      {"no value", "forwarded: for=", "-"},
      {"an empty one", "forwarded: for=\"\"", "-"},
      {"behind the quotes", "forwarded: for=\"192.0.2.7\"x", "-"},
      {"no pair at all", "forwarded: 192.0.2.7", "-"},
  };
  for (const Row& row : rows) check(row, Dialect::forwarded);
}

TEST_CASE("a chain of proxies has a limit") {
  for (const bool over : {false, true}) {
    CAPTURE(over);
    std::string list = "192.0.2.7";
    std::string elements = "for=192.0.2.7";
    for (std::size_t i = 1; i < most_hops + (over ? 1 : 0); ++i) {
      list += ", 10.0.0." + std::to_string(i);
      elements += ", for=10.0.0." + std::to_string(i);
    }
    const std::vector<Field> x{{"x-forwarded-for", list, FieldId::other}};
    const std::vector<Field> f{{"forwarded", elements, FieldId::forwarded}};
    const std::string client = over ? "10.0.0.1" : "192.0.2.7";
    CHECK(relayed(trust(Dialect::x_forwarded), x).client->text() == client);
    CHECK(relayed(trust(Dialect::forwarded), f).client->text() == client);
  }
}

TEST_CASE("who may say what") {
  const auto visible = [](std::string_view name, bool trusted, Dialect dialect) {
    return is_visible(trust(dialect), trusted, Field{name, "v", field_id(name)});
  };
  for (const Dialect dialect : {Dialect::x_forwarded, Dialect::forwarded}) {
    for (const std::string_view name : {"host", "x-request-id", "x-forwarded", "x", "via", "forwarded-for"}) {
      CAPTURE(name);
      CHECK(visible(name, true, dialect));
      CHECK(visible(name, false, dialect));
    }
    for (const std::string_view name : {"Forwarded", "X-Forwarded-For", "x-forwarded-proto", "X-FORWARDED-HOST",
                                        "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-", "X-Real-IP"}) {
      CAPTURE(name);
      CHECK_FALSE(visible(name, false, dialect));
      CHECK(visible(name, true, dialect) == ((name == "Forwarded") == (dialect == Dialect::forwarded)));
    }
  }
}
