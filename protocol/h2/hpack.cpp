#include <pounce/h2/hpack.hpp>

#include "field_block.hpp"

#include <pounce/core/ascii.hpp>

#include <algorithm>
#include <new>

namespace pounce::inline v0::h2 {

namespace {

constexpr std::size_t most_table = 4096;

Bytes view(const std::uint8_t* data, std::size_t size) noexcept { return {reinterpret_cast<const char*>(data), size}; }

std::uint8_t* octets(Bytes bytes) noexcept {
  // nghttp2 takes names and values as mutable but only reads them.
  return reinterpret_cast<std::uint8_t*>(
      const_cast<char*>(bytes.data()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

bool has_capitals(Bytes name) noexcept {
  return std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

// --- FieldBlock ---

void FieldBlock::add(Bytes name, Bytes value) {
  const nghttp2_nv field{octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
  if (count_ < few_.size()) {
    few_[count_++] = field;
    return;
  }
  if (more_.empty()) more_.assign(few_.begin(), few_.end());
  more_.push_back(field);
}

void FieldBlock::add_any_case(Bytes name, Bytes value) {
  if (!has_capitals(name)) return add(name, value);
  char* const lowered = name_space(name.size());
  std::ranges::transform(name, lowered, lower);
  add({lowered, name.size()}, value);
}

void FieldBlock::add_lines(Bytes lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    const Bytes line = lines.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != Bytes::npos) add_any_case(line.substr(0, colon), trim(line.substr(colon + 1)));
    lines.remove_prefix(end == Bytes::npos ? lines.size() : end + 2);
  }
}

char* FieldBlock::name_space(std::size_t size) {
  if (size <= names_.size() - names_used_) {
    char* const space = names_.data() + names_used_;
    names_used_ += size;
    return space;
  }
  // A short string lies in its object, which moves with the vector: make it a long one.
  more_names_.emplace_back(std::max<std::size_t>(size, 64), '\0');
  return more_names_.back().data();
}

// --- Decoder ---

Decoder::Decoder() {
  if (nghttp2_hd_inflate_new(&inflater_) != 0) throw std::bad_alloc{};
}

Decoder::~Decoder() { nghttp2_hd_inflate_del(inflater_); }

Decoder::Result Decoder::next(Bytes& fragment, bool last) {
  for (;;) {
    nghttp2_nv field{};
    int flags = NGHTTP2_HD_INFLATE_NONE;
    const auto eaten =
        nghttp2_hd_inflate_hd2(inflater_, &field, &flags, octets(fragment), fragment.size(), last ? 1 : 0);
    if (eaten == NGHTTP2_ERR_NOMEM) throw std::bad_alloc{};
    if (eaten < 0) return {Found::fault, {}, {}};
    fragment.remove_prefix(static_cast<std::size_t>(eaten));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      return {Found::field, view(field.name, field.namelen), view(field.value, field.valuelen)};
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
      nghttp2_hd_inflate_end_headers(inflater_);
      return {Found::end, {}, {}};
    }
    if (fragment.empty()) return {last ? Found::fault : Found::more, {}, {}};
  }
}

// --- Encoder ---

Encoder::Encoder() {
  if (nghttp2_hd_deflate_new(&deflater_, most_table) != 0) throw std::bad_alloc{};
}

Encoder::~Encoder() { nghttp2_hd_deflate_del(deflater_); }

void Encoder::limit_table(std::uint32_t size) {
  if (nghttp2_hd_deflate_change_table_size(deflater_, std::min<std::size_t>(size, most_table)) != 0) {
    throw std::bad_alloc{};
  }
}

std::size_t Encoder::bound(const FieldBlock& fields) const noexcept {
  const auto list = fields.list();
  return nghttp2_hd_deflate_bound(deflater_, list.data(), list.size());
}

std::size_t Encoder::encode(const FieldBlock& fields, char* out, std::size_t size) {
  const auto list = fields.list();
  const auto taken =
      nghttp2_hd_deflate_hd(deflater_, reinterpret_cast<std::uint8_t*>(out), size, list.data(), list.size());
  if (taken < 0) throw std::bad_alloc{};
  return static_cast<std::size_t>(taken);
}

std::string_view running_nghttp2() noexcept { return ::nghttp2_version(0)->version_str; }

}  // namespace pounce::inline v0::h2
