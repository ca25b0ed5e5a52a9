#include <pounce/posix/line_writer.hpp>

#include <pounce/posix/advice.hpp>
#include <pounce/posix/clock.hpp>
#include <pounce/posix/log.hpp>
#include <pounce/posix/own_threads.hpp>
#include <pounce/posix/write_lines.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace pounce::inline v0::posix {

namespace {

// Not blocking: a FIFO that nobody reads must be an error at the start, and no wait later.
Descriptor open_for_lines(const std::string& path) noexcept {
  constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  return Descriptor{::open(path.c_str(), flags, 0640)};
}

bool is_regular(int descriptor) noexcept {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

std::string reason(int error) {
  std::array<char, 128> text{};
  return ::strerror_r(error, text.data(), text.size());
}

}  // namespace

std::expected<Owned<LineWriter>, std::string> LineWriter::open(std::string path, std::string who) {
  Descriptor file;
  if (path != "-") {
    file = open_for_lines(path);
    if (!file) {
      const int error = errno;
      return std::unexpected(printable(path) + ": " + reason(error) + as_hint(file_advice(path, error)));
    }
  }
  return Owned<LineWriter>{new LineWriter{std::move(path), std::move(who), std::move(file)}};
}

int LineWriter::fault_of(const std::string& path) {
  if (path == "-") return 0;
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    // Whoever reads a FIFO would see its end when it was closed again.
    if (S_ISDIR(status.st_mode)) return EISDIR;
    return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 ? 0 : errno;
  }
  if (errno != ENOENT) return errno;
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

LineWriter::LineWriter(std::string path, std::string who, Descriptor file)
    : path_(std::move(path)),
      who_(std::move(who)),
      file_(std::move(file)),
      is_file_(is_regular(file_ ? file_.get() : STDOUT_FILENO)),
      thread_([this] { run(); }) {}

void LineWriter::reopen() noexcept {
  reopen_wanted_.store(true, std::memory_order_release);
  wake_.notify();
}

std::uint64_t LineWriter::dropped() const noexcept {
  std::uint64_t sum = lost_.load(std::memory_order_relaxed);
  for (const Place& place : places_) sum += place.dropped.load(std::memory_order_relaxed);
  return sum;
}

void LineWriter::close() noexcept {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);
  wake_.notify();
  thread_.join();
}

events::WallInstant LineWriter::Place::wall_at(Instant at) noexcept {
  if (!anchored || at < anchor || at - anchor > std::chrono::seconds{1}) {
    anchor = monotonic_now();
    anchor_wall = wall_now();
    anchored = true;
  }
  return anchor_wall + (at - anchor);
}

// --- the writer's thread ---

void LineWriter::run() noexcept {
  const OwnThread own;
  while (!stopping_.load(std::memory_order_acquire)) {
    wait(-1);
    // What comes in this moment goes out with it.
    if (!stopping_.load(std::memory_order_acquire) && !reopen_wanted_.load(std::memory_order_acquire)) {
      wait(static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(batch_every).count()));
    }
    take_turn();
  }
  take_turn();
}

void LineWriter::wait(int milliseconds) noexcept {
  pollfd wait{wake_.descriptor(), POLLIN, 0};
  (void)::poll(&wait, 1, milliseconds);
  wake_.drain();
}

void LineWriter::take_turn() noexcept {
  pending_.store(false, std::memory_order_release);
  // What was said before the rotation goes where it was meant to go.
  const bool reopening = reopen_wanted_.exchange(false, std::memory_order_acq_rel);
  for (Place& place : places_) {
    {
      const std::lock_guard guard{place.lock};
      batch_.swap(place.waiting);
    }
    if (!batch_.empty()) put(batch_);
    batch_.clear();
  }
  if (reopening) look_again();
}

void LineWriter::put(std::string_view lines) noexcept {
  if (torn_ && ::write(file_ ? file_.get() : STDOUT_FILENO, "\n", 1) == 1) torn_ = false;
  while (!lines.empty()) {
    const std::size_t before = lines.size();
    if (!put_some(lines)) return lose(lines, errno);
    if (lines.size() != before) complained_ = false;
  }
}

bool LineWriter::put_some(std::string_view& lines) noexcept {
  const int descriptor = file_ ? file_.get() : STDOUT_FILENO;
  std::size_t size = lines.size();
  if (!is_file_ && size > PIPE_BUF) {
    const std::size_t end = lines.rfind('\n', PIPE_BUF - 1);
    size = end == std::string_view::npos ? std::size_t{PIPE_BUF} : end + 1;
  }
  if (!is_file_) {
    Instant until = never;
    while (true) {
      pollfd room{descriptor, POLLOUT, 0};
      if (::poll(&room, 1, 50) != 0) break;
      if (!stopping_.load(std::memory_order_acquire)) continue;
      const Instant now = monotonic_now();
      until = std::min(until, after(now, patience));
      if (now >= until) {
        errno = EAGAIN;
        return false;
      }
    }
  }
  const ssize_t wrote = ::write(descriptor, lines.data(), size);
  if (wrote < 0) return errno == EINTR || (errno == EAGAIN && !is_file_);
  torn_ = wrote != 0 && lines[static_cast<std::size_t>(wrote) - 1] != '\n';
  lines.remove_prefix(static_cast<std::size_t>(wrote));
  return true;
}

void LineWriter::lose(std::string_view lines, int error) noexcept {
  lost_.fetch_add(static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n')), std::memory_order_relaxed);
  complain(error, "lines are dropped");
}

void LineWriter::complain(int error, std::string_view consequence) noexcept {
  if (std::exchange(complained_, true)) return;
  try {
    const std::string line =
        (who_ + ": error: " + printable(path_) + ": " + reason(error) + "; ").append(consequence).append("\n");
    (void)write_lines(STDERR_FILENO, line, Duration::zero());
  } catch (...) {  // no memory
    return;
  }
}

void LineWriter::look_again() noexcept {
  if (!file_) return;
  Descriptor fresh = open_for_lines(path_);
  if (!fresh) return complain(errno, "the old file stays in use");
  file_ = std::move(fresh);
  is_file_ = is_regular(file_.get());
  torn_ = complained_ = false;
}

}  // namespace pounce::inline v0::posix
