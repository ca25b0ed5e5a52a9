#include <pounce/config/named_certificate.hpp>

#include <pounce/config/bind_address.hpp>
#include <pounce/config/value.hpp>

namespace pounce::inline v0::config {

std::expected<NamedCertificate, std::string> parse_named_certificate(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::unexpected("has no '=' behind a name");
  const std::string_view name = text.substr(0, equals);
  const auto host = parse_host(name.starts_with("*.") ? name.substr(2) : name);
  if (!host || host->kind != BindAddress::Kind::tcp_name)
    return std::unexpected("has neither a host name nor one with *. in front of its '='");
  const std::string_view paths = text.substr(equals + 1);
  const std::size_t comma = paths.find(',');
  if (comma == std::string_view::npos || comma == 0 || comma + 1 == paths.size() ||
      paths.find(',', comma + 1) != std::string_view::npos)
    return std::unexpected("does not name a certificate and a key behind its '='");
  if (!is_utf8(paths) || paths.find('\0') != std::string_view::npos)
    return std::unexpected("has a path that is no UTF-8");
  return NamedCertificate{std::string(name), std::string(paths.substr(0, comma)), std::string(paths.substr(comma + 1))};
}

}  // namespace pounce::inline v0::config
