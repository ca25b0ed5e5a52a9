// A request queue: who runs, who waits, who is served next and who is turned away; and that no place is ever lost or given twice.
#include <doctest/doctest.h>

#include <pounce/app/response.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/limits/queue_terms.hpp>
#include <pounce/limits/request_queue.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/slow_build.hpp"

using namespace std::chrono_literals;
using pounce::Duration;
using pounce::Instant;
using pounce::Loan;
using pounce::Mailbox;
using pounce::Status;
using pounce::limits::QueueTerms;
using pounce::limits::RequestQueue;
using pounce::limits::Waiter;
using State = Waiter::State;
using Reason = RequestQueue::Reason;

namespace {

constexpr Instant start{1h};

class Bell final : public Mailbox {
 public:
  Status post(std::string message) override {
    CHECK(message.empty());
    ++rung;
    return Status::ok;
  }
  std::atomic<int> rung = 0;

 private:
  void destroy() noexcept override { delete this; }
};

// A waiter and its bell.
struct Guest {
  Guest() : bell(new Bell), waiter(bell) {}
  [[nodiscard]] bool was_called() const { return bell->rung != 0; }

  Loan<Bell> bell;
  Waiter waiter;
};

std::uint64_t shed(const Loan<RequestQueue>& queue, Reason reason) {
  return queue->numbers().shed[static_cast<std::size_t>(reason)];
}

}  // namespace

TEST_CASE("places first, then the line in order of arrival, then nobody") {
  const auto queue = RequestQueue::make({.running = 2, .waiting = 2, .timeout = 1s});
  CHECK(queue->try_enter());
  CHECK_FALSE(queue->is_full());
  CHECK(queue->try_enter());
  CHECK_FALSE(queue->try_enter());
  CHECK_FALSE(queue->is_full());

  Guest first;
  Guest second;
  Guest third;
  CHECK(queue->enter(first.waiter, start) == State::waiting);
  CHECK(queue->enter(second.waiter, start) == State::waiting);
  CHECK(queue->is_full());
  CHECK(queue->enter(third.waiter, start) == State::turned_away);
  CHECK(shed(queue, Reason::full) == 1);
  CHECK(queue->numbers().running == 2);
  CHECK(queue->numbers().waiting == 2);

  queue->leave(start + 10ms);
  CHECK(first.was_called());
  CHECK_FALSE(second.was_called());
  CHECK_FALSE(queue->is_full());
  CHECK(queue->numbers().running == 2);  // the place went from hand to hand
  CHECK(queue->end_wait(first.waiter, Reason::gone) == State::admitted);
  queue->leave(start + 30ms);
  CHECK(queue->end_wait(second.waiter, Reason::gone) == State::admitted);
  CHECK(queue->numbers().waited == 2);
  CHECK(queue->numbers().wait == 40ms);

  queue->leave(start + 30ms);
  CHECK(queue->try_enter());
  queue->leave(start + 30ms);
  queue->leave(start + 30ms);
  CHECK(queue->numbers().running == 0);
  CHECK(shed(queue, Reason::gone) == 0);
}

TEST_CASE("nobody comes in past those who wait") {
  const auto queue = RequestQueue::make({.running = 1, .waiting = 4, .timeout = 1s});
  Guest one;
  Guest two;
  CHECK(queue->try_enter());
  CHECK(queue->enter(one.waiter, start) == State::waiting);
  queue->leave(start);
  // The place is the waiter's, whether it has noticed or not.
  CHECK_FALSE(queue->try_enter());
  CHECK(queue->enter(two.waiter, start) == State::waiting);
  CHECK(queue->end_wait(one.waiter, Reason::gone) == State::admitted);
  queue->leave(start);
  CHECK(queue->end_wait(two.waiter, Reason::gone) == State::admitted);
  queue->leave(start);
  CHECK(queue->try_enter());
  queue->leave(start);
}

TEST_CASE("a place that has come free on the way to the line is taken") {
  const auto queue = RequestQueue::make({.running = 1, .waiting = 4, .timeout = 1s});
  Guest guest;
  CHECK(queue->enter(guest.waiter, start) == State::admitted);
  CHECK_FALSE(guest.was_called());
  CHECK(queue->numbers().running == 1);
  CHECK(queue->numbers().waited == 0);
  queue->leave(start);
}

