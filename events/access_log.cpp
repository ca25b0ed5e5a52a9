// How an entry becomes a line.
#include <pounce/events/access_log.hpp>

#include "known_fields.hpp"
#include "line.hpp"

#include <algorithm>
#include <variant>

namespace pounce::inline v0::events {

namespace {

// What HTTP/1.1 answers to a malformed request. HTTP/2 resets its stream instead.
constexpr std::uint16_t malformed = 400;

template <class Event>
void fill(AccessEntry& entry, const Event& event, WallInstant wall) {
  entry.arrived = wall - event.duration;
  entry.at = event.at;
  entry.connection = event.connection;
  entry.request = event.request;
  entry.worker = event.worker;
  entry.method = event.method;
  entry.target = event.target;
  entry.version = event.version;
  entry.status = event.status;
  entry.body_received = event.body_received;
  entry.body_sent = event.body_sent;
  entry.duration = event.duration;
  entry.asked = event.asked;
}

// "127.0.0.1:40112" is a host and a port, and so is "[::1]:40112"; "unix:" is a host.
std::size_t colon_of(std::string_view address) noexcept {
  const std::size_t colon = address.rfind(':');
  return colon == std::string_view::npos || colon + 1 == address.size() || address.starts_with("unix:")
             ? std::string_view::npos
             : colon;
}

std::string_view host_of(std::string_view address) noexcept {
  std::string_view host = address.substr(0, colon_of(address));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return host;
}

std::string_view port_of(std::string_view address) noexcept {
  const std::size_t colon = colon_of(address);
  return colon == std::string_view::npos ? std::string_view{} : address.substr(colon + 1);
}

std::string_view protocol_of(Version version) noexcept {
  switch (version) {
    case Version::http10: return "HTTP/1.0";
    case Version::http11: return "HTTP/1.1";
    case Version::http2: return "HTTP/2.0";
  }
  return "HTTP/1.1";
}

// Who asks: the server may know better than the address of the peer does.
std::string_view client_of(const Asked& asked) noexcept {
  return asked.client.empty() ? host_of(asked.peer) : asked.client;
}

// "[::1]:8000" has one, "[::1]" has none.
std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) return host;
  return host.substr(0, colon);
}

void put_text(Line& line, std::string_view text) {
  if (text.empty()) {
    line.put('-');
  } else {
    line.escaped(text.substr(0, AccessFormat::most_value));
  }
}

std::string_view value_of(const Asked& asked, FieldId id, std::string_view name) noexcept {
  if (asked.head == nullptr) return {};
  for (const Field& field : asked.head->fields) {
    if (id != FieldId::other ? field.id == id : field.id == id && equal_without_case(field.name, name))
      return field.value;
  }
  return {};
}

std::uint64_t whole(Duration duration, Duration unit) noexcept {
  return static_cast<std::uint64_t>(std::max(duration, Duration::zero()) / unit);
}

// --- json ---

// `name` is a literal with its comma, quotes and colon: ,"status":
template <std::size_t n>
void member(Line& line, const char (&name)[n], std::uint64_t number) {
  line.put(name);
  line.number(number);
}

template <std::size_t n>
void member(Line& line, const char (&name)[n], std::string_view text) {
  if (text.empty()) return;
  line.put(name);
  line.put('"');
  line.json(text.substr(0, AccessFormat::most_value));
  line.put('"');
}

// What is a word of ours needs no escape.
template <std::size_t n>
void member_word(Line& line, const char (&name)[n], std::string_view word) {
  if (word.empty()) return;
  line.put(name);
  line.put('"');
  line.put(word);
  line.put('"');
}

void put_json(Line& line, const AccessEntry& entry, TimeText& time) {
  const RequestHead* const head = entry.asked.head;
  line.put(R"({"time":")");
  line.put(time.precise(entry.arrived));
  line.put('"');
  member_word(line, R"(,"client":)", client_of(entry.asked));  // an address
  if (head != nullptr) {
    member_word(line, R"(,"method":)", entry.method);  // a token (RFC 9110, section 5.6.2)
  } else {
    member(line, R"(,"method":)", entry.method);
  }
  member(line, R"(,"target":)", entry.target);
  if (head != nullptr) {
    member_word(line, R"(,"scheme":)", entry.asked.scheme);
    member(line, R"(,"host":)", entry.asked.host);
    member_word(line, R"(,"protocol":)", protocol_of(entry.version));
  }
  member(line, R"(,"status":)", entry.status);
  member(line, R"(,"bytes_received":)", entry.body_received);
  member(line, R"(,"bytes_sent":)", entry.body_sent);
  member(line, R"(,"duration_us":)", whole(entry.duration, std::chrono::microseconds{1}));
  const KnownFields known{head};
  member(line, R"(,"referer":)", known.referer);
  member(line, R"(,"user_agent":)", known.user_agent);
  member(line, R"(,"x_request_id":)", entry.asked.correlation);
  if (const auto trace = known.trace()) {
    member_word(line, R"(,"trace_id":)", trace->trace);
    member_word(line, R"(,"parent_id":)", trace->parent);
    member(line, R"(,"tracestate":)", known.tracestate);
  }
  member_word(line, R"(,"failure":)", entry.failure);
  member_word(line, R"(,"fault":)", entry.fault);
  member(line, R"(,"connection":)", number(entry.connection));
  member(line, R"(,"request":)", number(entry.request));
  member(line, R"(,"worker":)", entry.worker);
  line.put('}');
}

