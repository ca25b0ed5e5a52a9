// Everything about who is in line stands in one word, so that the way past an empty line needs no lock: whoever changes the line holds
// the lock, and whoever holds none may change the word only while nobody waits, by comparing all of it.
#include <pounce/limits/request_queue.hpp>

#include <pounce/app/response.hpp>
#include <pounce/limits/client_limit.hpp>
#include <pounce/limits/queue_terms.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace pounce::inline v0::limits {

namespace {

constexpr std::uint64_t one_waiting = std::uint64_t{1} << 32U;

constexpr std::uint32_t running(std::uint64_t word) noexcept { return static_cast<std::uint32_t>(word); }
constexpr std::uint32_t waiting(std::uint64_t word) noexcept { return static_cast<std::uint32_t>(word >> 32U); }

bool change(std::uint64_t& word, std::uint64_t& seen, std::uint64_t wanted) noexcept {
  return __atomic_compare_exchange_n(&word, &seen, wanted, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

template <class Number>
Number look(const Number& number) noexcept {
  return __atomic_load_n(&number, __ATOMIC_RELAXED);
}

void count(std::uint64_t& number) noexcept { __atomic_fetch_add(&number, std::uint64_t{1}, __ATOMIC_RELAXED); }

}  // namespace

// Those whose bells are to ring when the lock is given up. A bell's owner may be gone by then: the bell is on loan.
struct RequestQueue::Bells {
  static constexpr std::size_t most = 16;

  std::array<Loan<Mailbox>, most> all;
  std::size_t count = 0;

  [[nodiscard]] bool has_room() const noexcept { return count < most - 1; }  // one more is for who is admitted
  void add(const Loan<Mailbox>& bell) noexcept { all[count++] = bell; }
  void ring() noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      try {
        (void)all[i]->post({});
      } catch (...) {  // no memory: it looks by itself when its time is over
      }
    }
  }
};

