#include <pounce/server/session.hpp>

#include "server/session/live_exchange.hpp"
#include "server/session/secured.hpp"

#include <pounce/h1/connection.hpp>
#include <pounce/h2/connection.hpp>
#include <pounce/proxy/proxy_header.hpp>

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>
#include <variant>

namespace pounce::inline v0 {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

// More than any head, chunk line, trailer section or field block that is allowed, so that a machine never waits for bytes that do
// not fit.
std::size_t most_input(const Service& service) noexcept {
  const h1::Limits& limits = service.limits;
  const std::size_t lines =
      limits.max_request_line + limits.max_header_size + limits.max_trailer_size + limits.max_chunk_extensions;
  return Workspace::large + std::max(lines, service.h2.least_input());
}

// The client wants no more of an answer, as one of HTTP/1.1 closes its connection: that is no mistake (RFC 9113, section 7).
bool gives_up(const event::Reset& reset) noexcept {
  const auto code = static_cast<h2::ErrorCode>(reset.code);
  return reset.fault == Fault::stream_reset && (code == h2::ErrorCode::cancel || code == h2::ErrorCode::no_error);
}

// So much of the preface is no request line of HTTP/1.1 yet.
constexpr std::size_t before_line_end = h2::client_preface.find("\r\n") + 1;

}  // namespace

Session::Session(const Service& service, Station& station, Wake& wake, Peers peers, Instant now)
    : Session(service, station, wake, std::move(peers), now,
              make_owned<MachineOf<h1::Connection>>(service.limits, now)) {
  undecided_ = true;
  streams_ = false;
}

Session::Session(const Service& service, Station& station, Wake& wake, Peers peers, Instant now, Owned<Machine> machine)
    : service_(&service),
      station_(&station),
      wake_(&wake),
      machine_(std::move(machine)),
      input_(most_input(service)),
      output_(service.output_limit),
      peers_(std::move(peers)),
      opened_at_(now),
      now_(now),
      streams_(true),
      trusted_peer_(proxy::has_peer(service.trust.proxies, peers_.peer)) {
  awaits_proxy_header_ = peers_.proxied;
  output_.bind(&station.workspace);
  observe([&] {
    return events::ConnectionOpened{.at = now,
                                    .connection = peers_.connection,
                                    .worker = station_->worker,
                                    .local = peers_.local,
                                    .peer = peers_.peer};
  });
}

// A driver that lets go of a session in the middle cuts it.
Session::~Session() { close(now_, true); }

// --- input from the network ---

Input& Session::source() noexcept { return secured_ ? secured_->input : input_; }
const Input& Session::source() const noexcept { return secured_ ? secured_->input : input_; }

void Session::received(std::size_t n) noexcept {
  source().received(n);
  ++progress_;
  bytes_received_ += n;
  secured_ ? secured_->received() : void(unparsed_ = true);
}

void Session::received_end() noexcept { secured_ ? secured_->end() : end_input(); }

void Session::end_input() noexcept {
  end_received_ = true;
  if (undecided_ && input_.size() != 0) unparsed_ = true;
}

void Session::written(std::size_t n, Instant now) {
  look_at(now);
  if (n != 0) ++progress_;
  if (!secured_) {
    output_.written(n);
    machine_->written(now_, output_);
    return;
  }
  secured_->written(n, output_);
  machine_->written(now_, output_);
  if (!secured_->seal(output_, now_)) broken_ = true;
}

void Session::unacknowledged(std::size_t n, Instant now) {
  look_at(now);
  output_.acknowledged_but(n);
  machine_->written(now_, output_);
}

// --- the step ---

