#include <pounce/program/signals.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/signalfd.h>
#include <ucontext.h>
#endif

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace pounce::inline v0::program {

namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

constexpr std::array<std::pair<int, Signal>, 7> signals{{{SIGTERM, Signal::terminate},
                                                         {SIGINT, Signal::interrupt},
                                                         {SIGHUP, Signal::reload},
                                                         {SIGUSR1, Signal::reopen},
                                                         {SIGTTIN, Signal::more},
                                                         {SIGTTOU, Signal::fewer},
                                                         {SIGCHLD, Signal::child}}};

Signal named(int number) {
  for (const auto& [its_number, signal] : signals) {
    if (its_number == number) return signal;
  }
  return Signal::none;
}

#ifdef __linux__
// In a thread that does not block the signal, as one that an application started while it was loaded: it does from now on, and the signal goes
// where it belongs.
extern "C" void pass_on(int number, siginfo_t*, void* context) {
  const int saved = errno;
  sigaddset(&static_cast<ucontext_t*>(context)->uc_sigmask, number);
  ::kill(::getpid(), number);
  errno = saved;
}
#else
// What a signal handler may touch: one descriptor, set before the handler is installed.
volatile sig_atomic_t pipe_write_end = -1;

extern "C" void write_to_pipe(int number) {
  const int saved = errno;
  const char byte = static_cast<char>(number);
  (void)!::write(pipe_write_end, &byte, 1);
  errno = saved;
}
#endif

}  // namespace

void Signals::put_back(Signal signal) noexcept {
  for (const auto& [number, its_signal] : signals) {
    if (its_signal == signal) ::kill(::getpid(), number);
  }
}

#ifdef __linux__

Signals::Signals(Wanted wanted) : wanted_(wanted) {
  sigset_t all;
  sigemptyset(&all);
  sigaddset(&all, SIGTERM);
  sigaddset(&all, SIGINT);
  sigaddset(&all, SIGUSR1);
  if (wanted_.reload) sigaddset(&all, SIGHUP);
  if (wanted_.workers) {
    sigaddset(&all, SIGTTIN);
    sigaddset(&all, SIGTTOU);
  }
  if (wanted_.children) sigaddset(&all, SIGCHLD);
  read_end_ = ::signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
  if (read_end_ < 0) fail("signalfd");
  // Blocked, they arrive at the signalfd, also where they were ignored (as a shell does with SIGINT for its background jobs).
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  struct sigaction ours{};
  ours.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ours, &old_pipe_);
  struct sigaction passes{};
  passes.sa_sigaction = pass_on;
  passes.sa_flags = SA_SIGINFO | SA_RESTART;
  for (const auto& [number, signal] : signals) {
    if (number != SIGCHLD && sigismember(&all, number) == 1) ::sigaction(number, &passes, nullptr);
  }
}

Signals::~Signals() {
  // They stay blocked: one that is still on its way would kill the process between its last line and its exit code.
  ::sigaction(SIGPIPE, &old_pipe_, nullptr);
  ::close(read_end_);
}

Signal Signals::next() noexcept {
  signalfd_siginfo info;
  return ::read(read_end_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)
             ? named(static_cast<int>(info.ssi_signo))
             : Signal::none;
}

#else

Signals::Signals(Wanted wanted) : wanted_(wanted) {
  int ends[2];
  if (::pipe(ends) != 0) fail("pipe");
  for (const int end : ends) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) | O_NONBLOCK);
  }
  read_end_ = ends[0];
  write_end_ = ends[1];
  pipe_write_end = write_end_;
  struct sigaction ours{};
  ours.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ours, &old_pipe_);
  ours.sa_handler = write_to_pipe;
  ours.sa_flags = SA_RESTART;
  ::sigaction(SIGTERM, &ours, &old_term_);
  ::sigaction(SIGINT, &ours, &old_int_);
  ::sigaction(SIGUSR1, &ours, &old_usr1_);
  if (wanted_.reload) ::sigaction(SIGHUP, &ours, &old_hangup_);
  if (wanted_.workers) {
    ::sigaction(SIGTTIN, &ours, &old_more_);
    ::sigaction(SIGTTOU, &ours, &old_fewer_);
  }
  if (wanted_.children) ::sigaction(SIGCHLD, &ours, &old_child_);
}

Signals::~Signals() {
  struct sigaction ignored{};
  ignored.sa_handler = SIG_IGN;  // a late one changes nothing any more
  ::sigaction(SIGINT, &ignored, nullptr);
  ::sigaction(SIGUSR1, &ignored, nullptr);
  ::sigaction(SIGTERM, &ignored, nullptr);
  if (wanted_.reload) ::sigaction(SIGHUP, &ignored, nullptr);
  if (wanted_.workers) {
    ::sigaction(SIGTTIN, &old_more_, nullptr);
    ::sigaction(SIGTTOU, &old_fewer_, nullptr);
  }
  if (wanted_.children) ::sigaction(SIGCHLD, &old_child_, nullptr);
  ::sigaction(SIGPIPE, &old_pipe_, nullptr);
  pipe_write_end = -1;
  ::close(write_end_);
  ::close(read_end_);
}

Signal Signals::next() noexcept {
  char number = 0;
  return ::read(read_end_, &number, 1) == 1 ? named(number) : Signal::none;
}

#endif

}  // namespace pounce::inline v0::program
