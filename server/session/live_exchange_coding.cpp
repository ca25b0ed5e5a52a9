// Content codings between a handler and the machine. What is done is decided by compression::decide; here it is carried out.
#include "server/session/content_coder.hpp"
#include "server/session/content_decoder.hpp"
#include "server/session/field_scratch.hpp"
#include "server/session/live_exchange.hpp"
#include "server/session/request_access.hpp"

#include <pounce/http/syntax.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace pounce::inline v0 {

namespace {

using compression::Coding;
using compression::Decision;
using compression::Flush;
using compression::Reason;

// Makes `head` say what the content is and what it depends on.
void dress(Head& head, const Decision& decision) {
  Fields& fields = head.fields();
  if (decision.coding != Coding::identity) {
    fields.add("content-encoding", compression::name(decision.coding));
    fields.remove("accept-ranges");  // they would be ranges of other bytes
  }
  if (decision.other_length) fields.remove("content-length");
  const auto vary = [&fields](std::string_view name) {
    for (const Field field : fields) {
      if (equal_without_case(field.name, "vary") && compression::varies_on(field.value, name)) return;
    }
    fields.add("vary", name);
  };
  if (decision.vary) vary("accept-encoding");
  if (decision.vary_dictionary) vary("available-dictionary");
  if (!decision.weaken) return;
  if (const auto etag = fields.find("etag"); etag && etag->starts_with('"'))
    fields.set("etag", "W/" + std::string{*etag});
}

// The answer goes out as the handler made it.
bool changes_nothing(const Decision& decision) noexcept {
  return decision.reason != Reason::not_acceptable && decision.coding == Coding::identity && !decision.vary &&
         !decision.vary_dictionary && !decision.other_length && !decision.weaken;
}

// The handler's own Content-Length, which is not that of what is sent.
std::optional<std::uint64_t> declared_length(const Head& head) {
  if (head.content_length()) return head.content_length();
  const auto field = head.fields().find("content-length");
  return field ? http::parse_digits(*field) : std::nullopt;
}

}  // namespace

// --- the answer ---

Decision LiveExchange::decide_coding(const Head& head, std::optional<std::uint64_t> size) const {
  const FieldScratch fields{head.fields()};
  Decision decision = compression::decide(session_->service_->codings.get()->policy, {.method = request_.method_id(),
                                                                                      .status = head.status(),
                                                                                      .request = request_.fields(),
                                                                                      .response = fields.list(),
                                                                                      .size = size,
                                                                                      .choice = head.compress()});
  // The client holds a coded answer, whose validator is weak.
  if (head.status() == 304) {
    const auto etag = head.fields().find("etag");
    decision.weaken = decision.vary = etag && compression::holds_weak_form(request_.fields(), *etag);
  }
  return decision;
}

// Codes `body` into `coded` when that is worth it; when not, the decision is identity.
void LiveExchange::code_whole(const Head& head, const Body& body, Decision& decision, Body& coded) {
  const Codings& codings = *session_->service_->codings.get();
  const bool hidden = head.compress() == Compress::hidden;
  const auto settings =
      codings.settings(decision, head.compress(), body.size(), static_cast<std::uint64_t>(request_.id()));
  const std::size_t most = hidden ? body.size() + compression::most_padding + 1024 : body.size() - 1;
  session_->station_->coding_left -=
      static_cast<std::uint32_t>(std::min<std::size_t>(session_->station_->coding_left, body.size()));
  Workspace& workspace = session_->station_->workspace;
  BlockRef block = workspace.lend(most);
  if (const auto size = compression::encode_whole(settings, body.bytes(), {block->data(), most})) {
    // What waits to be sent holds no more memory than it counts for.
    if (*size <= block->capacity() / 2) {
      BlockRef fitting = workspace.lend(*size);
      std::memcpy(fitting->data(), block->data(), *size);
      std::swap(block, fitting);
      workspace.give_back(std::move(fitting));
    }
    coded = Body{Chunk{Bytes{block->data(), *size}, block}};
    return;
  }
  decision.coding = Coding::identity;
  decision.other_length = decision.weaken = false;
}

Status LiveExchange::refuse_coding() {
  answer_error(406);
  return Status::gone;
}

bool LiveExchange::open_coder(const Head& head, const Decision& decision, std::optional<std::uint64_t> size) {
  if (session_->coders_ == Codings::most_encoders) return false;
  const Codings& codings = *session_->service_->codings.get();
  Codings::Place place = codings.take_place();
  if (!place) {
    session_->report_limit("compression_max_streams");
    return false;
  }
  const auto settings = codings.settings(decision, head.compress(), size, static_cast<std::uint64_t>(request_.id()));
  answering_.coder = make_owned<ContentCoder>(std::move(place), settings, size, session_->coders_);
  return true;
}

// `wanted` may be what `changed` holds.
Status LiveExchange::send_whole_coded(const Head& wanted, std::optional<Head>& changed, Response& response) {
  const Body& body = response.body();
  if (const auto declared = declared_length(wanted); declared && *declared != body.size())
    return Status::length_mismatch;
  Decision decision = decide_coding(wanted, body.size());
  if (changes_nothing(decision)) return send_body(wanted, body, response.trailers());
  if (!changed) changed = wanted;
  Head& head = *changed;
  if (decision.reason == Reason::not_acceptable && !std::exchange(refused_, true)) return refuse_coding();
  Body coded;
  bool whole = true;
  if (decision.coding != Coding::identity) {
    if (body.size() <= Codings::whole_below && body.size() <= session_->station_->coding_left) {
      code_whole(head, body, decision, coded);
    } else if (open_coder(head, decision, body.size())) {
      whole = false;
    } else {
      decision.coding = Coding::identity;
      decision.other_length = decision.weaken = false;
    }
  }
  dress(head, decision);
  Status status = Status::ok;
  if (whole && !decision.other_length) {
    status = send_body(head, body, response.trailers());
  } else if (whole && decision.coding != Coding::identity) {
    status = send_body(head, coded, response.trailers());
    if (status == Status::ok) body_uncoded_ = body.size();
  } else {
    status = send_parts(head, std::nullopt, body, response.trailers());
  }
  if (status != Status::ok) answering_.coder.reset();
  return status;
}

