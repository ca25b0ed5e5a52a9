// Session: a connection and its exchanges, without a socket. Both runtimes drive the same one.
// It speaks HTTP/1.1 until the first octets turn out to be the preface of HTTP/2 (RFC 9113, section 3.3); then each stream is an
// exchange, and all of them run side by side. `Upgrade: h2c` is ignored.
//
//   bytes in → Input → Machine → events → inboxes → handlers → Machine → Output → bytes out
//
// A driver's loop, the same for a blocking worker and a reactor:
//   1. when `wants_input`: read into `space`, then `received(n)`; at end of stream `received_end`; on an error `broken`;
//   2. `step(tick)`: receive → route into inboxes → run ready exchanges. No machine frame and no iteration over events is live
//      while a handler runs; a coroutine is resumed and destroyed here only;
//   3. write what `output()` gathers, `written(n, now)`; when the output is finished and empty shut the sending side down;
//   4. `settle()`; while `runnable()` go to 2, letting other sessions go first;
//   5. step again at `deadline()` (limits: coarse is fine) and at `alarm()` (a handler's own waits: to the millisecond), and when woken;
//   6. when `finished()`: `close`, then destroy.
// Budgets: a step runs at most `requests_per_step` exchanges, and the next one goes on behind them; a resume moves at most
// `bytes_per_resume` bytes and completes at most `waits_per_resume` waits. When a budget is spent even a ready wait parks, so that no
// handler owns a worker.
//
// Ownership: borrows a Station (see join/leave); owns everything else. One thread at a time.
#pragma once

#include <pounce/app/peers.hpp>
#include <pounce/core/agreed.hpp>
#include <pounce/core/cut.hpp>
#include <pounce/core/drain.hpp>
#include <pounce/core/input.hpp>
#include <pounce/core/output.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>
#include <pounce/events/event.hpp>
#include <pounce/server/exchange_list.hpp>
#include <pounce/server/machine.hpp>
#include <pounce/server/station.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0 {

class Filter;
class LiveExchange;
class MessageCodec;
class Secured;
namespace event {
struct Failed;
struct Request;
struct Reset;
}  // namespace event
namespace ws {
class Connection;
}

class Session {
 public:
  static constexpr std::size_t requests_per_step = 64;
  static constexpr Duration proxy_header_timeout = std::chrono::seconds{3};
  static constexpr std::size_t waits_per_resume = 256;
  static constexpr std::size_t bytes_per_resume = 512 * kibibyte;

  // A fresh connection. `service`, `station` and `wake` are borrowed.
  Session(const Service& service, Station& station, Wake& wake, Peers peers, Instant now);
  // The same behind a filter: what is read and written is ciphertext, and ALPN says which protocol it is.
  Session(const Service& service, Station& station, Wake& wake, Peers peers, Instant now, Owned<Filter> filter);
  // The same over another machine, whose streams run side by side.
  Session(const Service& service, Station& station, Wake& wake, Peers peers, Instant now, Owned<Machine> machine);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // --- input from the network ---
  [[nodiscard]] MutableBytes space() {
    if (secured_) [[unlikely]]
      return source().space(station_->workspace);
    return input_.space(station_->workspace);
  }
  void received(std::size_t n) noexcept;
  void received_end() noexcept;
  // The transport failed: nothing can be sent any more. Only marks; the next step destroys the exchanges.
  void broken() noexcept { broken_ = true; }
  // The transport announces the peer's end, which lies behind what has been read so far: who only waits to be served waits for nobody, most likely.
  void end_announced() noexcept { end_announced_ = true; }
  void written(std::size_t n, Instant now);
  // So many of the bytes that were written have not reached the peer. Worth saying when `deadline` has come and output waits.
  void unacknowledged(std::size_t n, Instant now);

