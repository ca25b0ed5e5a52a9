#include "compose.hpp"

#include <pounce/http/fields.hpp>
#include <pounce/http/status.hpp>
#include <pounce/http/syntax.hpp>

#include <array>
#include <cassert>
#include <cstring>

namespace pounce::inline v0::h1 {

namespace {

constexpr Bytes version = "HTTP/1.1 ";
constexpr Bytes line_end = "\r\n";
constexpr Bytes separator = ": ";
constexpr Bytes length_name = "Content-Length: ";
constexpr Bytes chunked_line = "Transfer-Encoding: chunked\r\n";
constexpr Bytes close_line = "Connection: close\r\n";
constexpr Bytes keep_alive_line = "Connection: keep-alive\r\n";
constexpr std::size_t most_hexadecimal = 16;
// More than status line and the machine's own fields can ever take.
constexpr std::size_t own_part = 192;

// Writes into prepared memory. The caller has reserved enough.
class Pen {
 public:
  explicit Pen(char* at) noexcept : start_(at), at_(at) {}

  void put(Bytes bytes) noexcept {
    // Names and short values without a call: two moves that overlap.
    const std::size_t n = bytes.size();
    if (n > 2 * sizeof(std::uint64_t)) {
      std::memcpy(at_, bytes.data(), n);
    } else if (n >= sizeof(std::uint64_t)) {
      copy_ends<std::uint64_t>(bytes);
    } else if (n >= sizeof(std::uint32_t)) {
      copy_ends<std::uint32_t>(bytes);
    } else {
      for (std::size_t i = 0; i < n; ++i) at_[i] = bytes[i];
    }
    at_ += n;
  }
  void put_decimal(std::uint64_t number) noexcept { put_number<10>(number); }
  void put_hexadecimal(std::uint64_t number) noexcept { put_number<16>(number); }
  void put_status_line(std::uint16_t status) noexcept {
    if (status == 200) return put("HTTP/1.1 200 OK\r\n");
    put(version);
    put_decimal(status);
    put(" ");
    put(http::reason(status));
    put(line_end);
  }
  void put_field(const Field& field) noexcept {
    put(field.name);
    put(separator);
    put(field.value);
    put(line_end);
  }
  // False when it is no field value (RFC 9110, section 5.5). It is copied and looked at in one pass, many octets at once; only where
  // there may be one that must not be there, each is looked at.
  [[nodiscard]] bool put_value(Bytes value) noexcept {
    const std::size_t n = value.size();
    bool suspicious = false;
    if (n >= sizeof(Octets)) {
      Octets found = copy_octets(value, n - sizeof(Octets));
      for (std::size_t i = 0; i + sizeof(Octets) < n; i += sizeof(Octets)) found |= copy_octets(value, i);
      std::array<std::uint64_t, 2> halves;
      std::memcpy(halves.data(), &found, sizeof found);
      suspicious = (halves[0] | halves[1]) != 0;
    } else if (n >= sizeof(std::uint32_t)) {
      std::uint64_t first = 0;
      std::uint64_t last = 0;
      if (n >= sizeof(std::uint64_t)) {
        first = load<std::uint64_t>(value.data());
        last = load<std::uint64_t>(value.data() + n - sizeof last);
      } else {
        first = last = load<std::uint32_t>(value.data()) |
                       std::uint64_t{load<std::uint32_t>(value.data() + n - sizeof(std::uint32_t))} << 32;
      }
      suspicious = http::may_be_no_value(first) || http::may_be_no_value(last);
      put(value);
      at_ -= n;
    } else {
      suspicious = true;
      for (std::size_t i = 0; i < n; ++i) at_[i] = value[i];
    }
    at_ += n;
    return !suspicious || http::all_in(value, http::class_value);
  }
  [[nodiscard]] char* at() const noexcept { return at_; }
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - start_); }

 private:
  // As many as fit the registers that every machine of today has; both compilers know what to make of it on each.
  using Octets [[gnu::vector_size(16)]] = std::uint8_t;

  template <class Word>
  [[nodiscard]] static Word load(const char* from) noexcept {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
  }
  // Copies those at `i`. What it returns is not zero where one of them is a control octet or DEL.
  [[nodiscard]] Octets copy_octets(Bytes value, std::size_t i) noexcept {
    const Octets octets = load<Octets>(value.data() + i);
    std::memcpy(at_ + i, &octets, sizeof octets);
    return static_cast<Octets>((octets < 0x20) | (octets == 0x7f));
  }

  template <unsigned base>
  void put_number(std::uint64_t number) noexcept {
    std::size_t digits = 1;
    for (std::uint64_t rest = number; rest >= base; rest /= base) ++digits;
    at_ += digits;
    char* at = at_;
    do {
      *--at = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0);
  }
  // Not fewer bytes than one Word, and not more than two.
  template <class Word>
  void copy_ends(Bytes bytes) noexcept {
    Word first{};
    Word last{};
    std::memcpy(&first, bytes.data(), sizeof first);
    std::memcpy(&last, bytes.data() + bytes.size() - sizeof last, sizeof last);
    std::memcpy(at_, &first, sizeof first);
    std::memcpy(at_ + bytes.size() - sizeof last, &last, sizeof last);
  }

