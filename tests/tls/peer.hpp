// Peer: the other end of a connection, by OpenSSL itself over its own memory BIOs. And Ends: it and a filter, with the bytes between.
#pragma once

#include "tls/openssl.hpp"

#include <pounce/core/filter.hpp>
#include <pounce/core/output.hpp>
#include <pounce/core/owned.hpp>

#include <string>
#include <vector>

namespace pounce::test {

struct PeerOptions {
  int version = TLS1_3_VERSION;
  std::string server_name{};
  std::vector<std::string> protocols{};
  SSL_SESSION* session = nullptr;  // to resume; borrowed
  std::string certificate{};       // PEM, of the client
  std::string key{};
  bool wants_staple = false;
  std::string ciphers{};  // of TLS 1.2
};

class Peer {
 public:
  explicit Peer(const PeerOptions& options = {});

  // Goes on with the handshake, reads what there is to read.
  void advance();
  void write(Bytes plaintext);
  void close() { (void)SSL_shutdown(ssl_.get()); }
  void update_key() { (void)SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED); }

  void give(Bytes ciphertext);
  [[nodiscard]] std::string take();

  [[nodiscard]] bool established() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
  [[nodiscard]] tls::Handle<SSL_SESSION, SSL_SESSION_free> session() const {
    return tls::Handle<SSL_SESSION, SSL_SESSION_free>{SSL_get1_session(ssl_.get())};
  }
  [[nodiscard]] std::string server_subject() const;
  [[nodiscard]] std::string staple() const;

  std::string received;              // plaintext
  std::vector<std::size_t> records;  // sizes of application data records, as they came, sealed
  std::size_t tickets = 0;           // messages NewSessionTicket
  bool ended = false;                // close_notify came
  std::string failure;               // in OpenSSL's words

 private:
  static void see(int sent, int, int type, const void* bytes, std::size_t size, SSL*, void* self);

  tls::CtxHandle ctx_;
  tls::SslHandle ssl_;
};

struct Ends {
  Ends(Owned<Filter> filter_, const PeerOptions& options = {}) : filter(std::move(filter_)), peer(options) {}

  // Bytes go both ways until there are none.
  void exchange();
  // What the filter has put into `wire`.
  [[nodiscard]] std::string take_wire();
  // To the filter, pieces of at most `piece` bytes, into a plaintext buffer of `space` bytes.
  void give(Bytes ciphertext, std::size_t piece = 1 << 20, std::size_t space = 65536);
  void send(Bytes plaintext, Instant now = {});

  Owned<Filter> filter;
  Peer peer;
  Output wire;
  std::string received;  // plaintext, at the filter's end
};

}  // namespace pounce::test
