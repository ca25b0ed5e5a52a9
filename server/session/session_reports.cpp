// What a session tells of its connection, and of requests that are none for a handler.
#include <pounce/core/event.hpp>
#include <pounce/server/session.hpp>

#include <string_view>

namespace pounce::inline v0 {

void Session::choose(events::Protocol protocol) {
  observe([&] {
    return events::ProtocolChosen{.at = now_,
                                  .connection = peers_.connection,
                                  .worker = station_->worker,
                                  .before = protocol_,
                                  .protocol = protocol};
  });
  protocol_ = protocol;
}

void Session::report_limit(std::string_view limit) {
  if (limit.empty()) return;
  observe([&] {
    return events::LimitHit{.at = now_, .connection = peers_.connection, .worker = station_->worker, .limit = limit};
  });
}

void Session::report_fault(Fault fault) {
  report_limit(events::limit_of(fault));
  if (streams_ || !exchanges_.empty() || info(fault).status == 0) return;
  observe([&] {
    return events::RequestRejected{.at = now_,
                                   .connection = peers_.connection,
                                   .worker = station_->worker,
                                   .stream = StreamId{0},
                                   .status = info(fault).status,
                                   .fault = fault,
                                   .peer = peers_.peer};
  });
}

// A stream whose request is none for a handler; the machine has answered it.
void Session::reject(const event::Reset& reset) {
  ++requests_;
  if (protocol_ == events::Protocol::undecided) choose(events::Protocol::http2);
  const ConnectionId connection = peers_.connection;
  const events::WorkerId worker = station_->worker;
  observe([&] {
    return events::StreamOpened{.at = now_, .connection = connection, .worker = worker, .stream = reset.stream};
  });
  report_limit(events::limit_of(reset.fault));
  observe([&] {
    return events::StreamClosed{.at = now_, .connection = connection, .worker = worker, .stream = reset.stream};
  });
  observe([&] {
    return events::RequestRejected{.at = now_,
                                   .connection = connection,
                                   .worker = worker,
                                   .stream = reset.stream,
                                   .status = reset.status,
                                   .fault = reset.fault,
                                   .peer = peers_.peer};
  });
}

}  // namespace pounce::inline v0
