// AdminDoor: the door for the operator (--admin-bind): a small runtime of its own, so that no crowd at the others, and no busy worker,
// stands before it. What it answers is in no log and no metric. It stays open until the drain has ended.
#pragma once

#include "posix/program/operator_pages.hpp"

#include <pounce/app/application.hpp>
#include <pounce/config/bind_address.hpp>
#include <pounce/config/config.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/posix/listeners.hpp>
#include <pounce/posix/runtime.hpp>
#include <pounce/proxy/network.hpp>

#include <expected>
#include <span>
#include <string>

namespace pounce::inline v0::program {

class AdminDoor {
 public:
  // Borrows `pages`.
  AdminDoor(const config::Config& config, const OperatorPages& pages);
  AdminDoor(const AdminDoor&) = delete;
  AdminDoor& operator=(const AdminDoor&) = delete;
  ~AdminDoor() { close(); }

  // Nothing happens where there is no address. `listeners` is borrowed for the call.
  [[nodiscard]] std::expected<void, std::string> open(posix::MakeRuntime make, posix::Listeners& listeners);
  // Another one accepts from now on.
  void drain() noexcept;
  void close() noexcept;
  [[nodiscard]] std::span<const config::BindAddress> addresses() const;

 private:
  config::Config config_;
  App app_;
  Owned<posix::Runtime> runtime_;
};

}  // namespace pounce::inline v0::program
