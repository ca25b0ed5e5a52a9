// A load generator for comparisons on one machine: one thread, epoll, cheap, so that the server is the limit.
//   bench-load PORT CONNECTIONS SECONDS [path=/] [depth=N] [rate=N] [close] ['field=Name: value' ...]
// depth: requests in flight per connection. rate: so many a second over all connections whatever the answers do (open loop); latency
// counts from when a request was due. close: a connection per request. Prints a JSON object.
// The first answer of a connection is parsed for its length; later ones are counted by length and looked at for "200".
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 64;
  std::chrono::duration<double> length{2};
  std::size_t depth = 1;
  double rate = 0;
  bool close = false;
  std::string path = "/";
  std::string fields;
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options), queue_(::epoll_create1(0)) {
    request_ = "GET " + options.path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) + "\r\n";
    request_ += options.fields;
    if (options.close) request_ += "Connection: close\r\n";
    request_ += "\r\n";
    peers_.resize(options.connections);
    for (std::size_t i = 0; i < peers_.size(); ++i) open(i);
  }

  void run() {
    const auto start = Clock::now();
    const auto end = start + std::chrono::duration_cast<Clock::duration>(options_.length);
    std::uint64_t asked = 0;
    std::array<epoll_event, 256> ready;
    while (true) {
      const auto now = Clock::now();
      if (now >= end) break;
      if (options_.rate > 0) {
        const auto due = static_cast<std::uint64_t>(std::chrono::duration<double>(now - start).count() * options_.rate);
        for (; asked < due; ++asked) {
          const auto at = start + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>{static_cast<double>(asked) / options_.rate});
          ask(asked % peers_.size(), at, 1);
        }
      }
      const int count = ::epoll_wait(queue_, ready.data(), static_cast<int>(ready.size()), options_.rate > 0 ? 0 : 10);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = ready[static_cast<std::size_t>(i)];
        if (!peers_[event.data.u64].begun && (event.events & EPOLLOUT) != 0) begin(event.data.u64);
        if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) take(event.data.u64);
      }
    }
    seconds_ = std::chrono::duration<double>(Clock::now() - start).count();
  }

  void print() {
    std::ranges::sort(latencies_);
    const auto at = [&](double share) {
      if (latencies_.empty()) return 0.0;
      const auto i = static_cast<std::size_t>(share * static_cast<double>(latencies_.size() - 1));
      return static_cast<double>(latencies_[i]) / 1000;
    };
    std::printf(
        "{\"answers\": %llu, \"errors\": %llu, \"seconds\": %.3f, \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f}\n",
        static_cast<unsigned long long>(answers_), static_cast<unsigned long long>(errors_), seconds_, at(0.5),
        at(0.99), at(0.999));
  }

 private:
  struct Peer {
    int socket = -1;
    bool begun = false;      // the connection stands and has been asked
    std::size_t length = 0;  // of an answer, once known
    std::string head;        // until then
    std::size_t seen = 0;    // of the answer under way
    std::deque<Clock::time_point> asked;
  };

  void open(std::size_t index) {
    Peer& peer = peers_[index];
    peer = Peer{};
    peer.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(peer.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::connect(peer.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    epoll_event interest{.events = EPOLLIN | EPOLLOUT, .data = {.u64 = index}};
    ::epoll_ctl(queue_, EPOLL_CTL_ADD, peer.socket, &interest);
  }

  void begin(std::size_t index) {
    peers_[index].begun = true;
    epoll_event interest{.events = EPOLLIN, .data = {.u64 = index}};
    ::epoll_ctl(queue_, EPOLL_CTL_MOD, peers_[index].socket, &interest);
    if (options_.rate <= 0) ask(index, Clock::now(), options_.depth);
  }

  void ask(std::size_t index, Clock::time_point due, std::size_t count) {
    Peer& peer = peers_[index];
    batch_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      batch_ += request_;
      peer.asked.push_back(due);
    }
    if (::send(peer.socket, batch_.data(), batch_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(batch_.size()))
      ++errors_;
  }

  void lose(std::size_t index) {
    ::close(peers_[index].socket);
    open(index);
  }

  void take(std::size_t index) {
    Peer& peer = peers_[index];
    const auto n = ::recv(peer.socket, buffer_.data(), buffer_.size(), 0);
    if (n <= 0) {
      errors_ += peer.asked.empty() ? 0 : 1;
      return lose(index);
    }
    std::string_view got{buffer_.data(), static_cast<std::size_t>(n)};
    std::string first;
    if (peer.length == 0) {
      peer.head += got;
      const std::size_t end = peer.head.find("\r\n\r\n");
      const std::size_t field = std::min(peer.head.find("Content-Length: "), peer.head.find("content-length: "));
      if (end == std::string::npos || field > end) return;
      peer.length = end + 4 + static_cast<std::size_t>(std::atoll(peer.head.c_str() + field + 16));
      first = std::move(peer.head);
      got = first;
    }
    const auto now = Clock::now();
    std::size_t complete = 0;
    while (!got.empty()) {
      if (peer.seen == 0 && got.size() > 12 && got.substr(9, 3) != "200") ++errors_;
      const std::size_t piece = std::min(got.size(), peer.length - peer.seen);
      peer.seen += piece;
      got.remove_prefix(piece);
      if (peer.seen != peer.length) break;
      peer.seen = 0;
      ++complete;
      if (peer.asked.empty()) break;
      if (++sample_ % 16 == 0 || options_.rate > 0)
        latencies_.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(now - peer.asked.front()).count());
      peer.asked.pop_front();
    }
    answers_ += complete;
    if (options_.close) {
      if (complete != 0) lose(index);
    } else if (options_.rate <= 0 && peer.asked.empty()) {
      ask(index, now, options_.depth);
    }
  }

  Options options_;
  int queue_;
  std::string request_;
  std::string batch_;
  std::vector<Peer> peers_;
  std::vector<char> buffer_ = std::vector<char>(65536);
  std::vector<std::int64_t> latencies_;
  std::uint64_t sample_ = 0;
  std::uint64_t answers_ = 0;
  std::uint64_t errors_ = 0;
  double seconds_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  Options options;
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  options.connections = static_cast<std::size_t>(std::atoll(argv[2]));
  options.length = std::chrono::duration<double>{std::atof(argv[3])};
  for (int i = 4; i < argc; ++i) {
    const std::string_view word{argv[i]};
    if (word.starts_with("depth=")) options.depth = static_cast<std::size_t>(std::atoll(argv[i] + 6));
    if (word.starts_with("rate=")) options.rate = std::atof(argv[i] + 5);
    if (word.starts_with("path=")) options.path = word.substr(5);
    if (word == "close") options.close = true;
    if (word.starts_with("field=")) options.fields.append(word.substr(6)).append("\r\n");
  }
  Load load{options};
  load.run();
  load.print();
}