  char* start_;
  char* at_;
};

std::size_t size_of(FieldList fields) noexcept {
  std::size_t size = 0;
  for (const Field& field : fields) {
    size += field.name.size() + separator.size() + field.value.size() + line_end.size();
  }
  return size;
}

}  // namespace

HeadPen::HeadPen(const ResponseHead& head, std::size_t content, Output& output)
    : output_(output),
      start_(output.prepare(own_part + head.lines.size() + size_of(head.fields) + content)),
      at_(start_) {}

Sent HeadPen::begin(const ResponseHead& head, Length& length, bool& close) noexcept {
  if (head.status < 200 || head.status > 599) return Sent::invalid_field;
  Pen pen{at_};
  pen.put_status_line(head.status);
  pen.put(head.lines);
  for (const Field& field : head.fields) {
    switch (field_id(field.name)) {
      case FieldId::other:
        if (!http::is_token(field.name)) return Sent::invalid_field;
        break;
      case FieldId::content_length: {
        const auto declared = http::parse_digits(field.value);
        if (!declared) return Sent::invalid_field;
        if (length.known && length.bytes != *declared) return Sent::length_mismatch;
        length = {true, *declared};
        continue;
      }
      case FieldId::connection:
        if (const Sent sent = http::check_response_field(field); sent != Sent::ok) return sent;
        close = close || http::list_has(field.value, "close");
        continue;
      case FieldId::transfer_encoding:
      case FieldId::keep_alive:
      case FieldId::proxy_connection: return http::check_response_field(field);
      case FieldId::upgrade:
        // Which a 426 must name, and nobody else may (RFC 9110, sections 7.8 and 15.5.22).
        if (head.status != 426) return http::check_response_field(field);
        pen.put("Connection: Upgrade\r\n");
        break;
      default: break;  // a name with an id is a token
    }
    pen.put(field.name);
    pen.put(separator);
    if (!pen.put_value(field.value)) return Sent::invalid_field;
    pen.put(line_end);
  }
  at_ = pen.at();
  return Sent::ok;
}

void HeadPen::finish(const HeadFraming& framing, Bytes content) noexcept {
  Pen pen{at_};
  if (framing.length.known) {
    pen.put(length_name);
    pen.put_decimal(framing.length.bytes);
    pen.put(line_end);
  } else if (framing.chunked) {
    pen.put(chunked_line);
  }
  if (framing.persistence == Persistence::close) pen.put(close_line);
  if (framing.persistence == Persistence::keep_alive) pen.put(keep_alive_line);
  pen.put(line_end);
  pen.put(content);
  output_.commit(static_cast<std::size_t>(pen.at() - start_));
}

void compose_informational(std::uint16_t status, FieldList fields, Output& output) {
  Pen pen{output.prepare(own_part + size_of(fields))};
  pen.put_status_line(status);
  for (const Field& field : fields) pen.put_field(field);
  pen.put(line_end);
  output.commit(pen.size());
}

void compose_switch(FieldList fields, Bytes lines, Output& output) {
  Pen pen{output.prepare(own_part + lines.size() + size_of(fields))};
  pen.put_status_line(101);
  pen.put(lines);
  for (const Field& field : fields) pen.put_field(field);
  pen.put(line_end);
  output.commit(pen.size());
}

void compose_chunk(Bytes content, StorageRef owner, Output& output) {
  assert(!content.empty());
  const bool small = content.size() < Output::copy_below;
  Pen pen{output.prepare(most_hexadecimal + 2 * line_end.size() + (small ? content.size() : 0))};
  pen.put_hexadecimal(content.size());
  pen.put(line_end);
  if (small) {
    pen.put(content);
    pen.put(line_end);
  }
  output.commit(pen.size());
  if (small) return;
  output.append(content, std::move(owner));
  output.append(line_end);
}

void compose_last_chunk(FieldList trailers, Output& output) {
  Pen pen{output.prepare(8 + size_of(trailers))};
  pen.put("0\r\n");
  for (const Field& field : trailers) pen.put_field(field);
  pen.put(line_end);
  output.commit(pen.size());
}

void compose_fault(Fault fault, bool with_content, Bytes lines, Output& output) {
  const FaultInfo& row = info(fault);
  std::array<char, 192> text;
  assert(row.text.size() + 64 < text.size());
  Pen pen{text.data()};
  pen.put_decimal(row.status);
  pen.put(" ");
  pen.put(http::reason(row.status));
  pen.put(separator);
  pen.put(row.text);
  pen.put("\n");
  constexpr Field type{"Content-Type", "text/plain", FieldId::content_type};
  const ResponseHead head{.status = row.status, .fields = {&type, 1}, .lines = lines};
  HeadPen answer{head, pen.size(), output};
  HeadFraming framing{.length = {true, pen.size()}, .persistence = Persistence::close};
  bool close = true;
  (void)answer.begin(head, framing.length, close);
  answer.finish(framing, with_content ? Bytes{text.data(), pen.size()} : Bytes{});
}

}  // namespace pounce::inline v0::h1
