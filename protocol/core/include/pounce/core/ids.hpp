// Identities. Each is its own type, so that a stream cannot be passed where a connection is meant.
#pragma once

#include <cstdint>

namespace pounce::inline v0 {

// A request and its response within a connection: HTTP/1.1 counts 1, 2, 3 … per request; HTTP/2 uses its stream ids.
enum class StreamId : std::uint64_t {};

// A connection, unique within a process and increasing with time of acceptance. Given by the runtime.
enum class ConnectionId : std::uint64_t {};

// A request, unique within a process. Given by the runtime.
enum class RequestId : std::uint64_t {};

[[nodiscard]] constexpr std::uint64_t number(StreamId id) noexcept { return static_cast<std::uint64_t>(id); }
[[nodiscard]] constexpr std::uint64_t number(ConnectionId id) noexcept { return static_cast<std::uint64_t>(id); }
[[nodiscard]] constexpr std::uint64_t number(RequestId id) noexcept { return static_cast<std::uint64_t>(id); }

}  // namespace pounce::inline v0
