// OpenSSL's objects with owners, and its error queue as words.
#pragma once

#include <pounce/core/bytes.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace pounce::inline v0::tls {

template <auto free>
struct Freer {
  template <class T>
  void operator()(T* object) const noexcept {
    (void)free(object);
  }
};
template <class T, auto free>
using Handle = std::unique_ptr<T, Freer<free>>;

using BioHandle = Handle<BIO, BIO_free>;
using X509Handle = Handle<X509, X509_free>;
using KeyHandle = Handle<EVP_PKEY, EVP_PKEY_free>;
using CtxHandle = Handle<SSL_CTX, SSL_CTX_free>;
using SslHandle = Handle<SSL, SSL_free>;
using CipherHandle = Handle<EVP_CIPHER, EVP_CIPHER_free>;

// A read-only BIO on `bytes`, which outlive it. Throws std::bad_alloc.
[[nodiscard]] BioHandle bio_on(Bytes bytes);

// What OpenSSL says about the last failure: the reason of the first error in the queue. The queue is empty afterwards.
[[nodiscard]] std::string take_words();

// The subject, one line (RFC 2253), in UTF-8.
[[nodiscard]] std::string subject_of(const X509* certificate);

}  // namespace pounce::inline v0::tls
