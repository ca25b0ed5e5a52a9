// Metadata: what is said of a file when it is sent (RFC 9110, section 8): its type, its validators, and the fields of an answer with
// all of it. Made once for an open file and kept with it; who asks again gets it, as long as nothing that it was made of has changed.
#pragma once

#include <pounce/app/fields.hpp>
#include <pounce/core/bytes.hpp>
#include <pounce/core/compress.hpp>
#include <pounce/files/entity_tag.hpp>
#include <pounce/files/files.hpp>
#include <pounce/files/mount.hpp>

#include <optional>
#include <string>

namespace pounce::inline v0::files {

class Metadata {
 public:
  // `name` is the file's, without what a neighbour's has behind it; `coding` is a literal, and `mount` outlives this.
  Metadata(const FileState& state, Bytes name, Bytes coding, const Mount& mount);

  [[nodiscard]] bool is_of(const FileState& state, Bytes name, Bytes coding, const Mount& mount) const noexcept {
    return mount_ == &mount && state_ == state && name_ == name && coding_ == coding;
  }
  // Whether it will be as true later: a time to come is not said until it has.
  [[nodiscard]] bool lasts() const noexcept { return modified_.has_value(); }

  [[nodiscard]] Bytes type() const noexcept { return type_; }
  [[nodiscard]] Bytes tag() const noexcept { return tag_.text(); }
  [[nodiscard]] std::optional<WallTime> modified() const noexcept { return modified_; }
  // Whether there is anything to decide about compressing it on its way.
  [[nodiscard]] Compress compress() const noexcept { return compress_; }
  // Of a 200, without Content-Length.
  [[nodiscard]] const Fields& fields() const noexcept { return fields_; }
  // What a 304 repeats of it (RFC 9110, section 15.4.5).
  void add_caching(Fields& fields) const;

 private:
  FileState state_;
  std::string name_;
  Bytes coding_;
  const Mount* mount_;
  Bytes type_;  // lies in the mount's table, or is a literal
  EntityTag tag_;
  std::optional<WallTime> modified_;
  Compress compress_;
  Fields fields_;
};

}  // namespace pounce::inline v0::files
