// permessage-deflate as a codec: whatever room it is given, all of each message comes, and no more.
#include <doctest/doctest.h>

#include <pounce/compression/message_deflate.hpp>

#include <string>

using namespace pounce;

namespace {

// All of `piece`, a whole message, with so much room at a time; "invalid" when it cannot be decoded.
std::string decode(MessageCodec& codec, Bytes piece, std::size_t room_size) {
  std::string whole;
  std::string room(room_size, '\0');
  for (;;) {
    const auto decoded = codec.decode(piece, true, {room.data(), room.size()});
    whole.append(room, 0, decoded.made);
    piece.remove_prefix(decoded.used);
    if (decoded.found == MessageCodec::Found::invalid) return "invalid";
    if (decoded.found == MessageCodec::Found::more) return whole;
  }
}

// A whole message in two pieces, the last of which may be empty; "invalid" when it cannot be decoded.
std::string decode_cut(MessageCodec& codec, Bytes message, std::size_t at, std::size_t room_size) {
  std::string whole;
  std::string room(room_size, '\0');
  for (const bool last : {false, true}) {
    Bytes piece = last ? message.substr(at) : message.substr(0, at);
    for (MessageCodec::Decoded decoded{MessageCodec::Found::full, 0, 0}; decoded.found == MessageCodec::Found::full;) {
      decoded = codec.decode(piece, last, {room.data(), room.size()});
      whole.append(room, 0, decoded.made);
      piece.remove_prefix(decoded.used);
      if (decoded.found == MessageCodec::Found::invalid) return "invalid";
    }
    CHECK(piece.empty());
  }
  return whole;
}

std::string encode(MessageCodec& codec, Bytes message) {
  std::string out(codec.bound(message.size()), '\0');
  out.resize(codec.encode(message, true, out.data()));
  return out;
}

}  // namespace

TEST_CASE("messages that fill the room exactly, and all around it, with and without takeover") {
  for (const bool takeover : {true, false}) {
    for (const std::size_t room : {1UL, 7UL, 511UL, 512UL, 513UL, 4096UL}) {
      const DeflateTerms terms{.send_takeover = takeover, .receive_takeover = takeover};
      const auto sender = compression::make_message_deflate(terms);
      const auto receiver = compression::make_message_deflate(terms);
      for (const std::size_t size : {0UL, 1UL, 511UL, 512UL, 513UL, 1024UL, 32'768UL, 32'768UL, 65'536UL}) {
        for (const char fill : {'\0', 'x'}) {
          std::string message(size, fill);
          for (std::size_t i = 0; i < size && fill == 'x'; ++i) message[i] = static_cast<char>(i * i % 251);
          CAPTURE(room);
          CAPTURE(size);
          const std::string got = decode(*receiver, encode(*sender, message), room);
          CHECK((got == message));
        }
      }
    }
  }
}

TEST_CASE("a message that is cut is invalid, wherever that is") {
  const std::string message(1000, 'z');
  const std::string whole = encode(*compression::make_message_deflate(DeflateTerms{}), message + "and more");
  for (std::size_t cut = 1; cut + 1 < whole.size(); ++cut) {
    const std::string got =
        decode(*compression::make_message_deflate(DeflateTerms{}), Bytes{whole}.substr(0, cut), 512);
    CAPTURE(cut);
    CHECK((got == "invalid"));
  }
}

// RFC 7692, section 7.2.3.4. What ends its sender's stream may have the octet of an empty block behind it, or nothing: inflate has no use
// for a tail then.
TEST_CASE("last blocks: the same however the message is cut, and whatever room there is") {
  const std::string last{"\xf3\x48\xcd\xc9\xc9\x07\x00", 7};  // "Hello"
  const std::string padded = last + '\0';
  const std::string empty{"\x03\x00", 2};
  const std::string again{"\xf2\x00\x11\x00\x00", 5};  // "Hello", out of the window
  struct Row {
    std::string message;
    std::string is;
  };
  const Row rows[] = {{last, "Hello"},
                      {padded, "Hello"},
                      {last + last, "HelloHello"},
                      {last + padded, "HelloHello"},
                      {last + again, "HelloHello"},
                      {last + empty + empty + again, "HelloHello"},
                      {empty, ""},
                      {last + again + last.substr(0, 4), "invalid"},
                      {last + again.substr(0, 3), "invalid"},
                      {last + "\x01", "Hello"},  // an empty stored block, whose length the tail is
                      {last + "\x02", "invalid"}};
  for (const bool takeover : {true, false}) {
    for (const std::size_t room : {1UL, 4UL, 5UL, 6UL, 512UL}) {
      for (const Row& row : rows) {
        for (std::size_t at = 0; at <= row.message.size(); ++at) {
          CAPTURE(takeover);
          CAPTURE(room);
          CAPTURE(&row - rows);
          CAPTURE(at);
          const auto codec = compression::make_message_deflate(DeflateTerms{.receive_takeover = takeover});
          CHECK(decode_cut(*codec, row.message, at, room) == row.is);
          if (row.is == "invalid") continue;
          // The window lives on, and nothing else of that message: one without an octet has no end.
          CHECK(decode_cut(*codec, row.message, at, room) == row.is);
          if (takeover && !row.is.empty()) CHECK(decode_cut(*codec, again, 2, room) == "Hello");
          CHECK(decode_cut(*codec, "", 0, room) == "invalid");
        }
      }
    }
  }
}
