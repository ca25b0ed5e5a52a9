// Heads for differential tests: built from what clients send, then damaged. Header only.
//
// Every choice comes from a source of numbers, `std::size_t below(std::size_t bound)`: a seed in tests, the input in the
// fuzz target, so that a fuzzer changes heads by their structure.
#pragma once

#include <pounce/core/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace pounce::difference {

// Numbers from a seed, the same everywhere (xorshift64*).
class Seed {
 public:
  explicit Seed(std::uint64_t seed) noexcept : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
  [[nodiscard]] std::size_t below(std::size_t bound) noexcept {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<std::size_t>((state_ * 0x2545f4914f6cdd1d >> 33) % bound);
  }

 private:
  std::uint64_t state_;
};

// Numbers from bytes; zeros when they are used up.
class Program {
 public:
  explicit Program(Bytes bytes) noexcept : bytes_(bytes) {}
  [[nodiscard]] std::size_t below(std::size_t bound) noexcept {
    std::size_t number = 0;
    for (std::size_t most = 1; most < bound && !bytes_.empty(); most *= 256) {
      number = number * 256 + static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
    }
    return number % bound;
  }

 private:
  Bytes bytes_;
};

template <class Source>
class HeadGenerator {
 public:
  explicit HeadGenerator(Source source) noexcept : source_(source) {}

  // A head, mostly a valid one, with none to three damages.
  [[nodiscard]] std::string next() {
    std::string head = whole();
    for (std::size_t i = one_in(3) ? 0 : 1 + source_.below(3); i != 0; --i) damage(head);
    return head;
  }

 private:
  template <std::size_t N>
  [[nodiscard]] Bytes pick(const std::array<Bytes, N>& from) {
    return from[source_.below(N)];
  }
  [[nodiscard]] bool one_in(std::size_t number) { return source_.below(number) == 0; }

  [[nodiscard]] std::string whole() {
    static constexpr std::array<Bytes, 8> methods{"GET", "GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"};
    static constexpr std::array<Bytes, 6> odd_methods{"PATCH", "TRACE", "CONNECT", "QUERY", "get", "M-SEARCH"};
    static constexpr std::array<Bytes, 8> targets{
        "/", "/index.html", "/a/b?c=d", "/?", "/search?q=a%20b&x=/?", "/~u/(1);v=2,3", "/a|b^c`{}\"<>\\", "//x:80@"};
    static constexpr std::array<Bytes, 7> odd_targets{"*", "http://a/b", "a:443", "/a#b", "", "x", "https://u@h/"};
    static constexpr std::array<Bytes, 6> odd_versions{"HTTP/1.0", "HTTP/1.0", "HTTP/1.2",
                                                       "HTTP/2.0", "http/1.1", "RTSP/1.0"};
    static constexpr std::array<Bytes, 6> odd_spaces{"  ", "\t", "", " \t", "\r", " x "};
    static constexpr std::array<Bytes, 8> hosts{"a",       "127.0.0.1:8080",      "example.com",  "example.com:",
                                                "a:65535", "www.example.org:443", "localhost:80", "a_b~c!$&'*+-"};
    static constexpr std::array<Bytes, 10> odd_hosts{"[::1]", "[::1]:80", "a:65536", "a:b", "u@h",
                                                     "a,b",   "a b",      "%41",     "a/b", "(a);x=1"};
    std::string head{one_in(12) ? pick(odd_methods) : pick(methods)};
    head += one_in(40) ? pick(odd_spaces) : " ";
    head += one_in(12) ? pick(odd_targets) : pick(targets);
    head += one_in(40) ? pick(odd_spaces) : " ";
    head += one_in(8) ? pick(odd_versions) : "HTTP/1.1";
    head += "\r\n";
    const std::size_t fields = source_.below(9);
    const std::size_t host_at = source_.below(fields + 1);
    for (std::size_t i = 0; i <= fields; ++i) {
      if (i != host_at) {
        add_field(head);
      } else if (!one_in(30)) {
        ((head += "Host: ") += one_in(8) ? pick(odd_hosts) : pick(hosts)) += "\r\n";
      }
    }
    head += "\r\n";
    if (one_in(4)) head += "GET / HTTP/1.1\r\n";
    return head;
  }

