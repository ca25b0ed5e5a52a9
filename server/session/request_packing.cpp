// How a request is packed that may be kept for hours: the text of its fields without what stands between them, and of its line what is not
// among that.
#include "server/session/request_access.hpp"

#include <pounce/app/packed_fields.hpp>
#include <pounce/server/session.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <new>
#include <string_view>
#include <vector>

namespace pounce::inline v0 {

static_assert(Arena::most < PackedFields::first_common);  // what is longer than a size can say has no arena
static_assert(std::size(PackedFields::common_names) <= (1U << 24) - PackedFields::first_common);

namespace {

const std::string_view* find_common(std::string_view name) noexcept {
  const auto* const at = std::ranges::find(PackedFields::common_names, name);
  return at != std::end(PackedFields::common_names) ? at : nullptr;
}

// Texts, one behind the other. Where they go is known when their size is.
class TextRow {
 public:
  void add(std::string_view text) {
    if (text.empty()) return;
    pieces_.push_back({text, size_});
    size_ += text.size();
  }
  // What lies in one that was added before needs no room.
  void add_missing(std::string_view text) {
    if (!text.empty() && find(text) == nullptr) add(text);
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // Where it is among them.
  [[nodiscard]] std::size_t place(std::string_view text) const noexcept {
    const Piece* const piece = find(text);
    return piece != nullptr ? piece->at + static_cast<std::size_t>(text.data() - piece->text.data()) : 0;
  }
  void write(char* to) const noexcept {
    for (const Piece& piece : pieces_) std::memcpy(to + piece.at, piece.text.data(), piece.text.size());
  }

 private:
  struct Piece {
    std::string_view text;
    std::size_t at;
  };
  [[nodiscard]] const Piece* find(std::string_view text) const noexcept {
    const auto at = std::ranges::find_if(pieces_, [text](const Piece& piece) {
      return text.data() >= piece.text.data() &&
             text.data() + text.size() <= piece.text.data() + piece.text.size();  // all lie in one head
    });
    return at != pieces_.end() ? &*at : nullptr;
  }

  std::vector<Piece> pieces_;
  std::size_t size_ = 0;
};

}  // namespace

// The pieces of a request's line that are no fields; what may lie in another one behind that.
struct RequestAccess::Line {
  static constexpr auto parts() noexcept {
    return std::array{&Request::method_,   &Request::target_, &Request::authority_,
                      &Request::protocol_, &Request::path_,   &Request::query_};
  }
  static TextRow texts(const Request& request) {
    TextRow row;
    for (const Field& field : FieldList{request.fields_, request.field_count_}) {
      if (find_common(field.name) == nullptr) row.add(field.name);
      row.add(field.value);
    }
    for (const auto part : parts()) row.add_missing(request.text(request.*part));
    return row;
  }
};

std::size_t RequestAccess::packed_size(const Request& from) {
  std::size_t size = Arena::rounded(from.field_count_ * sizeof(PackedFields::Entry) + Line::texts(from).size());
  if (const Request::More* const more = from.more_; more != nullptr) {
    size +=
        Arena::rounded(sizeof *more) + Arena::rounded(more->client.size()) + Arena::rounded(more->correlation.size());
  }
  return size;
}

void RequestAccess::pack(const Request& from, Request& to, Session& session, Arena& arena) {
  const FieldList fields{from.fields_, from.field_count_};
  const TextRow row = Line::texts(from);
  const std::size_t list_size = fields.size() * sizeof(PackedFields::Entry);
  auto* entry = static_cast<char*>(arena.allocate(session.station().workspace, list_size + row.size()));
  char* const text = entry + list_size;
  for (const Field& field : fields) {
    const std::string_view* const common = find_common(field.name);
    const auto name = common != nullptr
                          ? PackedFields::first_common + static_cast<std::uint32_t>(common - PackedFields::common_names)
                          : static_cast<std::uint32_t>(field.name.size());
    const PackedFields::Entry packed{.value_size = static_cast<std::uint32_t>(field.value.size()),
                                     .name = name & ((1U << 24) - 1),
                                     .id = static_cast<std::uint8_t>(field.id)};
    std::memcpy(entry, &packed, sizeof packed);
    entry += sizeof packed;
  }
  row.write(text);
  to = from;
  to.octets_ = text;
  to.octet_count_ = static_cast<std::uint32_t>(row.size());
  to.fields_ = nullptr;
  to.packed_ = true;
  for (const auto part : Line::parts()) {
    const std::string_view view = from.text(from.*part);
    to.*part = {static_cast<std::uint32_t>(row.place(view)), static_cast<std::uint32_t>(view.size())};
  }
  to.more_ = nullptr;
  if (from.more_ == nullptr) return;
  const auto copied = [&](std::string_view view) -> std::string_view {
    return {copy_text(view, session, arena), view.size()};
  };
  more(to, session, arena) = {
      .body = {}, .trailers = {}, .client = copied(from.more_->client), .correlation = copied(from.more_->correlation)};
}

}  // namespace pounce::inline v0
