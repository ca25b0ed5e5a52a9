// CodingsRef: a loan of a server's Codings, for whoever passes them on and need not know them (docs/decisions/0015).
#pragma once

#include <pounce/core/storage.hpp>

#include <concepts>
#include <utility>

namespace pounce::inline v0 {

class Codings;

class CodingsRef {
 public:
  CodingsRef() noexcept = default;
  template <std::same_as<Codings> T>
  CodingsRef(Loan<T> codings) noexcept  // NOLINT(google-explicit-constructor): it is the same loan
      : codings_(codings.get()), owner_(std::move(codings)) {}

  [[nodiscard]] const Codings* get() const noexcept { return codings_; }
  [[nodiscard]] explicit operator bool() const noexcept { return codings_ != nullptr; }

 private:
  const Codings* codings_ = nullptr;
  StorageRef owner_;
};

}  // namespace pounce::inline v0
