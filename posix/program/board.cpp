#include "posix/program/board.hpp"

#include <pounce/posix/process.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <new>

namespace pounce::inline v0::program {

namespace {

constexpr std::size_t most = posix::Metering::most_workers;
constexpr std::size_t page = 4096;

std::uint64_t look(const std::atomic<std::uint64_t>& number) noexcept { return number.load(std::memory_order_relaxed); }

void set(std::atomic<std::uint64_t>& number, std::uint64_t value) noexcept {
  number.store(value, std::memory_order_relaxed);
}

}  // namespace

// In the mapping: the sheet, a page; the desks; the meters.
Board::Desk* Board::desks() const noexcept { return reinterpret_cast<Desk*>(static_cast<char*>(memory_.get()) + page); }

posix::Metering::Place* Board::places() const noexcept {
  return reinterpret_cast<posix::Metering::Place*>(static_cast<char*>(memory_.get()) + page + most * sizeof(Desk));
}

Board::Board() : memory_(page + most * (sizeof(Desk) + sizeof(posix::Metering::Place))) {
  static_assert(sizeof(Sheet) <= page && sizeof(Desk) % 64 == 0 && std::atomic<std::uint64_t>::is_always_lock_free);
  sheet_ = new (memory_.get()) Sheet;
  sheet_->supervisor = ::getpid();
}

void Board::generations(std::uint64_t current, std::uint64_t draining, std::uint64_t reloaded,
                        std::uint64_t refused) noexcept {
  set(sheet_->generation, current);
  set(sheet_->draining, draining);
  set(sheet_->reloaded, reloaded);
  set(sheet_->refused, refused);
}

events::Totals Board::counted(events::WorkerId first, std::uint32_t count) const noexcept {
  events::Totals all{};
  for (events::WorkerId id = first; id < first + count && id < most; ++id) places()[id].meter.add_to(all);
  return all;
}

void Board::open(events::WorkerId first, std::uint32_t count) {
  std::uint32_t used = sheet_->used.load(std::memory_order_relaxed);
  for (; used < first + count && used < most; ++used) {
    new (desks() + used) Desk;
    new (places() + used) posix::Metering::Place;
  }
  sheet_->used.store(used, std::memory_order_release);
  if (first < most) {
    // It goes on counting where those have stopped who sat there before: sums never fall, and never count anything twice.
    Desk& desk = desks()[first];
    for (std::size_t i = 0; i < Entry::size; ++i) set(desk.before[i], Entry::lasts(i) ? look(desk.entries[i]) : 0);
  }
  before_[first] = counted(first, count);
}

void Board::seat(events::WorkerId first, pid_t process) noexcept {
  if (first < most) desks()[first].process.store(process, std::memory_order_release);
}

Board::Left Board::close(events::WorkerId first, std::uint32_t count) noexcept {
  if (first >= most) return {};
  Desk& desk = desks()[first];
  desk.process.store(0, std::memory_order_release);
  const Left left{look(desk.entries[Entry::connections]), look(desk.entries[Entry::requests])};
  for (std::size_t i = 0; i < Entry::size; ++i) {
    if (!Entry::lasts(i)) set(desk.entries[i], 0);
  }
  events::Totals its = counted(first, count);
  if (const auto before = before_.find(first); before != before_.end()) {
    for (std::size_t i = 0; i < its.size(); ++i) its[i] -= before->second[i];
    before_.erase(before);
  }
  places()[first].meter.bury(its);
  rusage usage{};
  if (::getrusage(RUSAGE_CHILDREN, &usage) == 0) {
    const auto time = std::chrono::seconds{usage.ru_utime.tv_sec + usage.ru_stime.tv_sec} +
                      std::chrono::microseconds{usage.ru_utime.tv_usec + usage.ru_stime.tv_usec};
    set(sheet_->cpu, static_cast<std::uint64_t>(std::chrono::nanoseconds{time}.count()));
  }
  return left;
}

void Board::publish(events::WorkerId first, const Numbers& now) noexcept {
  if (first >= most) return;
  Desk& desk = desks()[first];
  const auto lay = [&desk](std::size_t entry, std::uint64_t value) {
    set(desk.entries[entry], look(desk.before[entry]) + value);
  };
  lay(Entry::connections, now.connections);
  lay(Entry::ready, now.queues.connections);
  lay(Entry::handoffs, now.queues.handoffs);
  if (const auto& requests = now.queues.requests) {
    sheet_->has_queue.store(true, std::memory_order_relaxed);
    lay(Entry::running, requests->running);
    lay(Entry::waiting, requests->waiting);
    lay(Entry::waited, requests->waited);
    lay(Entry::wait, static_cast<std::uint64_t>(requests->wait.count()));
    for (std::size_t i = 0; i < requests->shed.size(); ++i) lay(Entry::shed + i, requests->shed[i]);
  }
  for (std::size_t i = 0; i < now.dropped.size(); ++i) lay(Entry::dropped + i, now.dropped[i]);
  lay(Entry::collector_failures, now.collector_failures);
  lay(Entry::kept_modules, now.kept_modules);
  lay(Entry::requests, now.requests);
}

std::uint64_t Board::sum(std::size_t entry) const noexcept {
  std::uint64_t all = 0;
  const std::uint32_t used = sheet_->used.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used; ++i) all += look(desks()[i].entries[entry]);
  return all;
}

