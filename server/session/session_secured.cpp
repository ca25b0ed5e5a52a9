// What a session does behind a filter, and a clear one does not.
#include <pounce/server/session.hpp>

#include "server/session/secured.hpp"

#include <pounce/h1/connection.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace pounce::inline v0 {

Session::Session(const Service& service, Station& station, Wake& wake, Peers peers, Instant now, Owned<Filter> filter)
    : Session(service, station, wake, std::move(peers), now) {
  secured_ = make_owned<Secured>(std::move(filter), after(now, service.tls_handshake_timeout), service.output_limit);
  sink_ = &secured_->output;
  sink_->bind(&station.workspace);
}

const Agreed* Session::agreed() const noexcept { return secured_ ? &secured_->filter().agreed() : nullptr; }

// Ciphertext becomes input. False: there is no protocol yet, or none any more.
bool Session::open_secured() {
  if (lost_ || (awaits_proxy_header_ && !take_proxy_header())) return false;
  if (secured_->open(input_, station_->workspace) != 0) unparsed_ = true;
  const Filter& filter = secured_->filter();
  if (secured_->take_established()) start_secured();
  switch (filter.state()) {
    case Filter::State::handshaking:
      if (secured_->deadline() <= now_) fail_secured(Fault::tls_handshake_timeout, TlsFailure::timeout, {});
      return false;
    case Filter::State::established: return true;
    case Filter::State::ended:
      if (!end_received_) end_input();
      return true;
    case Filter::State::failed: break;
  }
  if (filter.fault() == Fault::tls_clear_text) {
    report_tls_failure(filter.fault(), filter.failure(), filter.words());
    refuse_clear_text();
    return true;
  }
  if (filter.fault() == Fault::tls_truncated) {
    // Between requests nobody misses the close_notify: half of all clients leave without.
    if (!exchanges_.empty() && fault_ == Fault::none) fault_ = Fault::tls_truncated;
    if (!end_received_) end_input();
    return true;
  }
  fail_secured(filter.fault(), filter.failure(), filter.words());
  return false;
}

// The handshake has ended: only now the peer's time for a request begins.
void Session::start_secured() {
  undecided_ = false;
  const Agreed& agreed = secured_->filter().agreed();
  observe([&] {
    return events::TlsEstablished{.at = now_,
                                  .connection = peers_.connection,
                                  .worker = station_->worker,
                                  .resumed = agreed.resumed,
                                  .tls_version = agreed.version,
                                  .cipher = agreed.cipher,
                                  .alpn = agreed.protocol,
                                  .server_name = agreed.server_name,
                                  .client_subject = agreed.client_subject,
                                  .client_verdict = agreed.client_verdict};
  });
  streams_ = agreed.protocol == "h2";
  if (streams_) {
    choose(events::Protocol::http2);
    machine_ = make_streams_machine();
  } else {
    machine_ = make_owned<MachineOf<h1::Connection>>(service_->limits, now_);
  }
  machine_->use_lines(station_->tick->lines);
  drain_waits_ = draining_;
}

// Its alert, if there is one, is still sent.
void Session::fail_secured(Fault fault, TlsFailure failure, Bytes words) {
  report_tls_failure(fault, failure, words);
  fail(event::Failed{StreamId{0}, fault});
  output_.discard();
  lost_ = true;
}

void Session::report_tls_failure(Fault fault, TlsFailure failure, Bytes words) {
  observe([&] {
    return events::TlsFailed{.at = now_,
                             .connection = peers_.connection,
                             .worker = station_->worker,
                             .fault = fault,
                             .tls_failure = failure,
                             .what = words,
                             .peer = peers_.peer};
  });
}

// Who speaks HTTP to a port for TLS is told so, in HTTP. From here on the connection is a clear one that only ends.
void Session::refuse_clear_text() {
  const Bytes seen = view(secured_->input.readable());
  const MutableBytes space = input_.space(station_->workspace);
  const std::size_t size = std::min(seen.size(), space.size());
  std::memcpy(space.data(), seen.data(), size);
  input_.received(size);
  secured_->input.consume(seen.size());
  secured_->input.settle(station_->workspace);
  sink_ = &output_;
  secured_ = {};
  undecided_ = false;
  unparsed_ = true;
  auto machine = make_owned<MachineOf<h1::Connection>>(service_->limits, now_);
  machine->use_lines(station_->tick->lines);
  machine->machine().refuse(Fault::tls_clear_text, now_, station_->workspace.events(), output_);
  machine_ = std::move(machine);
  route();
}

}  // namespace pounce::inline v0
