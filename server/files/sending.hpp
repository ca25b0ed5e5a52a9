// Sending a representation: conditions and ranges first, then the content, in one piece where it is small, else as there is room.
#pragma once

#include <pounce/app/exchange.hpp>

#include "server/files/representation.hpp"

#include <cstdint>

namespace pounce::inline v0::files {

// Whole answers that need no wait, and so no frame: 304, 412, 416, small content that is in memory. False: nothing was answered.
[[nodiscard]] bool send_at_once(Exchange& exchange, const Representation& representation);

// Any answer.
[[nodiscard]] Task send(Exchange& exchange, const Representation& representation, const Mount& mount);

// The content as the page of an error.
[[nodiscard]] Task send_page(Exchange& exchange, const Representation& page, std::uint16_t status);

// Until somebody has fetched what `warm` was asked for.
[[nodiscard]] Task warmed(Exchange& exchange);

}  // namespace pounce::inline v0::files
