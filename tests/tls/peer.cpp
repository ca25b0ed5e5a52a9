#include "tests/tls/peer.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <cstdlib>

namespace pounce::test {

using namespace pounce::tls;

namespace {

// Also a fuzz target uses this: no test framework.
void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

Peer::Peer(const PeerOptions& options) : ctx_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX_set_min_proto_version(ctx_.get(), options.version);
  SSL_CTX_set_max_proto_version(ctx_.get(), options.version);
  if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(ctx_.get(), options.ciphers.c_str());
  if (!options.certificate.empty()) {
    const X509Handle certificate{PEM_read_bio_X509(bio_on(options.certificate).get(), nullptr, nullptr, nullptr)};
    const KeyHandle key{PEM_read_bio_PrivateKey(bio_on(options.key).get(), nullptr, nullptr, nullptr)};
    require(SSL_CTX_use_certificate(ctx_.get(), certificate.get()) == 1);
    require(SSL_CTX_use_PrivateKey(ctx_.get(), key.get()) == 1);
  }
  ssl_.reset(SSL_new(ctx_.get()));
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(ssl_.get());
  SSL_set_msg_callback(ssl_.get(), &Peer::see);
  SSL_set_msg_callback_arg(ssl_.get(), this);
  if (!options.server_name.empty()) SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
  if (options.wants_staple) SSL_set_tlsext_status_type(ssl_.get(), TLSEXT_STATUSTYPE_ocsp);
  std::string offered;
  for (const std::string& protocol : options.protocols)
    offered.append(1, static_cast<char>(protocol.size())).append(protocol);
  if (!offered.empty())
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                        static_cast<unsigned>(offered.size()));
  if (options.session != nullptr) SSL_set_session(ssl_.get(), options.session);
}

void Peer::see(int sent, int, int type, const void* bytes, std::size_t size, SSL*, void* self) {
  const auto* const header = static_cast<const unsigned char*>(bytes);
  if (sent == 0 && type == SSL3_RT_HEADER && size >= 5 && header[0] == SSL3_RT_APPLICATION_DATA)
    static_cast<Peer*>(self)->records.push_back(header[3] * 256U + header[4]);
  if (sent == 0 && type == SSL3_RT_HANDSHAKE && size != 0 && header[0] == SSL3_MT_NEWSESSION_TICKET)
    ++static_cast<Peer*>(self)->tickets;
}

void Peer::advance() {
  ERR_clear_error();
  if (!established()) {
    const int result = SSL_do_handshake(ssl_.get());
    if (result != 1 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_SSL && failure.empty()) failure = take_words();
    if (result != 1) return;
  }
  std::array<char, 20000> buffer;
  std::size_t got = 0;
  int result = 0;
  while ((result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &got)) == 1)
    received.append(buffer.data(), got);
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_ZERO_RETURN) ended = true;
  if (error == SSL_ERROR_SSL && failure.empty()) failure = take_words();
}

void Peer::write(Bytes plaintext) {
  std::size_t put = 0;
  if (!plaintext.empty()) require(SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &put) == 1);
}

void Peer::give(Bytes ciphertext) {
  if (!ciphertext.empty()) BIO_write(SSL_get_rbio(ssl_.get()), ciphertext.data(), static_cast<int>(ciphertext.size()));
}

std::string Peer::take() {
  char* data = nullptr;
  const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &data);
  std::string bytes{data, static_cast<std::size_t>(size)};
  (void)BIO_reset(SSL_get_wbio(ssl_.get()));
  return bytes;
}

std::string Peer::server_subject() const {
  const X509Handle certificate{SSL_get1_peer_certificate(ssl_.get())};
  return certificate ? subject_of(certificate.get()) : std::string{};
}

std::string Peer::staple() const {
  const unsigned char* data = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(ssl_.get(), &data);
  return size > 0 ? std::string{reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)} : std::string{};
}

std::string Ends::take_wire() {
  std::string bytes;
  std::array<Bytes, 16> slices;
  while (!wire.empty()) {
    const std::size_t count = wire.gather(slices);
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
      bytes.append(slices[i]);
      size += slices[i].size();
    }
    wire.written(size);
  }
  return bytes;
}

void Ends::give(Bytes ciphertext, std::size_t piece, std::size_t space) {
  std::string plaintext(space, '\0');
  while (!ciphertext.empty() || filter->has_more()) {
    const Filter::Received got =
        filter->receive(ciphertext.substr(0, piece), MutableBytes{plaintext.data(), plaintext.size()}, wire);
    received.append(plaintext.data(), got.made);
    ciphertext.remove_prefix(got.eaten);
    if (got.eaten == 0 && got.made == 0) return;
  }
}

void Ends::send(Bytes plaintext, Instant now) {
  while (!plaintext.empty()) {
    const std::size_t sealed = filter->send({&plaintext, 1}, now, wire);
    if (sealed == 0) return;
    plaintext.remove_prefix(sealed);
  }
}

void Ends::exchange() {
  for (int quiet = 0; quiet != 2;) {
    peer.advance();
    const std::string up = peer.take();
    give(up);
    const std::string down = take_wire();
    peer.give(down);
    quiet = up.empty() && down.empty() ? quiet + 1 : 0;
  }
}

}  // namespace pounce::test