void Session::step(const Tick& tick) {
  if (closed_) return;
  // The list of events is the worker's, and views lie in it: when memory ends in the middle, nothing may be left for the session
  // that is stepped next.
  struct Leftovers {
    Session& session;
    ~Leftovers() {
      session.station_->workspace.events().clear();
      session.station_->tick = nullptr;
    }
  } const leftovers{*this};
  station_->tick = &tick;
  look_at(tick.now);
  station_->coding_left = Codings::bytes_per_step;
  machine_->use_lines(tick.lines);
  if (broken_ || (streams_ && output_.abandoned())) {  // … by the machine: it has no memory for its answers
    lose_peer();
  } else if (awaits_proxy_header_ && now_ >= after(opened_at_, proxy_header_timeout)) {
    refuse_proxy_header(Fault::proxy_header_timeout);
  } else if (!secured_ || open_secured()) {
    if (machine_->deadline(output_) <= now_) {
      machine_->expire(now_, station_->workspace.events(), output_);
      route();
      if (exchanges_.empty()) exchanges_.release();
    }
    if (sockets_ != 0) [[unlikely]]
      expire_sockets();
    receive();
    if (drain_waits_ && !holds_streams()) {
      drain_waits_ = false;
      drain_machine();
    }
    if (sockets_ != 0) [[unlikely]]
      move_sockets();  // what waits for room may have some
    run_ready();
    // What was pipelined behind a response that has just ended is next, up to the step's budget; the rest waits for a flush.
    for (std::size_t requests = 1; unparsed_ && requests < requests_per_step && may_parse(); ++requests) {
      receive();
      run_ready();
    }
    if (sockets_ != 0) [[unlikely]]
      move_sockets();
    machine_->written(now_, output_);
    if (has_socket()) [[unlikely]]
      let_go_of_socket();
    if (secured_ && !secured_->seal(output_, now_)) broken_ = true;
  }
}

bool Session::may_parse() const {
  if (output_.room() == 0) return false;
  if (streams_) return !streams_held_;
  if (has_socket()) return exchanges_.empty() || !exchanges_.front()->holds_messages();
  // A handler that goes on after its response has ended holds the next request back.
  return exchanges_.empty() || exchanges_.front()->answer() != LiveExchange::Answer::ended;
}

// Says which protocol it is, if that can be told, and how many of the octets the machine may look at. While they begin the preface of
// HTTP/2 and are not all of it, HTTP/1.1 is shown what is no request line yet: the deadline for heads is its.
std::size_t Session::decide(Bytes octets) {
  hello_ = octets.starts_with('\x16');
  const Bytes seen = octets.substr(0, h2::client_preface.size());
  if (service_->http2 && h2::client_preface.starts_with(seen) && !end_received_) {
    if (seen.size() < h2::client_preface.size()) return std::min(seen.size(), before_line_end);
    streams_ = true;
    machine_ = make_streams_machine();
    machine_->use_lines(station_->tick->lines);
    drain_waits_ = draining_;
    choose(events::Protocol::http2);
  }
  undecided_ = false;
  return may_parse() ? octets.size() : 0;
}

// What comes before everything else, TLS too. True: it is there, and what follows it is the client's.
bool Session::take_proxy_header() {
  proxy::ProxyHeader header;
  switch (proxy::parse_proxy_header(view(source().readable()), header)) {
    case proxy::HeaderState::malformed: refuse_proxy_header(Fault::invalid_proxy_header); return false;
    case proxy::HeaderState::incomplete:
      unparsed_ = false;
      if (secured_) secured_->hold();
      if (end_received_ || (secured_ && secured_->has_ended())) refuse_proxy_header(Fault::invalid_proxy_header);
      return false;
    case proxy::HeaderState::complete: break;
  }
  source().consume(header.size);
  if (input_.size() == 0) unparsed_ = false;
  awaits_proxy_header_ = false;
  peers_.secure = header.secure;
  if (header.source) {
    peers_.peer = header.source->text();
    peers_.local = header.destination->text();
    trusted_peer_ = proxy::has_peer(service_->trust.proxies, peers_.peer);
  }
  return true;
}

// Nobody knows who is there, or in which protocol to answer.
void Session::refuse_proxy_header(Fault fault) {
  report_limit(events::limit_of(fault));
  fault_ = fault;
  output_.discard();
  unparsed_ = false;
  broken_ = lost_ = true;
}

void Session::receive() {
  if (awaits_proxy_header_ && ((!unparsed_ && !end_received_) || !take_proxy_header())) return;
  if (unparsed_ && may_parse()) {
    Events& events = station_->workspace.events();
    const MutableBytes bytes = input_.readable();
    const std::size_t shown = undecided_ ? decide(view(bytes)) : bytes.size();
    const std::size_t eaten = shown == 0 ? 0 : machine_->receive(bytes.first(shown), now_, events, output_);
    const bool found = !events.empty();
    route();
    input_.consume(eaten);
    // Nothing moved: what is left waits for more bytes, or for the end of a response. (Frames wait for none.)
    if (streams_ ? output_.room() != 0 && !streams_held_ : eaten == 0 && !found) unparsed_ = false;
    if (input_.size() == 0) unparsed_ = false;
  }
  if (end_received_ && !end_handled_ && !unparsed_ && (input_.size() == 0 || machine_->wants_input())) {
    end_handled_ = true;
    machine_->receive_end(now_, station_->workspace.events(), output_);
    route();
  }
}

