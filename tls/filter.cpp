#include "tls/alert.hpp"
#include "tls/frozen_endpoint.hpp"
#include "tls/wire.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace pounce::inline v0::tls {

namespace {

// Records: a reader can use none before all of it has arrived. What begins an answer goes in records of one segment, until the
// congestion window of a fresh or rested connection (RFC 6928) is full; what follows in the largest ones, for they cost least.
constexpr std::size_t small_record = 1300;
constexpr std::size_t large_record = SSL3_RT_MAX_PLAIN_LENGTH - 64;  // four of them, sealed, fit a large block
constexpr unsigned small_records = 10;
constexpr Duration rest = std::chrono::seconds{1};
constexpr std::size_t most_sealed = 4 * large_record;  // by one call

// A peer may ask for new keys, or for a renegotiation that is refused, each time with an answer; without end only for as much as it sends
// otherwise. Who does not read would have them all kept.
constexpr unsigned answer_budget = 32;
constexpr std::size_t bytes_per_answer = mebibyte;

constexpr unsigned char handshake_record = 0x16;  // what a ClientHello comes in (RFC 8446, section 5.1)

class TlsFilter final : public Filter {
 public:
  TlsFilter(Loan<Endpoint> endpoint, SSL_CTX& ctx, StorageRef slot)
      : endpoint_(std::move(endpoint)), slot_(std::move(slot)), ssl_(SSL_new(&ctx)) {
    if (!ssl_) throw std::bad_alloc{};
    wire_.attach(*ssl_);
    SSL_set_accept_state(ssl_.get());
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_msg_callback(ssl_.get(), &TlsFilter::see_message);
    SSL_set_msg_callback_arg(ssl_.get(), this);
  }

  Received receive(Bytes ciphertext, MutableBytes plaintext, Output& wire) override;
  void receive_end() noexcept override;
  [[nodiscard]] bool has_more() const noexcept override { return has_more_; }
  std::size_t send(std::span<const Bytes> slices, Instant now, Output& wire) override;
  void send_close(Output& wire) override;
  [[nodiscard]] State state() const noexcept override { return state_; }
  [[nodiscard]] Fault fault() const noexcept override { return fault_; }
  [[nodiscard]] TlsFailure failure() const noexcept override { return failure_; }
  [[nodiscard]] Bytes words() const noexcept override { return words_; }
  [[nodiscard]] const Agreed& agreed() const noexcept override { return agreed_; }

 private:
  // Between lend and take_back.
  class Call {
   public:
    Call(TlsFilter& filter, Bytes input, Output& output) : filter_(filter) {
      ERR_clear_error();  // what others left behind in this thread would be taken for ours
      filter.wire_.lend(input, output);
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() { (void)finish(); }
    // How much of the input is left. Throws std::bad_alloc.
    std::size_t end() {
      const std::size_t left = finish();
      if (std::exchange(out_of_memory_, false)) {
        filter_.fail(Fault::tls_failed, TlsFailure::internal_error, "out of memory");
        throw std::bad_alloc{};
      }
      return left;
    }

   private:
    std::size_t finish() noexcept {
      const std::size_t left = filter_.wire_.left();
      try {
        filter_.wire_.take_back();
      } catch (const std::bad_alloc&) {
        out_of_memory_ = true;
      }
      return left;
    }
    TlsFilter& filter_;
    bool out_of_memory_ = false;
  };

  void shake_hands();
  std::size_t read(MutableBytes plaintext);
  void judge(int result, Fault fault);
  void fail_as(Fault fault);
  void fail(Fault fault, TlsFailure failure, std::string words) noexcept;
  void agree();
  void agree_on_client(X509& certificate);
  bool seal(Bytes bytes);
  void count_answer(const char* too_many) noexcept;
  static void see_message(int sent, int, int type, const void* bytes, std::size_t size, SSL*, void* self) noexcept;

