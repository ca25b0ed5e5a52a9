// The fault table: one row each, names that are stable words, statuses that are answers.
#include <doctest/doctest.h>

#include <pounce/core/fault.hpp>

#include <algorithm>
#include <set>
#include <string>

using namespace pounce;

TEST_CASE("every fault has a row with a name of its own and a sentence") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < fault_count; ++i) {
    const FaultInfo& row = info(static_cast<Fault>(i));
    CAPTURE(row.name);
    CHECK(row.fault == static_cast<Fault>(i));
    CHECK(names.insert(row.name).second);
    CHECK(std::ranges::all_of(row.name,
                              [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }));
    CHECK_FALSE(row.text.empty());
    CHECK_FALSE(row.text.ends_with('.'));
    CHECK((row.status == 0 || (row.status >= 400 && row.status <= 599)));
  }
}

TEST_CASE("the statuses that RFC 9110 and the design name") {
  CHECK(info(Fault::request_line_too_long).status == 414);
  CHECK(info(Fault::head_too_large).status == 431);
  CHECK(info(Fault::too_many_fields).status == 431);
  CHECK(info(Fault::body_too_large).status == 413);
  CHECK(info(Fault::unsupported_version).status == 505);
  CHECK(info(Fault::unsupported_transfer_coding).status == 501);
  CHECK(info(Fault::unsupported_expectation).status == 417);
  CHECK(info(Fault::header_timeout).status == 408);
  CHECK(info(Fault::keep_alive_timeout).status == 0);
  CHECK(info(Fault::none).status == 0);
}

TEST_CASE("the error codes that RFC 9113 names") {
  CHECK(info(Fault::invalid_frame).h2_code == 0x1);
  CHECK(info(Fault::flow_control_exceeded).h2_code == 0x3);
  CHECK(info(Fault::settings_timeout).h2_code == 0x4);
  CHECK(info(Fault::stream_closed).h2_code == 0x5);
  CHECK(info(Fault::invalid_frame_size).h2_code == 0x6);
  CHECK(info(Fault::invalid_compression).h2_code == 0x9);
  CHECK(info(Fault::reset_flood).h2_code == 0xb);
}
