#include <pounce/events/event_json.hpp>

#include "known_fields.hpp"
#include "line.hpp"

#include <algorithm>
#include <concepts>
#include <variant>

namespace pounce::inline v0::events {

namespace {

constexpr std::size_t most_text = 4096;

class Object {
 public:
  explicit Object(Line& line) : line_(line) {}

  void add(std::string_view name, std::string_view text) {
    member(name);
    line_.put('"');
    line_.json(text.substr(0, most_text));
    line_.put('"');
  }
  void add(std::string_view name, std::unsigned_integral auto number) {
    member(name);
    line_.number(number);
  }
  void add_flag(std::string_view name, bool set) {
    member(name);
    line_.put(std::string_view{set ? "true" : "false"});
  }

 private:
  void member(std::string_view name) {
    line_.put(",\"");
    line_.put(name);
    line_.put("\":");
  }

  Line& line_;
};

void add_asked(Object& object, const Asked& asked) {
  object.add("peer", asked.peer);
  object.add("client", asked.client);
  object.add("scheme", asked.scheme);
  object.add("host", asked.host);
  if (!asked.correlation.empty()) object.add("x_request_id", asked.correlation);
  const KnownFields known{asked.head};
  if (const auto trace = known.trace()) {
    object.add("trace_id", trace->trace);
    object.add("parent_id", trace->parent);
    if (!known.tracestate.empty()) object.add("tracestate", known.tracestate);
  }
}

void add_agreed(Object& object, const TlsEstablished& event) {
  object.add_flag("resumed", event.resumed);
  object.add("version", event.tls_version);
  object.add("cipher", event.cipher);
  if (!event.alpn.empty()) object.add("alpn", event.alpn);
  if (!event.server_name.empty()) object.add("server_name", event.server_name);
  if (event.client_verdict.empty()) return;
  object.add("client_subject", event.client_subject);
  object.add("client_verdict", event.client_verdict);
}

template <class Event>
void add_all(Object& object, const Event& event) {
  if constexpr (requires { event.worker; }) object.add("worker", event.worker);
  if constexpr (requires { event.from; }) object.add("from", event.from);
  if constexpr (requires { event.connection; }) object.add("connection", number(event.connection));
  if constexpr (requires { event.stream; }) object.add("stream", number(event.stream));
  if constexpr (requires { event.request; }) object.add("request", number(event.request));
  if constexpr (requires { event.generation; }) object.add("generation", event.generation);
  if constexpr (requires { event.cut; }) {
    object.add("cut", event.cut);
    object.add("cut_requests", event.cut_requests);
    object.add("cut_websockets", event.cut_websockets);
  }
  if constexpr (requires { event.requests; }) object.add("requests", event.requests);
  if constexpr (requires { event.local; }) object.add("local", event.local);
  if constexpr (requires { event.peer; }) object.add("peer", event.peer);
  if constexpr (requires { event.protocol; }) object.add("protocol", name(event.protocol));
  if constexpr (requires { event.method; }) object.add("method", event.method);
  if constexpr (requires { event.target; }) object.add("target", event.target);
  if constexpr (requires { event.status; }) object.add("status", event.status);
  if constexpr (requires { event.failure; }) object.add("failure", name(event.failure));
  if constexpr (requires { event.fault; }) {
    if (event.fault != Fault::none) object.add("fault", info(event.fault).name);
  }
  if constexpr (requires { event.tls_failure; }) object.add("reason", name(event.tls_failure));
  if constexpr (requires { event.tls_version; }) add_agreed(object, event);
  if constexpr (requires { event.limit; }) object.add("limit", event.limit);
  if constexpr (requires { event.reason; }) object.add("reason", event.reason);
  if constexpr (requires { event.what; }) object.add("what", event.what);
  if constexpr (requires { event.body_received; }) object.add("body_received", event.body_received);
  if constexpr (requires { event.body_sent; }) object.add("body_sent", event.body_sent);
  if constexpr (requires { event.body_uncoded; }) {
    if (event.body_uncoded != 0) object.add("body_uncoded", event.body_uncoded);
  }
  if constexpr (requires { event.bytes_received; }) object.add("bytes_received", event.bytes_received);
  if constexpr (requires { event.bytes_sent; }) object.add("bytes_sent", event.bytes_sent);
  if constexpr (requires { event.duration; }) {
    const auto duration = std::max(event.duration, Duration::zero());
    object.add("duration_us", static_cast<std::uint64_t>(duration / std::chrono::microseconds{1}));
  }
  if constexpr (requires { event.asked; }) add_asked(object, event.asked);
}

}  // namespace

void append_json(std::string& out, const Lifecycle& event, WallInstant wall, TimeText& time) {
  Line line{out};
  line.put(R"({"time":")");
  line.put(time.precise(wall));
  line.put(R"(","event":")");
  line.put(name(event));
  line.put('"');
  Object object{line};
  std::visit(
      [&](const auto& one) {
        object.add("at_ns", static_cast<std::uint64_t>(one.at.time_since_epoch().count()));
        add_all(object, one);
      },
      event);
  line.put("}\n");
}

}  // namespace pounce::inline v0::events
