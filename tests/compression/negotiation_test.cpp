// Negotiation as a table: what a client says, what the server offers, what comes of it.
#include <doctest/doctest.h>

#include <pounce/compression/negotiation.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace pounce;
using namespace pounce::compression;

namespace {

// `accept`: the values of the Accept-Encoding fields, one after the other, separated by '|'; "-" is no field at all.
// `offers`: in the server's order. `want`: a coding, or "406".
struct Row {
  std::string_view accept;
  std::string_view offers;
  std::string_view want;
};

constexpr std::string_view usual = "zstd gzip deflate";

const Row rows[] = {
    // Nothing said.
    {"-", usual, "identity"},
    {"", usual, "identity"},
    {" , ,", usual, "identity"},
    // One coding.
    {"gzip", usual, "gzip"},
    {"zstd", usual, "zstd"},
    {"deflate", usual, "deflate"},
    {"br", usual, "identity"},
    {"identity", usual, "identity"},
    {"compress", usual, "identity"},
    // Names have no case; x-gzip is gzip.
    {"GZIP", usual, "gzip"},
    {"ZsTd", usual, "zstd"},
    {"x-gzip", usual, "gzip"},
    {"X-GZip;q=0.5", usual, "gzip"},
    {"gzipp", usual, "identity"},
    {"gzi", usual, "identity"},
    // The server's order among equals.
    {"gzip, zstd", usual, "zstd"},
    {"zstd, gzip", usual, "zstd"},
    {"gzip, deflate, br, zstd", usual, "zstd"},
    {"gzip, deflate, br", usual, "gzip"},
    {"deflate, gzip", usual, "gzip"},
    {"gzip, zstd", "gzip zstd", "gzip"},
    {"gzip;q=0.7, zstd;q=0.7", usual, "zstd"},
    // Weights.
    {"gzip;q=1, zstd;q=0.9", usual, "gzip"},
    {"gzip;q=0.9, zstd;q=1.0", usual, "zstd"},
    {"gzip;q=0.501, zstd;q=0.5", usual, "gzip"},
    {"gzip;q=0.5, zstd;q=0.501", usual, "zstd"},
    {"gzip;q=0.001", usual, "gzip"},
    {"gzip;q=0.999, zstd", usual, "zstd"},
    {"gzip;q=1.000", usual, "gzip"},
    {"gzip;q=1.", usual, "gzip"},
    {"gzip;q=0.", usual, "identity"},
    {"gzip;Q=0.4", usual, "gzip"},
    {"gzip ; q=0.4", usual, "gzip"},
    {"\tgzip\t;\tq=0.4\t,\tzstd;q=0.3", usual, "gzip"},
    // A zero forbids.
    {"gzip;q=0", usual, "identity"},
    {"gzip;q=0.0", usual, "identity"},
    {"gzip;q=0.000", usual, "identity"},
    {"gzip;q=0, zstd;q=0, deflate;q=0", usual, "identity"},
    {"gzip;q=0, zstd", usual, "zstd"},
    // The star.
    {"*", usual, "zstd"},
    {"*;q=0.1", usual, "zstd"},
    {"zstd;q=0, *", usual, "gzip"},
    {"*, zstd;q=0", usual, "gzip"},
    {"gzip;q=0, zstd;q=0, *;q=1", usual, "deflate"},
    {"gzip, *;q=0", usual, "gzip"},
    {"gzip;q=0.2, *;q=0.1", usual, "gzip"},
    {"gzip;q=0.1, *;q=0.2", usual, "zstd"},
    {"br, *;q=0", usual, "406"},
    // Identity.
    {"identity, gzip", usual, "gzip"},
    {"identity;q=0.5, gzip;q=1", usual, "gzip"},
    {"identity;q=1, gzip;q=0.5", usual, "identity"},
    {"identity;q=0.5, *;q=0.4", usual, "identity"},
    {"identity;q=0", usual, "406"},
    {"identity;q=0, gzip", usual, "gzip"},
    {"identity;q=0, br", usual, "406"},
    {"identity;q=0, *", usual, "zstd"},
    {"*;q=0", usual, "406"},
    {"*;q=0, identity", usual, "identity"},
    {"*;q=0, identity;q=0.001", usual, "identity"},
    {"identity;q=0, gzip;q=0, zstd;q=0, deflate;q=0", usual, "406"},
    {"*;q=0, gzip;q=0.001", usual, "gzip"},
    // Malformed members are as if they were not there.
    {"gzip;q=2", usual, "identity"},
    {"gzip;q=1.001", usual, "identity"},
    {"gzip;q=0.1234", usual, "identity"},
    {"gzip;q=-1", usual, "identity"},
    {"gzip;q=.5", usual, "identity"},
    {"gzip;q=abc", usual, "identity"},
    {"gzip;q=", usual, "identity"},
    {"gzip;q", usual, "identity"},
    {"gzip;", usual, "identity"},
    {"gzip;q =0.5", usual, "identity"},
    {"gzip;q= 0.5", usual, "identity"},
    {"gzip;level=9", usual, "identity"},
    {"gzip;q=0.5;level=9", usual, "identity"},
    {"gzip;q=1e1", usual, "identity"},
    {"gzip;q=0,5", usual, "identity"},
    {";q=1, gzip", usual, "gzip"},
    {"=, gz ip, zstd;q=x, deflate", usual, "deflate"},
    {"\"gzip\", deflate", usual, "deflate"},
    {"\"gzip, deflate", usual, "identity"},
    {"*;q=x", usual, "identity"},
    {"identity;q=x", usual, "identity"},
    // Named twice: a zero counts, else the highest.
    {"gzip;q=0.2, gzip;q=0.8, zstd;q=0.5", usual, "gzip"},
    {"gzip;q=0, gzip", usual, "identity"},
    {"gzip, gzip;q=0", usual, "identity"},
    {"x-gzip;q=0, gzip", usual, "identity"},
    // Several fields are one list.
    {"gzip;q=0.5|zstd;q=0.9", usual, "zstd"},
    {"zstd;q=0|*", usual, "gzip"},
    {"|gzip", usual, "gzip"},
    // What is offered.
    {"gzip, zstd", "gzip", "gzip"},
    {"zstd", "gzip", "identity"},
    {"gzip", "", "identity"},
    {"*;q=0", "", "406"},
    // dcz is never meant by a star.
    {"dcz, zstd", "dcz zstd gzip", "dcz"},
    {"gzip, deflate, br, zstd, dcb, dcz", "dcz zstd gzip", "dcz"},
    {"*", "dcz zstd gzip", "zstd"},
    {"dcz;q=0.5, zstd", "dcz zstd gzip", "zstd"},
    {"dcz;q=0, zstd;q=0.1", "dcz zstd gzip", "zstd"},
    {"*", "dcz", "identity"},
};

static_assert(std::size(rows) >= 60);

std::vector<Field> fields_of(std::string_view accept) {
  std::vector<Field> fields = {{.name = "accept", .value = "gzip", .id = FieldId::accept}};
  if (accept == "-") return fields;
  for (std::size_t at = 0; at <= accept.size();) {
    const std::size_t end = std::min(accept.find('|', at), accept.size());
    fields.push_back({.name = "Accept-Encoding", .value = accept.substr(at, end - at), .id = FieldId::accept_encoding});
    at = end + 1;
  }
  return fields;
}

Offers offers_of(std::string_view names) {
  Offers offers;
  for (std::size_t at = 0; at < names.size();) {
    const std::size_t end = std::min(names.find(' ', at), names.size());
    offers.add(*coding_named(names.substr(at, end - at)));
    at = end + 1;
  }
  return offers;
}

}  // namespace

