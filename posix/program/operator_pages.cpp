#include "posix/program/operator_pages.hpp"

#include "posix/program/board.hpp"

#include <pounce/config/bind_address.hpp>
#include <pounce/config/print.hpp>
#include <pounce/events/text.hpp>
#include <pounce/posix/module.hpp>
#include <pounce/posix/process.hpp>
#include <pounce/program/load.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace pounce::inline v0::program {

namespace {

using config::Kind;
using config::OptionId;

Response page(std::uint16_t status, std::string_view type, std::string text) {
  Response response{status, Body{std::move(text)}};
  response.set("content-type", type).set("cache-control", "no-store");
  return response;
}

// Texts and paths that hold no secret, whatever an operator writes there.
constexpr std::array public_texts{
    OptionId::host,        OptionId::server_header,     OptionId::static_index,      OptionId::static_cache_control,
    OptionId::compression, OptionId::compression_types, OptionId::access_log_format, OptionId::log_format,
    OptionId::health_path, OptionId::metrics_path,      OptionId::info_path};

bool is_public(const config::Option& option) noexcept {
  switch (option.kind) {
    case Kind::port:
    case Kind::addresses:
    case Kind::networks:
    case Kind::count:
    case Kind::optional_count:
    case Kind::auto_count:
    case Kind::size:
    case Kind::optional_size:
    case Kind::rate:
    case Kind::duration:
    case Kind::optional_duration:
    case Kind::optional_request_rate:
    case Kind::prefixes:
    case Kind::choice:
    case Kind::boolean: return true;
    default: break;  // also a kind that is added later
  }
  return std::find(public_texts.begin(), public_texts.end(), option.id) != public_texts.end();
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out.append(out.ends_with('{') ? "\"" : ",\"").append(name).append("\":\"");
  events::append_json_text(out, value);
  out.push_back('"');
}

void append_member(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(out.ends_with('{') ? "\"" : ",\"").append(name).append("\":");
  events::append_number(out, value);
}

// "name version" lines as members.
std::string versions_json(std::string_view text) {
  std::string out = "{";
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t blank = line.find(' ');
    const std::size_t value = line.find_first_not_of(' ', blank);
    if (value != std::string_view::npos) append_member(out, line.substr(0, blank), line.substr(value));
  }
  return out.append("}");
}

std::string workers_json(const posix::Metering& metering) {
  using events::Count;
  std::string out = "[";
  for (events::WorkerId id = 0; id < posix::Metering::most_workers; ++id) {
    const events::Meter* const meter = metering.of(id);
    if (meter == nullptr || meter->at(Count::workers_started) == 0) continue;
    out.append(out.size() == 1 ? "{" : ",{");
    append_member(out, "worker", id);
    append_member(out, "state",
                  meter->at(Count::workers_stopped) < meter->at(Count::workers_started) ? "running" : "stopped");
    append_member(out, "requests", meter->at(Count::ended));
    append_member(out, "connections", meter->at(Count::completed));
    out.push_back('}');
  }
  return out.append("]");
}

template <class Answer>
auto read_only(Answer answer) {
  return [answer](const Request& request) {
    if (request.method_id() == Method::get || request.method_id() == Method::head) return answer(request);
    Response refusal = page(405, "text/plain", "405 Method Not Allowed\n");
    refusal.set("allow", "GET, HEAD");
    return refusal;
  };
}

}  // namespace

void OperatorPages::add_to(App& app, Which which) const {
  if (config_.health_path) {
    app.route(*config_.health_path, read_only([this](const Request&) { return health(); }));
  }
  if (which == Which::health) return;
  if (config_.metrics_path) {
    app.route(*config_.metrics_path, read_only([this](const Request& request) { return metrics(request); }));
  }
  if (config_.info_path) {
    app.route(*config_.info_path, read_only([this](const Request&) { return information(); }));
  }
}

// Of all processes, where there are several.
events::ServerState OperatorPages::state() const {
  return lasting_.board != nullptr ? lasting_.board->state() : lasting_.life.state();
}

Response OperatorPages::health() const {
  const events::ServerState state = this->state();
  const bool ready = events::is_ready(state);
  std::string text = "{";
  append_member(text, "status", ready ? "ok" : state == events::ServerState::shutting_down ? "draining" : "starting");
  append_member(text, "state", events::name(state));
  return page(ready ? 200 : 503, "application/json", std::move(text.append("}\n")));
}

events::Moment OperatorPages::moment() const {
  events::Moment now;
  now.state = state();
  now.program = config::program_name(config_.program);
  now.version = pounce_version();
  now.dropped = observation_.dropped();
  if (lasting_.board != nullptr) {
    lasting_.board->tell(now);
    return now;
  }
  now.collector_failures = lasting_.collector_failures.load(std::memory_order_relaxed);
  const Generations& generations = lasting_.generations;
  now.generation = generations.current.load(std::memory_order_relaxed);
  now.draining_generations = generations.draining.load(std::memory_order_relaxed);
  now.reloads = generations.reloaded.load(std::memory_order_relaxed);
  now.kept_modules = posix::kept_modules();
  now.failed_reloads = generations.refused.load(std::memory_order_relaxed);
  const posix::Queues queues = lasting_.runtimes.queues();
  now.waiting_connections = queues.connections;
  now.waiting_handoffs = queues.handoffs;
  if (const auto& requests = queues.requests) {
    now.requests = {.running = requests->running,
                    .waiting = requests->waiting,
                    .waited = requests->waited,
                    .wait = requests->wait,
                    .shed = requests->shed};
  }
  return now;
}

Response OperatorPages::metrics(const Request& request) const {
  const events::Exposition exposition = events::exposition_for(request.header("accept").value_or(""));
  return page(
      200, events::content_type(exposition),
      events::metrics_text(observation_.metering()->totals(), moment(),
                           lasting_.board != nullptr ? lasting_.board->process() : posix::read_process(), exposition));
}

Response OperatorPages::information() const {
  const events::Moment now = moment();
  std::string text = "{";
  append_member(text, "program", now.program);
  append_member(text, "version", now.version);
  append_member(text, "state", events::name(now.state));
  append_member(text, "generation", now.generation);
  text.append(",\"versions\":").append(versions_json(version_text(config_.program)));
  text.append(",\"configuration\":").append(public_config_json(config_));
  text.append(",\"workers\":").append(workers_json(*observation_.metering()));
  return page(200, "application/json", std::move(text.append("}\n")));
}

std::string public_config_json(const config::Config& config) {
  std::string out = "{";
  for (const config::Option& option : config::options()) {
    if (!config::applies_to(option, config.program)) continue;
    const std::string value = config::value_text(config, option.id);
    append_member(out, option.name, value.empty() || is_public(option) ? std::string_view{value} : "redacted");
  }
  return out.append("}");
}

bool is_reachable_from_outside(const config::BindAddress& address) noexcept {
  switch (address.kind) {
    case config::BindAddress::Kind::unix_path: return false;
    case config::BindAddress::Kind::tcp4: return !address.host.starts_with("127.");
    case config::BindAddress::Kind::tcp6: return address.host != "::1";
    case config::BindAddress::Kind::tcp_name: return address.host != "localhost";
    default: break;  // somebody else's socket
  }
  return true;
}

}  // namespace pounce::inline v0::program
