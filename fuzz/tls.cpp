// The TLS filter between two ends in memory, with a hostile wire: bytes flipped, dropped, doubled, cut and mixed with bytes from the
// input. Whatever it gives out is a prefix of what the peer sealed, never anything else; it eats all that it can; once it has failed
// it gives out nothing more; what it writes is bounded.
//
// Input: pairs of octets, a deed and its argument, played against a TLS 1.2 or 1.3 peer. The replays are not sandboxed as those of the
// pure layers are: OpenSSL reads the clock and draws random numbers, so an input does not say all that happens.
#include "tests/tls/peer.hpp"

#include <pounce/tls/endpoint.hpp>
#include <pounce/tls/settings.hpp>
#include <pounce/tls/ticket_keys.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace pounce;

namespace {

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "tls: %s\n", what);
  std::abort();
}

tls::Endpoint& endpoint() {
  static tls::TicketKeys keys;
  static const Loan<tls::Endpoint> made = [] {
    tls::Settings settings;
    settings.certificates.push_back(tls::make_self_signed().certificate);
    settings.client_auth = tls::ClientAuth::request;
    settings.client_ca = settings.certificates[0].chain;
    tls::Problems problems;
    return tls::Endpoint::make(settings, &keys,
                               std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()), problems);
  }();
  return *made.get();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 512) return 0;
  test::Ends ends{endpoint().accept(),
                  {.version = (data[0] & 1U) != 0 ? TLS1_2_VERSION : TLS1_3_VERSION, .protocols = {"http/1.1"}}};
  const std::size_t space = (data[0] & 2U) != 0 ? 13 : 65536;
  const std::size_t piece = (data[0] & 4U) != 0 ? 7 : 65536;
  if ((data[0] & 8U) == 0) ends.exchange();
  std::string sent;    // what the peer sealed
  std::string flying;  // from the peer to the filter
  bool honest = true;
  for (std::size_t i = 1; i + 1 < size; i += 2) {
    const std::size_t argument = data[i + 1];
    const std::size_t at = flying.empty() ? 0 : argument * flying.size() / 256;
    const bool failed = ends.filter->state() == Filter::State::failed;
    const std::size_t before = ends.received.size();
    switch (data[i] % 12) {
      case 0:
        if (ends.peer.established() && (SSL_get_shutdown(ends.peer.ssl()) & SSL_SENT_SHUTDOWN) == 0 &&
            ends.peer.failure.empty()) {
          const std::string text(argument * 70 + 1, static_cast<char>('a' + argument % 26));
          std::size_t put = 0;
          if (SSL_write_ex(ends.peer.ssl(), text.data(), text.size(), &put) == 1) sent += text;
        }
        break;
      case 1: ends.peer.update_key(); break;
      case 2: ends.peer.close(); break;
      case 3:
        ends.peer.advance();
        flying += ends.peer.take();
        break;
      case 4:
        ends.give(flying, piece, space);
        flying.clear();
        break;
      case 5:
        ends.give(Bytes{flying}.substr(0, at), piece, space);
        flying.erase(0, at);
        break;
      case 6:
        if (!flying.empty()) flying[at] = static_cast<char>(flying[at] ^ (1 << (argument % 8)));
        honest = false;
        break;
      case 7:
        flying.erase(at, 1 + argument % 64);
        honest = false;
        break;
      case 8:
        flying.insert(at, flying.substr(at, 1 + argument % 64));
        honest = false;
        break;
      case 9:
        flying.insert(at, 1, static_cast<char>(argument));
        honest = false;
        break;
      case 10: ends.peer.give(ends.take_wire()); break;
      default:
        ends.send(std::string(argument * 40, 'x'), Instant{std::chrono::milliseconds{100 * i}});
        if (argument % 16 == 0) ends.filter->send_close(ends.wire);
        break;
    }
    require(sent.starts_with(ends.received), "what was received was not sent");
    require(!failed || ends.received.size() == before, "it failed and gave out more");
    require(ends.filter->state() != Filter::State::failed || ends.filter->fault() != Fault::none,
            "failed without a fault");
    require(ends.wire.size() < mebibyte + 65536 * i, "too much on the wire");
  }
  if (honest && ends.peer.failure.empty()) {
    ends.peer.give(ends.take_wire());
    ends.peer.advance();
    ends.give(flying + ends.peer.take());
    if (ends.filter->state() == Filter::State::established || ends.filter->state() == Filter::State::ended)
      require(ends.received == sent, "something was lost on an honest wire");
  }
  ends.filter->receive_end();
  return 0;
}
