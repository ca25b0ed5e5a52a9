#include "server/files/sending.hpp"

#include <pounce/core/storage.hpp>
#include <pounce/files/directory.hpp>
#include <pounce/files/multipart.hpp>

#include <algorithm>
#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace pounce::inline v0::files {

namespace {

constexpr std::size_t block_size = 64 * kibibyte;
constexpr std::size_t region_size = 512 * kibibyte;

bool is_head(const Exchange& exchange) noexcept { return exchange.request().method_id() == Method::head; }

// What of the content is to be sent, or that something else has been answered.
std::optional<Ranges> decide(Exchange& exchange, const Representation& representation) {
  const FieldList fields = exchange.request().fields();
  const Validators validators = representation.validators();
  const Condition condition = evaluate(fields, validators);
  if (condition != Condition::holds) {
    (void)exchange.respond(condition == Condition::failed ? error_page(412) : representation.not_modified());
    return std::nullopt;
  }
  Ranges ranges;
  if (is_head(exchange)) return ranges;
  if (const auto value = wanted_range(fields, validators)) ranges = decide_ranges(*value, representation.size());
  if (ranges.kind() != Ranges::Kind::unsatisfiable) return ranges;
  (void)exchange.respond(representation.unsatisfiable());
  return std::nullopt;
}

// The head of an answer with all of it or one piece.
Head head_of(const Representation& representation, const Ranges& ranges, ByteRange& piece) {
  const bool partial = ranges.kind() == Ranges::Kind::partial;
  Head head = representation.head(partial ? 206 : 200);
  if (partial) {
    piece = ranges.pieces().front();
    std::string text;
    append_content_range(text, piece, representation.size());
    head.fields().add("content-range", text);
    head.content_length(piece.size());
  } else {
    piece = {0, representation.size() - 1};  // of nothing: as many as numbers go round
    head.content_length(representation.size());
  }
  return head;
}

// Fills a block, when that needs no wait. `later`: it does; `failed`: it has become shorter since it was opened, or the disk fails.
std::expected<void, FileError> read_ready(File& file, std::uint64_t offset, MutableBytes room) {
  const auto got = file.read_ready(offset, room);
  if (got && *got == room.size()) return {};
  return std::unexpected(got ? FileError::later : got.error());  // short: at the end, or what follows is not there yet
}

bool read(File& file, std::uint64_t offset, MutableBytes room) {
  const auto got = file.read(offset, room);
  return got && *got == room.size();
}

// A small piece as it is sent.
std::expected<Body, FileError> load(const Representation& representation, const ByteRange& piece, Haste haste) {
  const auto length = static_cast<std::size_t>(piece.size());
  if (length == 0) return Body{};
  File& file = representation.file();
  if (const Bytes kept = file.contents(); kept.size() == representation.size())
    return Body{Chunk{kept.substr(static_cast<std::size_t>(piece.first), length), representation.loan()}};
  BlockRef block = Block::make(length);
  const MutableBytes room{block->data(), length};
  if (haste == Haste::may_wait) {
    if (!read(file, piece.first, room)) return std::unexpected(FileError::failed);
  } else if (const auto got = read_ready(file, piece.first, room); !got) {
    return std::unexpected(got.error());
  }
  return Body{Chunk{view(room), std::move(block)}};
}

void respond(Exchange& exchange, Head head, std::expected<Body, FileError> body) {
  (void)exchange.respond(body ? Response{std::move(head), std::move(*body)} : error_page(500));
}

// Lets somebody else wait for the disk, as long as there is one who can.
Task fetch(Exchange& exchange, File& file, std::uint64_t offset, std::size_t size) {
  if (file.warm(offset, size, exchange.token())) co_await warmed(exchange);
}

// The content of a piece, block after block.
class Blocks {
 public:
  Blocks(File& file, std::uint64_t offset, std::uint64_t size) noexcept : file_(&file), offset_(offset), left_(size) {}

  [[nodiscard]] bool done() const noexcept { return left_ == 0; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::size_t next_size() const noexcept {
    return static_cast<std::size_t>(std::min<std::uint64_t>(block_size, left_));
  }
  // Reads the next block into `chunk`. `later`: only by waiting.
  std::expected<void, FileError> take(Haste haste, Chunk& chunk) {
    const std::size_t size = next_size();
    if (!block_ || !block_->sole()) block_ = Block::make(size);  // else it has been written out, and serves again
    const MutableBytes room{block_->data(), size};
    if (haste == Haste::may_wait) {
      if (!read(*file_, offset_, room)) return std::unexpected(FileError::failed);
    } else if (const auto got = read_ready(*file_, offset_, room); !got) {
      return got;
    }
    chunk = Chunk{view(room), block_};
    offset_ += size;
    left_ -= size;
    return {};
  }

 private:
  File* file_;
  BlockRef block_;
  std::uint64_t offset_;
  std::uint64_t left_;
};

// Reads the next block, whoever has to wait for it. False: there is none, though there should be.
TaskOf<bool> next_block(Exchange& exchange, File& file, Blocks& blocks, Chunk& chunk) {
  auto taken = blocks.take(Haste::now, chunk);
  if (taken || taken.error() != FileError::later) co_return taken.has_value();
  co_await fetch(exchange, file, blocks.offset(), blocks.next_size());
  taken = blocks.take(Haste::may_wait, chunk);
  co_return taken.has_value();
}

// Anything but `ok`: not all of it went out, and the answer is to be left as it is, for the server to cut. `chunk` is the first block
// where it has been read already.
TaskOf<Status> send_blocks(Exchange& exchange, File& file, Blocks& blocks, Chunk& chunk) {
  while (true) {
    if (!chunk.empty()) {
      const Status status = co_await exchange.write(std::move(chunk));
      if (status != Status::ok) co_return status;
      chunk = Chunk{};
    }
    if (blocks.done()) co_return Status::ok;
    auto taken = blocks.take(Haste::now, chunk);
    if (!taken && taken.error() == FileError::later) {
      const bool got = co_await next_block(exchange, file, blocks, chunk);
      if (!got) co_return Status::gone;
    } else if (!taken) {
      co_return Status::gone;
    }
  }
}

// Straight from the file, a piece at a time that is in memory: who sends it must not wait for a disk.
TaskOf<Status> send_regions(Exchange& exchange, const Representation& representation, std::uint64_t offset,
                            std::uint64_t size) {
  File& file = representation.file();
  while (size != 0) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(region_size, size));
    if (!file.ready(offset, length)) co_await fetch(exchange, file, offset, length);
    const Status status = co_await exchange.write(Region{representation.loan(), offset, length});
    if (status != Status::ok) co_return status;
    offset += length;
    size -= length;
  }
  co_return Status::ok;
}

