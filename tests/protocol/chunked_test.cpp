// The chunk decoder by itself. What its faults do to a connection is in the transcripts.
#include <pounce/h1/chunked.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace pounce;
using Found = h1::ChunkDecoder::Found;

TEST_CASE("content is shown where it lies, nothing is copied") {
  const std::string input = "5\r\nhello\r\n0\r\nA: b\r\n\r\nnext";
  h1::ChunkDecoder decoder;
  const h1::Limits limits;
  auto result = decoder.next(input, limits);
  CHECK(result.found == Found::data);
  CHECK(result.bytes.data() == input.data() + 3);
  CHECK(result.bytes == "hello");
  CHECK(result.used == 8);
  result = decoder.next(Bytes(input).substr(8), limits);
  CHECK(result.found == Found::end);
  CHECK(result.bytes == "A: b\r\n");
  CHECK(result.used + 8 == input.size() - 4);
}

TEST_CASE("framing that comes in pieces is used up as it comes, trailers are not") {
  const h1::Limits limits;
  h1::ChunkDecoder decoder;
  CHECK(decoder.next("0;a=\"", limits).used == 5);
  CHECK(decoder.next("b\"\r", limits).used == 3);
  CHECK(decoder.next("\nA: ", limits).used == 1);
  const auto result = decoder.next("A: b\r\n\r\n", limits);
  CHECK(result.found == Found::end);
  CHECK(result.used == 8);
}

TEST_CASE("sizes") {
  const auto fault = [](Bytes input, std::optional<std::uint64_t> most) {
    h1::Limits limits;
    limits.max_request_size = most;
    h1::ChunkDecoder decoder;
    return decoder.next(input, limits).fault;
  };
  CHECK(fault("5\r\n", 5) == Fault::none);
  CHECK(fault("6\r\n", 5) == Fault::body_too_large);
  CHECK(fault("ffffffffffffffff\r\n", 5) == Fault::invalid_chunk_size);
  CHECK(fault("ffffffffffffffff\r\n", std::nullopt) == Fault::invalid_chunk_size);
  CHECK(fault("8000000000000000\r\n", std::nullopt) == Fault::invalid_chunk_size);
  CHECK(fault("4000000000000000\r\n", std::nullopt) == Fault::none);
  CHECK(fault("00000000000000005\r\n", 5) == Fault::invalid_chunk_size);
}