  // --- the step ---
  void step(const Tick& tick);
  void settle();
  // No new requests but one that has been read already; handlers that sleep or wait for messages are told once. Step afterwards.
  // Patiently: a peer that is idle, and cannot be told, may ask once more within a moment, so that no request crosses its end.
  void drain(const Tick& tick, Drain drain = Drain::prompt);
  [[nodiscard]] bool draining() const noexcept { return draining_; }
  // Ends whatever is left and says so to the observer. Idempotent. `cut`: not by itself, but by the drain deadline; then returns what
  // has ended so, else nothing.
  Cut close(Instant now, bool cut);

  // --- moving between workers: between steps only ---
  void leave();
  void join(Station& station);

  // `held`: plain handlers may block their thread and are not called until it is said that they may be; see `holds_plain`.
  void hold_plain(bool held) noexcept { plain_held_ = held; }
  // Whoever writes the output out sends regions, too: the octets go to the peer as they are, through no filter.
  void allow_regions() noexcept { regions_allowed_ = true; }
  // `held`: frames of HTTP/2 are for somewhere else to parse; see `holds_streams`.
  void hold_streams(bool held) noexcept { streams_held_ = held; }

  // --- questions ---
  [[nodiscard]] Output& output() noexcept { return *sink_; }
  [[nodiscard]] bool wants_input() const;
  [[nodiscard]] bool runnable() const;
  [[nodiscard]] bool finished() const;
  // Between requests, nothing buffered either way.
  [[nodiscard]] bool idle() const;
  [[nodiscard]] Instant deadline() const;
  [[nodiscard]] Instant alarm() const;
  // A handler waits for time or a message: nothing that the peer does will end it.
  [[nodiscard]] bool waits_outside() const;
  // A request waits for nothing but to be where plain handlers are called.
  [[nodiscard]] bool holds_plain() const;
  // The connection speaks HTTP/2, and waits for nothing but to be where that is parsed.
  [[nodiscard]] bool holds_streams() const noexcept { return streams_ && streams_held_; }
  // It has become a WebSocket, all of it.
  [[nodiscard]] bool has_socket() const noexcept { return protocol_ == events::Protocol::websocket; }
  // Its exchanges run side by side: it speaks HTTP/2.
  [[nodiscard]] bool has_streams() const noexcept { return streams_; }
  [[nodiscard]] const Peers& peers() const noexcept { return peers_; }
  // The peer is a trusted proxy: what it says about a client counts.
  [[nodiscard]] bool has_trusted_peer() const noexcept { return trusted_peer_; }
  [[nodiscard]] const Service& service() const noexcept { return *service_; }
  [[nodiscard]] const proxy::Trust& trust() const noexcept { return service_->trust; }
  [[nodiscard]] Station& station() const noexcept { return *station_; }
  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }
  // The time that it knows of: what a driver tells of it from now on is not earlier.
  [[nodiscard]] Instant now() const noexcept { return now_; }
  // Waits for nothing but the content that a plain handler is to be called with; no handler runs.
  [[nodiscard]] bool collecting() const;
  // A request is being answered.
  [[nodiscard]] bool busy() const noexcept { return !exchanges_.empty() || !output_.empty() || !sink_->empty(); }
  // What both ends of a filter have agreed on; null on a clear connection.
  [[nodiscard]] const Agreed* agreed() const noexcept;

 private:
  friend class LiveExchange;

  // What stands in session_secured.cpp.
  [[nodiscard]] bool open_secured();
  void start_secured();
  void fail_secured(Fault fault, TlsFailure failure, Bytes words);
  void report_tls_failure(Fault fault, TlsFailure failure, Bytes words);
  void refuse_clear_text();
  void end_input() noexcept;
  // What the driver reads into.
  [[nodiscard]] Input& source() noexcept;
  [[nodiscard]] const Input& source() const noexcept;

  // A handler may have taken time within a step, and a driver's tick may be from before.
  void look_at(Instant now) noexcept { now_ = now > now_ ? now : now_; }
  void look_at_clock() noexcept {
    if (station_->tick != nullptr && station_->tick->clock != nullptr) look_at(station_->tick->clock());
  }
  void receive();
  [[nodiscard]] bool take_proxy_header();
  void refuse_proxy_header(Fault fault);
  [[nodiscard]] std::size_t decide(Bytes octets);
  void drain_machine();
  void route();
  void open(const event::Request& request);
  void fail(const event::Failed& failed);
  void end(const event::Reset& reset);
  void reject(const event::Reset& reset);
  void choose(events::Protocol protocol);
  void report_fault(Fault fault);
  void report_limit(std::string_view limit);  // empty: none
  void lose_peer();
  void run_ready();
  void give_up(LiveExchange& exchange);
  void destroy(LiveExchange& exchange);
  void want_body(StreamId stream, bool wanted);
  // Null: HTTP does not let it happen.
  [[nodiscard]] ws::Connection* switch_to_websocket(StreamId stream, FieldList fields, Owned<MessageCodec> codec);
  void resume_socket(StreamId stream);
  void let_go_of_socket();
  // The same on streams of HTTP/2, in session_sockets.cpp.
  void expire_sockets();
  void move_sockets();
  [[nodiscard]] Instant sockets_deadline() const;
  [[nodiscard]] Owned<Machine> make_streams_machine();
  [[nodiscard]] bool lies_in_input(Bytes bytes) noexcept;
  // The application is done with so much of a stream's content.
  void taken(StreamId stream, std::size_t size) {
    if (streams_) machine_->taken(stream, size, output_);
  }
  // … and will look at no more of it.
  void ignore_body(StreamId stream) {
    if (streams_) machine_->ignore_body(stream, output_);
  }
  // So many handlers run on although they have answered that there is no place for one more.
  [[nodiscard]] bool is_crowded() const noexcept { return streams_ && exchanges_.size() > service_->h2.max_streams; }
  [[nodiscard]] ExchangeList::iterator place(StreamId stream) const noexcept;
  [[nodiscard]] LiveExchange* find(StreamId stream) const noexcept;
  [[nodiscard]] bool may_parse() const;
  template <class Make>
  void observe(Make make) const noexcept {
    station_->observe(make);
  }

  const Service* service_;
  Station* station_;
  Wake* wake_;
  Owned<Machine> machine_;
  Input input_;
  Output output_;
  Owned<Secured> secured_;   // null: the transport is clear
  Output* sink_ = &output_;  // what the driver writes from
  ExchangeList exchanges_;
  std::uint32_t turn_ = 0;     // of these, who runs first in the next step
  std::uint32_t sockets_ = 0;  // of these, how many are WebSockets on streams
  Peers peers_;
  Instant opened_at_;
  Instant now_;  // of the last step
  std::uint64_t requests_ = 0;
  std::uint64_t bytes_received_ = 0;
  std::uint64_t progress_ = 1;  // reads and writes so far: without any, a stream that was refused room has none
  std::uint32_t coders_ = 0;    // responses that are being coded piece by piece
  Fault fault_ = Fault::none;
  bool hello_ = false;         // its first octets are those of TLS, on a clear transport
  bool undecided_ = false;     // its first octets may still become the preface of HTTP/2
  bool streams_ = false;       // exchanges run side by side
  bool streams_held_ = false;  // … but not here
  events::Protocol protocol_ = events::Protocol::undecided;
  bool unparsed_ = false;       // the input may hold something that the machine has not looked at
  bool end_received_ = false;   // the peer will send no more …
  bool end_handled_ = false;    // … and the machine knows
  bool end_announced_ = false;  // … or will, when all of its input has been read
  bool broken_ = false;         // the transport failed …
  bool lost_ = false;           // … and the exchanges are gone
  bool draining_ = false;
  Drain drain_ = Drain::prompt;
  bool drain_waits_ = false;  // until the machine has looked at what was unparsed
  bool closed_ = false;
  bool plain_held_ = false;
  bool trusted_peer_ = false;
  bool awaits_proxy_header_ = false;
  bool regions_allowed_ = false;
};

}  // namespace pounce::inline v0