TEST_CASE("who gives up is out of the line at once, wherever it stood") {
  const auto queue = RequestQueue::make({.running = 1, .waiting = 8, .timeout = 1s});
  CHECK(queue->try_enter());
  std::vector<Guest> guests(5);
  for (Guest& guest : guests) CHECK(queue->enter(guest.waiter, start) == State::waiting);
  for (const std::size_t leaver : {2UL, 0UL, 4UL}) {
    CHECK(queue->end_wait(guests[leaver].waiter, Reason::gone) == State::outside);
  }
  CHECK(queue->numbers().waiting == 2);
  CHECK(shed(queue, Reason::gone) == 3);
  for (const std::size_t next : {1UL, 3UL}) {
    queue->leave(start);
    CHECK(guests[next].was_called());
    CHECK(queue->end_wait(guests[next].waiter, Reason::gone) == State::admitted);
  }
  queue->leave(start);
  for (const std::size_t leaver : {0UL, 2UL, 4UL}) CHECK_FALSE(guests[leaver].was_called());
  CHECK(queue->numbers().running == 0);
  // One that was outside has nothing to give up.
  CHECK(queue->end_wait(guests[0].waiter, Reason::gone) == State::outside);
}

TEST_CASE("who has waited its time is turned away by whoever comes or goes") {
  const auto queue = RequestQueue::make({.running = 1, .waiting = 2, .timeout = 80ms});
  CHECK(queue->try_enter());
  Guest early;
  Guest late;
  Guest later;
  CHECK(queue->enter(early.waiter, start) == State::waiting);
  CHECK(queue->enter(late.waiter, start + 75ms) == State::waiting);
  CHECK(queue->latest(start) == start + 80ms);
  queue->leave(start + 80ms);
  CHECK(early.was_called());
  CHECK(queue->end_wait(early.waiter, Reason::gone) == State::turned_away);
  CHECK(shed(queue, Reason::timeout) == 1);
  CHECK(late.was_called());
  CHECK(queue->end_wait(late.waiter, Reason::gone) == State::admitted);
  CHECK(queue->enter(later.waiter, start + 81ms) == State::waiting);
  CHECK(queue->end_wait(later.waiter, Reason::timeout) == State::outside);  // by its own alarm
  CHECK(shed(queue, Reason::timeout) == 2);
  queue->leave(start + 82ms);
}

TEST_CASE("a standing line serves the last first, and turns away who has waited an eighth of the time") {
  const auto queue = RequestQueue::make({.running = 1, .waiting = 16, .timeout = 80ms});
  CHECK(queue->try_enter());
  std::deque<Guest> guests;
  const auto arrive = [&](Instant when) -> Guest& {
    CHECK(queue->enter(guests.emplace_back().waiter, when) == State::waiting);
    return guests.back();
  };
  const auto is_served = [&](Guest& guest) {
    return guest.was_called() && queue->end_wait(guest.waiter, Reason::gone) == State::admitted;
  };
  // Not yet standing: first come, first served, however long it has waited.
  Guest& a = arrive(start);
  Guest& b = arrive(start + 40ms);
  Guest& c = arrive(start + 72ms);
  Guest& d = arrive(start + 75ms);
  queue->leave(start + 79ms);
  CHECK(is_served(a));
  // There has been somebody for all of the timeout: b has waited for more than an eighth of it, c and d have not.
  queue->leave(start + 80ms);
  CHECK(b.was_called());
  CHECK(queue->end_wait(b.waiter, Reason::gone) == State::turned_away);
  CHECK(shed(queue, Reason::overload) == 1);
  CHECK(is_served(d));
  CHECK_FALSE(c.was_called());
  // Who comes turns away the late, too.
  Guest& e = arrive(start + 82ms);
  CHECK(queue->end_wait(c.waiter, Reason::gone) == State::turned_away);
  queue->leave(start + 83ms);
  CHECK(is_served(e));
  // The line is gone, and with it the hurry.
  Guest& f = arrive(start + 84ms);
  Guest& g = arrive(start + 85ms);
  queue->leave(start + 120ms);
  CHECK(is_served(f));
  queue->leave(start + 120ms);
  CHECK(is_served(g));
  queue->leave(start + 120ms);
  CHECK(shed(queue, Reason::overload) == 2);
  CHECK(queue->numbers().running == 0);
  CHECK(queue->numbers().waiting == 0);
}

TEST_CASE("a long line of the late goes in pieces, and nobody is forgotten") {
  const auto queue = RequestQueue::make({.running = 1, .waiting = 100, .timeout = 1s});
  CHECK(queue->try_enter());
  std::vector<Guest> guests(100);
  for (Guest& guest : guests) CHECK(queue->enter(guest.waiter, start) == State::waiting);
  std::size_t called = 0;
  int turns = 0;
  while (queue->has_line()) {
    queue->leave(start + 2s);
    ++turns;
    const std::size_t now_called =
        static_cast<std::size_t>(std::ranges::count_if(guests, [](const Guest& guest) { return guest.was_called(); }));
    CHECK(now_called - called <= 16);
    called = now_called;
    if (!queue->has_line()) break;
  }
  CHECK(called == 100);
  CHECK(turns == 7);
  std::uint64_t admitted = 0;
  for (Guest& guest : guests) admitted += queue->end_wait(guest.waiter, Reason::gone) == State::admitted ? 1U : 0U;
  // Those at the end of a piece were served although they were late: a place is not left empty for want of punctual guests.
  CHECK(admitted + shed(queue, Reason::timeout) == 100);
  CHECK(queue->numbers().running == (admitted == 7 ? 1 : 0));
}

