// What proxies, and strangers through them, say about a client.
//
// The first byte chooses the dialect and what is trusted; each line is the value of a field. What is found is an address, a scheme of two and
// a valid host. And nobody can change what a trusted proxy adds behind his words, be it in a line of its own or, for
// X-Forwarded-*, in the same line.
#include <pounce/http/target.hpp>
#include <pounce/proxy/forwarded.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace pounce;
using namespace pounce::proxy;

void require(bool truth) {
  if (!truth) std::abort();
}

void check(const Relayed& found) {
  require(found.scheme.empty() || found.scheme == "http" || found.scheme == "https");
  require(found.host.empty() || http::is_authority(found.host));
  if (found.client) {
    const std::string text = found.client->text();
    require(text.size() <= IpAddress::longest_text && parse_ip(text) == found.client);
  }
}

void check_texts(std::string_view line) {
  if (const auto network = parse_network(line)) require(parse_network(network->text()) == *network);
  if (const auto address = parse_ip(line)) require(parse_ip(address->text()) == *address);
  if (const auto address = parse_host_address(line)) {
    const bool v6 = !address->is_v4();
    require(parse_host_address(v6 ? "[" + address->text() + "]" : address->text()) == *address);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned choice = data[0];
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool standard = (choice & 1U) != 0;
  Trust trust{.proxies = {parse_network("10.0.0.0/8").value()},
              .dialect = standard ? Dialect::forwarded : Dialect::x_forwarded};
  if ((choice & 2U) != 0) trust.proxies.push_back(parse_network("::/0").value());

  constexpr std::string_view names[] = {"x-forwarded-for", "x-forwarded-proto", "X-Forwarded-Host"};
  std::vector<Field> fields;
  std::string last;
  for (std::size_t i = 0; !text.empty() && i < 100; ++i) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
    const std::string_view name = standard ? std::string_view{"forwarded"} : names[i % 3];
    fields.push_back({name, line, field_id(name)});
    if (i % 3 == 0) last = line;
    check_texts(line);
  }
  check(relayed(trust, fields));

  const auto is_ours = [](const Relayed& found) {
    require(found.client && found.client->text() == "192.0.2.7");
    require(found.scheme == "https" && found.host == "a.example");
  };
  std::vector<Field> behind = fields;
  if (standard) {
    behind.push_back({"forwarded", "for=192.0.2.7;proto=https;host=a.example", FieldId::forwarded});
    is_ours(relayed(trust, behind));
    return 0;
  }
  behind.push_back({"x-forwarded-for", "192.0.2.7", FieldId::other});
  behind.push_back({"x-forwarded-proto", "https", FieldId::other});
  behind.push_back({"x-forwarded-host", "a.example", FieldId::other});
  is_ours(relayed(trust, behind));
  const std::string joined = last + ", 192.0.2.7";
  behind[behind.size() - 3].value = joined;
  is_ours(relayed(trust, behind));
  return 0;
}
