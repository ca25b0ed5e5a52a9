// The calls that our libraries make into the C and C++ libraries, led into the simulated kernel. The linker puts these functions in
// their place (--wrap, see CMakeLists.txt), in this executable only: the libraries themselves know nothing of it. While no Kernel is
// alive, and for descriptors that are not its own, everything goes where it would have gone.
#include "tests/sim/kernel.hpp"

#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>

#include <condition_variable>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

using pounce::sim::Kernel;
using pounce::sim::Schedule;

namespace {

// The kernel, when the call is for it.
Kernel* simulated() noexcept { return Kernel::current(); }
Kernel* simulated(int descriptor) noexcept { return Kernel::is_ours(descriptor) ? Kernel::current() : nullptr; }

// Which of the schedule's threads a std::thread is, to be joined by.
std::map<std::thread::native_handle_type, std::size_t>& thread_numbers() {
  static std::map<std::thread::native_handle_type, std::size_t> numbers;
  return numbers;
}

// What a thread does, between its first turn and its last.
class Scheduled final : public std::thread::_State {
 public:
  Scheduled(std::unique_ptr<std::thread::_State> work, Schedule& schedule)
      : work_(std::move(work)), schedule_(schedule), thread_(schedule.hire()) {}
  void _M_run() override {
    schedule_.begin(thread_);
    work_->_M_run();
    work_.reset();  // what it holds may use the kernel
    schedule_.end();
  }

 private:
  std::unique_ptr<std::thread::_State> work_;
  Schedule& schedule_;
  Schedule::Thread* thread_;
};

int store_address(const sockaddr_in& from, sockaddr* to, socklen_t* size) {
  std::memcpy(to, &from, std::min<std::size_t>(*size, sizeof from));
  *size = sizeof from;
  return 0;
}

}  // namespace

extern "C" {

#define POUNCE_WRAP(type, name, parameters) \
  type __real_##name parameters;            \
  type __wrap_##name parameters

// --- sockets ---

POUNCE_WRAP(int, socket, (int family, int type, int protocol)) {
  if (Kernel* k = simulated()) return k->make_socket();
  return __real_socket(family, type, protocol);
}
POUNCE_WRAP(int, bind, (int fd, const sockaddr* address, socklen_t size)) {
  Kernel* k = simulated(fd);
  if (k == nullptr) return __real_bind(fd, address, size);
  sockaddr_in in{};
  std::memcpy(&in, address, std::min<std::size_t>(size, sizeof in));
  return k->bind(fd, in);
}
POUNCE_WRAP(int, listen, (int fd, int backlog)) {
  if (Kernel* k = simulated(fd)) return k->listen(fd);
  return __real_listen(fd, backlog);
}
POUNCE_WRAP(int, accept4, (int fd, sockaddr* address, socklen_t* size, int flags)) {
  if (Kernel* k = simulated(fd)) {
    sockaddr_in peer{};
    const int taken = k->accept(fd, peer);
    if (taken >= 0 && address != nullptr) store_address(peer, address, size);
    return taken;
  }
  return __real_accept4(fd, address, size, flags);
}
POUNCE_WRAP(ssize_t, recv, (int fd, void* to, size_t size, int flags)) {
  if (Kernel* k = simulated(fd)) return k->receive(fd, to, size, flags);
  return __real_recv(fd, to, size, flags);
}
POUNCE_WRAP(ssize_t, send, (int fd, const void* from, size_t size, int flags)) {
  if (Kernel* k = simulated(fd)) return k->send(fd, {static_cast<const char*>(from), size}, flags);
  return __real_send(fd, from, size, flags);
}
POUNCE_WRAP(ssize_t, sendmsg, (int fd, const msghdr* message, int flags)) {
  Kernel* k = simulated(fd);
  if (k == nullptr) return __real_sendmsg(fd, message, flags);
  std::string bytes;
  for (std::size_t i = 0; i < message->msg_iovlen; ++i) {
    bytes.append(static_cast<const char*>(message->msg_iov[i].iov_base), message->msg_iov[i].iov_len);
  }
  return k->send(fd, bytes, flags);
}
POUNCE_WRAP(int, shutdown, (int fd, int how)) {
  if (Kernel* k = simulated(fd)) return k->shut_down(fd, how);
  return __real_shutdown(fd, how);
}
POUNCE_WRAP(int, setsockopt, (int fd, int level, int name, const void* value, socklen_t size)) {
  if (Kernel* k = simulated(fd)) return k->set_option(fd, level, name, value);
  return __real_setsockopt(fd, level, name, value, size);
}
POUNCE_WRAP(int, getsockname, (int fd, sockaddr* address, socklen_t* size)) {
  Kernel* k = simulated(fd);
  if (k == nullptr) return __real_getsockname(fd, address, size);
  sockaddr_in in{};
  return k->own_address(fd, in) != 0 ? -1 : store_address(in, address, size);
}
POUNCE_WRAP(int, getpeername, (int fd, sockaddr* address, socklen_t* size)) {
  Kernel* k = simulated(fd);
  if (k == nullptr) return __real_getpeername(fd, address, size);
  sockaddr_in in{};
  return k->peer_address(fd, in) != 0 ? -1 : store_address(in, address, size);
}

// The same two, asked for by number.
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
  std::va_list rest;
  va_start(rest, number);
  long a[6];
  for (long& one : a) one = va_arg(rest, long);
  va_end(rest);
  Kernel* k = simulated(static_cast<int>(a[0]));
  if (k == nullptr || (number != SYS_recvfrom && number != SYS_sendto && number != SYS_sendmsg))
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  const int fd = static_cast<int>(a[0]);
  if (number == SYS_sendmsg) return __wrap_sendmsg(fd, reinterpret_cast<const msghdr*>(a[1]), static_cast<int>(a[2]));
  const auto size = static_cast<std::size_t>(a[2]);
  if (number == SYS_recvfrom) return k->receive(fd, reinterpret_cast<void*>(a[1]), size, static_cast<int>(a[3]));
  return k->send(fd, {reinterpret_cast<const char*>(a[1]), size}, static_cast<int>(a[3]));
}