  void add_field(std::string& head) {
    static constexpr std::array<Bytes, 20> names{
        "Accept",        "Accept-Encoding", "Accept-Language",   "Authorization",
        "Cache-Control", "Connection",      "Content-Type",      "Cookie",
        "Forwarded",     "If-None-Match",   "If-Modified-Since", "Keep-Alive",
        "Origin",        "Range",           "Proxy-Connection",  "TE",
        "Upgrade",       "User-Agent",      "X-Real-IP",         "X-Forwarded-For"};
    static constexpr std::array<Bytes, 10> values{"*/*",
                                                  "keep-alive",
                                                  "close",
                                                  "gzip, deflate, br",
                                                  "text/html,a/b;q=0.9",
                                                  "a",
                                                  "W/\"1f\"",
                                                  "1.2.3.4, 5.6.7.8",
                                                  "Mozilla/5.0 (X11; Linux x86_64)",
                                                  "k=v; l=w"};
    static constexpr std::array<Bytes, 12> framings{
        "Content-Length: 5",          "Content-Length: 0",       "content-length: 18446744073709551615",
        "Content-Length: +5",         "Content-Length: 5, 5",    "Transfer-Encoding: chunked",
        "transfer-encoding: Chunked", "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked",
        "Expect: 100-continue",       "Expect: 200-ok",          "Content-Length: 9999999999999999999"};
    static constexpr std::array<Bytes, 9> connections{
        "keep-alive, Upgrade", "Upgrade, close", "close,,", ", keep-alive", "TE", "CLOSE", "Keep-Alive", "x", "closed"};
    static constexpr std::array<Bytes, 14> odd_lines{
        "Folded: a\r\n b", ": a",   "No-Colon", "A b: c",      "A : b",    "A:\tb",          "Empty:",
        "Blank: ",         "A:  b", "A: b ",    "A: \x80\xff", "A\x80: b", "H\xc3\xb6st: a", "A#%^`|: b"};
    switch (source_.below(12)) {
      case 0: head += pick(framings); break;
      case 1: (head += "Connection: ") += pick(connections); break;
      case 2:
        if (one_in(3)) {
          head += pick(odd_lines);
          break;
        }
        [[fallthrough]];
      default: {
        std::string name{pick(names)};
        if (one_in(4)) name[source_.below(name.size())] ^= 0x20;
        ((head += name) += one_in(20) ? ":" : ": ") += pick(values);
        if (one_in(20)) head.append(source_.below(200), 'a');
      }
    }
    head += "\r\n";
  }

  void damage(std::string& head) {
    static constexpr Bytes special{"\0\t\n\r !\"#%&()*+,-./09:;=?@AZ[]^_`az{|}~\x7f\x80\xff", 42};
    const std::size_t at = source_.below(head.size() + 1);
    const char c = one_in(3) ? static_cast<char>(source_.below(256)) : special[source_.below(special.size())];
    switch (source_.below(8)) {
      case 0: head.insert(at, 1, c); break;
      case 1: head.erase(at, 1 + source_.below(3)); break;
      case 2: {
        const std::size_t from = source_.below(head.size() + 1);
        head.insert(at, head.substr(from, source_.below(40)));
        break;
      }
      case 3: head.resize(at); break;
      case 4: head.insert(at, "\r\n"); break;
      case 5:
        if (at < head.size()) head[at] ^= static_cast<char>(1U << source_.below(8));
        break;
      default:
        if (at < head.size()) head[at] = c;
    }
  }

  Source source_;
};

}  // namespace pounce::difference
