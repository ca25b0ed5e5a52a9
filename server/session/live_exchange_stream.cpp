// A WebSocket on a stream of HTTP/2 (RFC 8441): between its machine and the stream.
#include "server/session/live_exchange.hpp"

#include "server/session/request_access.hpp"

#include <pounce/core/message_codec.hpp>

#include <array>
#include <utility>
#include <variant>

namespace pounce::inline v0 {

namespace {

// The list of events, empty again whatever happens.
struct Found {
  explicit Found(Events& list) noexcept : events(list) {}
  Found(const Found&) = delete;
  Found& operator=(const Found&) = delete;
  ~Found() { events.clear(); }
  Events& events;
};

}  // namespace

// --- the handshake ---

void LiveExchange::begin_stream_socket(SocketInbox& inbox, Owned<MessageCodec> codec) {
  inbox.stream = make_owned<StreamSocket>(session_->service_->ws, now(), stream_, std::move(codec));
  StreamSocket& stream = *inbox.stream;
  inbox.connection = &stream.connection;
  stream.output.bind(&session_->station_->workspace);
  // What came before it was accepted.
  if (inbox_ != nullptr) {
    for (std::size_t i = inbox_->first; i < inbox_->chunks.size(); ++i) stream.rest.append(inbox_->chunks[i].bytes());
    inbox_->clear();
  }
  answering_.decoder.reset();
  stream.end_received = content_ended_;
  ++session_->sockets_;
  if (session_->draining_) stream.connection.drain(now(), stream.output);
}

// To an extended CONNECT a 2xx says that the other protocol begins, and only `accept_websocket` may say that.
bool LiveExchange::misleads(const Head& head) const noexcept {
  return !RequestAccess::protocol(request_).empty() && head.status() / 100 == 2;
}

Status LiveExchange::refuse_protocol() {
  middleware_asked_ = 0;  // it has made a success of this
  Response refusal = method_refusal();
  const Status status = send_whole(refusal);
  return status == Status::ok ? Status::refused : status;
}

// --- what comes ---

void LiveExchange::socket_content(Bytes bytes) {
  std::string& rest = socket()->stream->rest;
  if (!rest.empty()) {
    rest.append(bytes);
    return listen_again();
  }
  // It lies in the session's input, where the machine of HTTP/2 has done with it.
  const std::size_t used = listen({const_cast<char*>(bytes.data()), bytes.size()});
  rest.append(bytes.substr(used));
}

// Shows it to the machine, as long as that finds something. Returns how much it has eaten.
std::size_t LiveExchange::listen(MutableBytes bytes) {
  const Found found{session_->station_->workspace.inner_events()};
  std::size_t used = 0;
  for (bool moved = true; moved && !socket()->paused;) {
    const std::size_t step =
        socket()->connection->receive(bytes.subspan(used), now(), found.events, socket()->stream->output);
    moved = step != 0 || !found.events.empty();
    used += step;
    route_socket(found.events);
    found.events.clear();
  }
  session_->taken(stream_, used);
  return used;
}

void LiveExchange::listen_again() {
  std::string& rest = socket()->stream->rest;
  const std::size_t used = listen(rest);
  if (used == rest.size()) {
    std::string{}.swap(rest);
  } else {
    rest.erase(0, used);
  }
}

void LiveExchange::route_socket(const Events& events) {
  constexpr std::uint16_t no_close = 1006;
  for (const Event& event : events) {
    if (const auto* const got = std::get_if<event::Message>(&event)) message(*got);
    if (const auto* const close = std::get_if<event::Close>(&event))
      socket_ended(close->code, close->reason, Fault::none);
    if (const auto* const failed = std::get_if<event::Failed>(&event)) {
      session_->report_limit(events::limit_of(failed->fault));
      socket_ended(no_close, {}, failed->fault);
    }
  }
}

// --- both ways ---

void LiveExchange::move_socket() {
  StreamSocket& stream = *socket()->stream;
  if (stream.over) return;
  push_socket();
  if (!stream.rest.empty() || !stream.connection.idle()) listen_again();
  if (stream.end_received && !stream.end_told && (stream.rest.empty() || stream.connection.wants_input())) {
    stream.end_told = true;
    const Found found{session_->station_->workspace.inner_events()};
    stream.connection.receive_end(now(), found.events, stream.output);
    route_socket(found.events);
  }
  push_socket();
  stream.connection.written(now(), stream.output);
}

void LiveExchange::push_socket() {
  StreamSocket& stream = *socket()->stream;
  Output& output = stream.output;
  while (!output.empty()) {
    std::array<Bytes, 8> slices;
    const std::size_t count = output.gather(slices);
    std::size_t taken = 0;
    std::size_t offered = 0;
    for (std::size_t i = 0; i < count && taken == offered; ++i) {
      const SentData sent = session_->machine_->send_data(stream_, slices[i], {}, session_->output_);
      taken += sent.accepted;
      offered += slices[i].size();
    }
    output.written(taken);
    if (taken == offered) continue;
    refused_at_ = session_->progress_;
    return;
  }
  if (!output.finished() || std::exchange(stream.over, true)) return;
  const bool whole =
      !output.abandoned() && session_->machine_->send_end(stream_, {}, now(), session_->output_) == Sent::ok;
  if (!whole) session_->machine_->reset(stream_, session_->output_);
}

void LiveExchange::expire_socket() {
  StreamSocket& stream = *socket()->stream;
  if (stream.over || stream.connection.deadline(stream.output) > now()) return;
  const Found found{session_->station_->workspace.inner_events()};
  stream.connection.expire(now(), found.events, stream.output);
  route_socket(found.events);
}

}  // namespace pounce::inline v0
