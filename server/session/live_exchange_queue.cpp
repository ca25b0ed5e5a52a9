// An exchange and its place among the handlers that run (server/limits): when it needs one, how it waits, what it says when there is none.
//
// A plain handler takes its place when all of its content is there: who sends slowly holds none. A coroutine takes it with the head, and
// gives it back when it ends or has accepted a WebSocket.
#include "server/session/live_exchange.hpp"

#include <pounce/app/application.hpp>

namespace pounce::inline v0 {

using limits::RequestQueue;
using limits::Waiter;

bool LiveExchange::needs_place(const Handler* handler) const noexcept {
  return handler != nullptr && handler->needs_place() && !queue()->is_exempt(request_.path());
}

// True when the house is full, and it has been told: before a limit counts it, middleware sees it, or anything of its content is read.
bool LiveExchange::finds_no_place() {
  if (!queue()->is_full() || !needs_place(session_->service_->app.find(request_.path()))) return false;
  queue()->count_refused();
  turn_away("queue_depth");
  return true;
}

// Calls the handler, at once or when there is a place for it.
void LiveExchange::enter() {
  if (queue() == nullptr || !needs_place(answering_.handler)) return call_handler();
  if (queue()->try_enter()) {
    has_place_ = true;
    return call_handler();
  }
  if (queue()->is_full()) {
    queue()->count_refused();
    return turn_away("queue_depth");
  }
  session_->look_at_clock();
  answering_.queue_wait = make_owned<QueueWait>(session_->wake_->open(), queue()->latest(now()));
  switch (queue()->enter(answering_.queue_wait->waiter, now())) {
    case Waiter::State::admitted:
      answering_.queue_wait.reset();
      has_place_ = true;
      return call_handler();
    case Waiter::State::waiting: phase_ = Phase::queued; return;
    default: answering_.queue_wait.reset(); return turn_away("queue_depth");
  }
}

bool LiveExchange::may_end_wait() const noexcept {
  return answering_.queue_wait->bell->has_mail() || answering_.queue_wait->until <= now() || session_->end_announced_ ||
         session_->end_received_;
}

// Something has become of the wait: a place, or too long a time, or there is nobody to be served any more.
void LiveExchange::look_for_place() {
  const bool gone = session_->end_announced_ || session_->end_received_;
  const Waiter::State state = queue()->end_wait(answering_.queue_wait->waiter,
                                                gone ? RequestQueue::Reason::gone : RequestQueue::Reason::timeout);
  answering_.queue_wait->bell->close();
  answering_.queue_wait.reset();
  if (state != Waiter::State::admitted) return turn_away(gone ? std::string_view{} : "queue_timeout");
  has_place_ = true;
  phase_ = Phase::admitted;
  if (!held()) call_handler();
}

// It dies while it waits.
void LiveExchange::leave_queue() noexcept {
  answering_.queue_wait->bell->close();
  if (queue()->end_wait(answering_.queue_wait->waiter, RequestQueue::Reason::gone) == Waiter::State::admitted)
    has_place_ = true;
  answering_.queue_wait.reset();
}

// Once. Its handler has ended, or needs the place no longer.
void LiveExchange::leave_place() noexcept {
  if (!has_place_) [[likely]]
    return;
  has_place_ = false;
  if (queue()->has_line()) session_->look_at_clock();
  queue()->leave(now());
}

// `limit`: which one; empty: its client is gone, or has said that it sends no more, and may be told.
void LiveExchange::turn_away(std::string_view limit) {
  phase_ = Phase::ended;
  session_->report_limit(limit);
  Response refusal = queue()->answer();
  answer_whole(refusal);
  clear_inbox();
}

}  // namespace pounce::inline v0
