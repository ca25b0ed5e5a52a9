#include "tls/openssl.hpp"

#include <pounce/tls/library.hpp>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <new>

namespace pounce::inline v0::tls {

std::string_view running_openssl() noexcept { return ::OpenSSL_version(OPENSSL_VERSION_STRING); }

BioHandle bio_on(Bytes bytes) {
  BioHandle bio{BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))};
  if (!bio) throw std::bad_alloc{};
  return bio;
}

std::string take_words() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return "no reason given";
  if (const char* const reason = ERR_reason_error_string(error); reason != nullptr) return reason;
  return "error " + std::to_string(error);
}

std::string subject_of(const X509* certificate) {
  const BioHandle bio{BIO_new(BIO_s_mem())};
  if (!bio) throw std::bad_alloc{};
  (void)X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string{data, static_cast<std::size_t>(size)} : std::string{};
}

}  // namespace pounce::inline v0::tls
