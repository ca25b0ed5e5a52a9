#include <pounce/posix/cpus.hpp>

#include <fcntl.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <vector>

namespace pounce::inline v0::posix {

namespace {

std::optional<std::int64_t> number(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc() || result.ptr != end) {
    return std::nullopt;
  }
  return value;
}

std::optional<unsigned> share(std::optional<std::int64_t> quota, std::optional<std::int64_t> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) {
    return std::nullopt;
  }
  const std::int64_t cpus = *quota / *period + (*quota % *period != 0 ? 1 : 0);
  return static_cast<unsigned>(std::clamp<std::int64_t>(cpus, 1, 1 << 20));
}

/// A whole small file; empty if it cannot be read.
std::string contents(const std::string& path) {
  std::string text;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return text;
  }
  char piece[4096];
  ssize_t got = 0;
  while (text.size() < 65536 && (got = ::read(file, piece, sizeof piece)) > 0) {
    text.append(piece, static_cast<std::size_t>(got));
  }
  ::close(file);
  return text;
}

std::optional<unsigned> least(std::optional<unsigned> left, std::optional<unsigned> right) {
  if (left && right) {
    return std::min(*left, *right);
  }
  return left ? left : right;
}

/// Calls `at` for the group and each ancestor, the root of the hierarchy included. Inside a
/// container the path may be that of the host; then only the root exists, and it is ours.
template <class At>
std::optional<unsigned> along(const std::string& root, std::string path, At at) {
  std::optional<unsigned> result;
  while (true) {
    if (path == "/") {
      path.clear();
    }
    result = least(result, at(root + path));
    if (path.empty()) {
      return result;
    }
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

unsigned affinity() {
#ifdef __linux__
  // A machine with more CPUs than cpu_set_t counts answers EINVAL until the mask is large enough.
  for (std::size_t size = 1024; size <= 65536; size *= 4) {
    std::vector<char> memory(CPU_ALLOC_SIZE(size) + alignof(cpu_set_t));
    void* start = memory.data();
    std::size_t space = memory.size();
    auto* const mask = static_cast<cpu_set_t*>(std::align(alignof(cpu_set_t), CPU_ALLOC_SIZE(size), start, space));
    if (mask != nullptr && ::sched_getaffinity(0, CPU_ALLOC_SIZE(size), mask) == 0) {
      return static_cast<unsigned>(std::max(1, CPU_COUNT_S(CPU_ALLOC_SIZE(size), mask)));
    }
  }
#endif
  return static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace

std::optional<unsigned> quota_of_cpu_max(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) {
    return std::nullopt;
  }
  return share(number(text.substr(0, blank)), number(text.substr(blank + 1)));
}

std::optional<unsigned> quota_of_cfs(std::string_view quota, std::string_view period) {
  return share(number(quota), number(period));
}

std::optional<std::string> cgroup_path(std::string_view proc_self_cgroup, std::string_view controller) {
  while (!proc_self_cgroup.empty()) {
    const std::size_t end = proc_self_cgroup.find('\n');
    const std::string_view line = proc_self_cgroup.substr(0, end);
    proc_self_cgroup.remove_prefix(end == std::string_view::npos ? proc_self_cgroup.size() : end + 1);
    // hierarchy-ID:controller,controller:path
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos || !line.substr(second + 1).starts_with('/')) {
      continue;
    }
    const std::string list = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    const bool match = controller.empty() ? line.starts_with("0::")
                                          : list.find("," + std::string(controller) + ",") != std::string::npos;
    if (match) {
      return std::string(line.substr(second + 1));
    }
  }
  return std::nullopt;
}

std::optional<unsigned> quota_below(const std::string& mount, std::string_view proc_self_cgroup) {
  std::optional<unsigned> result;
  if (const auto path = cgroup_path(proc_self_cgroup, "")) {
    for (const char* const root : {"", "/unified"}) {
      result = least(result, along(mount + root, *path, [](const std::string& group) {
                       return quota_of_cpu_max(contents(group + "/cpu.max"));
                     }));
    }
  }
  if (const auto path = cgroup_path(proc_self_cgroup, "cpu")) {
    for (const char* const root : {"/cpu", "/cpu,cpuacct"}) {
      result =
          least(result, along(mount + root, *path, [](const std::string& group) {
                  return quota_of_cfs(contents(group + "/cpu.cfs_quota_us"), contents(group + "/cpu.cfs_period_us"));
                }));
    }
  }
  return result;
}

unsigned usable_cpus() {
  const auto quota = quota_below("/sys/fs/cgroup", contents("/proc/self/cgroup"));
  return std::min(affinity(), quota.value_or(affinity()));
}

}  // namespace pounce::inline v0::posix
