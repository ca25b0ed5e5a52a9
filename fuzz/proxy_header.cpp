// The PROXY protocol from strangers: any bytes.
//
// The answer about a prefix is never taken back: what is complete or malformed stays so with more bytes. A header is bounded, and what it
// names is written and read again.
#include <pounce/proxy/proxy_header.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace pounce::proxy;

void require(bool truth) {
  if (!truth) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ProxyHeader whole;
  const HeaderState state = parse_proxy_header(bytes, whole);
  require(whole.size <= bytes.size() && whole.size <= longest_v2);
  require(state != HeaderState::incomplete || bytes.size() < longest_v2);
  require(whole.source.has_value() == whole.destination.has_value());
  if (whole.source) require(parse_host_address(whole.source->text()) == whole.source->address);
  for (std::size_t n = 0; n < bytes.size() && n < 300; ++n) {
    ProxyHeader part;
    const HeaderState before = parse_proxy_header(bytes.substr(0, n), part);
    if (before == HeaderState::incomplete) continue;
    require(before == state && part.size == whole.size && part.source == whole.source && part.secure == whole.secure);
  }
  return 0;
}
