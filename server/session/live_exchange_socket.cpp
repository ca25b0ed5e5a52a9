// An exchange that is a WebSocket: the handshake, messages in both directions, the end.
#include "server/session/live_exchange.hpp"

#include "server/session/request_access.hpp"

#include <pounce/app/websocket.hpp>
#include <pounce/compression/message_deflate.hpp>
#include <pounce/core/kept_string.hpp>
#include <pounce/http/syntax.hpp>
#include <pounce/ws/connection.hpp>
#include <pounce/ws/extensions.hpp>
#include <pounce/ws/handshake.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace pounce::inline v0 {

namespace {

// The one of `offered`, a list, that the client names first.
Bytes choose(FieldList request, Bytes offered) {
  std::vector<Bytes> ours;
  http::ListElements elements{offered};
  while (const auto element = elements.next()) {
    if (!element->empty()) ours.push_back(*element);
  }
  return ws::choose_subprotocol(request, ours);
}

}  // namespace

void LiveExchange::attempt_accept(Wait& wait) {
  if (revoked_ || answer_ != Answer::none) {
    wait.status = Status::wrong_order;
    return;
  }
  std::vector<Field> room;
  const RequestHead head = RequestAccess::head(request_, room);
  ws::Opening opening;
  const Fault fault = ws::read_opening(head, opening);
  if (fault != Fault::none) return refuse_socket(wait, fault);
  const Bytes subprotocol = choose(head.fields, wait.chunk.bytes());
  const Service& service = *session_->service_;
  std::optional<ws::DeflateAgreement> deflate;
  if (service.ws_compression) deflate = ws::DeflateAgreement::of(head.fields, service.ws_deflate);
  SocketInbox socket;
  const ws::Acceptance acceptance{opening, subprotocol, deflate ? deflate->answer() : Bytes{}};
  Owned<MessageCodec> codec;
  if (deflate) codec = compression::make_message_deflate(deflate->terms(), {.level = service.ws_compression_level});
  if (head.version == Version::http2) {
    if (session_->machine_->send_switch(stream_, acceptance.fields(), session_->output_) != Sent::ok)
      return refuse_socket(wait, Fault::invalid_handshake);
    begin_stream_socket(socket, std::move(codec));
  } else {
    socket.connection = session_->switch_to_websocket(stream_, acceptance.fields(), std::move(codec));
    if (socket.connection == nullptr) return refuse_socket(wait, Fault::invalid_handshake);
  }
  become(std::move(socket));
  wait.chunk = Chunk{subprotocol, {}};
  status_ = head.version == Version::http2 ? 200 : 101;
  answer_ = Answer::started;
  leave_place();  // a socket lives for hours: what is limited is how many are being opened
}

void LiveExchange::refuse_socket(Wait& wait, Fault fault) {
  const FaultInfo& row = info(fault);
  // 426 goes with Upgrade, which HTTP/2 does not have (RFC 9110, section 15.5.22).
  const bool upgrades = request_.version() == Version::http11;
  const std::uint16_t status = row.status == 426 && !upgrades ? 400 : row.status;
  Response response = Response::text(std::string(row.text) + '\n', status);
  for (const Field& field : ws::refusal_fields(fault)) {
    if (upgrades || field.id != FieldId::upgrade) response.set(field.name, field.value);
  }
  wait.status = send_whole(response) == Status::ok ? Status::refused : Status::wrong_order;
}

// --- what comes ---

void LiveExchange::message(const event::Message& message) {
  if (!socket() || phase_ == Phase::ended) return;  // nobody will read it
  body_received_ += message.bytes.size();
  socket()->bytes += message.bytes.size();
  Chunk chunk{message.bytes, session_->input_.storage()};
  if (!session_->lies_in_input(message.bytes)) {
    Bytes kept;
    StorageRef owner = keep(std::string(message.bytes), kept);
    chunk = Chunk{kept, std::move(owner)};
  }
  socket()->messages.push_back({std::move(chunk), message.kind});
  const bool full =
      socket()->bytes >= session_->service_->inbox_limit || socket()->size() >= SocketInbox::most_messages;
  if (!full || std::exchange(socket()->paused, true)) return;
  want_messages(false);
}

// Not while they are told of: what was held back is looked at again when the handler waits.
void LiveExchange::want_messages(bool wanted) {
  if (on_stream()) return socket()->connection->want_messages(wanted, now());
  wanted ? session_->resume_socket(stream_) : session_->want_body(stream_, false);
}

void LiveExchange::socket_ended(std::uint16_t code, Bytes reason, Fault fault) {
  if (!socket()) return;
  socket()->ended = true;
  socket()->code = code;
  if (!reason.empty()) socket()->reason = make_owned<std::string>(reason);
  socket()->fault = fault;
}

