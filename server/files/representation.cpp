#include "server/files/representation.hpp"

#include <pounce/http/status.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace pounce::inline v0::files {

Response error_page(std::uint16_t status) {
  std::string text = std::to_string(status);
  text.append(" ").append(http::reason(status)).append("\n");
  return Response::text(std::move(text), status).set("x-content-type-options", "nosniff");
}

Representation::Representation(OpenedFile opened, Bytes name, Bytes coding, const Mount& mount)
    : opened_(std::move(opened)), metadata_(opened_.file->metadata()) {
  if (metadata_ != nullptr && metadata_->is_of(opened_.state, name, coding, mount)) [[likely]]
    return;
  own_ = make_owned<Metadata>(opened_.state, name, coding, mount);
  const bool kept = own_->lasts() && metadata_ == nullptr && opened_.file->keep_metadata(own_.get());
  metadata_ = kept ? own_.release() : own_.get();
}

Head Representation::head(std::uint16_t status, Bytes type) const {
  Head head{status};
  head.fields() = metadata_->fields();
  head.compress(status == 206 ? Compress::off : metadata_->compress());
  if (!type.empty()) head.set("content-type", type);
  return head;
}

Response Representation::not_modified() const {
  Response response{304};
  metadata_->add_caching(response.head().fields());
  return response;
}

Response Representation::unsatisfiable() const {
  return error_page(416).set("content-range", "bytes */" + std::to_string(size()));
}

Head Representation::head_of_page(std::uint16_t status) const {
  Head head{status};
  head.fields().add("content-type", type());
  head.fields().add("x-content-type-options", "nosniff");
  head.content_length(size());
  return head;
}

}  // namespace pounce::inline v0::files
