// Wire: the BIO under a connection. It reads from the bytes that the running call was given and writes into its Output: OpenSSL
// copies into and out of its record buffers there, and nothing is copied besides.
//
// A BIO is called through C: what its Output throws is remembered, and thrown again when OpenSSL has returned.
#pragma once

#include "tls/openssl.hpp"

#include <pounce/core/output.hpp>

namespace pounce::inline v0::tls {

class Wire {
 public:
  Wire() noexcept = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // A BIO that stands on this object; `ssl` owns it afterwards. The object outlives it. Throws std::bad_alloc.
  void attach(SSL& ssl);

  // For the length of one call into OpenSSL.
  void lend(Bytes input, Output& output) noexcept {
    input_ = input;
    output_ = &output;
  }
  [[nodiscard]] std::size_t left() const noexcept { return input_.size(); }
  // Throws std::bad_alloc if that is what happened in the middle.
  void take_back();

 private:
  static int read(BIO* bio, char* into, std::size_t size, std::size_t* got) noexcept;
  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* put) noexcept;
  static long control(BIO* bio, int what, long number, void* pointer) noexcept;
  static const BIO_METHOD* method();

  Bytes input_;
  Output* output_ = nullptr;
  bool out_of_memory_ = false;
};

}  // namespace pounce::inline v0::tls
