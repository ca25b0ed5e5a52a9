#include <pounce/h2/stream.hpp>

#include <algorithm>
#include <cassert>
#include <new>

namespace pounce::inline v0::h2 {

namespace {

constexpr std::size_t least_index = 16;
constexpr std::size_t most_kept_pieces = 8;

constexpr std::uint32_t remembered(std::uint32_t id, Ending ending) noexcept {
  return static_cast<std::uint32_t>(ending) << 30U | id >> 1U;
}

}  // namespace

void Stream::clear_queue() noexcept {
  queue.clear();
  queue_first = 0;
  queued = 0;
  end_queued = false;
  trailers.clear();
}

void Stream::renew() noexcept {
  List<Piece> kept = std::move(queue);
  *this = Stream{};
  kept.clear();
  if (kept.capacity() <= most_kept_pieces) queue = std::move(kept);
}

// --- Streams ---

// Where `id` is, or would be.
std::size_t Streams::place(std::uint32_t id) const noexcept {
  std::size_t at = home(id);
  while (index_[at].id != 0 && index_[at].id != id) at = (at + 1) & (index_.size() - 1);
  return at;
}

Stream* Streams::find(std::uint32_t id) const noexcept {
  if (live_.empty() || id == 0) return nullptr;
  const Entry& entry = index_[place(id)];
  return entry.id == id ? live_[entry.at] : nullptr;
}

void Streams::grow() {
  List<Entry> old;
  old.resize(std::max(least_index, index_.size() * 2));
  old.swap(index_);
  for (const Entry& entry : old) {
    if (entry.id != 0) index_[place(entry.id)] = entry;
  }
}

Stream& Streams::open(std::uint32_t id) {
  assert(id != 0 && find(id) == nullptr);
  if (index_.empty() || (live_.size() + 1) * 2 > index_.size()) grow();
  if (live_.size() == live_.capacity()) live_.reserve(std::max(least_index, 2 * live_.size()));
  if (spare_.empty()) {
    spare_.reserve(most_spare);
    live_.push_back(new Stream);
  } else {
    live_.push_back(spare_.back());
    spare_.pop_back();
  }
  Stream& stream = *live_.back();
  stream.id = id;
  index_[place(id)] = {id, static_cast<std::uint32_t>(live_.size() - 1)};
  return stream;
}

void Streams::close(Stream& stream, Ending ending) noexcept {
  assert(!stream.scheduled);
  remember(stream.id, ending);
  std::size_t hole = place(stream.id);
  const std::size_t at = index_[hole].at;
  assert(live_[at] == &stream);
  // Those that had to step aside for it move up.
  const std::size_t mask = index_.size() - 1;
  for (std::size_t i = (hole + 1) & mask; index_[i].id != 0; i = (i + 1) & mask) {
    const std::size_t distance = (i - home(index_[i].id)) & mask;
    if (distance >= ((i - hole) & mask)) {
      index_[hole] = index_[i];
      hole = i;
    }
  }
  index_[hole] = {};

  if (at + 1 != live_.size()) {
    live_[at] = live_.back();
    index_[place(live_[at]->id)].at = static_cast<std::uint32_t>(at);
  }
  live_.pop_back();
  if (spare_.size() == most_spare) {
    delete &stream;
    return;
  }
  stream.renew();
  spare_.push_back(&stream);
}

void Streams::Endings::add(std::uint32_t one) noexcept {
  try {
    if (ids.size() < most_endings) return ids.push_back(one);
  } catch (const std::bad_alloc&) {
    if (ids.empty()) return;
  }
  ids[oldest] = one;
  oldest = (oldest + 1) % ids.size();
}

Ending Streams::Endings::find(std::uint32_t id) const noexcept {
  for (const std::uint32_t one : ids) {
    if ((one & 0x3fffffffU) == id >> 1U) return static_cast<Ending>(one >> 30U);
  }
  return Ending::unknown;
}

void Streams::remember(std::uint32_t id, Ending ending) noexcept {
  (ending == Ending::ended ? ended_ : reset_).add(remembered(id, ending));
}

Ending Streams::ending(std::uint32_t id) const noexcept {
  const Ending ending = reset_.find(id);
  return ending != Ending::unknown ? ending : ended_.find(id);
}

void Streams::clear() noexcept {
  for (const Stream* stream : live_) delete stream;
  for (const Stream* stream : spare_) delete stream;
  live_.clear();
  spare_.clear();
  index_.clear();
}

void Streams::trim() noexcept {
  for (const Stream* stream : spare_) delete stream;
  spare_.release();
  if (!live_.empty()) return;
  live_.release();
  index_.release();
}

}  // namespace pounce::inline v0::h2
