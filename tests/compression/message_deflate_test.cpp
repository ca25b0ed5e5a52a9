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