TEST_CASE("without a line one too many is refused at once") {
  const auto queue = RequestQueue::make({.running = 1, .waiting = 0, .timeout = 1s});
  CHECK_FALSE(queue->is_full());
  CHECK(queue->try_enter());
  CHECK(queue->is_full());
  Guest guest;
  CHECK(queue->enter(guest.waiter, start) == State::turned_away);
  queue->leave(start);
  CHECK_FALSE(queue->is_full());
}

TEST_CASE(
    "more places are given to those who wait, in their order; fewer are given to nobody until enough have come back") {
  const auto queue = RequestQueue::make({.running = 1, .waiting = 40, .timeout = 1s});
  CHECK(queue->try_enter());
  std::deque<Guest> line(40);
  for (Guest& guest : line) CHECK(queue->enter(guest.waiter, start) == State::waiting);
  queue->allow(31, 5, start + 1ms);
  for (std::size_t i = 0; i < line.size(); ++i) CHECK(line[i].was_called() == (i < 30));
  CHECK(queue->numbers().running == 31);
  CHECK(queue->numbers().waiting == 10);  // although there would be room for 5 now
  CHECK(queue->numbers().waited == 30);
  Guest late;
  CHECK(queue->enter(late.waiter, start) == State::turned_away);
  for (std::size_t i = 0; i < 30; ++i) CHECK(queue->end_wait(line[i].waiter, Reason::gone) == State::admitted);

  queue->allow(2, 5, start + 1ms);
  CHECK_FALSE(queue->try_enter());
  for (int left = 30; left >= 2; --left) {
    queue->leave(start + 2ms);
    CHECK(queue->numbers().running == static_cast<std::uint64_t>(left));
    CHECK_FALSE(line[30].was_called());
  }
  queue->leave(start + 2ms);
  CHECK(line[30].was_called());
  CHECK_FALSE(line[31].was_called());
  CHECK(queue->numbers().running == 2);
  for (std::size_t i = 30; i < line.size(); ++i) (void)queue->end_wait(line[i].waiter, Reason::gone);
  queue->leave(start + 3ms);
  queue->allow(1, 0, start + 3ms);
  CHECK_FALSE(queue->try_enter());
  CHECK(queue->is_full());
  queue->leave(start + 3ms);
  CHECK(queue->try_enter());
  queue->leave(start + 3ms);
  CHECK(queue->numbers().running == 0);
}

TEST_CASE("whose path is exempt needs no place, and the answer says when to come back") {
  const auto queue = RequestQueue::make({.running = 1, .waiting = 0, .timeout = 1s, .exempt_paths = {"/events"}});
  CHECK(queue->is_exempt("/events/7"));
  CHECK_FALSE(queue->is_exempt("/eventsource"));
  const pounce::Response answer = queue->answer();
  CHECK(answer.head().status() == 503);
  CHECK(answer.head().fields().find("retry-after") == "1");
}