// Into inboxes only: no handler runs while the events are looked at.
void Session::route() {
  Events& events = station_->workspace.events();
  for (const Event& event : events) {
    std::visit(
        Overloaded{
            [&](const event::Request& request) { open(request); },
            [&](const event::Data& data) {
              LiveExchange* const exchange = find(data.stream);
              if (exchange == nullptr) return;
              try {
                exchange->content(data.bytes);
              } catch (const std::bad_alloc&) {
                give_up(*exchange);
              }
            },
            [&](const event::End& end) {
              LiveExchange* const exchange = find(end.stream);
              if (exchange == nullptr) return;
              try {
                exchange->content_end(end.trailers);
              } catch (const std::bad_alloc&) {
                give_up(*exchange);
              }
            },
            [&](const event::Failed& failed) { fail(failed); }, [&](const event::Reset& reset) { end(reset); },
            [&](const event::Message& message) {
              LiveExchange* const exchange = find(message.stream);
              if (exchange == nullptr) return;
              try {
                exchange->message(message);
              } catch (const std::bad_alloc&) {
                give_up(*exchange);
              }
            },
            [&](const event::Close& close) {
              LiveExchange* const exchange = find(close.stream);
              if (exchange != nullptr) exchange->socket_ended(close.code, close.reason, Fault::none);
            },
            // `Writable`: who was refused room asks again whenever something has moved. `GoAway`: what is under way goes on; the
            // machine ends the connection behind it. Pings are answered.
            [](const auto&) {}},
        event);
  }
  events.clear();
}

void Session::open(const event::Request& request) {
  ++requests_;
  if (protocol_ == events::Protocol::undecided) {
    choose(request.head->version == Version::http2 ? events::Protocol::http2 : events::Protocol::http1);
  }
  Workspace& workspace = station_->workspace;
  Arena* arena = &Arena::make(workspace);
  LiveExchange* exchange = nullptr;
  try {
    void* const memory = arena->allocate(workspace, sizeof(LiveExchange));
    exchange = ::new (memory) LiveExchange{*this, *arena, request.stream, *request.head};
    if (exchange->may_last()) [[unlikely]] {
      LiveExchange& lasting = exchange->make_lasting();
      std::exchange(exchange, &lasting)->~LiveExchange();
      std::exchange(arena, &lasting.arena())->dissolve(workspace);
    }
    exchanges_.push_back(exchange);
  } catch (...) {
    // No memory for this request: its connection ends, the server goes on.
    if (exchange != nullptr) exchange->~LiveExchange();
    arena->dissolve(workspace);
    machine_->reset(request.stream, output_);
    return;
  }
  exchange->report_started(now_);
}

void Session::fail(const event::Failed& failed) {
  // Why content is not whole counts for more than that it is not.
  const bool was_cut = fault_ == Fault::tls_truncated;
  if (!was_cut) fault_ = hello_ && failed.fault == Fault::invalid_request_line ? Fault::tls_unexpected : failed.fault;
  report_fault(fault_);
  if (has_socket()) {
    // What came before is the handler's, and then this end.
    constexpr std::uint16_t no_close = 1006;
    if (!exchanges_.empty()) exchanges_.front()->socket_ended(no_close, {}, fault_);
    return;
  }
  while (!exchanges_.empty()) {
    LiveExchange& exchange = *exchanges_.back();
    // An answer that is complete is complete, whatever the peer does afterwards.
    if (exchange.answer() == LiveExchange::Answer::ended) {
      exchange.report_completed(now_);
    } else {
      exchange.report(now_, events::Failure::peer_fault, fault_);
    }
    destroy(exchange);
  }
}

// One stream is over. Its slot in the machine is free again when nothing of its handler is left.
void Session::end(const event::Reset& reset) {
  if (reset.rejected) return reject(reset);
  if (LiveExchange* const exchange = find(reset.stream); exchange != nullptr) {
    report_limit(events::limit_of(reset.fault));
    exchange->report(now_, gives_up(reset) ? events::Failure::client_gone : events::Failure::peer_fault, reset.fault);
    destroy(*exchange);
  }
  machine_->reset(reset.stream, output_);
}

