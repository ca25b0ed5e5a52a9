#include "server/files/metadata.hpp"

#include <pounce/files/media_type.hpp>
#include <pounce/http/date.hpp>

namespace pounce::inline v0 {

File::~File() { delete metadata_; }

namespace files {

Metadata::Metadata(const FileState& state, Bytes name, Bytes coding, const Mount& mount)
    : state_(state),
      name_(name),
      coding_(coding),
      mount_(&mount),
      type_(mount.types != nullptr ? mount.types->of(name) : media_type(name)),
      tag_(state, coding),
      modified_(last_modified(state)),
      compress_(coding.empty() && mount.coded.has(type_) ? Compress::automatic : Compress::off) {
  fields_.add("content-type", type_);
  if (!coding_.empty()) fields_.add("content-encoding", coding_);
  fields_.add("x-content-type-options", "nosniff");
  fields_.add("accept-ranges", "bytes");
  if (modified_) {
    const auto time = http::format_date(*modified_);
    fields_.add("last-modified", {time.data(), time.size()});
  }
  add_caching(fields_);
}

void Metadata::add_caching(Fields& fields) const {
  fields.add("etag", tag_.text());
  if (mount_->immutable && is_fingerprinted(name_)) {
    fields.add("cache-control", "public, max-age=31536000, immutable");
  } else if (!mount_->cache_control.empty()) {
    fields.add("cache-control", mount_->cache_control);
  }
  if (mount_->precompressed && mount_->compressible.has(type_)) fields.add("vary", "accept-encoding");
}

}  // namespace files

}  // namespace pounce::inline v0
