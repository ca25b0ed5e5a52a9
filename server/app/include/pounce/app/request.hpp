// Request: what the peer asked, as an application sees it.
//
// It belongs to the exchange, which copied the head once: all views live as long as the exchange, also across every co_await.
// `body()` is filled for plain handlers only (collected, up to the size limit); a coroutine reads its content from the Exchange.
#pragma once

#include <pounce/app/fields.hpp>
#include <pounce/core/agreed.hpp>
#include <pounce/core/bytes.hpp>
#include <pounce/core/ids.hpp>
#include <pounce/core/message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pounce::inline v0 {

// %XX decoded once; with `plus`, '+' is a blank (forms). Empty when a percent sign is not followed by two hex digits.
[[nodiscard]] inline std::optional<std::string> percent_decode(std::string_view text, bool plus = false) {
  constexpr auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (text.size() - i < 3 || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return std::nullopt;
      out.push_back(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(plus && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

class Request {
 public:
  [[nodiscard]] std::string_view method() const noexcept { return head_.method; }
  [[nodiscard]] Method method_id() const noexcept { return head_.method_id; }
  [[nodiscard]] std::string_view target() const noexcept { return head_.target; }  // as sent
  [[nodiscard]] std::string_view path() const noexcept {
    return head_.path;
  }  // still percent-encoded, without the query
  [[nodiscard]] std::string_view query() const noexcept { return head_.query; }  // without the '?'
  // As the client asked for them, where trusted proxies say so: "example.org", "https".
  [[nodiscard]] std::string_view authority() const noexcept { return head_.authority; }
  [[nodiscard]] std::string_view scheme() const noexcept { return scheme_; }
  [[nodiscard]] Version version() const noexcept { return head_.version; }
  [[nodiscard]] FieldList fields() const noexcept { return head_.fields; }
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept { return head_.content_length; }
  [[nodiscard]] bool has_body() const noexcept { return head_.has_body; }

  // The value of the first field of that name, compared without case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
    for (const Field& field : head_.fields) {
      if (equal_without_case(field.name, name)) return field.value;
    }
    return std::nullopt;
  }
  // The decoded value of the first query parameter of that name ("a=1&b=2").
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const {
    for (std::string_view rest = head_.query; !rest.empty();) {
      const std::string_view pair = rest.substr(0, rest.find('&'));
      rest.remove_prefix(pair.size() == rest.size() ? pair.size() : pair.size() + 1);
      const std::size_t equals = pair.find('=');
      if (pair.substr(0, equals) != name) continue;
      return equals == std::string_view::npos ? std::string{} : percent_decode(pair.substr(equals + 1), true);
    }
    return std::nullopt;
  }

  [[nodiscard]] Bytes body() const noexcept { return body_; }
  [[nodiscard]] FieldList trailers() const noexcept { return trailers_; }  // once the content is complete

  // Who asks: the address alone, without a port, "192.0.2.1", "2001:db8::1", "unix:". It is the peer's, unless that is a trusted proxy
  // that says whom it speaks for (`--trusted-proxies`); fields of others that claim so have been removed.
  [[nodiscard]] std::string_view client() const noexcept {
    if (!client_.empty()) return client_;
    const std::string_view host = peer_.substr(0, peer_.rfind(':'));
    if (host.starts_with('[')) return host.substr(1, host.size() - 2);
    return host == "unix" ? peer_ : host;
  }
  [[nodiscard]] std::string_view peer() const noexcept { return peer_; }    // "127.0.0.1:40112", "unix:"
  [[nodiscard]] std::string_view local() const noexcept { return local_; }  // the address that was connected to
  // What TLS has agreed on, with the client's certificate; null: the connection is clear. Its views live as long as the request.
  [[nodiscard]] const Agreed* secured() const noexcept { return secured_; }
  [[nodiscard]] ConnectionId connection() const noexcept { return connection_; }
  [[nodiscard]] RequestId id() const noexcept { return id_; }
  // X-Request-ID, with --request-id: a trusted proxy's, else one that was made for this request; also in the response and the logs. The
  // W3C's trace is among the fields: trace_parent(fields()) of <pounce/core/trace_parent.hpp>.
  [[nodiscard]] std::string_view correlation() const noexcept { return correlation_; }

 private:
  friend class RequestAccess;  // the server's way in

  RequestHead head_;
  Bytes body_;
  FieldList trailers_;
  std::string_view peer_;
  std::string_view local_;
  std::string_view client_;  // empty: the peer
  std::string_view correlation_;
  std::string_view scheme_ = "http";
  const Agreed* secured_ = nullptr;
  ConnectionId connection_{};
  RequestId id_{};
};

}  // namespace pounce::inline v0
