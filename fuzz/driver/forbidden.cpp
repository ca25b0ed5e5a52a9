// The C library's sources of time, environment and randomness, replaced for this program.
//
// A program's own definition wins over the shared C library's, also for calls that come out of
// libstdc++. Confined, each ends the child; otherwise each does its work by the plain system call,
// so that the rest of the program (a test's main, say) lives on.

#include "forbidden.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define POUNCE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define POUNCE_SANITIZED 1
#endif
#endif

#if defined(__linux__) && !defined(POUNCE_SANITIZED)

#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

#define POUNCE_REPLACES extern "C" __attribute__((visibility("default"), used))

namespace {

void ask(const char* what) {
  if (pounce::sandbox::confined_pipe >= 0) pounce::sandbox::refuse(what);
}

char* find_in_environment(const char* name) {
  const std::size_t length = std::strlen(name);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') {
      return *entry + length + 1;
    }
  }
  return nullptr;
}

}  // namespace

POUNCE_REPLACES int clock_gettime(clockid_t clock, timespec* out) noexcept {
  ask("clock_gettime");
  return static_cast<int>(syscall(SYS_clock_gettime, clock, out));
}

POUNCE_REPLACES time_t time(time_t* out) noexcept {
  ask("time");
  timespec now{};
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

POUNCE_REPLACES int gettimeofday(timeval* out, void*) noexcept {
  ask("gettimeofday");
  timespec now{};
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

POUNCE_REPLACES char* getenv(const char* name) noexcept {
  ask("getenv");
  return find_in_environment(name);
}

POUNCE_REPLACES char* secure_getenv(const char* name) noexcept {
  ask("secure_getenv");
  return find_in_environment(name);
}

POUNCE_REPLACES ssize_t getrandom(void* buffer, std::size_t size, unsigned flags) {
  ask("getrandom");
  return syscall(SYS_getrandom, buffer, size, flags);
}

POUNCE_REPLACES int getentropy(void* buffer, std::size_t size) {
  ask("getentropy");
  return syscall(SYS_getrandom, buffer, size, 0) < 0 ? -1 : 0;
}

#endif
