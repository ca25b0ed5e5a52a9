// LineWriter: lines of many workers into one file or stream, by a thread of its own.
//
// A worker formats its line into the buffer of its place and goes on: it waits for no disk and, in effect, for no lock, for only the
// writer ever asks for the same one, to swap the buffer. The writer takes what has come together every `batch_every`, or as soon as a
// buffer is half full, and writes it with one call; a pipe or terminal gets whole lines of at most PIPE_BUF octets. Lines of one worker keep their
// order; no line is ever torn by another.
// Limits: `most_waiting` octets per place; what comes beyond that, or cannot be written, is dropped and counted. A file that cannot be
// written costs one line on standard error until it can be again.
// Ownership: owns its file and its thread. `close`, or the destructor, writes what is left; it waits `patience` at most for a stream
// that nobody reads.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>
#include <pounce/events/event.hpp>
#include <pounce/events/text.hpp>
#include <pounce/posix/descriptor.hpp>
#include <pounce/posix/wake_descriptor.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace pounce::inline v0::posix {

class LineWriter {
 public:
  static constexpr std::size_t places = 64;  // workers beyond that share
  static constexpr std::size_t most_waiting = 256 * 1024;
  static constexpr Duration batch_every = std::chrono::milliseconds{100};
  static constexpr Duration patience = std::chrono::seconds{1};

  // `path`: a file, made with mode 0640 and appended to, or "-", standard output. `who` begins its lines on standard error. An
  // error is one line.
  [[nodiscard]] static std::expected<Owned<LineWriter>, std::string> open(std::string path, std::string who);
  // Why `open` would fail with this path, as errno; 0: it would not. Nothing is made.
  [[nodiscard]] static int fault_of(const std::string& path);

  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  ~LineWriter() { close(); }

  // What a worker formats with.
  struct Pen {
    std::string& out;
    events::WallInstant wall;  // at the event
    events::TimeText& time;
  };
  // `append(Pen)` adds one line for what happened at `at`. Never waits for the file.
  template <class Append>
  void write(events::WorkerId worker, Instant at, Append append) noexcept {
    Place& place = places_[worker % places];
    bool half_full = false;
    {
      const std::lock_guard guard{place.lock};
      const std::size_t before = place.waiting.size();
      if (before >= most_waiting) return place.drop();
      try {
        append(Pen{place.waiting, place.wall_at(at), place.time});
      } catch (...) {  // no memory
        place.waiting.resize(before);
        return place.drop();
      }
      half_full = before < most_waiting / 2 && place.waiting.size() >= most_waiting / 2;
    }
    // Mostly the writer has been told: then workers share this line of the cache without writing to it.
    if (half_full ||
        (!pending_.load(std::memory_order_acquire) && !pending_.exchange(true, std::memory_order_acq_rel))) {
      wake_.notify();
    }
  }

  // Opens the path anew, as after a rotation; a file that cannot be opened leaves the old one in use. Thread-safe.
  void reopen() noexcept;
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  void close() noexcept;

 private:
  struct alignas(64) Place {
    [[nodiscard]] events::WallInstant wall_at(Instant at) noexcept;
    void drop() noexcept { dropped.fetch_add(1, std::memory_order_relaxed); }

    std::mutex lock;
    std::string waiting;
    events::TimeText time;
    // One moment on both clocks, looked up once a second.
    Instant anchor{};
    events::WallInstant anchor_wall{};
    bool anchored = false;
    std::atomic<std::uint64_t> dropped{0};
  };

  LineWriter(std::string path, std::string who, Descriptor file);

  void run() noexcept;
  void wait(int milliseconds) noexcept;
  void take_turn() noexcept;
  void put(std::string_view lines) noexcept;
  [[nodiscard]] bool put_some(std::string_view& lines) noexcept;
  void lose(std::string_view lines, int error) noexcept;
  void complain(int error, std::string_view consequence) noexcept;
  void look_again() noexcept;

  const std::string path_;
  const std::string who_;
  Descriptor file_;  // none: standard output
  bool is_file_ = false;
  bool torn_ = false;        // the last line in it lacks its end
  bool complained_ = false;  // since it could be written last
  std::string batch_;
  std::array<Place, places> places_;
  WakeDescriptor wake_;
  std::atomic<bool> pending_{false};
  std::atomic<bool> reopen_wanted_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> lost_{0};
  std::thread thread_;
};

}  // namespace pounce::inline v0::posix
