// How an entry becomes a line.
#include <pounce/events/access_log.hpp>

#include <pounce/core/trace_parent.hpp>

#include <algorithm>
#include <variant>

namespace pounce::inline v0::events {

namespace {

template <class Event>
AccessEntry entry_of(const Event& event, WallInstant wall) {
  AccessEntry entry;
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
  return entry;
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

void append_text(std::string& out, std::string_view text) {
  if (text.empty()) {
    out.push_back('-');
  } else {
    append_escaped(out, text.substr(0, AccessFormat::most_value));
  }
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  constexpr auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view value_of(const Asked& asked, FieldId id, std::string_view name) noexcept {
  if (asked.head == nullptr) return {};
  for (const Field& field : asked.head->fields) {
    if (id != FieldId::other ? field.id == id : field.id == id && same_name(field.name, name)) return field.value;
  }
  return {};
}

std::uint64_t whole(Duration duration, Duration unit) noexcept {
  return static_cast<std::uint64_t>(std::max(duration, Duration::zero()) / unit);
}

// --- json ---

// `name` is with its comma, quotes and colon: ,"status":
void member(std::string& out, std::string_view name, std::uint64_t number) {
  out.append(name);
  append_number(out, number);
}

void member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.append(name).push_back('"');
  append_json_text(out, text.substr(0, AccessFormat::most_value));
  out.push_back('"');
}

void append_json(std::string& out, const AccessEntry& entry, TimeText& time) {
  out.append(R"({"time":")").append(time.precise(entry.arrived)).push_back('"');
  member(out, R"(,"client":)", client_of(entry.asked));
  member(out, R"(,"method":)", entry.method);
  member(out, R"(,"target":)", entry.target);
  if (entry.asked.head != nullptr) {
    member(out, R"(,"scheme":)", entry.asked.scheme);
    member(out, R"(,"host":)", entry.asked.host);
    member(out, R"(,"protocol":)", protocol_of(entry.version));
  }
  member(out, R"(,"status":)", entry.status);
  member(out, R"(,"bytes_received":)", entry.body_received);
  member(out, R"(,"bytes_sent":)", entry.body_sent);
  member(out, R"(,"duration_us":)", whole(entry.duration, std::chrono::microseconds{1}));
  member(out, R"(,"referer":)", value_of(entry.asked, FieldId::other, "referer"));
  member(out, R"(,"user_agent":)", value_of(entry.asked, FieldId::user_agent, {}));
  member(out, R"(,"x_request_id":)", entry.asked.correlation);
  if (entry.asked.head != nullptr) {
    if (const auto trace = trace_parent(entry.asked.head->fields)) {
      member(out, R"(,"trace_id":)", trace->trace);
      member(out, R"(,"parent_id":)", trace->parent);
    }
  }
  member(out, R"(,"failure":)", entry.failure);
  member(out, R"(,"fault":)", entry.fault);
  member(out, R"(,"connection":)", number(entry.connection));
  member(out, R"(,"request":)", number(entry.request));
  member(out, R"(,"worker":)", entry.worker);
  out.push_back('}');
}

void append_request_line(std::string& out, const AccessEntry& entry) {
  if (entry.method.empty()) return out.push_back('-');
  append_text(out, entry.method);
  out.push_back(' ');
  append_text(out, entry.target);
  out.append(" ").append(protocol_of(entry.version));
}

template <class Unit>
void append_since_epoch(std::string& out, WallInstant time) {
  append_number(out, static_cast<std::uint64_t>(std::chrono::floor<Unit>(time).time_since_epoch().count()));
}

}  // namespace

std::optional<AccessEntry> access_entry(const Lifecycle& event, WallInstant wall) {
  if (const auto* completed = std::get_if<ResponseCompleted>(&event)) return entry_of(*completed, wall);
  if (const auto* failed = std::get_if<RequestFailed>(&event)) {
    AccessEntry entry = entry_of(*failed, wall);
    entry.failure = name(failed->failure);
    if (failed->fault != Fault::none) entry.fault = info(failed->fault).name;
    if (entry.status == 0 && failed->failure == Failure::peer_fault) entry.status = info(failed->fault).status;
    if (entry.status == 0) entry.status = unanswered;
    return entry;
  }
  if (const auto* rejected = std::get_if<RequestRejected>(&event)) {
    AccessEntry entry;
    entry.arrived = wall;
    entry.at = rejected->at;
    entry.connection = rejected->connection;
    entry.worker = rejected->worker;
    entry.status = info(rejected->fault).status;
    entry.failure = "rejected";
    entry.fault = info(rejected->fault).name;
    entry.asked.peer = rejected->peer;
    return entry;
  }
  return std::nullopt;
}

void AccessFormat::append(std::string& out, const AccessEntry& entry, TimeText& time) const {
  for (const Atom& atom : atoms_) append_atom(out, atom, entry, time);
  out.push_back('\n');
}

void AccessFormat::append_atom(std::string& out, const Atom& atom, const AccessEntry& entry, TimeText& time) const {
  using namespace std::chrono;
  const RequestHead* const head = entry.asked.head;
  switch (atom.kind) {
    case Kind::literal: out.append(atom.text); return;
    case Kind::json: return append_json(out, entry, time);
    case Kind::client: return append_text(out, client_of(entry.asked));
    case Kind::peer_port: return append_text(out, port_of(entry.asked.peer));
    case Kind::local_port: return append_text(out, port_of(entry.asked.local));
    case Kind::nobody: return out.push_back('-');
    case Kind::time: out.append("[").append(time.common(entry.arrived)).append("]"); return;
    case Kind::unix_seconds: return append_since_epoch<seconds>(out, entry.arrived);
    case Kind::unix_milliseconds: return append_since_epoch<milliseconds>(out, entry.arrived);
    case Kind::unix_microseconds: return append_since_epoch<microseconds>(out, entry.arrived);
    case Kind::request_line: return append_request_line(out, entry);
    case Kind::method: return append_text(out, entry.method);
    case Kind::path: return append_text(out, head != nullptr ? head->path : entry.target);
    case Kind::query:
      if (head == nullptr || !head->has_query) return;
      out.push_back('?');
      append_escaped(out, head->query.substr(0, most_value));
      return;
    case Kind::target: return append_text(out, entry.target);
    case Kind::protocol:
      return append_text(out, entry.method.empty() ? std::string_view{} : protocol_of(entry.version));
    case Kind::host: return append_text(out, entry.asked.host);
    case Kind::status: return append_number(out, entry.status);
    case Kind::bytes: return append_number(out, entry.body_sent);
    case Kind::bytes_or_dash:
      if (entry.body_sent == 0) return out.push_back('-');
      return append_number(out, entry.body_sent);
    case Kind::bytes_received: return append_number(out, entry.body_received);
    case Kind::seconds: return append_number(out, whole(entry.duration, std::chrono::seconds{1}));
    case Kind::milliseconds: return append_number(out, whole(entry.duration, std::chrono::milliseconds{1}));
    case Kind::microseconds: return append_number(out, whole(entry.duration, std::chrono::microseconds{1}));
    case Kind::decimal_seconds: return append_seconds(out, entry.duration);
    case Kind::field: return append_text(out, value_of(entry.asked, atom.id, atom.text));
    case Kind::connection: return append_number(out, number(entry.connection));
    case Kind::request: return append_number(out, number(entry.request));
    case Kind::correlation: return append_text(out, entry.asked.correlation);
    case Kind::worker: return append_number(out, entry.worker);
    case Kind::failure: return append_text(out, entry.failure);
  }
}

}  // namespace pounce::inline v0::events
