#include "server/files/representation.hpp"

#include <pounce/files/multipart.hpp>
#include <pounce/http/date.hpp>
#include <pounce/http/status.hpp>

#include <string>
#include <string_view>

namespace pounce::inline v0::files {

Response error_page(std::uint16_t status) {
  std::string text = std::to_string(status);
  text.append(" ").append(http::reason(status)).append("\n");
  return Response::text(std::move(text), status).set("x-content-type-options", "nosniff");
}

// What 304 repeats of the 200 that it stands for (RFC 9110, section 15.4.5).
void Representation::add_caching(Fields& fields) const {
  fields.add("etag", tag_.text());
  if (mount_->immutable && is_fingerprinted(name_)) {
    fields.add("cache-control", "public, max-age=31536000, immutable");
  } else if (!mount_->cache_control.empty()) {
    fields.add("cache-control", mount_->cache_control);
  }
  if (mount_->precompressed && mount_->compressible.has(type_)) fields.add("vary", "accept-encoding");
}

Head Representation::head(std::uint16_t status, Bytes type) const {
  Head head{status};
  Fields& fields = head.fields();
  fields.add("content-type", type.empty() ? type_ : type);
  if (!coding_.empty()) fields.add("content-encoding", coding_);
  fields.add("x-content-type-options", "nosniff");
  fields.add("accept-ranges", "bytes");
  if (modified_) {
    const auto time = http::format_date(*modified_);
    fields.add("last-modified", {time.data(), time.size()});
  }
  add_caching(fields);
  return head;
}

Response Representation::not_modified() const {
  Response response{304};
  add_caching(response.head().fields());
  return response;
}

Response Representation::unsatisfiable() const {
  return error_page(416).set("content-range", "bytes */" + std::to_string(size()));
}

Head Representation::head_of_page(std::uint16_t status) const {
  Head head{status};
  head.fields().add("content-type", type_);
  head.fields().add("x-content-type-options", "nosniff");
  head.content_length(size());
  return head;
}

}  // namespace pounce::inline v0::files