  Loan<Endpoint> endpoint_;  // before ssl_: outlives it
  StorageRef slot_;
  Wire wire_;
  SslHandle ssl_;
  State state_ = State::handshaking;
  Fault fault_ = Fault::none;
  TlsFailure failure_ = TlsFailure::internal_error;
  Alert alert_;  // the last one
  bool has_more_ = false;
  bool looked_ = false;  // at the first octet
  bool closed_ = false;  // close_notify was sent
  unsigned small_left_ = small_records;
  unsigned answers_left_ = answer_budget;
  const char* too_many_ = "";  // what was asked for last
  std::size_t received_ = 0;   // towards the next answer
  Instant last_sent_{};
  Agreed agreed_;
  std::string client_subject_;
  std::string client_names_;
  std::string words_;
};

Filter::Received TlsFilter::receive(Bytes ciphertext, MutableBytes plaintext, Output& wire) {
  if (state_ == State::failed || state_ == State::ended) return {ciphertext.size(), 0};
  if (!looked_ && !ciphertext.empty()) {
    looked_ = true;
    if (const char first = ciphertext.front(); static_cast<unsigned char>(first) != handshake_record) {
      const bool is_text = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
      fail(is_text ? Fault::tls_clear_text : Fault::tls_handshake_failed, TlsFailure::not_tls,
           "the first octet is none of TLS");
      return {0, 0};
    }
  }
  Call call{*this, ciphertext, wire};
  if (state_ == State::handshaking) shake_hands();
  const std::size_t made = state_ == State::established ? read(plaintext) : 0;
  const std::size_t left = call.end();
  // Behind the last record there is nothing to read.
  return {state_ == State::established || state_ == State::handshaking ? ciphertext.size() - left : ciphertext.size(),
          made};
}

void TlsFilter::shake_hands() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return judge(result, Fault::tls_handshake_failed);
  state_ = State::established;
  slot_ = StorageRef{};
  agree();
}

std::size_t TlsFilter::read(MutableBytes plaintext) {
  std::size_t made = 0;
  while (made != plaintext.size()) {
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), plaintext.data() + made, plaintext.size() - made, &got);
    if (result != 1) {
      judge(result, Fault::tls_failed);
      break;
    }
    made += got;
    if (answers_left_ == 0) break;
  }
  received_ += made;
  for (; received_ >= bytes_per_answer; received_ -= bytes_per_answer)
    answers_left_ = std::min(answers_left_ + 1, answer_budget);
  if (answers_left_ == 0) fail(Fault::tls_failed, TlsFailure::protocol_error, too_many_);
  has_more_ = state_ == State::established && SSL_pending(ssl_.get()) != 0;
  return made;
}

// What a call that did not succeed means. Its alert is in the output already.
void TlsFilter::judge(int result, Fault fault) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return;
    case SSL_ERROR_ZERO_RETURN: state_ = State::ended; return;
    default: fail_as(fault);
  }
}

// As OpenSSL's errors and the last alert say.
void TlsFilter::fail_as(Fault fault) {
  const TlsFailure failure = meaning_of(alert_, ERR_peek_error());
  fail(fault, failure, take_words());
}

void TlsFilter::fail(Fault fault, TlsFailure failure, std::string words) noexcept {
  state_ = State::failed;
  fault_ = fault;
  failure_ = failure;
  words_ = std::move(words);
  has_more_ = false;
  slot_ = StorageRef{};
}

void TlsFilter::receive_end() noexcept {
  if (state_ == State::handshaking) fail(Fault::tls_handshake_failed, TlsFailure::peer_left, {});
  if (state_ == State::established) fail(Fault::tls_truncated, TlsFailure::peer_left, {});
}

// --- what was agreed on ---

void TlsFilter::agree() {
  agreed_.version = SSL_get_version(ssl_.get());
  agreed_.cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl_.get()));
  agreed_.resumed = SSL_session_reused(ssl_.get()) == 1;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  agreed_.protocol = {reinterpret_cast<const char*>(protocol), size};
  if (const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name); name != nullptr)
    agreed_.server_name = name;
  if (X509* const certificate = SSL_get0_peer_certificate(ssl_.get()); certificate != nullptr)
    agree_on_client(*certificate);
}

