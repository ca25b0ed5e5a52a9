#include <pounce/files/directory.hpp>

#include <pounce/core/storage.hpp>
#include <pounce/files/media_type.hpp>
#include <pounce/files/target_path.hpp>
#include <pounce/http/date.hpp>
#include <pounce/http/status.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pounce::inline v0 {

namespace {

constexpr std::size_t block_size = 64 * kibibyte;

std::uint16_t status_of(FileError error) noexcept {
  switch (error) {
    case FileError::is_directory:  // an index.html that is one
    case FileError::not_found: return 404;
    case FileError::forbidden: return 403;
    case FileError::busy: return 503;
    case FileError::failed: return 500;
  }
  return 500;
}

// Says nothing about the request: what a peer sent is not sent back.
Response error_page(std::uint16_t status) {
  std::string text = std::to_string(status);
  text.append(" ").append(http::reason(status)).append("\n");
  return Response::text(std::move(text), status).set("x-content-type-options", "nosniff");
}

// The form of an HTTP date holds the years 0 to 9999.
std::optional<std::array<char, http::date_size>> last_modified(const File& file) {
  constexpr WallTime least = std::chrono::sys_days{std::chrono::year{0} / 1 / 1};
  constexpr WallTime end = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};
  const std::optional<WallTime> time = file.modified();
  if (!time || *time < least || *time >= end) return std::nullopt;
  return http::format_date(*time);
}

Head head_for(const File& file, std::string_view path) {
  Head head{200};
  head.fields().add("content-type", files::media_type(path));
  head.fields().add("x-content-type-options", "nosniff");
  if (const auto time = last_modified(file)) head.fields().add("last-modified", {time->data(), time->size()});
  head.content_length(file.size());
  return head;
}

// The content from `offset` on that fits one block. Less than was promised, because the file has shrunk, is an error.
std::expected<Chunk, FileError> read_block(File& file, std::uint64_t offset, BlockRef& block) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(block_size, file.size() - offset));
  if (!block || !block->sole()) block = Block::make(size);  // else it has been written out, and serves again
  std::size_t filled = 0;
  while (filled < size) {
    const auto got = file.read(offset + filled, MutableBytes{block->data() + filled, size - filled});
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return std::unexpected(FileError::failed);
    filled += *got;
  }
  return Chunk{Bytes{block->data(), size}, block};
}

class Directory final : public Handler {
 public:
  explicit Directory(const Files& files) noexcept : Handler(Kind::coroutine), files_(&files) {}

  [[nodiscard]] Task run(Exchange& exchange) const override { return serve(exchange, *files_); }

 private:
  static Task serve(Exchange& exchange, const Files& files);

  const Files* files_;
};

Task Directory::serve(Exchange& exchange, const Files& files) {
  const Request& request = exchange.request();
  const bool head_only = request.method_id() == Method::head;
  if (!head_only && request.method_id() != Method::get) {
    (void)exchange.respond(error_page(405).set("allow", "GET, HEAD"));
    co_return;
  }
  const auto target = files::target_path(request.path());
  if (!target) {
    (void)exchange.respond(error_page(target.error()));
    co_return;
  }
  const auto opened = files.open(target->path);
  if (!opened) {
    if (opened.error() == FileError::is_directory && !target->directory) {
      (void)exchange.respond(Response::redirect(files::directory_location(target->path, request.query()), 301));
    } else {
      (void)exchange.respond(error_page(status_of(opened.error())));
    }
    co_return;
  }
  File& file = **opened;

  // The first block is read before the head goes out, so that a file that cannot be read is an error and not a cut.
  BlockRef block;
  std::expected<Chunk, FileError> piece{Chunk{}};
  if (!head_only && file.size() != 0) piece = read_block(file, 0, block);
  if (!piece) {
    (void)exchange.respond(error_page(500));
    co_return;
  }
  if (exchange.start(head_for(file, target->path)) != Status::ok) co_return;
  for (std::uint64_t written = piece->size(); written != 0; written += piece->size()) {
    Chunk chunk = *std::move(piece);
    if (co_await exchange.write(std::move(chunk)) != Status::ok) co_return;
    if (written == file.size()) break;
    piece = read_block(file, written, block);
    if (!piece) co_return;  // incomplete: the server cuts
  }
  (void)exchange.finish();
}

}  // namespace

Owned<Handler> make_directory_handler(const Files& files) { return make_owned<Directory>(files); }

}  // namespace pounce::inline v0
