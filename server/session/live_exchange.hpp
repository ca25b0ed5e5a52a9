// LiveExchange: the server's side of an Exchange: inbox, handler, answer.
//
// Lives in its own arena, from the request head until its handler has ended and its response is complete or given up.
#pragma once

#include <pounce/app/exchange.hpp>
#include <pounce/app/handler.hpp>
#include <pounce/core/event.hpp>
#include <pounce/events/event.hpp>
#include <pounce/server/codings.hpp>
#include <pounce/server/session.hpp>

#include "server/session/arena.hpp"
#include "server/session/content_coder.hpp"
#include "server/session/content_decoder.hpp"
#include "server/session/content_inbox.hpp"
#include "server/session/queue_wait.hpp"
#include "server/session/socket_inbox.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string_view>
#include <vector>

namespace pounce::inline v0 {

[[nodiscard]] Status as_status(Sent sent) noexcept;

class LiveExchange final : public Exchange {
 public:
  // What the handler is doing.
  enum class Phase : std::uint8_t {
    collecting,  // plain: waits for the whole content
    starting,    // to be dispatched in this step
    queued,      // waits until there is a place for one more handler
    admitted,    // has it: the handler is to be called
    parked,      // coroutine: waits
    ended,       // has returned
  };
  // What has been said to the peer. `finishing`: all is known, but a large body still waits for room.
  enum class Answer : std::uint8_t { none, started, finishing, ended };

  // Copies the head into the arena.
  LiveExchange(Session& session, Arena& arena, StreamId stream, const RequestHead& head);
  ~LiveExchange();

  // --- for the session ---
  [[nodiscard]] StreamId stream() const noexcept { return stream_; }
  // It is what was allocated there first.
  [[nodiscard]] Arena& arena() const noexcept { return Arena::of_first(this); }
  // It asks for another protocol than HTTP: what it holds should be no more than it needs.
  [[nodiscard]] bool may_last() const noexcept { return may_last_; }
  // The same, in a snug arena of its own; before anything has happened to this one, which is of no use then.
  [[nodiscard]] LiveExchange& make_lasting() const;
  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  [[nodiscard]] Answer answer() const noexcept { return answer_; }
  void content(Bytes bytes);  // of the input that the session reads now
  void content_end(FieldList trailers);
  // End of a step: unread content leaves the block that it was read into, unless it fills a good part of it.
  void settle();
  // Whether `run` would do anything.
  [[nodiscard]] bool ready() const;
  // Its handler is plain, and the session holds those.
  [[nodiscard]] bool held() const;
  // Calls or resumes the handler, at most to its budget. Afterwards `complete()` may be true.
  void run();
  // Handler ended and answer complete, or nothing more to be done about it.
  [[nodiscard]] bool complete() const noexcept {
    return phase_ == Phase::ended && answer_ != Answer::finishing && !(on_stream() && !socket()->stream->over);
  }
  [[nodiscard]] Instant alarm() const noexcept;
  // Waits for something that the peer has no part in.
  [[nodiscard]] bool waits_outside() const noexcept {
    return phase_ == Phase::parked &&
           (socket() || parked_->kind == Wait::Kind::sleep || parked_->kind == Wait::Kind::message);
  }
  void drain();
  void pass_on(const Handler& next) noexcept { answering_.next = &next; }
  // Says that it has begun; once, by the session that has taken it into its list.
  void report_started(Instant at);
  // Says how it ended; at most once.
  void report(Instant now, events::Failure failure, Fault fault);
  void report_completed(Instant now);
  // How it has ended has been said.
  [[nodiscard]] bool is_reported() const noexcept { return reported_; }

  // --- a WebSocket ---
  void message(const event::Message& message);
  // Nothing more comes: `fault` says why there was no Close.
  void socket_ended(std::uint16_t code, Bytes reason, Fault fault);

  // On a stream of HTTP/2: live_exchange_stream.cpp.
  [[nodiscard]] bool on_stream() const noexcept { return socket() && socket()->stream; }
  // From the stream's content to the socket, and from that to the stream's queue, as far as it goes.
  void move_socket();
  // Its output waits for room, and something has moved.
  [[nodiscard]] bool may_move() const noexcept {
    return on_stream() && !socket()->stream->output.empty() && may_have_room();
  }
  // The stream is over, and the handler waits for something else than to be told so.
  [[nodiscard]] bool is_deserted() const { return socket()->stream->over && !ready(); }
  // It is over for the peer, and the handler will not be told: says how it ended.
  void report_deserted(Instant at) {
    answer_ = Answer::ended;
    report_completed(at);
  }
  // What has come waits for the handler: nothing more is looked at.
  [[nodiscard]] bool holds_messages() const noexcept { return socket() && socket()->paused; }
  void expire_socket();
  [[nodiscard]] Instant socket_deadline() const noexcept {
    return socket()->stream->over ? never : socket()->connection->deadline(socket()->stream->output);
  }
  // Where what it composes takes its memory from; null: the heap.
  void bind(Workspace* workspace) noexcept {
    if (on_stream()) socket()->stream->output.bind(workspace);
  }