std::uint64_t Board::connections() const noexcept { return sum(Entry::connections); }

void Board::tell(events::Moment& moment) const {
  moment.state = state();
  moment.generation = look(sheet_->generation);
  moment.draining_generations = look(sheet_->draining);
  moment.reloads = look(sheet_->reloaded);
  moment.failed_reloads = look(sheet_->refused);
  moment.kept_modules = sum(Entry::kept_modules);
  moment.collector_failures = sum(Entry::collector_failures);
  moment.waiting_connections = sum(Entry::ready);
  moment.waiting_handoffs = sum(Entry::handoffs);
  for (events::Moment::Dropped& one : moment.dropped) {
    one.lines = sum(Entry::dropped + (one.log == "access" ? 0 : 1));
  }
  if (sheet_->has_queue.load(std::memory_order_relaxed)) {
    moment.requests = {.running = sum(Entry::running),
                       .waiting = sum(Entry::waiting),
                       .waited = sum(Entry::waited),
                       .wait = std::chrono::nanoseconds{static_cast<std::int64_t>(sum(Entry::wait))},
                       .shed = {}};
    for (std::size_t i = 0; i < moment.requests->shed.size(); ++i) moment.requests->shed[i] = sum(Entry::shed + i);
  }
  moment.processes = events::Moment::WorkerProcesses{processes().size(), look(sheet_->deaths)};
}

std::vector<pid_t> Board::processes() const {
  std::vector<pid_t> all;
  const std::uint32_t used = sheet_->used.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used; ++i) {
    if (const pid_t one = desks()[i].process.load(std::memory_order_acquire); one != 0) all.push_back(one);
  }
  return all;
}

events::Process Board::process() const {
  events::Process all = posix::read_process(sheet_->supervisor);
  const auto add = [](auto& to, const auto& more) {
    if (to && more) *to += *more;
  };
  for (const pid_t process : processes()) {
    const events::Process one = posix::read_process(process);
    if (!one.threads) continue;  // it has just ended
    add(all.open_descriptors, one.open_descriptors);
    add(all.most_descriptors, one.most_descriptors);
    add(all.virtual_memory, one.virtual_memory);
    add(all.resident_memory, one.resident_memory);
    add(all.threads, one.threads);
    add(all.cpu, one.cpu);
  }
  if (all.cpu) *all.cpu += std::chrono::nanoseconds{static_cast<std::int64_t>(look(sheet_->cpu))};
  return all;
}

}  // namespace pounce::inline v0::program
