// Station: what a session borrows from the worker or reactor that it is on, and Service: what all sessions of a server share.
//
// A session that moves to another thread leaves its station and joins the other one's; nothing of the old one stays with it.
#pragma once

#include <pounce/app/mailbox.hpp>
#include <pounce/core/ids.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/storage.hpp>
#include <pounce/core/string_fwd.hpp>
#include <pounce/events/observer.hpp>
#include <pounce/h1/limits.hpp>
#include <pounce/h2/limits.hpp>
#include <pounce/limits/client_limit.hpp>
#include <pounce/limits/request_queue.hpp>
#include <pounce/proxy/trust.hpp>
#include <pounce/server/codings_ref.hpp>
#include <pounce/ws/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace pounce::inline v0 {

class App;
class FilterSource;
class Handler;
class Session;
class Workspace;
struct Tick;

// Letterbox: the server's end of a Mailbox. It is kept outside the session, holds messages while the session moves, and says `gone`
// to everybody who posts after `close`.
class Letterbox : public Mailbox {
 public:
  // Takes the oldest message; false when there is none. Called by the session's own thread only.
  virtual bool take(std::string& message) = 0;
  [[nodiscard]] virtual bool has_mail() const = 0;
  virtual void close() noexcept = 0;
};

// Wake: the seam that makes letterboxes whose posts bring the session's driver to step it. One per connection, given by the driver.
class Wake {
 public:
  [[nodiscard]] virtual Loan<Letterbox> open() = 0;

 protected:
  ~Wake() = default;
};

// RequestIds: a source of process-wide unique ids; each worker draws them in blocks, so that no cache line is shared per request.
class RequestIds {
 public:
  [[nodiscard]] RequestId next() {
    if (next_ == end_) {
      next_ = refill();
      end_ = next_ + block;
    }
    return RequestId{next_++};
  }

 protected:
  static constexpr std::uint64_t block = 256;
  RequestIds() = default;
  ~RequestIds() = default;

 private:
  [[nodiscard]] virtual std::uint64_t refill() = 0;  // the first of `block` fresh ids

  std::uint64_t next_ = 0;
  std::uint64_t end_ = 0;
};

struct Station {
  Station(Workspace& its_workspace, RequestIds& ids, events::Observer* its_observer, events::WorkerId id) noexcept
      : workspace(its_workspace),
        requests(ids),
        observer(its_observer),
        kinds(its_observer != nullptr ? its_observer->kinds() : events::Kinds{}),
        worker(id) {}

  // `make` builds the event; it is called only if somebody listens to its kind. An observer that fails (no memory for its line)
  // has missed this event; whoever reports it goes on.
  template <class Make>
  void observe(Make make) const noexcept {
    using Built = std::invoke_result_t<Make>;
    if (!kinds.has<Built>()) [[likely]]
      return;
    try {
      observer->observe(events::Lifecycle{std::in_place_type<Built>, Building<Make>{make}});
    } catch (...) {
    }
  }

  // An event is built where it is looked at, and moved nowhere.
  template <class Make>
  struct Building {
    Make& make;
    operator std::invoke_result_t<Make>() const { return make(); }  // NOLINT(google-explicit-constructor)
  };

  Workspace& workspace;
  RequestIds& requests;
  events::Observer* observer;  // null: nobody listens
  events::Kinds kinds;
  events::WorkerId worker;

  // While one of its sessions is stepped.
  const Tick* tick = nullptr;
  std::uint32_t coding_left = 0;  // bytes of content that this step may still code

  // What the frame of a request's handler took that may live for hours: the next one's memory has room for it.
  const Handler* framed = nullptr;
  std::size_t frame_size = 0;
};

// Frozen before the first session exists; shared by reference without locks.
struct Service {
  const App& app;
  h1::Limits limits{};
  h2::Limits h2{};
  bool http2 = true;  // spoken by whoever begins with its preface
  ws::Limits ws{};
  bool ws_compression = true;      // permessage-deflate, with clients that offer it …
  ws::DeflateWishes ws_deflate{};  // … on these terms
  int ws_compression_level = 1;
  std::size_t output_limit = 256 * kibibyte;  // queued per connection before producers wait
  std::size_t inbox_limit = 64 * kibibyte;    // received content per exchange before reading stops
  FilterSource* filters = nullptr;            // for listeners of TLS
  Duration tls_handshake_timeout = std::chrono::seconds{10};
  proxy::Trust trust{};                        // whose word about a client counts
  CodingsRef codings{};                        // null: responses are sent as they are
  Owned<limits::ClientLimit> client_limit{};   // null: none
  Loan<limits::RequestQueue> request_queue{};  // null: as many handlers run as there are requests
  // Plain handlers that answer before limits, middleware and the application, without waiting for content; null: none. They do not block.
  const App* front = nullptr;
  std::optional<std::uint64_t>
      request_names{};         // a random number: requests have an X-Request-ID; absent: they have none
  bool server_timing = false;  // responses have a Server-Timing
};

}  // namespace pounce::inline v0