  // --- the Host table ---
  static const Host host;

 private:
  // Middleware, routing; answers at once where no handler is to be asked.
  void dispatch();
  [[nodiscard]] const Handler* front_handler() const noexcept;
  [[nodiscard]] bool ask_middleware();
  [[nodiscard]] bool exceeds_limit();
  void refuse_method();
  void ask(const Handler* handler);
  [[nodiscard]] static Response method_refusal();
  void call_handler();
  LiveExchange(const LiveExchange& first, Arena& arena);

  // --- a place among those that run: live_exchange_queue.cpp ---

  [[nodiscard]] limits::RequestQueue* queue() const noexcept { return session_->service_->request_queue.get(); }
  [[nodiscard]] bool needs_place(const Handler* handler) const noexcept;
  [[nodiscard]] bool finds_no_place();
  void enter();
  void look_for_place();
  void leave_queue() noexcept;
  void leave_place() noexcept;
  void turn_away(std::string_view limit);
  [[nodiscard]] bool may_end_wait() const noexcept;

  void collect();
  [[nodiscard]] ContentInbox& inbox();
  void clear_inbox() noexcept;
  void call_plain();
  void start_coroutine();
  [[nodiscard]] void* allocate(std::size_t size);
  void resume(Frame* leaf);
  void handler_ended(std::exception_ptr error);
  void handler_threw(const std::exception_ptr& error);
  void tell(const std::exception_ptr& error);
  void report_stream_closed(Instant at);
  // Where the head of an event is put together, if somebody listens.
  struct HeadRoom {
    std::optional<RequestHead> head;
    std::vector<Field> fields;
  };
  [[nodiscard]] events::Asked asked(HeadRoom& room) const noexcept;
  void answer_whole(Response& response);
  void answer_error(std::uint16_t status);
  [[nodiscard]] Status may_answer() const noexcept;
  void ask_middleware_after(const Head& head, std::optional<Head>& changed) const;
  void add_own_fields(const Head& head, std::optional<Head>& changed);
  [[nodiscard]] bool takes_trailers() const noexcept;
  // `send` is given the head as the machine takes it.
  template <class Send>
  Status say_head(const Head& head, const Send& send);
  Status start_stream(const Head& head);
  Status send_stream_head(const Head& head, std::optional<std::uint64_t> length);
  Status send_whole(Response& response);
  Status send_body(const Head& head, const Body& body, Fields& trailers);
  Status send_parts(const Head& head, std::optional<std::uint64_t> length, const Body& body, Fields& trailers);
  Sent begin_parts(ResponseHead& head, const Body& body, Fields& trailers);
  Status finish(const Fields& trailers);
  Status end_answer(const Fields& trailers);
  Status send_end(const Fields& trailers);
  bool push_pending();
  void attempt_accept(Wait& wait);
  void refuse_socket(Wait& wait, Fault fault);
  [[nodiscard]] bool can_receive() const;
  [[nodiscard]] bool attempt_receive(Wait& wait);
  [[nodiscard]] bool take_posted(Wait& wait);
  [[nodiscard]] bool attempt_send(Wait& wait);
  [[nodiscard]] Status close_socket(std::uint16_t code, Bytes reason);
  void end_socket(bool failed);
  void settle_socket();
  void want_messages(bool wanted);
  [[nodiscard]] Output& socket_output() noexcept {
    return socket()->stream ? socket()->stream->output : session_->output_;
  }
  void begin_stream_socket(SocketInbox& inbox, Owned<MessageCodec> codec);
  void socket_content(Bytes bytes);
  [[nodiscard]] std::size_t listen(MutableBytes bytes);
  void listen_again();
  void route_socket(const Events& events);
  void push_socket();
  [[nodiscard]] bool misleads(const Head& head) const noexcept;
  Status refuse_protocol();
  [[nodiscard]] bool attempt(Wait& wait);
  [[nodiscard]] bool take_received(Chunk& chunk);
  [[nodiscard]] bool attempt_read(Wait& wait);
  [[nodiscard]] bool await_content(Wait& wait);
  [[nodiscard]] bool attempt_write(Wait& wait);
  [[nodiscard]] bool attempt_region(Exchange::WriteRegion& wait);
  [[nodiscard]] bool attempt_message(Exchange::Message& wait);
  [[nodiscard]] bool can(const Wait& wait) const;
  [[nodiscard]] bool may_have_room() const noexcept;
  // So many bytes have been moved in this resume.
  void spend(std::size_t size) noexcept {
    bytes_left_ -= static_cast<std::uint32_t>(std::min<std::size_t>(bytes_left_, size));
  }
  [[nodiscard]] Instant now() const noexcept { return session_->now_; }

