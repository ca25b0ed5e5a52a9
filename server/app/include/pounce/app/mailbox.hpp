// Mailbox: the control block behind a Token. It lives outside the session and outlives it as long as a token does.
#pragma once

#include <pounce/app/status.hpp>
#include <pounce/core/storage.hpp>
#include <pounce/core/string_fwd.hpp>

#include <cstddef>

namespace pounce::inline v0 {

class Mailbox : public Storage {
 public:
  static constexpr std::size_t most_messages = 1024;
  static constexpr std::size_t most_bytes = 1024 * 1024;

  // Thread-safe. ok, full or gone.
  virtual Status post(std::string message) = 0;
};

}  // namespace pounce::inline v0
