// Link: a socket and the session on it, as they move as a whole between threads. And the pump: bytes from one to the other.
//
// The pump never resumes or destroys a coroutine: it reads, writes and marks. Exactly one thread works on a link at a time; only
// letterboxes are touched by others.
#pragma once

#include <pounce/posix/descriptor.hpp>
#include <pounce/posix/letterbox.hpp>
#include <pounce/posix/timers.hpp>
#include <pounce/server/session.hpp>

#include <cstdint>

namespace pounce::inline v0::posix {

class Link;

// Watch: what a poller knows a link by, where another thread may end the link or take it away while a report of it is on its way.
// It belongs to the poller's thread, outlives the link, and goes when no report can name it any more.
struct Watch {
  Link* link = nullptr;   // read only while it is parked
  Watch* next = nullptr;  // of those that are forgotten
  bool parked = false;    // nobody serves the link
  bool reported = false;  // while somebody served it, with:
  bool hung_up = false;
  bool failed = false;
};

class Home;

class Link final : private Wake, public Timed {
 public:
  // `socket` is non-blocking.
  Link(Descriptor socket, const Service& service, Station& station, Waker& waker, Peers peers, Instant now);
  // The same behind a filter.
  Link(Descriptor socket, const Service& service, Station& station, Waker& waker, Peers peers, Instant now,
       Owned<Filter> filter);
  ~Link();

  [[nodiscard]] Session& session() noexcept { return session_; }
  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }

  // One recv, if the session wants input. `again`: there may be more; `blocked`: the kernel has no more now.
  enum class Io : std::uint8_t { again, blocked };
  Io read();
  // Sends until everything is written, the kernel takes no more, or so much has been sent that it is others' turn: who reads as fast as
  // we write must not own a reactor.
  static constexpr std::size_t most_per_flush = 512 * kibibyte;
  Io flush(Instant now);
  // Whether another turn would do anything, with nothing heard from the poller.
  [[nodiscard]] bool has_work() {
    return session_.runnable() || (readable && session_.wants_input()) || (writable && !session_.output().empty());
  }
  // Ends the sending side when everything has been sent that ever will be. Not for a session that is finished: closing does as much.
  void half_close() noexcept;

  // So that the peer cannot take what it has for all there was: closing will reset the connection.
  void reset_on_close() noexcept;
  // Before the session is stepped: when its deadline has come and it writes, asks the kernel how much of what it took has arrived.
  void measure(Instant now) {
    // What waits for an answer to a ping of HTTP/2 has nothing to write, perhaps.
    if (!session_.output().empty() || session_.has_streams()) measure_at_deadline(now);
  }

  // Moving: after `detach` posts only wait; `attach` binds to the new place.
  void detach();
  void attach(Station& station, Waker& waker);
  // Another thread may wake its driver, or may have done so.
  [[nodiscard]] bool has_letterboxes() const noexcept { return static_cast<bool>(letterboxes_); }

  // For the driver.
  bool readable = true;   // a recv may find something
  bool writable = true;   // a send may be taken
  bool hung_up = false;   // the peer's end is announced: read until it is seen
  bool failed = false;    // the kernel says that it is broken
  bool watched = false;   // known to its reactor's own poller
  bool in_ready = false;  // stands in the driver's list of links to step
  bool woken = false;     // stands in the waker's list; guarded by the waker's lock

 private:
  bool half_closed_ = false;
  Descriptor socket_;  // here, where the two take no room of their own

 public:
  Watch* watch = nullptr;  // how a poller of another thread knows it; null: not at all
  Home* home = nullptr;    // in the async pool: where it is given back
  Link* next = nullptr;    // the driver's list of all its links
  Link* previous = nullptr;

 private:
  [[nodiscard]] Loan<Letterbox> open() override;
  void discard_arrived() noexcept;
  void measure_at_deadline(Instant now);

  Waker* waker_;
  Loan<SharedLetterbox> letterboxes_;  // the first of a list
  Session session_;                    // last: its exchanges close their letterboxes first
};

}  // namespace pounce::inline v0::posix
