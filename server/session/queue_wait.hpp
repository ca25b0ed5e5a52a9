// QueueWait: what an exchange has while it waits for a place among the handlers that run.
#pragma once

#include <pounce/limits/request_queue.hpp>
#include <pounce/server/station.hpp>

#include <utility>

namespace pounce::inline v0 {

struct QueueWait {
  QueueWait(Loan<Letterbox> box, Instant end) noexcept : bell(std::move(box)), waiter(bell), until(end) {}

  Loan<Letterbox> bell;
  limits::Waiter waiter;
  Instant until;
};

}  // namespace pounce::inline v0