TEST_CASE("whatever comes in whatever order, places are neither lost nor given twice") {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 dice{seed};
    const auto roll = [&](std::uint32_t sides) { return static_cast<std::uint32_t>(dice() % sides); };
    QueueTerms terms{.running = 1 + roll(3), .waiting = roll(5), .timeout = 1ms * (8 + roll(40))};
    const bool changes = seed % 2 == 1;  // the number of places
    const auto queue = RequestQueue::make(terms);
    std::uint32_t inside = 0;
    Instant now = start;
    std::uint64_t asked = 0;
    std::uint64_t served = 0;
    std::uint64_t refused = 0;
    std::vector<pounce::Owned<Guest>> guests;
    for (int step = 0; step < 300; ++step) {
      now += 1ms * roll(4);
      switch (roll(4)) {
        case 0:
        case 1: {
          ++asked;
          if (queue->try_enter()) {
            ++inside, ++served;
            break;
          }
          auto guest = pounce::make_owned<Guest>();
          switch (queue->enter(guest->waiter, now)) {
            case State::admitted: ++inside, ++served; break;
            case State::waiting: guests.push_back(std::move(guest)); break;
            default: ++refused; break;
          }
          break;
        }
        case 2:
          if (inside != 0) {
            --inside;
            queue->leave(now);
          }
          break;
        default:
          if (!guests.empty()) {
            const std::size_t which = roll(static_cast<std::uint32_t>(guests.size()));
            queue->end_wait(guests[which]->waiter, Reason::gone) == State::admitted ? (++inside, ++served) : ++refused;
            guests.erase(guests.begin() + static_cast<std::ptrdiff_t>(which));
          }
      }
      if (changes && roll(8) == 0) {
        terms.running = 1 + roll(6);
        terms.waiting = roll(5);
        queue->allow(terms.running, terms.waiting, now);
      }
      std::erase_if(guests, [&](pounce::Owned<Guest>& guest) {
        if (!guest->was_called()) return false;
        CHECK(guest->bell->rung == 1);
        queue->end_wait(guest->waiter, Reason::gone) == State::admitted ? (++inside, ++served) : ++refused;
        return true;
      });
      const RequestQueue::Numbers numbers = queue->numbers();
      CHECK(numbers.running == inside);
      CHECK(numbers.waiting == guests.size());
      CHECK((numbers.waiting == 0 || numbers.running >= terms.running));
      if (!changes) {
        CHECK(numbers.running <= terms.running);
        CHECK(numbers.waiting <= terms.waiting);
      }
      CHECK(asked == served + refused + guests.size());
      std::uint64_t counted = 0;
      for (const std::uint64_t number : numbers.shed) counted += number;
      CHECK(counted == refused);
    }
    while (inside != 0 || !guests.empty()) {
      if (inside != 0) {
        --inside;
        queue->leave(now);
      }
      std::erase_if(guests, [&](pounce::Owned<Guest>& guest) {
        if (!guest->was_called()) return false;
        if (queue->end_wait(guest->waiter, Reason::gone) == State::admitted) ++inside;
        return true;
      });
    }
    CHECK(queue->numbers().running == 0);
  }
}

namespace {

class LockedQueue final : public RequestQueue {
 public:
  explicit LockedQueue(QueueTerms terms) : RequestQueue(std::move(terms)) {}

 private:
  void lock() noexcept override { lock_.lock(); }
  void unlock() noexcept override { lock_.unlock(); }
  void destroy() noexcept override { delete this; }

  std::mutex lock_;
};

}  // namespace

TEST_CASE(
    "many threads: never more inside than there are places, however that changes, and everybody learns what became of "
    "it") {
  constexpr std::uint32_t places = 3;
  const Loan<LockedQueue> queue{new LockedQueue{{.running = places, .waiting = 6, .timeout = 1h}}};
  std::atomic<std::uint32_t> inside = 0;
  std::atomic<std::uint32_t> most = 0;
  std::atomic<std::uint64_t> served = 0;
  std::atomic<std::uint64_t> refused = 0;
  constexpr int threads = 8;
  const int rounds = slow_build ? 2'000 : 20'000;
  const auto visit = [&] {
    const std::uint32_t together = ++inside;
    for (std::uint32_t seen = most; together > seen && !most.compare_exchange_weak(seen, together);) {
    }
    if (together % 2 == 0) std::this_thread::yield();
    --inside;
    queue->leave(start);
    ++served;
  };
  std::vector<std::thread> all;
  all.reserve(threads);
  for (int thread = 0; thread < threads; ++thread) {
    all.emplace_back([&, thread] {
      for (int round = 0; round < rounds; ++round) {
        if (queue->try_enter()) {
          visit();
          continue;
        }
        Guest guest;
        switch (queue->enter(guest.waiter, start)) {
          case State::admitted: visit(); break;
          case State::waiting:
            // Some lose patience at once, the others wait for the bell.
            if ((round + thread) % 4 != 0) {
              while (!guest.was_called()) std::this_thread::yield();
            }
            if (queue->end_wait(guest.waiter, Reason::gone) == State::admitted) {
              visit();
            } else {
              ++refused;
            }
            break;
          default: ++refused;
        }
      }
    });
  }
  std::atomic<bool> over = false;
  std::thread changes{[&] {
    for (std::uint32_t number = 0; !over; ++number) {
      queue->allow(1 + number % places, number % 7, start);
      std::this_thread::yield();
    }
  }};
  for (std::thread& thread : all) thread.join();
  over = true;
  changes.join();
  CHECK(most <= places);
  CHECK(served + refused == static_cast<std::uint64_t>(threads) * static_cast<std::uint64_t>(rounds));
  CHECK(queue->numbers().running == 0);
  CHECK(queue->numbers().waiting == 0);
}
