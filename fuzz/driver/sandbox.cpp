#include "sandbox.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "forbidden.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define POUNCE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define POUNCE_SANITIZED 1
#endif
#endif

#if defined(__linux__) && !defined(POUNCE_SANITIZED) && (defined(__x86_64__) || defined(__aarch64__))
#define POUNCE_HAS_FILTER 1
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>
#endif

namespace pounce::sandbox {

int confined_pipe = -1;

namespace {

// The child's reports are records of one size: at most this much is ever written at once.
struct Record {
  char kind;  // 's' step, 'f' forbidden function, 'c' forbidden system call, 'u' no filter, 'r' result
  unsigned number;
  char text[32];
};

int pipe_to_parent = -1;

void tell(char kind, unsigned number, const char* text) {
  Record record{};
  record.kind = kind;
  record.number = number;
  for (std::size_t i = 0; text[i] != 0 && i + 1 < sizeof record.text; ++i) record.text[i] = text[i];
  if (write(pipe_to_parent, &record, sizeof record) < 0) _exit(9);
}

#ifdef POUNCE_HAS_FILTER

#ifdef __x86_64__
constexpr unsigned native_arch = AUDIT_ARCH_X86_64;
#else
constexpr unsigned native_arch = AUDIT_ARCH_AARCH64;
#endif

void on_forbidden_call(int, siginfo_t* info, void*) {
  tell('c', static_cast<unsigned>(info->si_syscall), "");
  _exit(3);
}

bool confine(int pipe) {
  struct sigaction action{};
  action.sa_sigaction = on_forbidden_call;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, nullptr);

  const auto load = [](unsigned offset) -> sock_filter { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); };
  const auto allow_if = [](unsigned call) -> std::vector<sock_filter> {
    return {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  };
  std::vector<sock_filter> program;
  program.push_back(load(offsetof(seccomp_data, arch)));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, native_arch, 1, 0));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  program.push_back(load(offsetof(seccomp_data, nr)));
  for (const unsigned call :
       {SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mprotect, SYS_exit, SYS_exit_group}) {
    for (const sock_filter& line : allow_if(call)) program.push_back(line);
  }
  // write, to the pipe alone
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3));
  program.push_back(load(offsetof(seccomp_data, args[0])));
  for (const sock_filter& line : allow_if(static_cast<unsigned>(pipe))) program.push_back(line);
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));

  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

#else

bool confine(int) { return false; }

#endif

// The allocator and the unwinder each prepare themselves on first use.
void warm_up() {
  std::vector<void*> blocks;
  for (std::size_t size = 16; size <= (std::size_t{1} << 20); size *= 2) {
    blocks.push_back(std::malloc(size));
  }
  for (void* block : blocks) std::free(block);
  try {
    throw std::runtime_error("warm");
  } catch (const std::exception&) {
  }
}

[[noreturn]] void be_the_child(bool (*body)(void*), void* state) {
  warm_up();
  if (confine(pipe_to_parent)) {
    confined_pipe = pipe_to_parent;
  } else {
    tell('u', 0, "");
  }
  const bool good = body(state);
  tell('r', good ? 1 : 0, "");
  _exit(0);
}

}  // namespace

void refuse(const char* what) {
  tell('f', 0, what);
  _exit(3);
}

void step(unsigned number) {
  if (pipe_to_parent >= 0) tell('s', number, "");
}

Report run(bool (*body)(void*), void* state) {
  int ends[2];
  if (pipe(ends) != 0) return {Outcome::failed, "no pipe"};
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) return {Outcome::failed, "no child process"};
  if (child == 0) {
    close(ends[0]);
    pipe_to_parent = ends[1];
    be_the_child(body, state);
  }
  close(ends[1]);

  Record record{};
  std::string where = "before the first step";
  std::string refused;
  bool unconfined = false;
  bool good = false;
  for (;;) {
    const ssize_t got = read(ends[0], &record, sizeof record);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof record)) break;
    if (record.kind == 's') where = "step " + std::to_string(record.number);
    if (record.kind == 'u') unconfined = true;
    if (record.kind == 'r') good = record.number == 1;
    if (record.kind == 'f') refused = std::string(record.text) + "()";
    if (record.kind == 'c') refused = "system call " + std::to_string(record.number);
  }
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }

  if (!refused.empty()) return {Outcome::forbidden, refused + " at " + where};
  if (WIFSIGNALED(status)) {
    return {Outcome::failed, std::string(strsignal(WTERMSIG(status))) + " at " + where};
  }
  if (!good) return {Outcome::failed, "failed at " + where};
  if (unconfined) return {Outcome::unconfined, "ran without a system call filter"};
  return {Outcome::clean, "confined"};
}

}  // namespace pounce::sandbox
