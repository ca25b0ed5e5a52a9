// Request: what the peer asked, as an application sees it.
//
// It belongs to the exchange, which copied the head once: all views live as long as the exchange, also across every co_await.
// `body()` is filled for plain handlers only (collected, up to the size limit); a coroutine reads its content from the Exchange.
#pragma once

#include <pounce/app/fields.hpp>
#include <pounce/app/packed_fields.hpp>
#include <pounce/app/peers.hpp>
#include <pounce/core/agreed.hpp>
#include <pounce/core/bytes.hpp>
#include <pounce/core/ids.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/string_fwd.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pounce::inline v0 {

// %XX decoded once; with `plus`, '+' is a blank (forms). Empty when a percent sign is not followed by two hex digits. The text is a
// std::string, for whoever has included <string>.
template <StringIncluded Text = std::string>
[[nodiscard]] std::optional<Text> percent_decode(std::string_view text, bool plus = false) {
  constexpr auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  Text out;
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
  Request() noexcept = default;
  Request(const Request&) = delete;
  ~Request() {
    if (packed_) [[unlikely]]
      delete[] fields_;
  }

  [[nodiscard]] std::string_view method() const noexcept { return text(method_); }
  [[nodiscard]] Method method_id() const noexcept { return method_id_; }
  [[nodiscard]] std::string_view target() const noexcept { return text(target_); }  // as sent
  [[nodiscard]] std::string_view path() const noexcept {
    return text(path_);
  }  // still percent-encoded, without the query
  [[nodiscard]] std::string_view query() const noexcept { return text(query_); }  // without the '?'
  // As the client asked for them, where trusted proxies say so: "example.org", "https".
  [[nodiscard]] std::string_view authority() const noexcept { return text(authority_); }
  [[nodiscard]] std::string_view scheme() const noexcept { return secure_ ? "https" : "http"; }
  [[nodiscard]] Version version() const noexcept { return version_; }
  // In order of arrival. A request that asks for another protocol may be kept for hours, and makes this table when it is asked for it:
  // that may throw std::bad_alloc. (A template, for what a span is made of should cost those alone who ask for it: docs/decisions/0015.)
  template <std::same_as<FieldList> List = FieldList>
  [[nodiscard]] List fields() const {
    if (fields_ == nullptr) [[unlikely]]
      unpack();
    return List{fields_, field_count_};
  }
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept {
    if (!has_length_) return std::nullopt;
    return content_length_;
  }
  [[nodiscard]] bool has_body() const noexcept { return has_body_; }

  // The value of the first field of that name, compared without case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
    if (fields_ == nullptr) [[unlikely]]
      return packed_header(name);
    for (const Field* field = fields_; field != fields_ + field_count_; ++field) {
      if (equal_without_case(field->name, name)) return field->value;
    }
    return std::nullopt;
  }
  // The decoded value of the first query parameter of that name ("a=1&b=2"): a std::string, for whoever has included <string>.
  template <StringIncluded Text = std::string>
  [[nodiscard]] std::optional<Text> parameter(std::string_view name) const {
    for (std::string_view rest = query(); !rest.empty();) {
      const std::string_view pair = rest.substr(0, rest.find('&'));
      rest.remove_prefix(pair.size() == rest.size() ? pair.size() : pair.size() + 1);
      const std::size_t equals = pair.find('=');
      if (pair.substr(0, equals) != name) continue;
      return equals == std::string_view::npos ? Text{} : percent_decode<Text>(pair.substr(equals + 1), true);
    }
    return std::nullopt;
  }

  [[nodiscard]] Bytes body() const noexcept { return more_ != nullptr ? more_->body : Bytes{}; }
  // Once the content is complete.
  [[nodiscard]] FieldList trailers() const noexcept { return more_ != nullptr ? more_->trailers : FieldList{}; }

  // Who asks: the address alone, without a port, "192.0.2.1", "2001:db8::1", "unix:". It is the peer's, unless that is a trusted proxy
  // that says whom it speaks for (`--trusted-proxies`); fields of others that claim so have been removed.
  [[nodiscard]] std::string_view client() const noexcept {
    if (more_ != nullptr && !more_->client.empty()) return more_->client;
    const std::string_view peer = this->peer();
    const std::string_view host = peer.substr(0, peer.rfind(':'));
    if (host.starts_with('[')) return host.substr(1, host.size() - 2);
    return host == "unix" ? peer : host;
  }
  // "127.0.0.1:40112", "unix:"
  [[nodiscard]] std::string_view peer() const noexcept {
    return peers_ != nullptr ? peers_->peer.bytes() : std::string_view{};
  }
  // The address that was connected to.
  [[nodiscard]] std::string_view local() const noexcept {
    return peers_ != nullptr ? peers_->local.bytes() : std::string_view{};
  }
  // What TLS has agreed on, with the client's certificate; null: the connection is clear. Its views live as long as the request.
  [[nodiscard]] const Agreed* secured() const noexcept { return secured_; }
  [[nodiscard]] ConnectionId connection() const noexcept {
    return peers_ != nullptr ? peers_->connection : ConnectionId{};
  }
  [[nodiscard]] RequestId id() const noexcept { return id_; }
  // X-Request-ID, with --request-id: a trusted proxy's, else one that was made for this request; also in the response and the logs. The
  // W3C's trace is among the fields: trace_parent(fields()) of <pounce/core/trace_parent.hpp>.
  [[nodiscard]] std::string_view correlation() const noexcept {
    return more_ != nullptr ? more_->correlation : std::string_view{};
  }

 private:
  friend class RequestAccess;  // the server's way in
  Request& operator=(const Request&) = default;

  // A piece of the request's octets: half of what a view takes.
  struct Part {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };
  // What few requests have.
  struct More {
    Bytes body;
    FieldList trailers;
    std::string_view client;  // empty: the peer
    std::string_view correlation;
  };

  // Exactly what a view's constructor takes: for other numbers the compiler looks at its templates, too (docs/decisions/0015).
  [[nodiscard]] std::string_view text(Part part) const noexcept {
    return {octets_ + part.at, static_cast<std::size_t>(part.size)};
  }
  [[nodiscard]] std::optional<std::string_view> packed_header(std::string_view name) const noexcept {
    Field field;
    for (PackedFields list{octets_, field_count_}; list.next(field);) {
      if (equal_without_case(field.name, name)) return field.value;
    }
    return std::nullopt;
  }
  void unpack() const {
    if (!packed_) return;
    Owned<Field[]> list{new Field[field_count_]};
    PackedFields packed{octets_, field_count_};
    for (std::size_t i = 0; i < field_count_; ++i) (void)packed.next(list[i]);
    fields_ = list.release();
  }

  const char* octets_ = nullptr;  // the head's; packed: the texts of the fields, and what of the line is not in them
  mutable const Field* fields_ = nullptr;  // null: there are none, or they are packed
  std::uint32_t octet_count_ = 0;
  std::uint32_t field_count_ = 0;
  Part method_;
  Part target_;
  Part authority_;
  Part path_;
  Part query_;
  Part protocol_;
  std::uint64_t content_length_ = 0;
  Version version_ = Version::http11;
  Method method_id_ = Method::other;
  bool has_length_ = false;
  bool has_body_ = false;
  bool has_query_ = false;
  bool secure_ = false;
  bool packed_ = false;  // then `fields_` is ours
  bool keep_alive_ : 1 = true;
  bool expects_continue_ : 1 = false;
  const Peers* peers_ = nullptr;
  const Agreed* secured_ = nullptr;
  More* more_ = nullptr;
  RequestId id_{};
};

}  // namespace pounce::inline v0
