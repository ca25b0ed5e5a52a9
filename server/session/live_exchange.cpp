// What comes to an exchange and what is made of it: content, the handler's life, how it ended.
#include "server/session/live_exchange.hpp"

#include "server/session/passing.hpp"

#include "server/session/request_access.hpp"

#include <pounce/app/application.hpp>
#include <pounce/core/ascii.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <utility>

namespace pounce::inline v0 {

namespace {

constexpr std::size_t least_alone = 512;  // pieces of content that are smaller on average are put together
constexpr std::size_t most_places = 64;   // for pieces of content, kept when they are empty again

}  // namespace

LiveExchange::LiveExchange(Session& session, Arena& arena, StreamId stream, const RequestHead& head)
    : Exchange(host),
      session_(&session),
      stream_(stream),
      answering_(),
      started_at_(session.now_),
      draining_(session.draining_) {
  may_last_ = RequestAccess::fill(request_, head, session, arena);
}

LiveExchange::LiveExchange(const LiveExchange& first, Arena& arena)
    : Exchange(host),
      session_(first.session_),
      stream_(first.stream_),
      answering_(),
      started_at_(first.started_at_),
      draining_(first.draining_),
      may_last_(true) {
  RequestAccess::pack(first.request_, request_, *session_, arena);
}

LiveExchange& LiveExchange::make_lasting() const {
  const Station& station = *session_->station_;
  const Handler* const handler = session_->service_->app.find(request_.path());
  const std::size_t frame = handler != nullptr && handler == station.framed ? station.frame_size : 0;
  Arena& arena = Arena::make_snug(Arena::rounded(sizeof(LiveExchange)) + RequestAccess::packed_size(request_) +
                                  Arena::rounded(frame));
  Workspace& workspace = station.workspace;
  try {
    return *::new (arena.allocate(workspace, sizeof(LiveExchange))) LiveExchange{*this, arena};
  } catch (...) {
    arena.dissolve(workspace);
    throw;
  }
}

// Wake tokens first, then frames: nobody may post into what is being taken down, nor may destructors in the frames answer.
LiveExchange::~LiveExchange() {
  revoked_ = true;
  if (letterbox_) letterbox_->close();
  if (phase_ == Phase::queued) leave_queue();
  parked_ = nullptr;
  task_ = Task{};
  leave_place();
  if (inbox_ != nullptr) inbox_->~ContentInbox();  // its memory is the arena's
  if (is_socket_) [[unlikely]] {
    inbox_of_socket_.~SocketInbox();
  } else if (!answering_.is_bare()) {
    answering_.~Answering();
  }
}

void LiveExchange::become(SocketInbox&& inbox) noexcept {
  answering_.~Answering();
  ::new (&inbox_of_socket_) SocketInbox{std::move(inbox)};
  is_socket_ = true;
}

// --- content ---

ContentInbox& LiveExchange::inbox() {
  if (inbox_ == nullptr)
    inbox_ = ::new (arena().allocate(session_->station_->workspace, sizeof(ContentInbox))) ContentInbox;
  return *inbox_;
}

void LiveExchange::content(Bytes bytes) {
  if (on_stream()) [[unlikely]]
    return socket_content(bytes);
  body_received_ += bytes.size();
  if (phase_ == Phase::ended) return;  // nobody will read it
  ContentInbox& content = inbox();
  if (phase_ == Phase::collecting) {
    content.collected.append(bytes);
    return session_->taken(stream_, bytes.size());
  }
  content.bytes += bytes.size();
  content.chunks.emplace_back(bytes, session_->input_.storage());
  if (content.bytes >= session_->service_->inbox_limit) session_->want_body(stream_, false);
}

void LiveExchange::content_end(FieldList trailers) {
  content_ended_ = true;
  if (on_stream()) [[unlikely]] {
    socket()->stream->end_received = true;
    return;
  }
  if (!trailers.empty()) RequestAccess::set_trailers(request_, trailers, *session_, arena());
}

// End of a step: a few bytes that nobody has taken yet must not keep the block that they were read into, nor each a place of its own, or a
// peer that sends byte by byte would hold a block for each, and more for its places than for its bytes. They move together into a small block of the exchange's own.
void LiveExchange::settle() {
  if (socket()) return settle_socket();
  if (inbox_ == nullptr) return;
  std::vector<Chunk>& chunks = inbox_->chunks;
  const std::size_t first = std::max(inbox_->settled, inbox_->first);
  std::size_t loose = 0;
  for (std::size_t i = first; i < chunks.size(); ++i) loose += chunks[i].size();
  inbox_->settled = chunks.size();
  if (loose == 0 || (loose >= Workspace::medium && loose / (chunks.size() - first) >= least_alone)) return;
  BlockRef& tail = inbox_->tail;
  if (!tail || tail->capacity() - inbox_->tail_used < loose) {
    tail = session_->station_->workspace.lend(loose);
    inbox_->tail_used = 0;
  }
  char* at = tail->data() + inbox_->tail_used;
  inbox_->tail_used += loose;
  Bytes joined{at, loose};
  for (std::size_t i = first; i < chunks.size(); ++i) {
    std::memcpy(at, chunks[i].bytes().data(), chunks[i].size());
    at += chunks[i].size();
  }
  chunks.resize(first);
  if (first > inbox_->first && chunks.back().owner().get() == tail.get() &&
      chunks.back().bytes().data() + chunks.back().size() == joined.data()) {
    joined = {chunks.back().bytes().data(), chunks.back().size() + loose};
    chunks.pop_back();
  }
  if (chunks.capacity() > most_places && first < most_places / 2) chunks.shrink_to_fit();
  chunks.emplace_back(joined, tail);
  inbox_->settled = chunks.size();
}

void LiveExchange::clear_inbox() noexcept {
  if (inbox_ != nullptr) inbox_->clear();
}

// A plain handler gets its content as one view: of the only chunk where there is only one, else of a copy.
void LiveExchange::collect() {
  if (body_received_ == 0) return;
  ContentInbox& content = inbox();
  if (content_ended_ && content.chunks.size() == 1) {
    RequestAccess::set_body(request_, content.chunks.front().bytes(), *session_, arena());
    return;
  }
  for (const Chunk& chunk : content.chunks) content.collected.append(chunk.bytes());
  session_->taken(stream_, content.bytes);
  content.clear();
  RequestAccess::set_body(request_, content.collected, *session_, arena());
}

// --- the handler ---

// True when middleware has answered, or failed to.
bool LiveExchange::ask_middleware() {
  for (const auto& middleware : session_->service_->app.middleware()) {
    ++middleware_asked_;
    std::optional<Response> answer;
    try {
      answer = middleware->before(request_);
    } catch (...) {
      handler_threw(std::current_exception());
      return true;
    }
    if (!answer) continue;
    phase_ = Phase::ended;
    answer_whole(*answer);
    return true;
  }
  return false;
}

// True when the client has made more requests than it may, and has been told.
bool LiveExchange::exceeds_limit() {
  limits::ClientLimit& limit = *session_->service_->client_limit;
  const limits::Verdict verdict = limit.admit(request_.client(), request_.path(), now());
  if (verdict.admitted) return false;
  session_->report_limit("rate_limit");
  phase_ = Phase::ended;
  Response refusal = limit.answer(verdict);
  answer_whole(refusal);
  return true;
}

void LiveExchange::refuse_method() {
  phase_ = Phase::ended;
  Response refusal = method_refusal();
  answer_whole(refusal);
}

Response LiveExchange::method_refusal() {
  return Response::text("405 Method Not Allowed\n", 405).set("allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
}

void pass_on(Exchange& exchange, const Handler& next) noexcept { static_cast<LiveExchange&>(exchange).pass_on(next); }

// Null where it is not for the server itself to answer.
const Handler* LiveExchange::front_handler() const noexcept {
  const App* const front = session_->service_->front;
  return front != nullptr ? front->find(request_.path()) : nullptr;
}

void LiveExchange::dispatch() {
  if (answering_.next != nullptr) return ask(std::exchange(answering_.next, nullptr));
  const App& app = session_->service_->app;
  answering_.handler = front_handler();
  if (answering_.handler != nullptr) return call_plain();
  if (session_->is_crowded()) {
    phase_ = Phase::ended;
    return answer_error(503);
  }
  if (queue() != nullptr && finds_no_place()) return;
  if (session_->service_->client_limit && exceeds_limit()) return;
  if (!app.middleware().empty() && ask_middleware()) return;
  if (RequestAccess::protocol(request_).empty() && !app.accepts(request_.method_id())) return refuse_method();
  ask(app.find(request_.path()));
}

void LiveExchange::ask(const Handler* handler) {
  const Bytes protocol = RequestAccess::protocol(request_);
  answering_.handler = handler;
  if (answering_.handler == nullptr) {
    phase_ = Phase::ended;
    answer_error(404);
  } else if (!protocol.empty() && !equal_without_case(protocol, "websocket")) {
    phase_ = Phase::ended;
    answer_error(501);
  } else if (!protocol.empty() && answering_.handler->kind() == Handler::Kind::plain) {
    refuse_method();
  } else if (answering_.handler->decodes() && !open_decoder()) {
    return;
  } else if (answering_.handler->kind() == Handler::Kind::coroutine || content_ended_) {
    enter();
  } else {
    phase_ = Phase::collecting;
    collect();
    session_->want_body(stream_, true);
  }
}

void LiveExchange::call_handler() {
  answering_.handler->kind() == Handler::Kind::coroutine ? start_coroutine() : call_plain();
}

bool LiveExchange::ready() const {
  if (answer_ == Answer::finishing) return may_have_room();
  switch (phase_) {
    case Phase::collecting: return content_ended_;
    case Phase::starting:
    case Phase::admitted: return !held();
    case Phase::queued: return may_end_wait();
    case Phase::parked: return can(*parked_);
    case Phase::ended: return false;
  }
  return false;
}

bool LiveExchange::held() const {
  if (!session_->plain_held_) return false;
  if (phase_ == Phase::admitted) return answering_.handler->kind() != Handler::Kind::coroutine;
  if (phase_ != Phase::starting) return false;
  if (front_handler() != nullptr) return false;
  const Handler* const handler =
      answering_.next != nullptr ? answering_.next : session_->service_->app.find(request_.path());
  return handler != nullptr && handler->kind() != Handler::Kind::coroutine;
}

void LiveExchange::run() {
  if (answer_ == Answer::finishing && !push_pending()) return;
  waits_left_ = Session::waits_per_resume;
  bytes_left_ = Session::bytes_per_resume;
  switch (phase_) {
    case Phase::collecting:
      if (content_ended_) enter();
      break;
    case Phase::starting: dispatch(); break;
    case Phase::queued: look_for_place(); break;
    case Phase::admitted: call_handler(); break;
    case Phase::parked:
      if (attempt(*parked_)) {
        parked_ = nullptr;
        resume(leaf_);
      }
      break;
    case Phase::ended: return;
  }
  // Nobody will take what still comes, however long the answer takes.
  if (phase_ == Phase::ended && answer_ == Answer::finishing) session_->ignore_body(stream_);
}

void LiveExchange::call_plain() {
  phase_ = Phase::ended;
  collect();
  try {
    if (answering_.decoder && !decode_collected()) return clear_inbox();
    Response response = answering_.handler->respond(request_);
    leave_place();
    answer_whole(response);
  } catch (...) {
    handler_threw(std::current_exception());
  }
  leave_place();
  clear_inbox();
}

// For frames. The first is the handler's own.
void* LiveExchange::allocate(std::size_t size) {
  Station& station = *session_->station_;
  if (may_last_ && !task_ && !socket()) [[unlikely]] {
    station.framed = answering_.handler;
    station.frame_size = size;
  }
  return arena().allocate(station.workspace, size);
}

void LiveExchange::start_coroutine() {
  try {
    task_ = answering_.handler->run(*this);
  } catch (...) {
    return handler_ended(std::current_exception());
  }
  if (task_) return resume(task_.frame());
  handler_ended(nullptr);
}

// Resumes the leaf and walks from finished children to their parents, until something parks or the root has ended.
void LiveExchange::resume(Frame* leaf) {
  for (Frame* frame = leaf; frame != nullptr;) {
    Frame* const parent = frame->parent();
    frame->handle().resume();
    if (!frame->handle().done()) {
      if (parked_ != nullptr) {
        phase_ = Phase::parked;
        return;
      }
      // Suspended on something that is no wait of ours: nobody would ever resume it.
      return handler_ended(
          std::make_exception_ptr(std::logic_error{"the handler awaits something that is not an Exchange's"}));
    }
    if (parent == nullptr) return handler_ended(frame->error());
    frame = parent;
  }
}

void LiveExchange::handler_ended(std::exception_ptr error) {
  phase_ = Phase::ended;
  if (letterbox_) letterbox_->close();
  task_ = Task{};
  parked_ = nullptr;
  leave_place();
  if (answer_ == Answer::none && answering_.next != nullptr && !error && !revoked_) {
    letterbox_ = {};  // what was posted was not for the next one
    phase_ = Phase::starting;
    if (!held()) dispatch();
    return;
  }
  clear_inbox();
  if (socket()) end_socket(error != nullptr);
  if (error) return handler_threw(error);
  if (answer_ == Answer::none) return answer_error(500);
  if (answer_ == Answer::started) session_->machine_->reset(stream_, session_->output_);
}

void LiveExchange::handler_threw(const std::exception_ptr& error) {
  phase_ = Phase::ended;
  tell(error);
  if (answer_ == Answer::none) {
    answer_error(500);
  } else if (answer_ == Answer::started) {
    session_->machine_->reset(stream_, session_->output_);
  }
}

void LiveExchange::tell(const std::exception_ptr& error) {
  threw_ = true;
  if (!session_->station_->kinds.has<events::HandlerThrew>()) return;
  std::string what = "not a std::exception";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {  // the text says so
  }
  session_->observe([&] {
    return events::HandlerThrew{.at = now(),
                                .connection = session_->peers_.connection,
                                .worker = session_->station_->worker,
                                .request = request_.id(),
                                .what = what};
  });
}

void LiveExchange::drain() {
  draining_ = true;
  if (on_stream()) socket()->connection->drain(now(), socket()->stream->output);
}

// --- reports ---

events::Asked LiveExchange::asked(HeadRoom& room) const noexcept {
  try {
    room.head = RequestAccess::head(request_, room.fields);
  } catch (const std::bad_alloc&) {  // then it is told without its fields
    room.head = RequestAccess::line(request_);
  }
  return {.peer = session_->peers_.peer,
          .local = session_->peers_.local,
          .client = request_.client(),
          .scheme = request_.scheme(),
          .host = request_.authority(),
          .correlation = request_.correlation(),
          .head = &*room.head};
}

void LiveExchange::report_started(Instant at) {
  if (request_.version() == Version::http2) {
    session_->observe([&] {
      return events::StreamOpened{
          .at = at, .connection = session_->peers_.connection, .worker = session_->station_->worker, .stream = stream_};
    });
  }
  if (!session_->station_->kinds.has<events::RequestStarted>()) return;
  HeadRoom room;
  session_->observe([&] {
    return events::RequestStarted{.at = at,
                                  .connection = session_->peers_.connection,
                                  .worker = session_->station_->worker,
                                  .stream = stream_,
                                  .request = request_.id(),
                                  .method = request_.method(),
                                  .target = request_.target(),
                                  .version = request_.version(),
                                  .open_requests = static_cast<std::uint32_t>(session_->exchanges_.size()),
                                  .asked = asked(room)};
  });
}

void LiveExchange::report_stream_closed(Instant at) {
  if (request_.version() != Version::http2) return;
  session_->observe([&] {
    return events::StreamClosed{
        .at = at, .connection = session_->peers_.connection, .worker = session_->station_->worker, .stream = stream_};
  });
}

void LiveExchange::report_completed(Instant at) {
  if (threw_ && socket()) return report(at, events::Failure::handler_threw, Fault::none);
  if (socket() && socket()->fault != Fault::none) return report(at, events::Failure::peer_fault, socket()->fault);
  if (answer_ != Answer::ended) {
    return report(at, threw_ ? events::Failure::handler_threw : events::Failure::handler_left, Fault::none);
  }
  if (std::exchange(reported_, true)) return;
  report_stream_closed(at);
  if (!session_->station_->kinds.has<events::ResponseCompleted>()) return;
  HeadRoom room;
  session_->observe([&] {
    return events::ResponseCompleted{.at = at,
                                     .connection = session_->peers_.connection,
                                     .worker = session_->station_->worker,
                                     .stream = stream_,
                                     .request = request_.id(),
                                     .method = request_.method(),
                                     .target = request_.target(),
                                     .status = status_,
                                     .body_received = body_received_,
                                     .body_sent = request_.method_id() == Method::head ? 0 : body_sent_,
                                     .body_uncoded = body_uncoded_,
                                     .duration = at - started_at_,
                                     .version = request_.version(),
                                     .open_requests = static_cast<std::uint32_t>(session_->exchanges_.size() - 1),
                                     .asked = asked(room)};
  });
}

void LiveExchange::report(Instant at, events::Failure failure, Fault fault) {
  if (std::exchange(reported_, true)) return;
  report_stream_closed(at);
  if (!session_->station_->kinds.has<events::RequestFailed>()) return;
  HeadRoom room;
  session_->observe([&] {
    return events::RequestFailed{.at = at,
                                 .connection = session_->peers_.connection,
                                 .worker = session_->station_->worker,
                                 .stream = stream_,
                                 .request = request_.id(),
                                 .method = request_.method(),
                                 .target = request_.target(),
                                 .status = status_,
                                 .failure = failure,
                                 .fault = fault,
                                 .duration = at - started_at_,
                                 .body_received = body_received_,
                                 .body_sent = request_.method_id() == Method::head ? 0 : body_sent_,
                                 .body_uncoded = body_uncoded_,
                                 .version = request_.version(),
                                 .open_requests = static_cast<std::uint32_t>(session_->exchanges_.size() - 1),
                                 .asked = asked(room)};
  });
}

}  // namespace pounce::inline v0