void TlsFilter::agree_on_client(X509& certificate) {
  client_subject_ = subject_of(&certificate);
  agreed_.client_subject = client_subject_;
  const int at = X509_get_ext_by_NID(&certificate, NID_subject_alt_name, -1);
  const BioHandle bio{BIO_new(BIO_s_mem())};
  if (!bio) throw std::bad_alloc{};
  if (at >= 0 && X509V3_EXT_print(bio.get(), X509_get_ext(&certificate, at), 0, 0) == 1) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    client_names_.assign(data, static_cast<std::size_t>(std::max(size, 0L)));
  }
  agreed_.client_names = client_names_;
  agreed_.client_verdict = X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get()));
}

void TlsFilter::see_message(int sent, int, int type, const void* bytes, std::size_t size, SSL*, void* self) noexcept {
  auto& filter = *static_cast<TlsFilter*>(self);
  const auto* const octets = static_cast<const unsigned char*>(bytes);
  if (type == SSL3_RT_ALERT && size == 2) {
    filter.alert_ = {.description = octets[1], .is_sent = sent != 0};
    if (sent != 0 && octets[1] == SSL_AD_NO_RENEGOTIATION) filter.count_answer("too many renegotiations");
  } else if (type == SSL3_RT_HANDSHAKE && sent == 0 && size != 0 && *octets == SSL3_MT_KEY_UPDATE) {
    filter.count_answer("too many key updates");
  }
}

void TlsFilter::count_answer(const char* too_many) noexcept {
  answers_left_ -= answers_left_ == 0 ? 0U : 1U;
  too_many_ = too_many;
}

// --- output ---

std::size_t TlsFilter::send(std::span<const Bytes> slices, Instant now, Output& wire) {
  if (state_ == State::failed || state_ == State::handshaking || closed_) return 0;
  if (now - last_sent_ >= rest) small_left_ = small_records;
  last_sent_ = now;
  Call call{*this, {}, wire};
  std::array<char, large_record> joined;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled as far as it is read
  std::size_t sealed = 0;
  std::size_t slice = 0;
  std::size_t at = 0;  // within it
  while (slice != slices.size() && sealed < most_sealed) {
    const std::size_t size = std::min(small_left_ != 0 ? small_record : large_record, most_sealed - sealed);
    Bytes record = slices[slice].substr(at, size);
    const bool is_last = slice + 1 == slices.size();
    if (record.size() == size || is_last) {
      at += record.size();
    } else {
      // A head and its content, say, are one record.
      std::size_t filled = 0;
      while (filled != size && slice != slices.size()) {
        const Bytes piece = slices[slice].substr(at, size - filled);
        std::memcpy(joined.data() + filled, piece.data(), piece.size());
        filled += piece.size();
        at += piece.size();
        if (at == slices[slice].size() && filled != size) {
          ++slice;
          at = 0;
        }
      }
      record = {joined.data(), filled};
    }
    if (slice != slices.size() && at == slices[slice].size()) {
      ++slice;
      at = 0;
    }
    if (!seal(record)) break;
    sealed += record.size();
    if (small_left_ != 0) --small_left_;
  }
  (void)call.end();
  return sealed;
}

bool TlsFilter::seal(Bytes bytes) {
  if (bytes.empty()) return true;
  std::size_t put = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &put);
  if (result == 1) return true;
  fail_as(Fault::tls_failed);
  return false;
}

void TlsFilter::send_close(Output& wire) {
  if (std::exchange(closed_, true) || state_ == State::failed || state_ == State::handshaking) return;
  Call call{*this, {}, wire};
  (void)SSL_shutdown(ssl_.get());
  (void)call.end();
}

}  // namespace

Owned<Filter> make_filter(Loan<Endpoint> endpoint, SSL_CTX& ctx, StorageRef slot) {
  return make_owned<TlsFilter>(std::move(endpoint), ctx, std::move(slot));
}

}  // namespace pounce::inline v0::tls
