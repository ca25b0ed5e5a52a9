#include <pounce/tls/ticket_keys.hpp>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <type_traits>

namespace pounce::inline v0::tls {

namespace {

static_assert(sizeof(TicketKey) == 80 && std::is_trivially_copyable_v<TicketKey>, "as it stands in a file");

}  // namespace

struct TicketKeys::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { OPENSSL_cleanse(keys.data(), sizeof keys); }

  std::mutex lock;
  std::array<TicketKey, most> keys{};
  std::size_t count = 0;
};

TicketKeys::TicketKeys() : state_(new State) { rotate(); }

TicketKeys::~TicketKeys() = default;

void TicketKeys::rotate() {
  TicketKey fresh;
  if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(&fresh), sizeof fresh) != 1)
    throw std::runtime_error{"OpenSSL has no randomness"};
  put(fresh);
}

void TicketKeys::put(const TicketKey& fresh) {
  const std::lock_guard guard{state_->lock};
  std::move_backward(state_->keys.begin(), state_->keys.end() - 1, state_->keys.end());
  state_->keys[0] = fresh;
  state_->count = std::min(state_->count + 1, most);
}

void TicketKeys::take_over(const TicketKeys& other) {
  const std::scoped_lock guard{state_->lock, other.state_->lock};
  state_->keys = other.state_->keys;
  state_->count = other.state_->count;
}

std::string TicketKeys::fault_of(Bytes keys) {
  if (keys.empty() || keys.size() % sizeof(TicketKey) != 0 || keys.size() / sizeof(TicketKey) > most)
    return "holds " + std::to_string(keys.size()) + " bytes; it takes one to " + std::to_string(most) +
           " keys of 80 random bytes each";
  return {};
}

bool TicketKeys::replace(Bytes keys) {
  if (!fault_of(keys).empty()) return false;
  const std::lock_guard guard{state_->lock};
  OPENSSL_cleanse(state_->keys.data(), sizeof state_->keys);
  state_->count = keys.size() / sizeof(TicketKey);
  std::memcpy(state_->keys.data(), keys.data(), keys.size());
  return true;
}

TicketKey TicketKeys::current() const {
  const std::lock_guard guard{state_->lock};
  return state_->keys[0];
}

int TicketKeys::find(const unsigned char* name, TicketKey& key) const {
  const std::lock_guard guard{state_->lock};
  for (std::size_t i = 0; i < state_->count; ++i) {
    if (std::memcmp(state_->keys[i].name.data(), name, state_->keys[i].name.size()) != 0) continue;
    key = state_->keys[i];
    return i == 0 ? 1 : 2;
  }
  return 0;
}

}  // namespace pounce::inline v0::tls