void Session::lose_peer() {
  if (std::exchange(lost_, true)) return;
  output_.discard();
  sink_->discard();
  if (fault_ == Fault::none) fault_ = Fault::connection_reset;
  if (secured_ && secured_->is_shaking_hands()) report_tls_failure(fault_, TlsFailure::peer_left, {});
  observe([&] {
    return events::ClientDisconnected{.at = now_, .connection = peers_.connection, .worker = station_->worker};
  });
  while (!exchanges_.empty()) {
    LiveExchange& exchange = *exchanges_.back();
    if (exchange.answer() == LiveExchange::Answer::ended) exchange.report_completed(now_);
    exchange.report(now_, events::Failure::client_gone, Fault::connection_reset);
    destroy(exchange);
  }
}

void Session::run_ready() {
  // By index: a handler never adds exchanges, but completing one removes it.
  std::size_t i = turn_ < exchanges_.size() ? turn_ : 0;
  std::size_t budget = requests_per_step;
  for (std::size_t left = exchanges_.size(); left != 0; --left) {
    if (i == exchanges_.size()) i = 0;
    LiveExchange& exchange = *exchanges_[i];
    if (exchange.ready()) {
      if (budget-- == 0) break;
      exchange.run();
    }
    if (!exchange.complete()) {
      ++i;
      continue;
    }
    if (station_->kinds.has<events::ResponseCompleted>()) look_at_clock();  // how long it took is asked for
    exchange.report_completed(now_);
    destroy(exchange);
    if (!streams_ && input_.size() != 0) unparsed_ = true;
  }
  turn_ = static_cast<std::uint32_t>(i);
}

// No memory for what has arrived for it: its request ends, the server goes on.
void Session::give_up(LiveExchange& exchange) {
  machine_->reset(exchange.stream(), output_);
  exchange.report_completed(now_);
  destroy(exchange);
}

void Session::destroy(LiveExchange& exchange) {
  if (exchanges_.back() == &exchange) {
    exchanges_.pop_back();
  } else {
    const auto at = place(exchange.stream());
    assert(at != exchanges_.end() && *at == &exchange);
    exchanges_.erase(at);
  }
  if (exchange.on_stream()) --sockets_;
  Arena& arena = exchange.arena();
  exchange.~LiveExchange();
  arena.dissolve(station_->workspace);
}

// Where the stream's exchange is, or would be.
ExchangeList::iterator Session::place(StreamId stream) const noexcept {
  return std::lower_bound(exchanges_.begin(), exchanges_.end(), stream,
                          [](const LiveExchange* x, StreamId id) { return x->stream() < id; });
}

LiveExchange* Session::find(StreamId stream) const noexcept {
  if (exchanges_.empty()) return nullptr;
  // Mostly it is the one that came last.
  if (exchanges_.back()->stream() == stream) return exchanges_.back();
  const auto at = place(stream);
  return at != exchanges_.end() && (*at)->stream() == stream ? *at : nullptr;
}

void Session::want_body(StreamId stream, bool wanted) { machine_->want_body(stream, wanted, now_, output_); }

bool Session::lies_in_input(Bytes bytes) noexcept {
  const Bytes all = view(input_.readable());
  return bytes.data() >= all.data() && bytes.data() + bytes.size() <= all.data() + all.size();
}

void Session::settle() {
  for (LiveExchange* exchange : exchanges_) exchange->settle();
  input_.settle(station_->workspace);
  output_.settle();
  if (!secured_) return;
  secured_->input.settle(station_->workspace);
  secured_->output.settle();
}

void Session::drain(const Tick& tick, Drain drain) {
  if (std::exchange(draining_, true) || closed_) return;
  drain_ = drain;
  look_at(tick.now);
  // A request that has arrived is served: the machine looks at it before it is told, in the step that follows.
  drain_waits_ = unparsed_ || (secured_ && (secured_->is_shaking_hands() || secured_->has_more()));
  if (!drain_waits_) drain_machine();
  for (LiveExchange* exchange : exchanges_) exchange->drain();
}

void Session::drain_machine() {
  if (drain_ == Drain::patient) return machine_->drain_patiently(now_, output_);
  machine_->drain(now_, output_);
}