Status LiveExchange::start_stream_coded(Head& head) {
  const auto declared = declared_length(head);
  Decision decision = decide_coding(head, declared);
  if (decision.reason == Reason::not_acceptable && !std::exchange(refused_, true)) return refuse_coding();
  if (decision.coding != Coding::identity && !open_coder(head, decision, declared)) {
    decision.coding = Coding::identity;
    decision.other_length = decision.weaken = false;
  }
  dress(head, decision);
  const Status status = send_stream_head(head, decision.other_length ? std::nullopt : head.content_length());
  if (status != Status::ok) answering_.coder.reset();
  return status;
}

// Sends what is coded and codes more of `content`, until all of it and the flush is in the output: `ok`. `no_room`: go on later.
Sent LiveExchange::push_coded(Chunk& content, Flush flush) {
  for (;;) {
    if (const Bytes coded = answering_.coder->coded(); !coded.empty()) {
      const SentData sent = session_->machine_->send_data(stream_, coded, answering_.coder->owner(), session_->output_);
      if (sent.status != Sent::ok && sent.status != Sent::no_room) return sent.status;
      answering_.coder->sent(sent.accepted);
      body_sent_ += sent.accepted;
      if (sent.accepted != 0) continue;
      refused_at_ = session_->progress_;
      return Sent::no_room;
    }
    if (content.empty() && answering_.coder->done(flush)) return Sent::ok;
    if (session_->station_->coding_left == 0)
      return Sent::no_room;  // others first; the next step has a budget of its own
    const Bytes piece = content.bytes().substr(0, session_->station_->coding_left);
    const bool last = piece.size() == content.size();
    const std::size_t consumed =
        answering_.coder->code(piece, last ? flush : Flush::none, session_->station_->workspace);
    session_->station_->coding_left -= static_cast<std::uint32_t>(consumed);
    body_uncoded_ += consumed;
    spend(consumed);
    content = Chunk{content.bytes().substr(consumed), content.owner()};
  }
}

bool LiveExchange::attempt_write_coded(Wait& wait) {
  const Sent sent = push_coded(wait.chunk, Flush::sync);
  if (sent == Sent::no_room) return false;
  if (sent != Sent::ok) wait.status = as_status(sent);
  return true;
}

// --- request content ---

namespace {

// The coding that request content is in: none for identity, nothing for one that cannot be undone.
std::optional<Coding> coding_of(FieldList fields) {
  const Field* found = nullptr;
  for (const Field& field : fields) {
    if (field.id != FieldId::content_encoding) continue;
    if (found != nullptr) return std::nullopt;  // one upon another
    found = &field;
  }
  if (found == nullptr) return Coding::identity;
  const auto coding = compression::coding_named(found->value);
  return coding == Coding::dcz ? std::nullopt : coding;
}

std::uint16_t status_of(compression::DecodeFault fault) noexcept {
  return fault == compression::DecodeFault::too_large || fault == compression::DecodeFault::bomb ? 413 : 400;
}

}  // namespace

// False: answered 415.
bool LiveExchange::open_decoder() {
  const auto coding = coding_of(request_.fields());
  if (coding == Coding::identity) return true;
  if (coding) {
    answering_.decoder =
        make_owned<ContentDecoder>(*coding, session_->service_->limits.max_request_size.value_or(UINT64_MAX));
    return true;
  }
  phase_ = Phase::ended;
  Response refusal = Response::text("415 Unsupported Media Type\n", 415).set("accept-encoding", "zstd, gzip, deflate");
  answer_whole(refusal);
  return false;
}

// Content that has come whole, for a plain handler. False: it was refused.
bool LiveExchange::decode_collected() {
  std::string decoded;
  compression::DecodeFault fault = compression::DecodeFault::none;
  answering_.decoder->give(Chunk{request_.body(), {}});
  while (answering_.decoder->has_more() && fault == compression::DecodeFault::none) {
    decoded.append(answering_.decoder->take(session_->station_->workspace, fault).bytes());
  }
  if (fault == compression::DecodeFault::none) fault = answering_.decoder->end();
  if (fault != compression::DecodeFault::none) {
    answer_error(status_of(fault));
    return false;
  }
  std::string& collected = inbox().collected;
  collected = std::move(decoded);
  RequestAccess::set_body(request_, collected, *session_, arena());
  return true;
}

bool LiveExchange::attempt_read_decoded(Wait& wait) {
  compression::DecodeFault fault = compression::DecodeFault::none;
  for (;;) {
    if (answering_.decoder->has_more()) {
      wait.chunk = answering_.decoder->take(session_->station_->workspace, fault);
      if (fault != compression::DecodeFault::none) break;
      if (wait.chunk.empty()) continue;
      spend(wait.chunk.size());
      return true;
    }
    if (Chunk coded; take_received(coded)) {
      answering_.decoder->give(std::move(coded));
    } else if (content_ended_) {
      fault = answering_.decoder->end();
      if (fault != compression::DecodeFault::none) break;
      wait.status = Status::end;
      return true;
    } else {
      return await_content(wait);
    }
  }
  // Refused, once and for all.
  wait.chunk = Chunk{};
  wait.status = Status::gone;
  if (answer_ == Answer::none) answer_error(status_of(fault));
  return true;
}

}  // namespace pounce::inline v0
