// Speech: what the program says of itself on standard error: each line a rendering of the server's state, or a remark.
#pragma once

#include <pounce/config/config.hpp>
#include <pounce/posix/runtime.hpp>
#include <pounce/program/banner.hpp>
#include <pounce/program/load.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace pounce::inline v0::program {

class Speech {
 public:
  // Borrows `config`.
  Speech(const config::Config& config, Style style) noexcept : config_(config), style_(style) {}

  // `processes`: so many workers, each in one of its own.
  struct Serving {
    std::uint64_t generation;
    std::size_t workers;
    bool processes;
    std::span<const config::BindAddress> addresses;
    std::span<const config::BindAddress> admin;
  };
  void serving(const Serving& now) const;
  void draining(std::size_t connections, Duration left, bool first) const;
  void stopped(const posix::Totals& totals) const;
  // A generation that has drained.
  void retired(std::uint64_t generation, const posix::Totals& totals) const;
  // `level`: error, warning or notice.
  void remark(std::string_view level, std::string_view text) const;
  // Lines that another generation has made, or whatever its trial wrote: as they are, or each as JSON where it is not.
  void pass_on(std::string_view lines) const;

 private:
  const config::Config& config_;
  Style style_;
};

}  // namespace pounce::inline v0::program
