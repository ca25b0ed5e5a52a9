#include <pounce/posix/link.hpp>

#include <pounce/core/filter.hpp>

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifdef __linux__
#include <linux/sockios.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

namespace pounce::inline v0::posix {

namespace {

// libc's recv and send are cancellation points: in a process with threads each call pays for two atomic operations, and no thread
// here is ever cancelled.
ssize_t receive_bytes(int socket, MutableBytes space) noexcept {
#ifdef __linux__
  return ::syscall(SYS_recvfrom, socket, space.data(), space.size(), 0, nullptr, nullptr);
#else
  return ::recv(socket, space.data(), space.size(), 0);
#endif
}

ssize_t send_bytes(int socket, Bytes bytes, int flags) noexcept {
#ifdef __linux__
  return ::syscall(SYS_sendto, socket, bytes.data(), bytes.size(), flags, nullptr, 0);
#else
  return ::send(socket, bytes.data(), bytes.size(), flags);
#endif
}

// Straight from the file where the system can do that. 0: there is nothing to send any more.
ssize_t send_region(int socket, const Output::Front& region) {
#ifdef __linux__
  if (const int file = region.source->descriptor(); file >= 0) {
    auto offset = static_cast<off_t>(region.offset);
    const ssize_t n = ::sendfile(socket, file, &offset, region.size);
    if (n >= 0 || (errno != EINVAL && errno != ENOSYS)) return n;  // a file system that cannot: by hand
  }
#endif
  std::array<char, 16 * kibibyte> room;
  const std::size_t size = std::min(region.size, room.size());
  const auto got = region.source->read(region.offset, MutableBytes{room.data(), size});
  if (!got || *got == 0) return 0;
  return send_bytes(socket, {room.data(), *got}, MSG_NOSIGNAL);
}

// The first `most` octets of the slices. Returns how many slices that takes.
std::size_t cut(std::span<Bytes> slices, std::size_t count, std::size_t most) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (slices[i].size() < most) {
      most -= slices[i].size();
      continue;
    }
    slices[i] = slices[i].substr(0, most);
    return i + 1;
  }
  return count;
}

// A head and the region behind it share segments. The last octets share theirs with the end of the stream: whoever drives this closes or
// shuts down as soon as everything has been taken.
int flags_of(const Output& output, bool has_more) noexcept {
#ifdef MSG_MORE
  if (has_more || (output.finished() && !output.abandoned())) return MSG_NOSIGNAL | MSG_MORE;
#endif
  return MSG_NOSIGNAL;
}

// Up to `most` octets of what stands in several slices, or in a file. 0: that file has no more.
ssize_t send_pieces(int socket, const Output& output, std::size_t most) {
  std::array<Bytes, 16> slices;
  const std::size_t count = cut(slices, output.gather(slices), most);
  if (count == 0) {
    Output::Front region = output.region();
    region.size = std::min(region.size, most);
    return send_region(socket, region);
  }
  const int flags = flags_of(output, output.has_more(count));
  if (count == 1) return send_bytes(socket, slices[0], flags);
  std::array<iovec, 16> vectors;
  for (std::size_t i = 0; i < count; ++i) vectors[i] = {const_cast<char*>(slices[i].data()), slices[i].size()};
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  return ::sendmsg(socket, &message, flags);
}

}  // namespace

Link::Link(Descriptor socket, const Service& service, Station& station, Waker& waker, Peers peers, Instant now)
    : socket_(std::move(socket)), waker_(&waker), session_(service, station, *this, std::move(peers), now) {
  session_.allow_regions();
}

Link::Link(Descriptor socket, const Service& service, Station& station, Waker& waker, Peers peers, Instant now,
           Owned<Filter> filter)
    : socket_(std::move(socket)),
      waker_(&waker),
      session_(service, station, *this, std::move(peers), now, std::move(filter)) {}