void put_request_line(Line& line, const AccessEntry& entry) {
  if (entry.method.empty()) return line.put('-');
  put_text(line, entry.method);
  line.put(' ');
  put_text(line, entry.target);
  line.put(' ');
  line.put(protocol_of(entry.version));
}

template <class Unit>
void put_since_epoch(Line& line, WallInstant time) {
  line.number(static_cast<std::uint64_t>(std::chrono::floor<Unit>(time).time_since_epoch().count()));
}

}  // namespace

std::optional<AccessEntry> access_entry(const Lifecycle& event, WallInstant wall) {
  std::optional<AccessEntry> found;  // filled where it is returned: it is some hundred octets, a request each
  if (const auto* completed = std::get_if<ResponseCompleted>(&event)) {
    fill(found.emplace(), *completed, wall);
  } else if (const auto* failed = std::get_if<RequestFailed>(&event)) {
    AccessEntry& entry = found.emplace();
    fill(entry, *failed, wall);
    entry.failure = name(failed->failure);
    if (failed->fault != Fault::none) entry.fault = info(failed->fault).name;
    if (entry.status == 0 && failed->failure == Failure::peer_fault) entry.status = info(failed->fault).status;
    if (entry.status == 0) entry.status = unanswered;
  } else if (const auto* rejected = std::get_if<RequestRejected>(&event)) {
    AccessEntry& entry = found.emplace();
    entry.arrived = wall;
    entry.at = rejected->at;
    entry.connection = rejected->connection;
    entry.worker = rejected->worker;
    entry.status = info(rejected->fault).status;
    if (entry.status == 0) entry.status = malformed;
    entry.failure = "rejected";
    entry.fault = info(rejected->fault).name;
    entry.asked.peer = rejected->peer;
  }
  return found;
}

void AccessFormat::append(std::string& out, const AccessEntry& entry, TimeText& time) const {
  Line line{out};
  for (const Atom& atom : atoms_) put_atom(line, atom, entry, time);
  line.put('\n');
}

void AccessFormat::put_atom(Line& line, const Atom& atom, const AccessEntry& entry, TimeText& time) const {
  using namespace std::chrono;
  const RequestHead* const head = entry.asked.head;
  switch (atom.kind) {
    case Kind::literal: return line.put(atom.text.bytes());
    case Kind::json: return put_json(line, entry, time);
    case Kind::client: return put_text(line, client_of(entry.asked));
    case Kind::peer_port: return put_text(line, port_of(entry.asked.peer));
    case Kind::local_port: return put_text(line, port_of(entry.asked.local));
    case Kind::nobody: return line.put('-');
    case Kind::time:
      line.put('[');
      line.put(time.common(entry.arrived));
      return line.put(']');
    case Kind::unix_seconds: return put_since_epoch<seconds>(line, entry.arrived);
    case Kind::unix_milliseconds: return put_since_epoch<milliseconds>(line, entry.arrived);
    case Kind::unix_microseconds: return put_since_epoch<microseconds>(line, entry.arrived);
    case Kind::request_line: return put_request_line(line, entry);
    case Kind::method: return put_text(line, entry.method);
    case Kind::path: return put_text(line, head != nullptr ? head->path : entry.target);
    case Kind::query:
      if (head == nullptr || !head->has_query) return;
      line.put('?');
      line.escaped(head->query.substr(0, most_value));
      return;
    case Kind::target: return put_text(line, entry.target);
    case Kind::protocol: return put_text(line, entry.method.empty() ? std::string_view{} : protocol_of(entry.version));
    case Kind::host: return put_text(line, without_port(entry.asked.host));
    case Kind::status: return line.number(entry.status);
    case Kind::bytes: return line.number(entry.body_sent);
    case Kind::bytes_or_dash:
      if (entry.body_sent == 0) return line.put('-');
      return line.number(entry.body_sent);
    case Kind::bytes_received: return line.number(entry.body_received);
    case Kind::seconds: return line.number(whole(entry.duration, std::chrono::seconds{1}));
    case Kind::milliseconds: return line.number(whole(entry.duration, std::chrono::milliseconds{1}));
    case Kind::microseconds: return line.number(whole(entry.duration, std::chrono::microseconds{1}));
    case Kind::decimal_seconds: return line.seconds(entry.duration);
    case Kind::field: return put_text(line, value_of(entry.asked, atom.id, atom.text.bytes()));
    case Kind::connection: return line.number(number(entry.connection));
    case Kind::request: return line.number(number(entry.request));
    case Kind::correlation: return put_text(line, entry.asked.correlation);
    case Kind::worker: return line.number(entry.worker);
    case Kind::failure: return put_text(line, entry.failure);
  }
}

}  // namespace pounce::inline v0::events
