// Source: content that is not in memory, and Region: a piece of it that an Output holds without its bytes.
//
// Who sends a region reads it when it is its turn: a transport that can lets the system send it straight from `descriptor()`, any other
// calls `read`. So a region costs no memory while it waits, and what is sent is what the source holds then.
// Ownership: a region holds a loan of its source. Threads: `read` is called from the thread that works on the connection.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/storage.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace pounce::inline v0 {

class Source : public Storage {
 public:
  // Reads up to `room.size()` bytes from `offset` on; fewer only at the end of the content, none behind it. Nothing when it cannot be
  // read. May wait for a disk.
  [[nodiscard]] virtual std::optional<std::size_t> read(std::uint64_t offset, MutableBytes room) = 0;
  // What the operating system knows it by; below 0 when it knows nothing of it. A number only to the pure layers.
  [[nodiscard]] virtual int descriptor() const noexcept { return -1; }
};

class Region {
 public:
  Region() noexcept = default;
  Region(Loan<Source> its_source, std::uint64_t its_offset, std::size_t its_size) noexcept
      : source(std::move(its_source)), offset(its_offset), size(its_size) {}

  Loan<Source> source;
  std::uint64_t offset = 0;
  std::size_t size = 0;
};

}  // namespace pounce::inline v0
