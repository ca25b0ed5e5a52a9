#include "tests/sim/schedule.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace pounce::sim {

namespace {

// Far more than any scenario needs; a thread that spins reaches it within seconds.
constexpr std::uint64_t most_calls = 20'000'000;
constexpr std::uint64_t most_idle_calls = 1'000'000;
constexpr std::uint64_t most_at_a_stretch = 4096;

Schedule* alive = nullptr;
thread_local Schedule::Thread* me = nullptr;

// Semaphores of the C library, which are not simulated: what is built on a mutex would come back here.
void down(sem_t& semaphore) {
  while (::sem_wait(&semaphore) != 0 && errno == EINTR) continue;
}

}  // namespace

struct Schedule::Thread {
  Thread() { ::sem_init(&turn, 0, 0); }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { ::sem_destroy(&turn); }

  sem_t turn{};
  std::size_t number = 0;
  const Ready* ready = nullptr;  // null: it can run
  Instant until = never;
  std::uint64_t stretch = 0;  // calls since it was resumed
  bool ended = false;

  [[nodiscard]] bool can_run(Instant now) const { return !ended && (ready == nullptr || until <= now || (*ready)()); }
};

Schedule::Schedule(Dice& dice, std::uint64_t switches, Duration look)
    : dice_(dice), switches_(switches), look_(look), now_(Instant{} + std::chrono::hours{1}) {
  ::sem_init(&conductor_, 0, 0);
  alive = this;
}

Schedule::~Schedule() {
  for (const auto& thread : threads_) {
    if (!thread->ended) give_up("a thread outlives the simulation");
  }
  alive = nullptr;
  ::sem_destroy(&conductor_);
}

Schedule* Schedule::current() noexcept { return alive; }
std::size_t Schedule::self() noexcept { return me != nullptr ? me->number : 0; }
bool Schedule::has_ended(std::size_t thread) const { return threads_.at(thread - 1)->ended; }

void Schedule::give_up(const std::string& why) const {
  std::fprintf(stderr, "simulation: %s: %s\n", story.c_str(), why.c_str());
  for (const auto& thread : threads_) {
    std::fprintf(stderr, "  thread %zu %s\n", thread->number,
                 thread->ended              ? "has ended"
                 : thread->ready == nullptr ? "can run"
                 : thread->until == never   ? "waits for ever"
                                            : "waits for a time");
  }
  std::fflush(stderr);
  std::_Exit(70);
}

// --- time ---

Instant Schedule::look() {
  if (look_ > Duration::zero()) {
    now_ += Duration{static_cast<Duration::rep>(dice_.below(static_cast<std::uint64_t>(look_.count())))};
    run_due();
  }
  return now_;
}

void Schedule::at(Instant when, std::function<void()> event) {
  events_.emplace(std::max(when, now_), Event{std::move(event), false});
}

void Schedule::deliver(Instant when, std::function<void()> event) {
  ++deliveries_;
  events_.emplace(std::max(when, now_), Event{std::move(event), true});
}

void Schedule::advance(Instant to) {
  if (to > now_) {
    now_ = to;
    idle_calls_ = 0;
  }
  run_due();
}

void Schedule::run_due() {
  while (!events_.empty() && events_.begin()->first <= now_) {
    const Event event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event.what();
    if (event.delivery) --deliveries_;
  }
}

// --- threads ---

Schedule::Thread* Schedule::hire() {
  threads_.push_back(std::make_unique<Thread>());
  threads_.back()->number = threads_.size();
  return threads_.back().get();
}

void Schedule::begin(Thread* thread) {
  me = thread;
  down(thread->turn);
}

void Schedule::end() {
  me->ended = true;
  me = nullptr;
  ::sem_post(&conductor_);
}

void Schedule::resume(Thread& thread) {
  thread.ready = nullptr;
  thread.until = never;
  thread.stretch = 0;
  ::sem_post(&thread.turn);
  down(conductor_);
}

bool Schedule::go_on(Instant until, bool only_settle) {
  std::vector<Thread*> able;
  Instant next = until;
  for (const auto& thread : threads_) {
    if (thread->ended) continue;
    if (thread->can_run(now_)) {
      able.push_back(thread.get());
    } else {
      next = std::min(next, thread->until);
    }
  }
  if (!able.empty()) {
    resume(*able[able.size() == 1 ? 0 : dice_.below(able.size())]);
    return true;
  }
  if (only_settle && deliveries_ == 0) return false;
  if (!events_.empty()) next = std::min(next, events_.begin()->first);
  if (next >= until) return false;
  advance(next);
  return true;
}

void Schedule::count_call() {
  if (++calls_ > most_calls) give_up("no end in sight");
  if (++idle_calls_ > most_idle_calls) give_up("threads spin: time does not move");
}

bool Schedule::wait(const Ready& ready, Instant until) {
  count_call();
  if (ready()) return true;
  if (until <= now_) return false;
  if (me != nullptr) {
    Thread& self = *me;
    self.ready = &ready;
    self.until = until;
    ::sem_post(&conductor_);
    down(self.turn);
    return ready();
  }
  while (!ready() && now_ < until) {
    if (go_on(until)) continue;
    if (until == never) give_up("all threads wait for ever");
    advance(until);
  }
  return ready();
}

void Schedule::pass() {
  count_call();
  if (me == nullptr) return;
  Thread& self = *me;
  if (!dice_.one_in(switches_) && ++self.stretch < most_at_a_stretch) return;
  ::sem_post(&conductor_);
  down(self.turn);
}

void Schedule::lock(const void* mutex) {
  pass();
  (void)wait([&] { return !owners_.contains(mutex); }, never);
  owners_[mutex] = self();
}

void Schedule::unlock(const void* mutex) {
  owners_.erase(mutex);
  pass();
}

void Schedule::wait_condition(const void* condition, const void* mutex) {
  // Once in a while it wakes for nothing, as it may.
  const auto notified = std::make_shared<bool>(switches_ != 0 && dice_.one_in(16));
  sleepers_.push_back({condition, notified});
  owners_.erase(mutex);
  (void)wait([&] { return *notified; }, never);
  std::erase_if(sleepers_, [&](const Sleeper& one) { return one.notified == notified; });
  lock(mutex);
}

void Schedule::notify(const void* condition, bool all) {
  std::vector<Sleeper*> asleep;
  for (Sleeper& one : sleepers_) {
    if (one.condition == condition && !*one.notified) asleep.push_back(&one);
  }
  if (asleep.empty()) return;
  if (all) {
    for (Sleeper* one : asleep) *one->notified = true;
  } else {
    *asleep[dice_.below(asleep.size())]->notified = true;
  }
  pass();
}

// --- for the conductor ---

void Schedule::settle(Duration patience) {
  const Instant until = now_ + patience;
  while (now_ < until && go_on(until, true)) continue;
}

void Schedule::leap(Duration duration) { now_ += duration; }

void Schedule::sleep(Duration duration) {
  (void)wait([] { return false; }, now_ + duration);
}

}  // namespace pounce::sim
