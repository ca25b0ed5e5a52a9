// Attached: what an App owns, and only its server looks into.
#pragma once

namespace pounce::inline v0 {

class Attached {
 public:
  Attached() = default;
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;
  virtual ~Attached() = default;
};

}  // namespace pounce::inline v0
