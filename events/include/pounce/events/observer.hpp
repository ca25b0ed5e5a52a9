// Observer: the seam through which lifecycle events leave the pure layers.
//
// Called on the thread of the worker on which the event happened, between two steps of a machine, never under a lock of ours.
// It must not throw and must not call back into the session. An event is built only if an observer is there and takes its kind.
#pragma once

#include <pounce/events/event.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

namespace pounce::inline v0::events {

// A set of kinds of events.
class Kinds {
 public:
  constexpr Kinds() noexcept = default;
  [[nodiscard]] static constexpr Kinds all() noexcept { return Kinds{~std::uint32_t{0}}; }
  template <class... Event>
  [[nodiscard]] static constexpr Kinds of() noexcept {
    return Kinds{(bit<Event>() | ...)};
  }
  template <class Event>
  [[nodiscard]] constexpr bool has() const noexcept {
    return (bits_ & bit<Event>()) != 0;
  }
  // Whether it has the kind of an event with this `index()`.
  [[nodiscard]] constexpr bool has_index(std::size_t index) const noexcept { return (bits_ >> index & 1U) != 0; }
  [[nodiscard]] constexpr Kinds operator|(Kinds other) const noexcept { return Kinds{bits_ | other.bits_}; }

 private:
  static_assert(std::variant_size_v<Lifecycle> <= 32);

  explicit constexpr Kinds(std::uint32_t bits) noexcept : bits_(bits) {}
  template <class Event>
  [[nodiscard]] static constexpr std::uint32_t bit() noexcept {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return ((std::is_same_v<Event, std::variant_alternative_t<I, Lifecycle>> ? std::uint32_t{1} << I : 0) | ...);
    }(std::make_index_sequence<std::variant_size_v<Lifecycle>>{});
  }

  std::uint32_t bits_ = 0;
};

class Observer {
 public:
  virtual void observe(const Lifecycle& event) noexcept = 0;
  // What it looks at; asked once, when a worker starts. Other kinds may come as well.
  [[nodiscard]] virtual Kinds kinds() const noexcept { return Kinds::all(); }

 protected:
  ~Observer() = default;
};

}  // namespace pounce::inline v0::events
