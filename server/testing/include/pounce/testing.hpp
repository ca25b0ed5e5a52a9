// testing::Client: runs an application in memory, over the real session, without a port, a thread or a clock.
//
//   pounce::testing::Client client{app};
//   const auto reply = client.get("/hello");
//   CHECK(reply.status == 200);
//   CHECK(reply.body == "Hello, World!");
//
// What it is: a client on one keep-alive HTTP/1.1 connection at a time (a new one is opened when the last has ended), and the
// driver of the session at the other end. What it is not: a network, or a check of lifespan hooks: call `App::start` yourself.
// Time is simulated: when a handler sleeps, the clock jumps to the end of its sleep, so that a test takes no time. Time-outs of
// the server (keep-alive, heads, …) are reached with `advance` only.
// Ownership: borrows the App and the observer; both must outlive it. Replies own their bytes.
// Limits: a single `run` ends after `Options::patience` of simulated time or `Options::most_output` bytes: see `Reply::complete`.
#pragma once

#include <pounce/app/fields.hpp>
#include <pounce/core/bytes.hpp>
#include <pounce/core/list.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/small_string.hpp>
#include <pounce/core/string_fwd.hpp>
#include <pounce/core/time.hpp>
#include <pounce/h1/limits.hpp>
#include <pounce/h2/limits.hpp>
#include <pounce/limits/request_queue.hpp>
#include <pounce/proxy/trust.hpp>
#include <pounce/server/codings_ref.hpp>
#include <pounce/ws/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pounce::inline v0 {

class App;
class FilterSource;
class Session;

namespace events {
class Observer;
}

namespace testing {

// What came back. `status` is 0 when there was no answer. A template, so that only who looks at one has to include <string>.
template <class Text>
struct ReplyOf {
  std::uint16_t status = 0;
  Fields fields;
  Text body;  // without its transfer coding
  Fields trailers;
  List<ReplyOf> informational;  // 1xx heads that came before
  bool complete = false;        // its end was seen, by its framing
  bool keep_alive = false;      // the connection goes on

  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
    return fields.find(name);
  }
};
using Reply = ReplyOf<std::string>;

// Takes one response off the front of `bytes`; `closed`: no more will come. Empty when there is none yet (nothing is taken).
[[nodiscard]] std::optional<Reply> take_reply(std::string& bytes, bool to_head, bool closed);

struct Options {
  h1::Limits limits{};
  h2::Limits h2{};  // when the bytes that are sent begin with the preface of HTTP/2
  bool http2 = true;
  ws::Limits ws{};
  bool ws_compression = true;
  ws::DeflateWishes ws_deflate{};
  std::size_t output_limit = 256 * kibibyte;
  std::size_t inbox_limit = 64 * kibibyte;
  std::size_t read_size = 64 * kibibyte;  // most bytes that the session gets per read
  std::size_t write_size = mebibyte;      // most bytes that it gets rid of per write
  CodingsRef codings{};                   // how responses are compressed; null: not at all
  SmallString lines{};                    // field lines for every response, as a runtime prepares them (Date, Server)
  SmallString peer{};                     // "192.0.2.1:40001", "unix:"; empty: 127.0.0.1 and a port per connection
  proxy::Trust trust{};                   // whose word about a client counts
  bool proxied = false;                   // the connection begins with a header of the PROXY protocol
  Loan<limits::RequestQueue> request_queue{};  // how many handlers run at once, in all clients that share it
  const App* front = nullptr;                  // answers before limits, middleware and the application (Service::front)
  std::optional<std::uint64_t> request_names{};  // requests have an X-Request-ID made of this (Service::request_names)
  bool server_timing = false;                    // responses have a Server-Timing
  Instant (*clock)() noexcept = nullptr;         // what time it is within a step; null: it stands still
  events::Observer* observer = nullptr;          // told before the collectors of the application
  FilterSource* filters = nullptr;  // connections are behind a filter of it: what is sent and taken is ciphertext
  Duration patience = std::chrono::hours{1};  // simulated, per run
  std::size_t most_output = 64 * mebibyte;    // per run
};

class Client {
 public:
  explicit Client(const App& app, Options options = {});
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // --- requests; each runs until its answer is complete, or nothing more happens by itself ---

  Reply get(std::string_view target, const Fields& fields = {});
  Reply head(std::string_view target, const Fields& fields = {});
  Reply post(std::string_view target, std::string_view body, const Fields& fields = {});
  // Host and Content-Length are added unless `fields` has them, or a Transfer-Encoding.
  Reply request(std::string_view method, std::string_view target, const Fields& fields = {},
                std::string_view body = {});
  // The next answer in the output, to requests that were sent as bytes.
  Reply reply(bool to_head = false);

  // --- the connection, as bytes ---

  // A fresh connection; one that is open is reset.
  void open();
  // Queues bytes for the server, to be read in the next run.
  void send(std::string_view bytes);
  // No more will be sent (half-close), after what is queued.
  void close_write();
  // The connection breaks: at once.
  void reset();
  // What the server has written and nobody has taken.
  [[nodiscard]] std::string take_output();
  [[nodiscard]] const std::string& output() const noexcept;
  // How many more bytes the client takes from the server before it stops reading; none: all.
  void take_at_most(std::optional<std::size_t> bytes);

  // --- time ---

  // Until nothing more happens by itself; the clock jumps over what handlers wait for.
  void run();
  // Lets time pass, for the server's deadlines as well as for handlers.
  void advance(Duration duration);
  [[nodiscard]] Instant now() const noexcept;

  // The server begins to shut down.
  void drain();

  // --- questions ---

  // The server has closed the connection.
  [[nodiscard]] bool closed() const noexcept;
  // The server has shut its sending side down (it may still read).
  [[nodiscard]] bool end_of_output() const noexcept;
  // How often the session was stepped; for tests of budgets and of spinning.
  [[nodiscard]] std::size_t steps() const noexcept;
  // How many writes the server made (at most one per step).
  [[nodiscard]] std::size_t writes() const noexcept;
  // Null when there is no connection.
  [[nodiscard]] Session* session() noexcept;

 private:
  class Connection;

  Owned<Connection> connection_;
};

}  // namespace testing

}  // namespace pounce::inline v0
