// Fields in one expression, for tests.
#pragma once

#include <pounce/app/fields.hpp>

#include <string_view>

namespace examples {

inline pounce::Fields field(std::string_view name, std::string_view value) {
  pounce::Fields fields;
  fields.add(name, value);
  return fields;
}

}  // namespace examples
