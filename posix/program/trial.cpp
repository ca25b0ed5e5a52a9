#include "posix/program/trial.hpp"

#include <pounce/posix/clock.hpp>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace pounce::inline v0::program {

namespace {

// Our own image, also when its file has been replaced.
constexpr const char* own_image = "/proc/self/exe";

class Actions {
 public:
  Actions() noexcept { ::posix_spawn_file_actions_init(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  [[nodiscard]] posix_spawn_file_actions_t* get() noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  // Signals as a fresh program expects them.
  Attributes() noexcept {
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t pipe;
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &pipe);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

// Its process id, or minus an error. What it says comes out of `said`, what it prints is in `printed`.
pid_t start(const Invocation& invocation, posix::Descriptor& said, posix::Descriptor& printed) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return -errno;
  said = posix::Descriptor{ends[0]};
  const posix::Descriptor write_end{ends[1]};
  printed = posix::Descriptor{::memfd_create("trial", MFD_CLOEXEC)};
  if (!printed) return -errno;
  Actions actions;
  ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(actions.get(), printed.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(actions.get(), write_end.get(), STDERR_FILENO);
  std::string check = "--check";
  std::vector<char*> arguments;
  arguments.reserve(static_cast<std::size_t>(invocation.argc) + 2);
  for (int i = 0; i < invocation.argc; ++i) arguments.push_back(const_cast<char*>(invocation.argv[i]));
  arguments.insert(arguments.begin() + (arguments.empty() ? 0 : 1), check.data());
  arguments.push_back(nullptr);
  pid_t process = -1;
  const Attributes attributes;
  const int error = ::posix_spawn(&process, own_image, actions.get(), attributes.get(), arguments.data(), environ);
  return error == 0 ? process : -error;
}

}  // namespace

Trial::Trial(const Invocation& invocation)
    : invocation_(invocation), until_(after(posix::monotonic_now(), most_trial_time)) {
  process_ = start(invocation, said_, printed_);
  if (process_ < 0) said_.close();
}

Trial::~Trial() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Trial::read(Instant now) {
  if (process_ < 0) return true;
  in_time_ = now < until_;
  if (!in_time_) return true;
  pollfd look{said_.get(), POLLIN, 0};
  if (::poll(&look, 1, 0) <= 0) return false;
  std::array<char, 4096> piece;
  const ssize_t got = ::read(said_.get(), piece.data(), piece.size());
  if (got == 0 || (got < 0 && errno != EINTR)) return true;
  if (got > 0 && text_.size() < most_trial_text) text_.append(piece.data(), static_cast<std::size_t>(got));
  return false;
}

bool Trial::says_well() const {
  std::string end(most_trial_text, '\0');
  const off_t size = ::lseek(printed_.get(), 0, SEEK_END);
  const off_t from = std::max<off_t>(size - static_cast<off_t>(end.size()), 0);
  const ssize_t got = ::pread(printed_.get(), end.data(), end.size(), from);
  return got > 0 && std::string_view{end}.substr(0, static_cast<std::size_t>(got)).contains(configuration_ok);
}

// It has closed its standard error, as whoever ends does; a module may have done so for it, and go on.
bool Trial::ends_soon(int& status) const {
  constexpr int look_every = 10;  // ms
  for (Instant now = posix::monotonic_now(), until = after(now, most_ending); now < until;
       now = posix::monotonic_now()) {
    if (::waitpid(process_, &status, WNOHANG) == process_) return true;
    (void)::poll(nullptr, 0, look_every);
  }
  return ::waitpid(process_, &status, WNOHANG) == process_;
}

std::expected<void, Refused> Trial::result() {
  const auto say = [&](std::string_view what, std::string_view how) {
    text_.append(config::program_name(invocation_.program)).append(": error: the trial of the new configuration ");
    text_.append(what).append(how).append("\n");
  };
  if (process_ < 0) {  // what was not tried might end the server
    say("could not be started: ", std::generic_category().message(-process_));
    return std::unexpected(Refused{Exit::no_start, std::move(text_)});
  }
  int status = 0;
  in_time_ = in_time_ && ends_soon(status);
  if (!in_time_) {
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  process_ = -1;
  const bool ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (ended_well && says_well()) return {};
  if (ended_well) say("ended before its end: ", "the module calls exit()");
  if (!in_time_ || WIFSIGNALED(status)) {
    say(in_time_ ? "was ended by signal " : "took too long",
        in_time_ ? std::to_string(WTERMSIG(status)) : std::string{});
  }
  return std::unexpected(Refused{Exit::no_start, std::move(text_)});
}

std::expected<void, Refused> pass_trial(const Invocation& invocation, int abandoned) {
  Trial trial{invocation};
  for (Instant now = posix::monotonic_now(); !trial.read(now); now = posix::monotonic_now()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(trial.until() - now);
    std::array<pollfd, 2> waits{{{trial.descriptor(), POLLIN, 0}, {abandoned, POLLIN, 0}}};
    (void)::poll(waits.data(), waits.size(), static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (waits[1].revents != 0) return std::unexpected(Refused{Exit::clean, {}});
  }
  return trial.result();
}

}  // namespace pounce::inline v0::program