  // --- content codings: live_exchange_coding.cpp ---

  // Whether an answer may have to do with them at all.
  [[nodiscard]] bool may_be_coded(const Head& head, std::optional<std::uint64_t> size) const noexcept {
    const Codings* const codings = session_->service_->codings.get();
    return codings != nullptr && head.compress() != Compress::off &&
           (!size || *size >= codings->policy.min_size || head.compress() == Compress::always || head.status() == 304);
  }
  [[nodiscard]] compression::Decision decide_coding(const Head& head, std::optional<std::uint64_t> size) const;
  void code_whole(const Head& head, const Body& body, compression::Decision& decision, Body& coded);
  [[nodiscard]] bool open_coder(const Head& head, const compression::Decision& decision,
                                std::optional<std::uint64_t> size);
  Status refuse_coding();
  Status send_whole_coded(const Head& wanted, std::optional<Head>& changed, Response& response);
  Status start_stream_coded(Head& head);
  Sent push_coded(Chunk& content, compression::Flush flush);
  [[nodiscard]] bool attempt_write_coded(Wait& wait);
  [[nodiscard]] bool open_decoder();
  [[nodiscard]] bool decode_collected();
  [[nodiscard]] bool attempt_read_decoded(Wait& wait);

  // What it needs until it is answered, or is a WebSocket.
  struct Answering {
    // Nothing of it is there to be destroyed: mostly so.
    [[nodiscard]] bool is_bare() const noexcept {
      return !pending.owner() && !pending_trailers && !coder && !decoder && !queue_wait;
    }

    const Handler* handler = nullptr;
    const Handler* next = nullptr;   // who is asked when this one has ended without an answer
    Chunk pending;                   // of `respond`: content that waits for room
    Owned<Fields> pending_trailers;  // null: none
    Owned<ContentCoder> coder;       // while an answer is coded piece by piece
    Owned<ContentDecoder> decoder;   // where request content is decoded
    Owned<QueueWait> queue_wait;     // while it is queued
  };

  [[nodiscard]] SocketInbox* socket() noexcept { return is_socket_ ? &inbox_of_socket_ : nullptr; }
  [[nodiscard]] const SocketInbox* socket() const noexcept { return is_socket_ ? &inbox_of_socket_ : nullptr; }
  // From here on it is a WebSocket.
  void become(SocketInbox&& inbox) noexcept;

  Session* session_;
  StreamId stream_;
  Task task_;
  ContentInbox* inbox_ = nullptr;  // in the arena; null: there was no content
  Loan<Letterbox> letterbox_;
  union {
    Answering answering_;
    SocketInbox inbox_of_socket_;
  };
  std::uint64_t body_received_ = 0;
  std::uint64_t body_sent_ = 0;
  std::uint64_t body_uncoded_ = 0;  // what that was coded from
  std::uint64_t refused_at_ = 0;    // the session's progress when there was no room
  Instant started_at_;
  std::uint32_t middleware_asked_ = 0;
  std::uint32_t bytes_left_ = 0;
  std::uint16_t waits_left_ = 0;
  std::uint16_t status_ = 0;
  Phase phase_ = Phase::starting;
  Answer answer_ = Answer::none;
  bool content_ended_ = false;
  bool draining_ = false;
  bool drain_told_ = false;
  bool reported_ = false;
  bool may_last_ = false;
  bool is_socket_ = false;  // it is a WebSocket: `inbox_of_socket_` stands in the place of `answering_`
  bool threw_ = false;
  bool refused_ = false;  // answered 406; middleware that makes a success of that is not asked to again
  bool has_place_ = false;
  bool revoked_ = false;  // being destroyed: what destructors in frames say reaches nobody
};

// Each idle WebSocket has one.
static_assert(sizeof(LiveExchange) <= 320);

}  // namespace pounce::inline v0
