#include "posix/program/whole_file.hpp"

#include <pounce/posix/descriptor.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace pounce::inline v0::program {

std::expected<std::string, int> whole_file(const std::string& path, std::size_t most) {
  const posix::Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return std::unexpected(errno);
  std::string text;
  std::array<char, 8192> piece;
  while (text.size() <= most) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got == 0) return text;
    if (got > 0) {
      text.append(piece.data(), static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      return std::unexpected(errno);
    }
  }
  return std::unexpected(EFBIG);
}

}  // namespace pounce::inline v0::program
