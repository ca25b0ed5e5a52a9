// Representation: an open file as it would be sent: its type, coding, validators, and the fields that say so.
#pragma once

#include <pounce/app/response.hpp>
#include <pounce/core/bytes.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/files/conditional.hpp>
#include <pounce/files/files.hpp>
#include <pounce/files/mount.hpp>
#include <pounce/files/range.hpp>

#include "server/files/metadata.hpp"

#include <cstdint>

namespace pounce::inline v0::files {

class Representation {
 public:
  // `name` is the file's, without what a neighbour's has behind it; `coding` is a literal, and `mount` outlives the file.
  Representation(OpenedFile opened, Bytes name, Bytes coding, const Mount& mount);

  [[nodiscard]] File& file() const noexcept { return *opened_.file.get(); }
  [[nodiscard]] const Loan<File>& loan() const noexcept { return opened_.file; }
  [[nodiscard]] std::uint64_t size() const noexcept { return opened_.state.size; }
  [[nodiscard]] Bytes type() const noexcept { return metadata_->type(); }
  [[nodiscard]] Validators validators() const noexcept {
    return {metadata_->tag(), metadata_->modified(), opened_.state.seen};
  }

  // The head of an answer with all or part of it; `type` is in the place of its own where that is not empty.
  [[nodiscard]] Head head(std::uint16_t status, Bytes type = {}) const;
  [[nodiscard]] Response not_modified() const;
  [[nodiscard]] Response unsatisfiable() const;
  // Its content as a page for 404: no validators, nothing to be kept.
  [[nodiscard]] Head head_of_page(std::uint16_t status) const;

 private:
  OpenedFile opened_;
  Owned<Metadata> own_;  // where the file has none of it, or other
  const Metadata* metadata_;
};

// Says nothing about the request: what a peer sent is not sent back.
[[nodiscard]] Response error_page(std::uint16_t status);

}  // namespace pounce::inline v0::files