class RequestQueue::Guard {
 public:
  explicit Guard(RequestQueue& queue) noexcept : queue_(queue) { queue_.lock(); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { queue_.unlock(); }

 private:
  RequestQueue& queue_;
};

// --- without the lock ---

bool RequestQueue::try_enter() noexcept {
  std::uint64_t word = look(word_);
  while (waiting(word) == 0 && running(word) < look(most_running_)) {
    if (change(word_, word, word + 1)) return true;
  }
  return false;
}

bool RequestQueue::is_full() const noexcept {
  const std::uint64_t word = look(word_);
  return running(word) >= look(most_running_) && waiting(word) >= look(most_waiting_);
}

bool RequestQueue::has_line() const noexcept { return waiting(look(word_)) != 0; }

// --- with it ---

Waiter::State RequestQueue::enter(Waiter& waiter, Instant now) noexcept {
  Bells bells;
  Waiter::State result = Waiter::State::turned_away;
  {
    const Guard guard{*this};
    turn_away_late(now, bells);
    std::uint64_t word = look(word_);
    while (true) {
      if (waiting(word) == 0 && running(word) < look(most_running_)) {
        if (!change(word_, word, word + 1)) continue;
        result = Waiter::State::admitted;
      } else if (waiting(word) < look(most_waiting_)) {
        if (!change(word_, word, word + one_waiting)) continue;
        result = waiter.state_ = Waiter::State::waiting;
        waiter.since_ = now;
        waiter.older_ = newest_;
        waiter.newer_ = nullptr;
        if (oldest_ == nullptr) line_since_ = now;
        (newest_ != nullptr ? newest_->newer_ : oldest_) = &waiter;
        newest_ = &waiter;
      } else {
        count_refused();
      }
      break;
    }
  }
  bells.ring();
  return result;
}

void RequestQueue::leave(Instant now) noexcept {
  std::uint64_t word = look(word_);
  while (waiting(word) == 0) {
    if (change(word_, word, word - 1)) return;
  }
  Bells bells;
  {
    const Guard guard{*this};
    turn_away_late(now, bells);
    if (oldest_ != nullptr && running(look(word_)) <= look(most_running_)) {
      admit_next(now, bells);
    } else {
      __atomic_fetch_sub(&word_, std::uint64_t{1}, __ATOMIC_RELEASE);
    }
  }
  bells.ring();
}

void RequestQueue::allow(std::uint32_t most_running, std::uint32_t most_waiting, Instant now) noexcept {
  for (bool more = true; more;) {
    Bells bells;
    {
      const Guard guard{*this};
      __atomic_store_n(&most_running_, most_running, __ATOMIC_RELAXED);
      __atomic_store_n(&most_waiting_, most_waiting, __ATOMIC_RELAXED);
      const auto has_place = [&] { return oldest_ != nullptr && running(look(word_)) < most_running; };
      while (bells.has_room() && has_place()) {
        __atomic_fetch_add(&word_, std::uint64_t{1}, __ATOMIC_ACQ_REL);
        admit_next(now, bells);
      }
      more = has_place();
    }
    bells.ring();
  }
}

Waiter::State RequestQueue::end_wait(Waiter& waiter, Reason why) noexcept {
  const Guard guard{*this};
  const Waiter::State state = std::exchange(waiter.state_, Waiter::State::outside);
  if (state != Waiter::State::waiting) return state;
  take_out(waiter);
  count(shed_[static_cast<std::size_t>(why)]);
  return Waiter::State::outside;
}

Loan<RequestQueue> RequestQueue::make(QueueTerms terms) {
  return Loan<RequestQueue>{new RequestQueue{std::move(terms)}};
}

RequestQueue::RequestQueue(QueueTerms terms)
    : terms_(make_owned<const QueueTerms>(std::move(terms))),
      most_running_(terms_->running),
      most_waiting_(terms_->waiting),
      timeout_(terms_->timeout) {}
RequestQueue::~RequestQueue() = default;
void RequestQueue::destroy() noexcept { delete this; }

RequestQueue::Numbers RequestQueue::numbers() noexcept {
  const Guard guard{*this};
  const std::uint64_t word = look(word_);
  Numbers all{.running = running(word), .waiting = waiting(word), .waited = waited_, .wait = wait_};
  for (std::size_t i = 0; i < reasons; ++i) all.shed[i] = look(shed_[i]);
  return all;
}

bool RequestQueue::is_standing(Instant now) const noexcept {
  return oldest_ != nullptr && now - line_since_ >= timeout_;
}

bool RequestQueue::is_late(const Waiter& waiter, Instant now) const noexcept {
  return now - waiter.since_ >= (is_standing(now) ? timeout_ / impatience : timeout_);
}

// A few at a time: who is left is found by the next one to come or go, or looks by itself.
void RequestQueue::turn_away_late(Instant now, Bells& bells) noexcept {
  while (oldest_ != nullptr && bells.has_room() && is_late(*oldest_, now)) {
    const bool in_time = now - oldest_->since_ < timeout_;
    count(shed_[static_cast<std::size_t>(in_time ? Reason::overload : Reason::timeout)]);
    settle(*oldest_, Waiter::State::turned_away, bells);
  }
}

// The place has been taken for whoever that is.
void RequestQueue::admit_next(Instant now, Bells& bells) noexcept {
  Waiter& next = is_standing(now) ? *newest_ : *oldest_;
  ++waited_;
  wait_ += std::max(now - next.since_, Duration::zero());
  settle(next, Waiter::State::admitted, bells);
}

// The state last: what it says is looked at when the bell has rung, or with the lock.
void RequestQueue::settle(Waiter& waiter, Waiter::State state, Bells& bells) noexcept {
  take_out(waiter);
  bells.add(waiter.bell_);
  waiter.state_ = state;
}

void RequestQueue::take_out(Waiter& waiter) noexcept {
  (waiter.older_ != nullptr ? waiter.older_->newer_ : oldest_) = waiter.newer_;
  (waiter.newer_ != nullptr ? waiter.newer_->older_ : newest_) = waiter.older_;
  waiter.older_ = waiter.newer_ = nullptr;
  __atomic_fetch_sub(&word_, one_waiting, __ATOMIC_RELEASE);
}

// --- what is said ---

bool RequestQueue::is_exempt(std::string_view path) const noexcept {
  return std::any_of(terms_->exempt_paths.begin(), terms_->exempt_paths.end(),
                     [path](const SmallString& prefix) { return is_below(path, prefix); });
}

Response RequestQueue::answer() const {
  return Response::text("503 Service Unavailable: too many requests at once, come later\n", 503)
      .set("retry-after", "1");
}

}  // namespace pounce::inline v0::limits
