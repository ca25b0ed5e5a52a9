#include <pounce/posix/journal.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace pounce::inline v0::posix {

bool is_journal(int descriptor) {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat there{};
  if (stream == nullptr || ::fstat(descriptor, &there) != 0) return false;
  return std::to_string(there.st_dev) + ":" + std::to_string(there.st_ino) == stream;
}

std::string with_priorities(std::string_view lines) {
  std::string text;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    const std::string_view kind = line.substr(std::min(line.find(": "), line.size()));
    text.append(kind.starts_with(": error: ") ? "<3>" : kind.starts_with(": warning: ") ? "<4>" : "<6>");
    text.append(line).append("\n");
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
  }
  return text;
}

}  // namespace pounce::inline v0::posix
