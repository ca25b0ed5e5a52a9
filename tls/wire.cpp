#include "tls/wire.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace pounce::inline v0::tls {

int Wire::read(BIO* bio, char* into, std::size_t size, std::size_t* got) noexcept {
  auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const std::size_t n = std::min(size, wire.input_.size());
  *got = n;
  if (n == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(into, wire.input_.data(), n);
  wire.input_.remove_prefix(n);
  return 1;
}

int Wire::write(BIO* bio, const char* from, std::size_t size, std::size_t* put) noexcept {
  auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *put = 0;
  if (wire.output_ == nullptr) return 0;
  if (wire.output_->finished()) {  // behind our close_notify: who asks for fresh keys then gets no answer
    *put = size;
    return 1;
  }
  try {
    wire.output_->append(Bytes{from, size});
  } catch (const std::bad_alloc&) {
    wire.out_of_memory_ = true;
    return 0;
  }
  *put = size;
  return 1;
}

long Wire::control(BIO*, int what, long, void*) noexcept { return what == BIO_CTRL_FLUSH ? 1 : 0; }

// Made once, under the lock of a static: the first endpoint does it before there is a connection.
const BIO_METHOD* Wire::method() {
  static const Handle<BIO_METHOD, BIO_meth_free> made = [] {
    Handle<BIO_METHOD, BIO_meth_free> fresh{BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "pounce")};
    if (!fresh) throw std::bad_alloc{};
    BIO_meth_set_read_ex(fresh.get(), &Wire::read);
    BIO_meth_set_write_ex(fresh.get(), &Wire::write);
    BIO_meth_set_ctrl(fresh.get(), &Wire::control);
    return fresh;
  }();
  return made.get();
}

void Wire::attach(SSL& ssl) {
  BIO* const bio = BIO_new(method());
  if (bio == nullptr) throw std::bad_alloc{};
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(&ssl, bio, bio);
}

void Wire::take_back() {
  input_ = {};
  output_ = nullptr;
  if (std::exchange(out_of_memory_, false)) throw std::bad_alloc{};
}

}  // namespace pounce::inline v0::tls