// --- descriptors ---

POUNCE_WRAP(int, close, (int fd)) {
  if (Kernel* k = simulated(fd)) return k->close(fd);
  return __real_close(fd);
}
POUNCE_WRAP(ssize_t, read, (int fd, void* to, size_t size)) {
  if (Kernel* k = simulated(fd)) return k->read(fd, to, size);
  return __real_read(fd, to, size);
}
POUNCE_WRAP(ssize_t, sendfile, (int fd, int file, off_t* offset, size_t size)) {
  Kernel* k = simulated(fd);
  if (k == nullptr) return __real_sendfile(fd, file, offset, size);
  std::string bytes(size, '\0');
  const ssize_t got = pread(file, bytes.data(), size, *offset);
  if (got <= 0) return got;
  const ssize_t sent = k->send(fd, {bytes.data(), static_cast<std::size_t>(got)});
  if (sent > 0) *offset += sent;
  return sent;
}
POUNCE_WRAP(ssize_t, write, (int fd, const void* from, size_t size)) {
  if (Kernel* k = simulated(fd)) return k->write(fd, from, size);
  return __real_write(fd, from, size);
}
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
  std::va_list rest;
  va_start(rest, command);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  Kernel* k = simulated(fd);
  if (k == nullptr) return __real_fcntl(fd, command, argument);
  return command == F_DUPFD_CLOEXEC ? k->duplicate(fd) : 0;
}
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...) {
  std::va_list rest;
  va_start(rest, request);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  Kernel* k = simulated(fd);
  if (k == nullptr) return __real_ioctl(fd, request, argument);
  if (request != SIOCOUTQ) k->schedule().give_up("an ioctl that is not simulated");
  const int waiting = k->unacknowledged(fd);
  std::memcpy(argument, &waiting, sizeof waiting);
  return 0;
}

// --- waiting ---

