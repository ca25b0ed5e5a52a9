// Representation: an open file as it would be sent: its type, coding, validators, and the fields that say so.
#pragma once

#include <pounce/app/response.hpp>
#include <pounce/core/bytes.hpp>
#include <pounce/files/conditional.hpp>
#include <pounce/files/entity_tag.hpp>
#include <pounce/files/files.hpp>
#include <pounce/files/mount.hpp>
#include <pounce/files/range.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace pounce::inline v0::files {

class Representation {
 public:
  // `name` is the file's, without what a neighbour's has behind it; it, `coding` and `mount` are borrowed.
  Representation(OpenedFile opened, Bytes name, Bytes coding, const Mount& mount) noexcept
      : opened_(std::move(opened)),
        name_(name),
        coding_(coding),
        mount_(&mount),
        type_(mount.types != nullptr ? mount.types->of(name) : media_type(name)),
        tag_(opened_.state, coding),
        modified_(last_modified(opened_.state)) {}

  [[nodiscard]] File& file() const noexcept { return *opened_.file.get(); }
  [[nodiscard]] const Loan<File>& loan() const noexcept { return opened_.file; }
  [[nodiscard]] std::uint64_t size() const noexcept { return opened_.state.size; }
  [[nodiscard]] Bytes type() const noexcept { return type_; }
  [[nodiscard]] Validators validators() const noexcept { return {tag_.text(), modified_, opened_.state.seen}; }

  // The head of an answer with all or part of it; `type` is in the place of its own where that is not empty.
  [[nodiscard]] Head head(std::uint16_t status, Bytes type = {}) const;
  [[nodiscard]] Response not_modified() const;
  [[nodiscard]] Response unsatisfiable() const;
  // Its content as a page for 404: no validators, nothing to be kept.
  [[nodiscard]] Head head_of_page(std::uint16_t status) const;

 private:
  void add_caching(Fields& fields) const;

  OpenedFile opened_;
  Bytes name_;
  Bytes coding_;
  const Mount* mount_;
  Bytes type_;
  EntityTag tag_;
  std::optional<WallTime> modified_;
};

// Says nothing about the request: what a peer sent is not sent back.
[[nodiscard]] Response error_page(std::uint16_t status);

}  // namespace pounce::inline v0::files
