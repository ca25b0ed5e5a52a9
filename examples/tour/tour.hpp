// The tour: one application that shows what Pounce does, a route for each thing. Its index page is the manual.
#pragma once

#include <pounce/app.hpp>

#include <atomic>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace tour {

[[nodiscard]] pounce::App make();

// How often any handler has run in this process. One atomic for all workers: they are many threads.
extern std::atomic<std::uint64_t> runs;

// Plain handlers: a request in, a response out.
pounce::Response index(const pounce::Request& request);
pounce::Response hello(const pounce::Request& request);
pounce::Response echo_field(const pounce::Request& request);
pounce::Response count_runs(const pounce::Request& request);
[[nodiscard]] pounce::Body big_body();
[[nodiscard]] pounce::Body json_body();

// Coroutines: they wait, and stream.
pounce::Task echo(pounce::Exchange& x);
pounce::Task sleep(pounce::Exchange& x);
pounce::Task events(pounce::Exchange& x);
pounce::Task hints(pounce::Exchange& x);
pounce::Task trailers(pounce::Exchange& x);

// A number from the query: `fallback` where it is not given, nothing where it is not a number from 0 to `most`.
[[nodiscard]] inline std::optional<std::uint32_t> number(const pounce::Request& request, std::string_view name,
                                                         std::uint32_t fallback, std::uint32_t most) {
  const std::string_view query = request.query();
  const std::string label = std::string{name} + '=';
  if (!query.starts_with(label) && query.find('&' + label) == std::string_view::npos) return fallback;
  const std::optional<std::string> text = request.parameter(name);
  if (!text || text->empty()) return std::nullopt;
  std::uint32_t value = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc{} || stop != end || value > most) return std::nullopt;
  return value;
}

}  // namespace tour