Link::~Link() {
  // Who still posts to one of them keeps that one alone.
  while (letterboxes_) letterboxes_ = std::move(letterboxes_->next);
}

Link::Io Link::read() {
  const MutableBytes space = session_.space();
  while (true) {
    const auto n = receive_bytes(socket_.get(), space);
    if (n > 0) {
      session_.received(static_cast<std::size_t>(n));
      // A short read has emptied the socket: a second recv would only say so. An announced end is still to be read.
      readable = static_cast<std::size_t>(n) == space.size() || hung_up;
      return readable ? Io::again : Io::blocked;
    }
    if (n < 0 && errno == EINTR) continue;
    readable = false;
    if (n == 0) {
      session_.received_end();
    } else if (errno != EAGAIN) {
      session_.broken();
    }
    return Io::blocked;
  }
}

Link::Io Link::flush(Instant now) {
  Output& output = session_.output();
  std::size_t left = most_per_flush;
  while (!output.empty()) {
    if (left == 0) return Io::again;
    const Bytes sole = output.sole();
    const ssize_t n = sole.data() != nullptr ? send_bytes(socket_.get(), sole.substr(0, left), flags_of(output, false))
                                             : send_pieces(socket_.get(), output, left);
    if (n == 0) {  // the file has become shorter than what was promised
      reset_on_close();
      session_.broken();
      return Io::blocked;
    }
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        writable = false;
        return Io::blocked;
      }
      session_.broken();
      return Io::blocked;
    }
    session_.written(static_cast<std::size_t>(n), now);
    left -= static_cast<std::size_t>(n);
  }
  if (!output.finished()) return Io::again;
  if (output.abandoned()) reset_on_close();
  if (readable && session_.finished()) discard_arrived();
  return Io::again;
}

// Closing with unread bytes would reset the connection, and its last answer with it: what a peer sends behind a request that it called its
// last, or had pipelined when a drain ended the connection.
void Link::discard_arrived() noexcept {
  std::array<char, 4096> waste;
  for (int i = 0; i < 16; ++i) {
    const auto n = receive_bytes(socket_.get(), waste);
    if (n < static_cast<ssize_t>(waste.size()) && !(n < 0 && errno == EINTR)) return;
  }
}

void Link::half_close() noexcept {
  const Output& output = session_.output();
  if (!output.finished() || !output.empty() || output.abandoned() || std::exchange(half_closed_, true)) return;
  ::shutdown(socket_.get(), SHUT_WR);
}

void Link::reset_on_close() noexcept {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void Link::measure_at_deadline(Instant now) {
  if (session_.deadline() > now) return;
#ifdef SIOCOUTQ
  int waiting = 0;
  if (::ioctl(socket_.get(), SIOCOUTQ, &waiting) == 0 && waiting >= 0)
    session_.unacknowledged(static_cast<std::size_t>(waiting), now);
#endif
}

void Link::detach() {
  for (SharedLetterbox* one = letterboxes_.get(); one != nullptr; one = one->next.get()) one->bind(nullptr, nullptr);
  waker_ = nullptr;
  session_.leave();
}

void Link::attach(Station& station, Waker& waker) {
  session_.join(station);
  waker_ = &waker;
  for (SharedLetterbox* one = letterboxes_.get(); one != nullptr; one = one->next.get()) one->bind(&waker, this);
}

Loan<Letterbox> Link::open() {
  // What nobody else holds any more is closed and of no use.
  for (Loan<SharedLetterbox>* at = &letterboxes_; *at;) {
    if ((*at)->sole()) {
      *at = std::move((*at)->next);
    } else {
      at = &(*at)->next;
    }
  }
  Loan<SharedLetterbox> letterbox{new SharedLetterbox};
  letterbox->bind(waker_, this);
  letterbox->next = std::move(letterboxes_);
  letterboxes_ = letterbox;
  return letterbox;
}

}  // namespace pounce::inline v0::posix