POUNCE_WRAP(int, eventfd, (unsigned value, int flags)) {
  if (Kernel* k = simulated()) return k->make_counter(value);
  return __real_eventfd(value, flags);
}
POUNCE_WRAP(int, timerfd_create, (clockid_t clock, int flags)) {
  if (Kernel* k = simulated()) return k->make_timer();
  return __real_timerfd_create(clock, flags);
}
POUNCE_WRAP(int, timerfd_settime, (int fd, int flags, const itimerspec* to, itimerspec* before)) {
  Kernel* k = simulated(fd);
  if (k == nullptr) return __real_timerfd_settime(fd, flags, to, before);
  if (flags != 0 || to->it_interval.tv_sec != 0 || to->it_interval.tv_nsec != 0)
    k->schedule().give_up("timers are set once, and from now on");
  return k->set_timer(fd, std::chrono::seconds{to->it_value.tv_sec} + std::chrono::nanoseconds{to->it_value.tv_nsec});
}
POUNCE_WRAP(int, epoll_create1, (int flags)) {
  if (Kernel* k = simulated()) return k->make_epoll();
  return __real_epoll_create1(flags);
}
POUNCE_WRAP(int, epoll_ctl, (int epoll, int operation, int fd, epoll_event* event)) {
  if (Kernel* k = simulated(epoll)) return k->epoll_control(epoll, operation, fd, event);
  return __real_epoll_ctl(epoll, operation, fd, event);
}
POUNCE_WRAP(int, epoll_wait, (int epoll, epoll_event* events, int most, int timeout)) {
  if (Kernel* k = simulated(epoll)) return k->epoll_wait(epoll, events, most, timeout);
  return __real_epoll_wait(epoll, events, most, timeout);
}
POUNCE_WRAP(int, poll, (pollfd * fds, nfds_t count, int timeout)) {
  if (count != 0) {
    if (Kernel* k = simulated(fds[0].fd)) return k->poll(fds, count, timeout);
  }
  return __real_poll(fds, count, timeout);
}
POUNCE_WRAP(int, clock_gettime, (clockid_t clock, timespec* to)) {
  Kernel* k = simulated();
  if (k == nullptr) return __real_clock_gettime(clock, to);
  using namespace std::chrono;
  auto since = k->schedule().look().time_since_epoch();
  if (clock == CLOCK_REALTIME) since += hours{24 * 365 * 56} + k->wall_ahead();  // some day in 2026
  to->tv_sec = duration_cast<seconds>(since).count();
  to->tv_nsec = static_cast<long>(duration_cast<nanoseconds>(since % seconds{1}).count());
  return 0;
}

// --- threads ---

POUNCE_WRAP(int, pthread_mutex_lock, (pthread_mutex_t * mutex)) {
  Kernel* k = simulated();
  if (k == nullptr) return __real_pthread_mutex_lock(mutex);
  k->schedule().lock(mutex);
  return 0;
}
POUNCE_WRAP(int, pthread_mutex_unlock, (pthread_mutex_t * mutex)) {
  Kernel* k = simulated();
  if (k == nullptr) return __real_pthread_mutex_unlock(mutex);
  k->schedule().unlock(mutex);
  return 0;
}
// std::condition_variable::wait(std::unique_lock<std::mutex>&), notify_one(), notify_all()
POUNCE_WRAP(void, _ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE,
            (std::condition_variable * condition, std::unique_lock<std::mutex>& lock)) {
  Kernel* k = simulated();
  if (k == nullptr) return __real__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(condition, lock);
  k->schedule().wait_condition(condition, lock.mutex()->native_handle());
}
POUNCE_WRAP(void, _ZNSt18condition_variable10notify_oneEv, (std::condition_variable * condition)) {
  Kernel* k = simulated();
  if (k == nullptr) return __real__ZNSt18condition_variable10notify_oneEv(condition);
  k->schedule().notify(condition, false);
}
POUNCE_WRAP(void, _ZNSt18condition_variable10notify_allEv, (std::condition_variable * condition)) {
  Kernel* k = simulated();
  if (k == nullptr) return __real__ZNSt18condition_variable10notify_allEv(condition);
  k->schedule().notify(condition, true);
}
// std::thread::_M_start_thread(std::unique_ptr<std::thread::_State>, void (*)()) and std::thread::join()
POUNCE_WRAP(void, _ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE,
            (std::thread * thread, std::unique_ptr<std::thread::_State> work, void (*depend)())) {
  std::size_t number = 0;
  if (Kernel* k = simulated()) {
    work = std::make_unique<Scheduled>(std::move(work), k->schedule());
    number = k->schedule().count();
  }
  __real__ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE(thread, std::move(work),
                                                                                               depend);
  if (number != 0) thread_numbers()[thread->native_handle()] = number;
}
POUNCE_WRAP(void, _ZNSt6thread4joinEv, (std::thread * thread)) {
  if (Kernel* k = simulated()) {
    if (const auto found = thread_numbers().find(thread->native_handle()); found != thread_numbers().end()) {
      const std::size_t number = found->second;
      thread_numbers().erase(found);
      (void)k->schedule().wait([&] { return k->schedule().has_ended(number); }, pounce::never);
    }
  }
  __real__ZNSt6thread4joinEv(thread);
}

}  // extern "C"
