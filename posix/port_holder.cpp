#include <pounce/posix/port_holder.hpp>

#include <pounce/posix/descriptor.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

namespace pounce::inline v0::posix {

namespace {

using config::BindAddress;

constexpr std::size_t largest_table = std::size_t{16} << 20U;
constexpr int most_processes = 1 << 16;
constexpr int most_descriptors = 1 << 12;

std::string contents(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::string text;
  std::array<char, 4096> piece{};
  while (file && text.size() < largest_table) {
    const ssize_t got = ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (got <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(' '); at != std::string_view::npos;
       at = line.find_first_not_of(' ', at)) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

struct Socket {
  std::string inode;
  std::uint32_t user = 0;
};

// An address as the tables write it: words of 32 bits, each as this machine holds it.
std::string table_text(int family, const std::string& host) {
  std::array<std::uint32_t, 4> words{};
  if (::inet_pton(family, host.c_str(), words.data()) != 1) return {};
  std::string text;
  for (std::size_t i = 0; i < (family == AF_INET ? 1U : 4U); ++i) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (int shift = 28; shift >= 0; shift -= 4)
      text.push_back(digits[(words[i] >> static_cast<unsigned>(shift)) & 15U]);
  }
  return text;
}

// Lines of /proc/net/tcp: number, local, remote, state (0A: listens), queues, timer, retransmissions, user, time-out, inode.
std::optional<Socket> tcp_listener(const std::string& table, int family, const BindAddress& wanted) {
  const std::string here = table_text(family, wanted.host);
  const std::string text = contents(table);
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::vector<std::string_view> words = words_of(std::string_view{text}.substr(start, end - start));
    start = end + 1;
    if (words.size() < 10 || words[3] != "0A") continue;
    const std::size_t colon = words[1].find(':');
    if (colon == std::string_view::npos || number<std::uint16_t>(words[1].substr(colon + 1), 16) != wanted.port)
      continue;
    const std::string_view there = words[1].substr(0, colon);
    const bool everywhere = there.find_first_not_of('0') == std::string_view::npos;
    const bool all_wanted = here.find_first_not_of('0') == std::string::npos;
    if (everywhere || all_wanted || there == here)
      return Socket{std::string{words[9]}, number<std::uint32_t>(words[7]).value_or(0)};
  }
  return std::nullopt;
}

// Lines of /proc/net/unix: slot, references, protocol, flags (00010000: listens), type, state, inode, path.
std::optional<Socket> unix_listener(const std::string& path) {
  const std::string text = contents("/proc/net/unix");
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::vector<std::string_view> words = words_of(std::string_view{text}.substr(start, end - start));
    start = end + 1;
    if (words.size() < 8 || words[3] != "00010000" || words[7] != path) continue;
    struct stat file{};
    if (::lstat(path.c_str(), &file) != 0) return std::nullopt;
    return Socket{std::string{words[6]}, file.st_uid};
  }
  return std::nullopt;
}

bool has_open(const std::filesystem::path& process, const std::string& target) {
  std::error_code error;
  int left = most_descriptors;
  for (std::filesystem::directory_iterator at{process / "fd", error}, end; !error && at != end && left-- > 0;
       at.increment(error)) {
    std::error_code gone;
    if (std::filesystem::read_symlink(at->path(), gone) == target && !gone) return true;
  }
  return false;
}

Holder holder_of(const Socket& socket) {
  Holder holder{.user = socket.user, .process = 0, .name = {}};
  const std::string target = "socket:[" + socket.inode + "]";
  std::error_code error;
  int left = most_processes;
  for (std::filesystem::directory_iterator at{"/proc", error}, end; !error && at != end && left-- > 0;
       at.increment(error)) {
    const auto process = number<int>(at->path().filename().string());
    if (!process || !has_open(at->path(), target)) continue;
    holder.process = *process;
    holder.name = contents((at->path() / "comm").string());
    if (holder.name.ends_with('\n')) holder.name.pop_back();
    break;
  }
  return holder;
}

}  // namespace

std::optional<Holder> holder_of(const BindAddress& address) {
  std::optional<Socket> found;
  switch (address.kind) {
    case BindAddress::Kind::unix_path: found = unix_listener(address.path); break;
    case BindAddress::Kind::tcp4:
    case BindAddress::Kind::tcp_name: found = tcp_listener("/proc/net/tcp", AF_INET, address); [[fallthrough]];
    case BindAddress::Kind::tcp6:
      if (!found) found = tcp_listener("/proc/net/tcp6", AF_INET6, address);
      break;
    default: break;
  }
  return found ? std::optional{holder_of(*found)} : std::nullopt;
}

}  // namespace pounce::inline v0::posix
