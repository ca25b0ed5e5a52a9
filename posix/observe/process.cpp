#include <pounce/posix/process.hpp>

#include <pounce/posix/descriptor.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace pounce::inline v0::posix {

namespace {

Duration since(const timeval& time) noexcept {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

// `place`: "/proc/self", or another process's.
std::optional<std::uint64_t> open_descriptors(const std::string& place) {
#ifdef __linux__
  DIR* const folder = ::opendir((place + "/fd").c_str());
  if (folder == nullptr) return std::nullopt;
  std::uint64_t count = 0;
  const std::uint64_t besides = place == "/proc/self" ? 3 : 2;
  // Not "." and "..", nor, where it is ours, the descriptor of the walk itself. NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count > besides ? count - besides : 0;
#else
  (void)place;
  return std::nullopt;
#endif
}

#ifdef __linux__
std::optional<Duration> clock_of(clockid_t clock) noexcept {
  timespec now{};
  if (::clock_gettime(clock, &now) != 0) return std::nullopt;
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

// When the machine started, since the epoch.
std::optional<Duration> boot_time() noexcept {
  const auto wall = clock_of(CLOCK_REALTIME);
  const auto up = clock_of(CLOCK_BOOTTIME);
  if (!wall || !up) return std::nullopt;
  return *wall - *up;
}
#endif

// The fields of `stat` behind the name in parentheses: the first of them is field 3.
void read_stat(const std::string& place, events::Process& process) {
#ifdef __linux__
  std::array<char, 2048> text{};
  const Descriptor file{::open((place + "/stat").c_str(), O_RDONLY | O_CLOEXEC)};
  const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (size <= 0) return;
  std::string_view rest{text.data(), static_cast<std::size_t>(size)};
  const std::size_t name_end = rest.rfind(')');
  if (name_end == std::string_view::npos) return;
  rest.remove_prefix(name_end + 1);
  static const auto ticks = static_cast<std::uint64_t>(std::max(::sysconf(_SC_CLK_TCK), 1L));
  std::uint64_t busy = 0;
  for (std::size_t field = 3; !rest.empty(); ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    std::uint64_t number = 0;
    if (std::from_chars(word.data(), word.data() + word.size(), number).ec != std::errc{}) continue;
    if (field == 14 || field == 15) busy += number;  // of the program, of the system for it
    if (field == 20) process.threads = number;
    if (field == 23) process.virtual_memory = number;
    if (field == 24) process.resident_memory = number * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    if (field != 22) continue;
    // Since the machine started, in ticks. Read once: a start that moves a little looks like a new start to who watches it.
    static const std::optional<Duration> boot = boot_time();
    if (boot) process.start = *boot + std::chrono::nanoseconds{number * (1'000'000'000 / ticks)};
  }
  if (!process.cpu) process.cpu = std::chrono::nanoseconds{busy * (1'000'000'000 / ticks)};
#else
  (void)place;
  (void)process;
#endif
}

}  // namespace

events::Process read_process() {
  events::Process process;
  process.open_descriptors = open_descriptors("/proc/self");
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    process.most_descriptors = limit.rlim_cur;
  }
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) process.cpu = since(usage.ru_utime) + since(usage.ru_stime);
  read_stat("/proc/self", process);
  return process;
}

events::Process read_process(pid_t process) {
  const std::string place = "/proc/" + std::to_string(process);
  events::Process found;
  read_stat(place, found);
  if (!found.threads) return found;
  found.open_descriptors = open_descriptors(place);
#ifdef __linux__
  rlimit limit{};
  if (::prlimit(process, RLIMIT_NOFILE, nullptr, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    found.most_descriptors = limit.rlim_cur;
  }
#endif
  return found;
}

}  // namespace pounce::inline v0::posix
