// OpenFile: a descriptor of a regular file, as the pure layers see it.
#pragma once

#include <pounce/files/files.hpp>
#include <pounce/posix/descriptor.hpp>
#include "posix/fetchers.hpp"

#include <cstdint>
#include <expected>
#include <string>

namespace pounce::inline v0::posix {

// What errno says of an attempt to open or read.
[[nodiscard]] FileError file_error(int number) noexcept;

class OpenFile final : public File {
 public:
  // Null `fetchers`: nobody waits for it.
  OpenFile(Descriptor descriptor, Fetchers* fetchers) noexcept;

  [[nodiscard]] std::optional<std::size_t> read(std::uint64_t offset, MutableBytes room) override;
  [[nodiscard]] std::expected<std::size_t, FileError> read_ready(std::uint64_t offset, MutableBytes room) override;
  [[nodiscard]] bool ready(std::uint64_t offset, std::size_t size) const noexcept override;
  [[nodiscard]] bool warm(std::uint64_t offset, std::size_t size, Token token) override;
  [[nodiscard]] Bytes contents() const noexcept override { return contents_; }
  [[nodiscard]] int descriptor() const noexcept override { return descriptor_.get(); }

  // What it is now, or that it is no regular file.
  [[nodiscard]] std::expected<FileState, FileError> state() const noexcept;
  // The same; `not_found` when its last name was taken away.
  [[nodiscard]] std::expected<FileState, FileError> named_state() const noexcept;

  // Keeps all of a small file in memory. Before anybody else knows of it. False: it changed meanwhile, or may change unseen.
  bool keep(const FileState& state);

 private:
  void destroy() noexcept override { delete this; }
  [[nodiscard]] std::expected<FileState, FileError> state(bool named) const noexcept;

  Descriptor descriptor_;
  Fetchers* fetchers_;
  std::string contents_;
};

}  // namespace pounce::inline v0::posix
