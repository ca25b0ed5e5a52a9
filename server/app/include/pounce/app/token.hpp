// Token: how another thread reaches a waiting exchange.
//
// `Exchange::token()` makes one; copies may be kept anywhere and posted to from any thread, also after the client has gone: then
// `post` says `gone`, and there is nothing to dangle. Messages arrive in order at `co_await exchange.message()`. The queue is
// bounded: `full` means that the exchange does not keep up.
#pragma once

#include <pounce/app/mailbox.hpp>
#include <pounce/app/status.hpp>
#include <pounce/core/storage.hpp>
#include <pounce/core/string_fwd.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

class Token {
 public:
  Token() noexcept = default;
  explicit Token(Loan<Mailbox> mailbox) noexcept : mailbox_(std::move(mailbox)) {}

  // A std::string, from whoever has included <string>.
  template <std::same_as<std::string> Text = std::string>
  Status post(std::type_identity_t<Text> message) const {
    return mailbox_ ? mailbox_->post(std::move(message)) : Status::gone;
  }
  explicit operator bool() const noexcept { return static_cast<bool>(mailbox_); }

 private:
  Loan<Mailbox> mailbox_;
};

static_assert(!std::is_aggregate_v<Token>);

}  // namespace pounce::inline v0
