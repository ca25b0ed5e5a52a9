#include <pounce/posix/advice.hpp>

#include <pounce/config/value.hpp>
#include <pounce/posix/log.hpp>
#include <pounce/posix/port_holder.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace pounce::inline v0::posix {

namespace {

using config::BindAddress;

std::string text_of(const Holder& holder) {
  const std::string user = "user " + config::detail::decimal(holder.user);
  if (holder.process == ::getpid()) return "this program itself, twice";
  if (holder.process == 0) return "a process of " + user;
  return printable(holder.name) + ", process " + std::to_string(holder.process) + " of " + user;
}

std::string numeric_mode(mode_t mode) {
  std::string text = "0000";
  for (std::size_t i = 0; i < 4; ++i) text[3 - i] = static_cast<char>('0' + ((mode >> (3 * i)) & 7U));
  return text;
}

std::string owned_by(const std::string& path, const struct stat& there) {
  using config::detail::decimal;
  return printable(path) + " belongs to user " + decimal(there.st_uid) + ", group " + decimal(there.st_gid) +
         ", mode " + numeric_mode(there.st_mode) + "; this program runs as user " + decimal(::geteuid());
}

std::string listen_advice(const BindAddress& address, int error) {
  const bool tcp = address.kind != BindAddress::Kind::unix_path;
  switch (error) {
    case EADDRINUSE:
      return tcp ? "stop what listens there, or choose another port (--port, --bind, --admin-bind); port 0 is any free "
                   "one"
                 : "stop what listens there, or choose another path";
    case EACCES:
    case EPERM:
      return !tcp ? file_advice(address.path, error)
             : address.port < 1024
                 ? "ports below 1024 are for who has CAP_NET_BIND_SERVICE: let systemd pass the socket "
                   "(--bind systemd:NAME) or grant it (AmbientCapabilities=), or choose a port from 1024 on"
                 : "";
    case EADDRNOTAVAIL: return "this machine has no such address; 0.0.0.0 and [::] are all that it has";
    case EAFNOSUPPORT: return "this machine does not speak that kind of address";
    case ENOENT:
    case ENOTDIR: return tcp ? "" : file_advice(address.path, error);
    default: return {};
  }
}

}  // namespace

std::string as_hint(std::string_view advice) {
  return advice.empty() ? std::string{} : " (hint: " + std::string{advice} + ")";
}

std::string listen_fault(const BindAddress& address, int error) {
  std::string text = address.place() + ": " + std::generic_category().message(error);
  if (error == EADDRINUSE) {
    if (const auto holder = holder_of(address)) text.append(" by ").append(text_of(*holder));
  }
  return text.append(as_hint(listen_advice(address, error)));
}

std::string file_advice(const std::string& path, int error) {
  if (error != EACCES && error != ENOENT && error != ENOTDIR) return {};
  // From the root, or from where we stand, to the first part that is not there or may not be passed.
  const std::filesystem::path whole{path};
  std::error_code unknown;
  const std::string here = whole.is_absolute() ? "" : " in " + std::filesystem::current_path(unknown).string();
  std::filesystem::path part;
  struct stat there{};
  std::string folder = ".";  // the one before
  (void)::stat(folder.c_str(), &there);
  for (const std::filesystem::path& name : whole) {
    part /= name;
    struct stat next{};
    if (::stat(part.c_str(), &next) != 0) {
      if (error == EACCES) return owned_by(folder, there);
      if (part != whole) return "there is no " + printable(part.string() + here);
      return whole.is_absolute() ? std::string{} : "looked for" + printable(here);
    }
    there = next;
    folder = part.string();
  }
  return error == EACCES ? owned_by(folder, there) : std::string{};
}

}  // namespace pounce::inline v0::posix
