// WebSockets: a connection that becomes one, and those on streams of HTTP/2.
#include <pounce/server/session.hpp>

#include "server/session/live_exchange.hpp"
#include "server/session/websocket_machine.hpp"

#include <pounce/app/application.hpp>
#include <pounce/h2/connection.hpp>

#include <algorithm>
#include <utility>

namespace pounce::inline v0 {

// --- a connection that becomes a WebSocket ---

ws::Connection* Session::switch_to_websocket(StreamId stream, FieldList fields, Owned<MessageCodec> codec) {
  auto machine = make_owned<WebSocketMachine>(service_->ws, now_, stream, std::move(codec));
  if (machine_->send_switch(stream, fields, output_) != Sent::ok) return nullptr;
  ws::Connection* const socket = &machine->socket();
  choose(events::Protocol::websocket);
  machine_ = std::move(machine);
  unparsed_ = input_.size() != 0;
  end_handled_ = false;
  if (draining_) machine_->drain(now_, output_);
  return socket;
}

// Messages that were held back are looked at again.
void Session::resume_socket(StreamId stream) {
  want_body(stream, true);
  unparsed_ = true;
}

// The peer is gone for good: a handler that waits for something else is not resumed again.
void Session::let_go_of_socket() {
  if (exchanges_.empty() || !machine_->finished(output_) || exchanges_.front()->ready()) return;
  exchanges_.front()->report_deserted(now_);
  destroy(*exchanges_.front());
}

// --- on streams ---

Owned<Machine> Session::make_streams_machine() {
  auto machine = make_owned<MachineOf<h2::Connection>>(service_->h2, now_);
  if (service_->app.accepts_websockets()) machine->machine().enable_connect();
  return machine;
}

void Session::expire_sockets() {
  for (LiveExchange* exchange : exchanges_) {
    if (exchange->on_stream()) exchange->expire_socket();
  }
}

// Between the sockets and the machine, both ways; those that are over go.
void Session::move_sockets() {
  for (std::size_t i = 0; i < exchanges_.size();) {
    LiveExchange& exchange = *exchanges_[i];
    if (!exchange.on_stream()) {
      ++i;
      continue;
    }
    try {
      exchange.move_socket();
    } catch (const std::bad_alloc&) {
      give_up(exchange);
      continue;
    }
    if (exchange.complete()) {
      exchange.report_completed(now_);
    } else if (exchange.is_deserted()) {
      exchange.report_deserted(now_);
    } else {
      ++i;
      continue;
    }
    destroy(exchange);
  }
}

Instant Session::sockets_deadline() const {
  Instant earliest = never;
  for (const LiveExchange* exchange : exchanges_) {
    if (exchange->on_stream()) earliest = std::min(earliest, exchange->socket_deadline());
  }
  return earliest;
}

}  // namespace pounce::inline v0
