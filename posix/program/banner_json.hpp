// The lines of a program as JSON, one object each: for who collects logs. docs/operations.md lists the members.
#pragma once

#include <pounce/program/banner.hpp>

#include <string>

namespace pounce::inline v0::program {

[[nodiscard]] std::string json_text(const Started& started);
[[nodiscard]] std::string json_text(const Draining& draining);
[[nodiscard]] std::string json_text(const Ended& ended);
[[nodiscard]] std::string json_text(const Remark& remark);

}  // namespace pounce::inline v0::program