TEST_CASE("what an Accept-Encoding asks for") {
  for (const Row& row : rows) {
    CAPTURE(row.accept);
    CAPTURE(row.offers);
    const Negotiated negotiated = negotiate(fields_of(row.accept), offers_of(row.offers));
    CHECK((negotiated.acceptable ? name(negotiated.coding) : "406") == row.want);
    if (!negotiated.acceptable) CHECK(negotiated.coding == Coding::identity);
  }
}

TEST_CASE("weights") {
  for (int thousandths = 0; thousandths <= 1000; ++thousandths) {
    std::string text = std::to_string(thousandths);
    text.insert(0, 4 - text.size(), '0');
    text.insert(1, 1, '.');
    CHECK(parse_weight(text) == thousandths);
  }
  CHECK(parse_weight("1") == 1000);
  CHECK(parse_weight("0") == 0);
  for (const std::string_view text :
       {"", "2", "01", "1.1", "1.001", "0.0000", "1.0000", "0.5 ", " 0.5", "+1", "0,5", "0x1", ".5"})
    CHECK_MESSAGE(parse_weight(text) == -1, text);
}

TEST_CASE("offers hold each coding once, and never identity") {
  Offers offers;
  CHECK(offers.empty());
  for (int round = 0; round < 10; ++round) {
    for (const Coding coding : {Coding::identity, Coding::gzip, Coding::zstd, Coding::deflate, Coding::dcz})
      offers.add(coding);
  }
  CHECK(offers.end() - offers.begin() == 4);
  CHECK(!offers.has(Coding::identity));
  CHECK(*offers.begin() == Coding::gzip);
}
