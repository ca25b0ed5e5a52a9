#include <pounce/events/metrics.hpp>

#include <pounce/events/text.hpp>

#include <array>
#include <span>
#include <string>

namespace pounce::inline v0::events {

namespace {

constexpr std::array<std::string_view, Count::methods> methods{"other",  "GET",     "HEAD",    "POST",  "PUT",
                                                               "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

struct Timeout {
  Fault fault;
  std::string_view kind;
};
constexpr std::array<Timeout, 16> timeouts{{{Fault::header_timeout, "header"},
                                            {Fault::body_timeout, "body"},
                                            {Fault::body_too_slow, "body_rate"},
                                            {Fault::write_timeout, "write"},
                                            {Fault::write_too_slow, "write_rate"},
                                            {Fault::keep_alive_timeout, "keep_alive"},
                                            {Fault::linger_timeout, "linger"},
                                            {Fault::preface_timeout, "h2_preface"},
                                            {Fault::settings_timeout, "h2_settings"},
                                            {Fault::ping_timeout, "h2_ping"},
                                            {Fault::pong_timeout, "ws_ping"},
                                            {Fault::message_timeout, "ws_message"},
                                            {Fault::message_too_slow, "ws_message_rate"},
                                            {Fault::close_timeout, "ws_close"},
                                            {Fault::proxy_header_timeout, "proxy_header"},
                                            {Fault::tls_handshake_timeout, "tls_handshake"}}};

// Counts of different workers are read one after the other: a difference may be a little below zero for a moment.
std::uint64_t difference(std::uint64_t more, std::uint64_t less) noexcept { return more > less ? more - less : 0; }

std::string status_label(std::size_t place) {
  const auto known = counted_statuses();
  if (place < known.size()) return std::to_string(known[place]);
  const std::size_t first_class = Count::statuses - 6;
  if (place < first_class || place == Count::statuses - 1) return "other";
  return std::to_string(place - first_class + 1) + "xx";
}

class Text {
 public:
  Text(const Totals& totals, Exposition exposition) : totals_(totals), open_(exposition == Exposition::openmetrics) {}

  // `name` of a counter is without _total.
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_.assign(name);
    suffix_ = type == "counter" ? "_total" : "";
    std::string shown = name_;
    if (!open_) shown.append(suffix_);
    out_.append("# HELP ").append(shown).append(" ").append(help).append("\n");
    out_.append("# TYPE ").append(shown).append(" ").append(type).append("\n");
  }
  std::string& sample(std::string_view labels = {}) {
    out_.append(name_).append(suffix_);
    if (!labels.empty()) out_.append("{").append(labels).append("}");
    return out_.append(" ");
  }
  void value(std::uint64_t number, std::string_view labels = {}) {
    append_number(sample(labels), number);
    out_.push_back('\n');
  }
  void label(std::string_view name, std::string_view text, std::uint64_t number) {
    value(number, std::string{name}.append("=\"").append(text).append("\""));
  }
  void seconds(Duration time) {
    append_seconds(sample(), time);
    out_.push_back('\n');
  }
  void counter(std::string_view name, std::string_view help, std::size_t place) {
    family(name, "counter", help);
    value(totals_[place]);
  }
  void gauge(std::string_view name, std::string_view help, std::uint64_t number) {
    family(name, "gauge", help);
    value(number);
  }
  void gauge(std::string_view name, std::string_view help, const std::optional<std::uint64_t>& number) {
    if (number) gauge(name, help, *number);
  }
  // Those that have happened, one for each fault.
  void faults(std::string_view name, std::string_view help, std::size_t first) {
    family(name, "counter", help);
    for (std::size_t i = 0; i < fault_count; ++i) {
      if (totals_[first + i] != 0) label("fault", info(static_cast<Fault>(i)).name, totals_[first + i]);
    }
  }

  void requests();
  void durations();
  void connections();
  void secured();
  void protection();
  void handoffs();
  void queue(const Moment::RequestQueue& queue);
  void server(const Moment& moment);
  void process(const Process& process);

  std::string take() {
    if (open_) out_.append("# EOF\n");
    return std::move(out_);
  }

 private:
  const Totals& totals_;
  bool open_;
  std::string out_;
  std::string name_;
  std::string_view suffix_;
};

void Text::requests() {
  family("pounce_requests", "counter", "Requests whose response was completed, by method and status.");
  for (std::size_t method = 0; method < Count::methods; ++method) {
    for (std::size_t status = 0; status < Count::statuses; ++status) {
      const std::uint64_t number = totals_[Count::requests + method * Count::statuses + status];
      if (number == 0) continue;
      std::string labels = "method=\"";
      labels.append(methods[method]).append("\",status=\"").append(status_label(status)).append("\"");
      value(number, labels);
    }
  }
  family("pounce_requests_failed", "counter", "Requests whose response was not completed, by reason.");
  for (std::size_t i = 0; i < Count::failures; ++i) {
    label("reason", name(static_cast<Failure>(i)), totals_[Count::failed + i]);
  }
  faults("pounce_requests_rejected",
         "Requests that were answered, or reset on HTTP/2, because of their head, by fault.", Count::rejected);
  gauge("pounce_requests_in_flight", "Requests that are being answered.",
        difference(totals_[Count::started], totals_[Count::ended]));
  counter("pounce_handler_exceptions", "Exceptions that handlers let out.", Count::threw);
  counter("pounce_request_body_bytes", "Request content that reached the server, without its transfer coding.",
          Count::body_received);
  counter("pounce_response_body_bytes", "Response content, without its transfer coding.", Count::body_sent);
  counter("pounce_compression_input_bytes", "Response content before its content coding, of responses that have one.",
          Count::compression_input);
  counter("pounce_compression_output_bytes", "The same behind it: what of their content was sent.",
          Count::compression_output);
  durations();
}

void Text::durations() {
  family("pounce_request_duration_seconds", "histogram", "From the complete request head to the complete response.");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= duration_bounds.size(); ++i) {
    sum += totals_[Count::duration + i];
    out_.append("pounce_request_duration_seconds_bucket{le=\"");
    if (i == duration_bounds.size()) {
      out_.append("+Inf");
    } else {
      std::string bound;
      append_seconds(bound, duration_bounds[i]);
      while (bound.ends_with('0') && !bound.ends_with(".0")) bound.pop_back();
      out_.append(bound);
    }
    out_.append("\"} ");
    append_number(out_, sum);
    out_.push_back('\n');
  }
  out_.append("pounce_request_duration_seconds_sum ");
  append_seconds(out_, Duration{static_cast<Duration::rep>(totals_[Count::duration_sum])});
  out_.append("\npounce_request_duration_seconds_count ");
  append_number(out_, sum);
  out_.push_back('\n');
}

void Text::connections() {
  counter("pounce_connections_accepted", "Connections that were let in.", Count::opened);
  family("pounce_connections_refused", "counter", "Connections that were let go at once, by why.");
  for (std::size_t i = 0; i < Count::refusals; ++i) label("reason", refusal_reasons[i], totals_[Count::refused + i]);
  family("pounce_connections_open", "gauge", "Open connections, by what they speak.");
  std::uint64_t gained = totals_[Count::opened];
  for (std::size_t i = 0; i < Count::protocols; ++i) {
    if (i != 0) gained = totals_[Count::protocol_gained + i];
    label("protocol", name(static_cast<Protocol>(i)), difference(gained, totals_[Count::protocol_lost + i]));
  }
  const std::uint64_t open = difference(totals_[Count::opened], totals_[Count::completed]);
  const std::uint64_t active = difference(totals_[Count::became_active], totals_[Count::became_idle]);
  family("pounce_connections_state", "gauge", "Open connections: active ones answer a request, idle ones do not.");
  label("state", "active", active);
  label("state", "idle", difference(open, active));
  counter("pounce_streams_opened", "Streams of HTTP/2 connections.", Count::streams_opened);
  gauge("pounce_streams_open", "Open streams of HTTP/2 connections.",
        difference(totals_[Count::streams_opened], totals_[Count::streams_closed]));
  counter("pounce_received_bytes", "Octets from the network, counted when their connection ends.",
          Count::wire_received);
  counter("pounce_sent_bytes", "Octets to the network, counted when their connection ends.", Count::wire_sent);
  counter("pounce_client_disconnects", "Peers that left before their response was complete.", Count::disconnected);
}

void Text::secured() {
  family("pounce_tls_handshakes", "counter", "Handshakes that ended well.");
  for (const std::size_t version : {0U, 1U}) {
    for (const std::size_t resumed : {0U, 1U}) {
      std::string labels = version == 0 ? "version=\"TLSv1.2\"" : "version=\"TLSv1.3\"";
      labels.append(resumed == 0 ? ",resumed=\"no\"" : ",resumed=\"yes\"");
      value(totals_[Count::tls_established + 2 * version + resumed], labels);
    }
  }
  family("pounce_tls_failures", "counter", "Connections that TLS has ended, mostly in their handshake, by why.");
  for (std::size_t i = 0; i < tls_failure_count; ++i) {
    label("reason", name(static_cast<TlsFailure>(i)), totals_[Count::tls_failed + i]);
  }
}

void Text::protection() {
  faults("pounce_connection_faults", "Connections that a fault of the peer, or time, has ended.",
         Count::connection_faults);
  faults("pounce_request_faults", "Requests that a fault of the peer has ended behind their head.",
         Count::request_faults);
  family("pounce_timeouts", "counter", "Connections that a deadline has ended, by its kind.");
  for (const Timeout& one : timeouts) {
    label("kind", one.kind, totals_[Count::connection_faults + static_cast<std::size_t>(one.fault)]);
  }
  family("pounce_limits_hit", "counter", "What went over a limit, by the limit's name.");
  for (std::size_t i = 0; i < counted_limits().size(); ++i) {
    label("limit", counted_limits()[i], totals_[Count::limit_hits + i]);
  }
}

void Text::handoffs() {
  family("pounce_handoffs", "counter", "Connections that moved between blocking workers and reactors.");
  label("result", "taken", totals_[Count::handed_off]);
  label("result", "returned", totals_[Count::handed_back]);
  label("result", "refused", totals_[Count::handoff_refused]);
}

void Text::queue(const Moment::RequestQueue& queue) {
  gauge("pounce_handlers_running", "Handlers that have a place (--max-concurrency).", queue.running);
  gauge("pounce_request_queue_depth", "Requests that wait for a place.", queue.waiting);
  family("pounce_requests_shed", "counter", "Requests that got no place, by why.");
  for (std::size_t i = 0; i < queue.shed.size(); ++i) label("reason", shed_reasons[i], queue.shed[i]);
  family("pounce_request_queue_wait_seconds", "summary", "Waits of those that got a place behind others.");
  out_.append("pounce_request_queue_wait_seconds_sum ");
  append_seconds(out_, queue.wait);
  out_.append("\npounce_request_queue_wait_seconds_count ");
  append_number(out_, queue.waited);
  out_.push_back('\n');
}

void Text::server(const Moment& moment) {
  gauge("pounce_handoff_queue_depth", "Connections that wait for a reactor to take them.", moment.waiting_handoffs);
  gauge("pounce_worker_queue_depth", "Connections that wait for a blocking worker.", moment.waiting_connections);
  gauge("pounce_workers", "Threads that serve connections.",
        difference(totals_[Count::workers_started], totals_[Count::workers_stopped]));
  if (moment.processes) {
    gauge("pounce_worker_processes", "Worker processes that live.", moment.processes->running);
    family("pounce_worker_deaths", "counter", "Worker processes that ended without having been asked to.");
    value(moment.processes->died);
  }
  family("pounce_server_state", "gauge", "1 for the state that the server is in.");
  for (std::uint8_t i = 0; i < server_state_count; ++i) {
    const auto state = static_cast<ServerState>(i);
    label("state", name(state), state == moment.state ? 1 : 0);
  }
  gauge("pounce_generation", "Of the configuration that serves new connections: 1, and one more with each reload.",
        moment.generation);
  gauge("pounce_generations_draining", "Configurations before a reload whose connections have not all ended.",
        moment.draining_generations);
  family("pounce_reloads", "counter", "Reloads, by how they went.");
  label("result", "done", moment.reloads);
  label("result", "failed", moment.failed_reloads);
  gauge("pounce_modules_kept", "Modules of ended configurations whose code could not be unloaded.",
        moment.kept_modules);
  family("pounce_log_lines_dropped", "counter", "Lines that a log had no room for, or could not write.");
  for (const Moment::Dropped& one : moment.dropped) label("log", one.log, one.lines);
  family("pounce_collector_exceptions", "counter", "Exceptions that collectors of the application let out.");
  value(moment.collector_failures);
  family("pounce_build_info", "gauge", "1; the labels say what runs.");
  std::string labels = "program=\"";
  labels.append(moment.program).append("\",version=\"").append(moment.version).append("\"");
  value(1, labels);
}

void Text::process(const Process& process) {
  gauge("process_open_fds", "Open descriptors.", process.open_descriptors);
  gauge("process_max_fds", "Most descriptors that may be open.", process.most_descriptors);
  gauge("process_virtual_memory_bytes", "Address space in use.", process.virtual_memory);
  gauge("process_resident_memory_bytes", "Memory in use.", process.resident_memory);
  gauge("process_threads", "Threads.", process.threads);
  if (process.cpu) {
    family("process_cpu_seconds", "counter", "Time on processors, of the program and of the system for it.");
    seconds(*process.cpu);
  }
  if (process.start) {
    family("process_start_time_seconds", "gauge", "When the process began, since the epoch.");
    seconds(*process.start);
  }
}

}  // namespace

Exposition exposition_for(std::string_view accept) noexcept {
  return accept.find("application/openmetrics-text") != std::string_view::npos ? Exposition::openmetrics
                                                                               : Exposition::prometheus;
}

std::string_view content_type(Exposition exposition) noexcept {
  return exposition == Exposition::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                               : "text/plain; version=0.0.4; charset=utf-8";
}

std::string metrics_text(const Totals& totals, const Moment& moment, const Process& process, Exposition exposition) {
  Text text{totals, exposition};
  text.requests();
  text.connections();
  text.secured();
  text.protection();
  text.handoffs();
  if (moment.requests) text.queue(*moment.requests);
  text.server(moment);
  text.process(process);
  return text.take();
}

}  // namespace pounce::inline v0::events
