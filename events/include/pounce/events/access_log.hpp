// Access log: one line per request, in the formats that log readers know.
//
//   common    %h %l %u %t "%r" %>s %b
//   combined  the same, "%{Referer}i" "%{User-Agent}i"
//   json      one object with all there is
//   or a format of one's own, with the percent atoms of Apache (%h, %{Name}i, …) or of gunicorn (%(h)s, %({name}i)s, …); the two may
//   not be mixed, for some letters differ. docs/operations.md has the table.
//
// What it is: pure text. What it is not: a file (posix/observe). Every control and non-ASCII octet is escaped (text.hpp), so a line
// is a line whatever the peer sends; an absent value is "-".
// Ownership: an AccessFormat owns its pieces and is shared by threads; an AccessEntry borrows from the event for the call.
// Limits: 64 atoms; a field's value is cut after `most_value` octets.
#pragma once

#include <pounce/core/list.hpp>
#include <pounce/core/owned_bytes.hpp>
#include <pounce/core/string_fwd.hpp>
#include <pounce/events/event.hpp>
#include <pounce/events/text.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pounce::inline v0::events {

// A request that has ended, however.
struct AccessEntry {
  WallInstant arrived;
  Instant at;
  ConnectionId connection{};
  RequestId request{};  // 0: its head could not be read
  WorkerId worker = 0;
  std::string_view method;
  std::string_view target;
  Version version = Version::http11;
  std::uint16_t status = 0;
  std::uint64_t body_received = 0;
  std::uint64_t body_sent = 0;
  Duration duration{};
  std::string_view failure;  // empty: the response was completed
  std::string_view fault;    // with the peer's faults
  Asked asked;
};

// The status that is logged where the connection ended before an answer, as nginx has it.
inline constexpr std::uint16_t unanswered = 499;

// The entry of an event that ends a request; empty for all others. `wall`: the time of day at the event.
[[nodiscard]] std::optional<AccessEntry> access_entry(const Lifecycle& event, WallInstant wall);

class Line;

class AccessFormat {
 public:
  static constexpr std::size_t most_atoms = 64;
  static constexpr std::size_t most_value = 4096;

  // "common", "combined", "json" or a format. Empty: it is none, and `why` says what is wrong, in a sentence without a stop.
  [[nodiscard]] static std::optional<AccessFormat> parse(std::string_view text, std::string& why);

  // One line with its line end. `time` is the caller's, one per thread.
  void append(std::string& out, const AccessEntry& entry, TimeText& time) const;

 private:
  enum class Kind : std::uint8_t {
    literal,
    json,
    client,
    peer_port,
    local_port,
    nobody,  // "-": what is never known here
    time,
    unix_seconds,
    unix_milliseconds,
    unix_microseconds,
    request_line,
    method,
    path,
    query,
    target,
    protocol,
    host,
    status,
    bytes,
    bytes_or_dash,
    bytes_received,
    seconds,
    milliseconds,
    microseconds,
    decimal_seconds,
    field,
    connection,
    request,
    correlation,
    worker,
    failure,
  };
  struct Atom {
    Kind kind;
    OwnedBytes text;  // a literal, or a field name
    FieldId id = FieldId::other;
  };
  struct Parser;

  void put_atom(Line& line, const Atom& atom, const AccessEntry& entry, TimeText& time) const;

  List<Atom> atoms_;
};

}  // namespace pounce::inline v0::events
