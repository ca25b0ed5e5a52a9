// The smallest application: a function from a request to a response.
//
//   pounce-async ./libhello.so
//   curl localhost:8000/?name=Ada
#include <pounce/app.hpp>

#include <optional>
#include <string>

namespace {

pounce::Response hello(const pounce::Request& request) {
  const std::optional<std::string> name = request.parameter("name");
  if (!name) return pounce::Response::text("Hello, World!");  // a literal: sent from where it stands
  return pounce::Response::text("Hello, " + *name + "!");
}

}  // namespace

POUNCE_APP(hello);
