// OwnThreads: which threads of this process are the server's. All others are the application's, or those of libraries.
//
// Whether code may be unloaded hangs on it: a thread that nobody knows may run there. Thread-safe.
#pragma once

namespace pounce::inline v0::posix {

// While it lives, the thread that made it is the server's.
class OwnThread {
 public:
  OwnThread() noexcept;
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;
  ~OwnThread();
};

// Whether there are no others, but for those that were there when it was asked the first time: call it before the first module is
// loaded. Where the system does not tell, and where memory is short, it is false.
[[nodiscard]] bool are_all_threads_known() noexcept;

}  // namespace pounce::inline v0::posix