// What nobody has asked for leaves the block that it was read into, unless it fills a good part of it.
void LiveExchange::settle_socket() {
  for (std::size_t i = std::max(socket()->settled, socket()->first); i < socket()->messages.size(); ++i) {
    Chunk& chunk = socket()->messages[i].chunk;
    if (chunk.size() >= Workspace::medium) continue;
    Bytes kept;
    StorageRef owner = keep(std::string(chunk.bytes()), kept);
    chunk = Chunk{kept, std::move(owner)};
  }
  socket()->settled = static_cast<std::uint32_t>(socket()->messages.size());
  if (socket()->messages.empty() && socket()->messages.capacity() > SocketInbox::most_places)
    socket()->messages = std::vector<SocketInbox::Message>{};
}

// --- waits ---

bool LiveExchange::can_receive() const {
  return !socket() || !socket()->empty() || socket()->ended || (letterbox_ && letterbox_->has_mail());
}

bool LiveExchange::attempt_receive(Wait& wait) {
  if (!socket()) {
    wait.status = Status::wrong_order;
    return true;
  }
  SocketInbox& inbox = *socket();
  if (letterbox_) {
    const bool posted_first = inbox.posted_next || inbox.empty();
    inbox.posted_next = !inbox.posted_next;
    if (posted_first && take_posted(wait)) return true;
  }
  if (!inbox.empty()) {
    SocketInbox::Message& next = inbox.messages[inbox.first++];
    inbox.bytes -= next.chunk.size();
    spend(next.chunk.size());
    wait.chunk = std::move(next.chunk);
    wait.message = next.kind;
    if (inbox.empty()) {
      inbox.messages.clear();
      inbox.first = inbox.settled = 0;
      if (std::exchange(inbox.paused, false)) want_messages(true);
    }
    return true;
  }
  if (letterbox_ && take_posted(wait)) return true;
  if (!inbox.ended) return false;
  socket()->connection->answer_end(now(), socket_output());
  wait.status = Status::end;
  wait.code = inbox.code;
  if (inbox.reason == nullptr) return true;
  Bytes reason;
  StorageRef owner = keep(*inbox.reason, reason);
  wait.chunk = Chunk{reason, std::move(owner)};
  return true;
}

bool LiveExchange::take_posted(Wait& wait) {
  if (!letterbox_->has_mail()) return false;
  std::string message;
  if (!letterbox_->take(message)) return false;
  Bytes text;
  StorageRef owner = keep(std::move(message), text);
  wait.chunk = Chunk{text, std::move(owner)};
  wait.posted = true;
  wait.message = MessageKind::text;
  return true;
}

bool LiveExchange::attempt_send(Wait& wait) {
  if (!socket()) {
    wait.status = Status::wrong_order;
    return true;
  }
  const std::size_t size = wait.chunk.size();
  StorageRef owner =
      size < Output::copy_below ? StorageRef{} : wait.chunk.owner();  // a loan costs more than so few bytes
  switch (socket()->connection->send_message(wait.message, wait.chunk.bytes(), std::move(owner), socket_output())) {
    case Sent::ok: break;
    case Sent::no_room:
      if (on_stream()) {
        socket()->stream->refused_at = socket()->stream->output.total_written();
      } else {
        refused_at_ = session_->progress_;
      }
      return false;
    case Sent::gone: wait.status = Status::gone; return true;
    case Sent::invalid_text: wait.status = Status::invalid_field; return true;
    default: wait.status = Status::wrong_order; return true;
  }
  body_sent_ += size;
  spend(size);
  wait.chunk = Chunk{};
  return true;
}

Status LiveExchange::close_socket(std::uint16_t code, Bytes reason) {
  if (revoked_) return Status::gone;
  if (!socket()) return Status::wrong_order;
  switch (socket()->connection->send_close(code, reason, now(), socket_output())) {
    case Sent::ok: break;
    case Sent::gone: return Status::gone;
    default: return Status::invalid_field;
  }
  if (std::exchange(socket()->paused, false)) want_messages(true);
  return Status::ok;
}

// The handler has ended, and with it the socket.
void LiveExchange::end_socket(bool failed) {
  if (socket()->ended) {
    socket()->connection->answer_end(now(), socket_output());
  } else {
    const std::uint16_t code = failed ? ws::close_code::internal_error : ws::close_code::normal;
    (void)socket()->connection->send_close(code, {}, now(), socket_output());
  }
  if (std::exchange(socket()->paused, false)) want_messages(true);
  socket()->messages = std::vector<SocketInbox::Message>{};
  answer_ = Answer::ended;
}

}  // namespace pounce::inline v0