Task send_parts(Exchange& exchange, const Representation& representation, const Mount& mount, const Ranges& ranges) {
  const Multipart parts{representation.type(), ranges, representation.size(),
                        mount.boundary_seed ^ static_cast<std::uint64_t>(exchange.request().id())};
  Head head = representation.head(206, parts.content_type());
  head.content_length(parts.content_length());
  if (exchange.start(head) != Status::ok) co_return;
  const auto pieces = ranges.pieces();
  for (std::size_t i = 0; i <= pieces.size(); ++i) {
    const Body text{parts.before(i)};
    Chunk chunk{text.bytes(), text.owner()};
    Status status = co_await exchange.write(std::move(chunk));
    if (status != Status::ok) co_return;
    if (i == pieces.size()) break;
    if (pieces[i].size() > small_content && exchange.sends_regions()) {
      status = co_await send_regions(exchange, representation, pieces[i].first, pieces[i].size());
    } else {
      Blocks blocks{representation.file(), pieces[i].first, pieces[i].size()};
      chunk = Chunk{};
      status = co_await send_blocks(exchange, representation.file(), blocks, chunk);
    }
    if (status != Status::ok) co_return;
  }
  (void)exchange.finish();
}

// Whether a piece goes out with its head: it is small, or in memory already and would be read otherwise. Where the system sends it
// straight from the file, that costs less than a copy of much.
bool goes_along(const Exchange& exchange, const Representation& representation, const ByteRange& piece) noexcept {
  if (piece.size() <= small_content) return true;
  return !exchange.sends_regions() && !representation.file().contents().empty();
}

}  // namespace

// A drain is no reason to stop: the answer is short.
Task warmed(Exchange& exchange) {
  while (true) {
    const Posted posted = co_await exchange.message();
    if (posted.status() != Status::draining) co_return;
  }
}

bool send_at_once(Exchange& exchange, const Representation& representation) {
  const auto ranges = decide(exchange, representation);
  if (!ranges) return true;
  if (is_head(exchange) || ranges->pieces().size() > 1) return false;
  ByteRange piece;
  Head head = head_of(representation, *ranges, piece);
  if (!goes_along(exchange, representation, piece)) return false;
  auto body = load(representation, piece, Haste::now);
  if (!body && body.error() == FileError::later) return false;
  respond(exchange, std::move(head), std::move(body));
  return true;
}

namespace {

// One piece, or all of it.
Task send_piece(Exchange& exchange, const Representation& representation, Head head, ByteRange piece) {
  if (!is_head(exchange) && goes_along(exchange, representation, piece)) {
    co_await fetch(exchange, representation.file(), piece.first, static_cast<std::size_t>(piece.size()));
    respond(exchange, std::move(head), load(representation, piece, Haste::may_wait));
    co_return;
  }
  if (is_head(exchange) || piece.size() == 0) {
    if (exchange.start(head) == Status::ok) (void)exchange.finish();
    co_return;
  }
  if (exchange.sends_regions()) {
    Status status = exchange.start(head);
    if (status != Status::ok) co_return;
    if (exchange.sends_regions()) {  // nobody has decided to code it
      status = co_await send_regions(exchange, representation, piece.first, piece.size());
    } else {
      Blocks blocks{representation.file(), piece.first, piece.size()};
      Chunk none;
      status = co_await send_blocks(exchange, representation.file(), blocks, none);
    }
    if (status == Status::ok) (void)exchange.finish();
    co_return;
  }
  // The first block is read before the head goes out, so that a file that cannot be read is an error and not a cut.
  File& file = representation.file();
  Blocks blocks{file, piece.first, piece.size()};
  Chunk chunk;
  const bool readable = co_await next_block(exchange, file, blocks, chunk);
  if (!readable) {
    (void)exchange.respond(error_page(500));
    co_return;
  }
  if (exchange.start(head) != Status::ok) co_return;
  const Status status = co_await send_blocks(exchange, file, blocks, chunk);
  if (status == Status::ok) (void)exchange.finish();
}

}  // namespace

Task send(Exchange& exchange, const Representation& representation, const Mount& mount) {
  const auto ranges = decide(exchange, representation);
  if (!ranges) co_return;
  if (ranges->pieces().size() > 1) {
    co_await send_parts(exchange, representation, mount, *ranges);
    co_return;
  }
  ByteRange piece;
  Head head = head_of(representation, *ranges, piece);
  co_await send_piece(exchange, representation, std::move(head), piece);
}

Task send_page(Exchange& exchange, const Representation& page, std::uint16_t status) {
  Head head = page.head_of_page(status);
  const ByteRange all{0, page.size() - 1};
  co_await send_piece(exchange, page, std::move(head), all);
}

}  // namespace pounce::inline v0::files
