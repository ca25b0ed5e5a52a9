#include <pounce/posix/own_threads.hpp>

#include <dirent.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace pounce::inline v0::posix {

namespace {

constexpr int most_looks = 100;  // a millisecond apart

std::mutex lock;
std::vector<int> own;                     // guarded by it
std::optional<std::vector<int>> earlier;  // the same

int this_thread() noexcept {
#ifdef __linux__
  return ::gettid();
#else
  return 0;
#endif
}

bool list_threads(std::vector<int>& found) {
  DIR* const folder = ::opendir("/proc/self/task");
  if (folder == nullptr) return false;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours
  while (const dirent* const entry = ::readdir(folder)) {
    const std::string_view name{entry->d_name};
    int number = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), number).ec == std::errc{}) found.push_back(number);
  }
  ::closedir(folder);
  return true;
}

bool has(const std::vector<int>& all, int one) { return std::find(all.begin(), all.end(), one) != all.end(); }

}  // namespace

OwnThread::OwnThread() noexcept {
  try {
    const std::lock_guard guard{lock};
    own.push_back(this_thread());
  } catch (...) {  // no memory: it is taken for a strange one, and code stays
    return;
  }
}

OwnThread::~OwnThread() {
  const std::lock_guard guard{lock};
  if (const auto at = std::find(own.begin(), own.end(), this_thread()); at != own.end()) own.erase(at);
}

bool are_all_threads_known() noexcept {
  try {
    // One that was joined a moment ago may still be listed.
    for (int looks = 0; looks < most_looks; ++looks) {
      if (looks != 0) (void)::poll(nullptr, 0, 1);
      std::vector<int> all;
      if (!list_threads(all)) return false;
      const std::lock_guard guard{lock};
      if (!earlier) earlier = all;
      if (std::all_of(all.begin(), all.end(), [](int one) { return has(own, one) || has(*earlier, one); })) return true;
    }
  } catch (...) {  // no memory
    return false;
  }
  return false;
}

}  // namespace pounce::inline v0::posix