Cut Session::close(Instant now, bool cut) {
  Cut ended{.connections = cut ? 1U : 0U};
  if (closed_) return ended;
  // Its handler may have left while both sides take leave.
  if (cut && has_socket() && !finished()) ++ended.websockets;
  closed_ = true;
  look_at(now);
  if (!cut && !exchanges_.empty()) {
    observe([&] {
      return events::ClientDisconnected{.at = now_, .connection = peers_.connection, .worker = station_->worker};
    });
  }
  while (!exchanges_.empty()) {
    LiveExchange& exchange = *exchanges_.back();
    if (exchange.answer() == LiveExchange::Answer::ended) exchange.report_completed(now_);
    if (cut && !has_socket() && !exchange.is_reported()) ++(exchange.on_stream() ? ended.websockets : ended.requests);
    exchange.report(now_, cut ? events::Failure::cut : events::Failure::client_gone, fault_);
    destroy(exchange);
  }
  output_.discard();
  sink_->discard();
  source().consume(source().size());
  input_.consume(input_.size());
  settle();
  observe([&] {
    return events::ConnectionCompleted{.at = now_,
                                       .connection = peers_.connection,
                                       .worker = station_->worker,
                                       .fault = fault_,
                                       .protocol = protocol_,
                                       .requests = requests_,
                                       .bytes_received = bytes_received_,
                                       .bytes_sent = sink_->total_written(),
                                       .duration = now_ - opened_at_};
  });
  return ended;
}

// --- moving between workers ---

void Session::leave() {
  settle();
  output_.bind(nullptr);
  sink_->bind(nullptr);
  for (LiveExchange* exchange : exchanges_) exchange->bind(nullptr);
}

void Session::join(Station& station) {
  station_ = &station;
  output_.bind(&station.workspace);
  sink_->bind(&station.workspace);
}

// --- questions ---

bool Session::wants_input() const {
  if (secured_) {
    if (broken_ || closed_ || lost_ || secured_->has_more()) return false;
    if (secured_->is_shaking_hands()) return true;
  }
  return !broken_ && !closed_ && !end_received_ && machine_->wants_input() && may_parse() && input_.has_space();
}

bool Session::runnable() const {
  if (closed_) return false;
  if (broken_ || (streams_ && output_.abandoned())) return !lost_;
  if (secured_ && secured_->has_more() && input_.has_space()) return true;
  if (unparsed_ && may_parse()) return true;
  if (end_received_ && !end_handled_ && !unparsed_ && (input_.size() == 0 || machine_->wants_input())) return true;
  return std::any_of(exchanges_.begin(), exchanges_.end(),
                     [](const LiveExchange* x) { return x->ready() || x->may_move(); });
}

bool Session::finished() const {
  if (closed_ || lost_) return true;
  return exchanges_.empty() && machine_->finished(output_) && sink_->empty();
}

bool Session::idle() const {
  return exchanges_.empty() && output_.empty() && sink_->empty() && input_.size() == 0 && source().size() == 0 &&
         machine_->idle() && !(secured_ && secured_->is_shaking_hands()) && !end_received_ && !broken_;
}

bool Session::waits_outside() const {
  return std::any_of(exchanges_.begin(), exchanges_.end(), [](const LiveExchange* x) { return x->waits_outside(); });
}

bool Session::holds_plain() const {
  return plain_held_ &&
         std::any_of(exchanges_.begin(), exchanges_.end(), [](const LiveExchange* x) { return x->held(); });
}

bool Session::collecting() const {
  return output_.empty() && sink_->empty() && !exchanges_.empty() &&
         std::all_of(exchanges_.begin(), exchanges_.end(),
                     [](const LiveExchange* x) { return x->phase() == LiveExchange::Phase::collecting; });
}

Instant Session::deadline() const {
  const bool shaking = secured_ && secured_->is_shaking_hands();
  Instant deadline = shaking ? secured_->deadline() : machine_->deadline(output_);
  if (sockets_ != 0) deadline = std::min(deadline, sockets_deadline());
  return awaits_proxy_header_ ? std::min(deadline, after(opened_at_, proxy_header_timeout)) : deadline;
}

Instant Session::alarm() const {
  Instant earliest = never;
  for (const LiveExchange* exchange : exchanges_) earliest = std::min(earliest, exchange->alarm());
  return earliest;
}

}  // namespace pounce::inline v0
