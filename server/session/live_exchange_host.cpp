// What a handler can do, as its Host table says: answer, and wait.
#include "server/session/live_exchange.hpp"

#include "server/session/field_scratch.hpp"
#include "server/session/request_name.hpp"

#include <pounce/app/application.hpp>
#include <pounce/http/status.hpp>
#include <pounce/http/syntax.hpp>
#include <pounce/ws/connection.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace pounce::inline v0 {

Status as_status(Sent sent) noexcept {
  switch (sent) {
    case Sent::ok: return Status::ok;
    case Sent::gone: return Status::gone;
    case Sent::wrong_order: return Status::wrong_order;
    case Sent::invalid_text:
    case Sent::invalid_field: return Status::invalid_field;
    case Sent::forbidden_field: return Status::forbidden_field;
    case Sent::length_mismatch: return Status::length_mismatch;
    case Sent::no_room: return Status::full;
  }
  return Status::gone;
}

namespace {

LiveExchange& live(Exchange& exchange) noexcept { return static_cast<LiveExchange&>(exchange); }

// app;dur=12.345: milliseconds (W3C Server Timing).
std::string timing_text(std::string_view metric, Duration duration) {
  const auto micros = duration / std::chrono::microseconds{1};
  std::string fraction = std::to_string(micros % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::string{metric}.append(";dur=").append(std::to_string(micros / 1000)).append(".").append(fraction);
}

}  // namespace

// --- the answer ---

// A whole answer that is nobody's to check: what cannot be sent becomes a 500.
void LiveExchange::answer_whole(Response& response) {
  try {
    if (send_whole(response) != Status::ok && answer_ == Answer::none) answer_error(500);
  } catch (...) {  // middleware
    handler_threw(std::current_exception());
  }
}

void LiveExchange::answer_error(std::uint16_t status) {
  try {
    std::string text = std::to_string(status);
    text.append(" ").append(http::reason(status)).append("\n");
    Response response = Response::text(std::move(text), status);
    if (send_whole(response) == Status::ok) return;
  } catch (...) {
    tell(std::current_exception());
  }
  // Middleware made it unsendable: say it without middleware.
  middleware_asked_ = 0;
  Response plain = Response::text("500 Internal Server Error\n", 500);
  // Or its head is out already, and memory ended behind it: nobody would ever end that.
  if (send_whole(plain) != Status::ok) session_->machine_->reset(stream_, session_->output_);
}

Status LiveExchange::may_answer() const noexcept {
  if (revoked_) return Status::gone;
  return answer_ == Answer::none ? Status::ok : Status::wrong_order;
}

// Middleware has the last word about a head; `changed` is where it changes it.
void LiveExchange::ask_middleware_after(const Head& head, std::optional<Head>& changed) const {
  if (middleware_asked_ == 0) return;
  changed = head;
  const auto& middleware = session_->service_->app.middleware();
  for (std::size_t i = middleware_asked_; i-- > 0;) middleware[i]->after(request_, *changed);
}

// What the operator wants said with each response: nothing, mostly.
void LiveExchange::add_own_fields(const Head& head, std::optional<Head>& changed) {
  const Service& service = *session_->service_;
  if (!service.request_names && !service.server_timing) [[likely]]
    return;
  if (!changed) changed = head;
  Fields& fields = changed->fields();
  if (!request_.correlation().empty() && !fields.contains(request_name_field)) {
    fields.add(request_name_field, request_.correlation());
  }
  if (!service.server_timing) return;
  session_->look_at_clock();
  fields.add("server-timing", timing_text("app", now() - started_at_));
}

// The client has said that it looks at them (RFC 9110, section 6.5.1).
bool LiveExchange::takes_trailers() const noexcept {
  if (request_.version() == Version::http2) return true;
  const auto te = request_.header("te");
  return te && http::list_has(*te, "trailers");
}

template <class Send>
Status LiveExchange::say_head(const Head& head, const Send& send) {
  const FieldScratch fields{head.fields()};
  ResponseHead wire{.status = head.status(),
                    .fields = fields.list(),
                    .lines = fields.lines(*session_->station_->tick),
                    .close = fields.close()};
  const Status status = as_status(send(wire));
  if (status == Status::ok) status_ = head.status();
  return status;
}

Status LiveExchange::send_whole(Response& response) {
  if (const Status status = may_answer(); status != Status::ok) return status;
  std::optional<Head> changed;
  ask_middleware_after(response.head(), changed);
  add_own_fields(response.head(), changed);
  const Head& head = changed ? *changed : response.head();
  if (misleads(head)) [[unlikely]]
    return refuse_protocol();
  if (may_be_coded(head, response.body().size())) [[unlikely]]
    return send_whole_coded(head, changed, response);
  return send_body(head, response.body(), response.trailers());
}

Status LiveExchange::send_body(const Head& wanted, const Body& body, Fields& trailers) {
  return say_head(wanted, [&](ResponseHead& head) {
    head.whole = true;
    if (trailers.empty()) {
      const Sent sent =
          session_->machine_->send_response(stream_, head, body.bytes(), body.owner(), now(), session_->output_);
      if (sent == Sent::ok) {
        body_sent_ = body.size();
        answer_ = Answer::ended;
      }
      if (sent != Sent::no_room) return sent;
    }
    head.content_length = body.size();
    return begin_parts(head, body, trailers);
  });
}

Status LiveExchange::send_parts(const Head& wanted, std::optional<std::uint64_t> length, const Body& body,
                                Fields& trailers) {
  return say_head(wanted, [&](ResponseHead& head) {
    head.whole = true;
    head.content_length = length;
    return begin_parts(head, body, trailers);
  });
}

// Piece by piece, as there is room.
Sent LiveExchange::begin_parts(ResponseHead& head, const Body& body, Fields& trailers) {
  if (const Sent sent = session_->machine_->send_head(stream_, head, session_->output_); sent != Sent::ok) return sent;
  answering_.pending = Chunk{body.bytes(), body.owner()};
  if (!trailers.empty()) answering_.pending_trailers = make_owned<Fields>(std::move(trailers));
  answer_ = Answer::finishing;
  (void)push_pending();
  return Sent::ok;
}

Status LiveExchange::start_stream(const Head& wanted) {
  if (const Status status = may_answer(); status != Status::ok) return status;
  std::optional<Head> changed;
  ask_middleware_after(wanted, changed);
  add_own_fields(wanted, changed);
  const Head& head = changed ? *changed : wanted;
  if (misleads(head)) [[unlikely]]
    return refuse_protocol();
  if (may_be_coded(head, head.content_length())) [[unlikely]] {
    if (!changed) changed = head;
    return start_stream_coded(*changed);
  }
  return send_stream_head(head, wanted.content_length());
}

Status LiveExchange::send_stream_head(const Head& wanted, std::optional<std::uint64_t> length) {
  return say_head(wanted, [&](ResponseHead& head) {
    head.content_length = length;
    const Sent sent = session_->machine_->send_head(stream_, head, session_->output_);
    if (sent == Sent::ok) answer_ = Answer::started;
    return sent;
  });
}

Status LiveExchange::finish(const Fields& trailers) {
  if (revoked_ || socket()) return Status::gone;
  if (answer_ != Answer::started) return Status::wrong_order;
  if (answering_.coder) [[unlikely]] {
    if (!answering_.coder->may_end()) return Status::length_mismatch;
    Chunk nothing;
    if (const Sent sent = push_coded(nothing, compression::Flush::end); sent == Sent::no_room) {
      if (!trailers.empty()) answering_.pending_trailers = make_owned<Fields>(trailers);
      answer_ = Answer::finishing;
      return Status::ok;
    } else if (sent != Sent::ok) {
      return as_status(sent);
    }
  }
  return end_answer(trailers);
}

Status LiveExchange::end_answer(const Fields& trailers) {
  if (session_->service_->server_timing && takes_trailers()) [[unlikely]] {
    session_->look_at_clock();
    Fields more{trailers};
    more.add("server-timing", timing_text("total", now() - started_at_));
    return send_end(more);
  }
  return send_end(trailers);
}

Status LiveExchange::send_end(const Fields& trailers) {
  const FieldScratch scratch{trailers};
  const Sent sent = session_->machine_->send_end(stream_, scratch.list(), now(), session_->output_);
  if (sent == Sent::ok) {
    answer_ = Answer::ended;
    answering_.coder.reset();
  }
  return as_status(sent);
}

// True when nothing is pending any more.
bool LiveExchange::push_pending() {
  Sent sent = Sent::ok;
  if (answering_.coder) [[unlikely]] {
    sent = push_coded(answering_.pending, compression::Flush::end);
  } else if (!answering_.pending.empty()) {
    const SentData data = session_->machine_->send_data(stream_, answering_.pending.bytes(), answering_.pending.owner(),
                                                        session_->output_);
    sent = data.status;
    if (sent == Sent::no_room) refused_at_ = session_->progress_;
    if (sent == Sent::ok) {
      body_sent_ += data.accepted;
      answering_.pending = Chunk{answering_.pending.bytes().substr(data.accepted), answering_.pending.owner()};
      if (!answering_.pending.empty()) return false;
    }
  }
  if (sent == Sent::no_room) return false;
  if (sent == Sent::ok &&
      end_answer(answering_.pending_trailers ? *answering_.pending_trailers : Fields{}) == Status::ok)
    return true;
  answering_.pending = Chunk{};
  answering_.coder.reset();
  answer_ = Answer::started;
  session_->machine_->reset(stream_, session_->output_);
  return true;
}

// --- waits ---

Instant LiveExchange::alarm() const noexcept {
  // Before the handler goes on its answer must have found room.
  if (answer_ == Answer::finishing) return never;
  if (phase_ == Phase::queued) return answering_.queue_wait->until;
  return phase_ == Phase::parked && parked_ != nullptr ? parked_->deadline() : never;
}

// A stream may have no room while its connection has some; it is asked again only when something has moved.
bool LiveExchange::may_have_room() const noexcept {
  return session_->output_.room() != 0 && refused_at_ != session_->progress_;
}

bool LiveExchange::can(const Wait& wait) const {
  if (!wait.attempted || wait.deadline() <= now()) return true;
  switch (wait.kind) {
    case Wait::Kind::yield: return true;
    case Wait::Kind::read:
      return (inbox_ != nullptr && !inbox_->empty()) || content_ended_ || socket() ||
             (answering_.decoder && answering_.decoder->has_more());
    case Wait::Kind::write_region:
    case Wait::Kind::write: return may_have_room() || answer_ != Answer::started;
    case Wait::Kind::accept: return true;
    case Wait::Kind::receive: return can_receive();
    case Wait::Kind::send:
      if (!socket() || !socket()->connection->is_open()) return true;
      return on_stream() ? socket()->stream->output.total_written() != socket()->stream->refused_at : may_have_room();
    case Wait::Kind::sleep: return draining_ && !drain_told_;
    case Wait::Kind::message: return (draining_ && !drain_told_) || (letterbox_ && letterbox_->has_mail());
  }
  return false;
}

bool LiveExchange::attempt(Wait& wait) {
  if (!wait.attempted) {
    if (waits_left_ == 0 || bytes_left_ == 0) return false;  // the budget is spent: park, also when it could be had
    wait.begin(now());
    if (wait.kind == Wait::Kind::write && !socket() && answering_.coder &&
        !answering_.coder->accept(wait.chunk.size())) {
      wait.status = Status::length_mismatch;
      return true;
    }
    if (wait.kind == Wait::Kind::yield) return false;
  }
  if (waits_left_ != 0) --waits_left_;
  switch (wait.kind) {
    case Wait::Kind::yield: return true;
    case Wait::Kind::read:
      if (attempt_read(wait)) return true;
      break;
    case Wait::Kind::write:
      if (attempt_write(wait)) return true;
      break;
    case Wait::Kind::write_region:
      if (attempt_region(static_cast<Exchange::WriteRegion&>(wait))) return true;
      break;
    case Wait::Kind::accept: attempt_accept(wait); return true;
    case Wait::Kind::receive:
      if (attempt_receive(wait)) return true;
      break;
    case Wait::Kind::send:
      if (attempt_send(wait)) return true;
      break;
    case Wait::Kind::sleep:
      if (wait.deadline() <= now()) return true;
      break;
    case Wait::Kind::message:
      if (attempt_message(static_cast<Exchange::Message&>(wait))) return true;
      break;
  }
  const bool told_of_drain = wait.kind == Wait::Kind::sleep || wait.kind == Wait::Kind::message;
  if (told_of_drain && draining_ && !drain_told_) {
    drain_told_ = true;
    wait.status = Status::draining;
    return true;
  }
  if (wait.deadline() <= now()) {
    wait.status = Status::timeout;
    return true;
  }
  return false;
}

// The next piece of content as it was received, if there is one.
bool LiveExchange::take_received(Chunk& chunk) {
  if (inbox_ == nullptr || inbox_->empty()) return false;
  chunk = std::move(inbox_->chunks[inbox_->first++]);
  inbox_->bytes -= chunk.size();
  session_->taken(stream_, chunk.size());
  if (inbox_->empty()) inbox_->clear();
  return true;
}

bool LiveExchange::attempt_read(Wait& wait) {
  if (socket()) {
    wait.status = Status::end;  // what comes are messages
    return true;
  }
  if (answering_.decoder) [[unlikely]]
    return attempt_read_decoded(wait);
  if (take_received(wait.chunk)) {
    spend(wait.chunk.size());
    return true;
  }
  if (content_ended_) {
    wait.status = Status::end;
    return true;
  }
  return await_content(wait);
}

// None is here. False: more will come.
bool LiveExchange::await_content(Wait& wait) {
  if (answer_ == Answer::ended && session_->streams_) {
    wait.status = Status::gone;  // its stream is over: no content can follow
    return true;
  }
  session_->want_body(stream_, true);
  return false;
}

bool LiveExchange::attempt_write(Wait& wait) {
  if (answer_ != Answer::started) {
    wait.status = Status::wrong_order;
    return true;
  }
  if (socket()) {
    wait.status = Status::gone;
    return true;
  }
  if (answering_.coder) [[unlikely]]
    return attempt_write_coded(wait);
  while (!wait.chunk.empty()) {
    const SentData sent =
        session_->machine_->send_data(stream_, wait.chunk.bytes(), wait.chunk.owner(), session_->output_);
    if (sent.status != Sent::ok && sent.status != Sent::no_room) {
      wait.status = as_status(sent.status);
      return true;
    }
    body_sent_ += sent.accepted;
    spend(sent.accepted);
    wait.chunk = Chunk{wait.chunk.bytes().substr(sent.accepted), wait.chunk.owner()};
    if (sent.accepted == 0) {
      refused_at_ = session_->progress_;
      return false;
    }
  }
  return true;
}

bool LiveExchange::attempt_region(Exchange::WriteRegion& wait) {
  const std::size_t size = wait.region.size;
  const Sent sent = answer_ != Answer::started || socket() || answering_.coder
                        ? Sent::wrong_order
                        : session_->machine_->send_region(stream_, wait.region, session_->output_);
  if (sent == Sent::no_room) {
    refused_at_ = session_->progress_;
    return false;
  }
  wait.status = as_status(sent);
  if (sent != Sent::ok) return true;
  body_sent_ += size;
  spend(size);
  return true;
}

bool LiveExchange::attempt_message(Exchange::Message& wait) {
  if (!letterbox_) letterbox_ = session_->wake_->open();
  return letterbox_->take(wait.text);
}

// --- the Host table ---

constinit const Host LiveExchange::host{
    .inform = [](Exchange& exchange, std::uint16_t status, const Fields& fields) -> Status {
      LiveExchange& x = live(exchange);
      if (x.revoked_) return Status::gone;
      if (x.answer_ != Answer::none) return Status::wrong_order;
      const FieldScratch scratch{fields};
      return as_status(
          x.session_->machine_->send_informational(x.stream_, status, scratch.list(), x.session_->output_));
    },
    .start = [](Exchange& exchange, const Head& head) -> Status { return live(exchange).start_stream(head); },
    .finish = [](Exchange& exchange, const Fields& trailers) -> Status { return live(exchange).finish(trailers); },
    .respond = [](Exchange& exchange, Response& response) -> Status { return live(exchange).send_whole(response); },
    .attempt = [](Exchange& exchange, Wait& wait) -> bool { return live(exchange).attempt(wait); },
    .draining = [](const Exchange& exchange) -> bool { return static_cast<const LiveExchange&>(exchange).draining_; },
    .mailbox = [](Exchange& exchange) -> Loan<Mailbox> {
      LiveExchange& x = live(exchange);
      if (!x.letterbox_ && !x.revoked_) x.letterbox_ = x.session_->wake_->open();
      return x.letterbox_;
    },
    .allocate = [](Exchange& exchange, std::size_t size) -> void* { return live(exchange).allocate(size); },
    .release = [](Exchange& exchange, void* memory, std::size_t size) -> void {
      LiveExchange& x = live(exchange);
      x.arena().release(x.session_->station_->workspace, memory, size);
    },
    .sends_regions = [](const Exchange& exchange) -> bool {
      const auto& x = static_cast<const LiveExchange&>(exchange);
      return x.session_->regions_allowed_ && !x.socket() && !x.answering_.coder &&
             x.session_->machine_->sends_regions();
    },
    .close_websocket = [](Exchange& exchange, std::uint16_t code, Bytes reason) -> Status {
      return live(exchange).close_socket(code, reason);
    },
};

}  // namespace pounce::inline v0
