// Machine: any protocol machine, as a Session sees it. One virtual call per step or per answer, never per byte or field.
//
// `MachineOf<C>` makes one of a class that satisfies `ProtocolMachine`. See <pounce/core/machine.hpp> for what the calls mean.
#pragma once

#include <pounce/core/machine.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace pounce::inline v0 {

class Machine {
 public:
  Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  virtual ~Machine() = default;

  virtual std::size_t receive(MutableBytes input, Instant now, Events& events, Output& output) = 0;
  virtual void receive_end(Instant now, Events& events, Output& output) = 0;
  virtual void want_body(StreamId stream, bool wanted, Instant now, Output& output) = 0;
  virtual void taken(StreamId stream, std::size_t size, Output& output) = 0;
  virtual void ignore_body(StreamId stream, Output& output) = 0;
  virtual Sent send_informational(StreamId stream, std::uint16_t status, FieldList fields, Output& output) = 0;
  virtual Sent send_head(StreamId stream, const ResponseHead& head, Output& output) = 0;
  virtual SentData send_data(StreamId stream, Bytes bytes, StorageRef owner, Output& output) = 0;
  // For machines that `sends_regions`: content is as it is on the wire.
  virtual Sent send_region(StreamId stream, Region region, Output& output) = 0;
  [[nodiscard]] virtual bool sends_regions() const = 0;
  virtual Sent send_response(StreamId stream, const ResponseHead& head, Bytes content, StorageRef owner, Instant now,
                             Output& output) = 0;
  virtual Sent send_end(StreamId stream, FieldList trailers, Instant now, Output& output) = 0;
  // Another protocol in place of an answer: 101 (h1::Connection::send_switch), or 200 to an extended CONNECT (h2::Connection::send_switch).
  virtual Sent send_switch(StreamId /*stream*/, FieldList /*fields*/, Output& /*output*/) { return Sent::wrong_order; }
  virtual void use_lines(std::string_view lines) = 0;
  virtual void reset(StreamId stream, Output& output) = 0;
  virtual void drain(Instant now, Output& output) = 0;
  // Idle peers may ask once more, where a protocol cannot tell them not to.
  virtual void drain_patiently(Instant now, Output& output) { drain(now, output); }
  virtual void expire(Instant now, Events& events, Output& output) = 0;
  virtual void written(Instant now, Output& output) = 0;
  [[nodiscard]] virtual Instant deadline(const Output& output) const = 0;
  [[nodiscard]] virtual bool wants_input() const = 0;
  [[nodiscard]] virtual bool finished(const Output& output) const = 0;
  [[nodiscard]] virtual bool idle() const = 0;
};

template <ProtocolMachine C>
class MachineOf final : public Machine {
 public:
  template <class... Args>
  explicit MachineOf(Args&&... args) : machine_(std::forward<Args>(args)...) {}
  [[nodiscard]] C& machine() noexcept { return machine_; }

  std::size_t receive(MutableBytes input, Instant now, Events& events, Output& output) override {
    return machine_.receive(input, now, events, output);
  }
  void receive_end(Instant now, Events& events, Output& output) override { machine_.receive_end(now, events, output); }
  void want_body(StreamId stream, bool wanted, Instant now, Output& output) override {
    machine_.want_body(stream, wanted, now, output);
  }
  void taken(StreamId stream, std::size_t size, Output& output) override { machine_.taken(stream, size, output); }
  void ignore_body(StreamId stream, Output& output) override { machine_.ignore_body(stream, output); }
  Sent send_informational(StreamId stream, std::uint16_t status, FieldList fields, Output& output) override {
    return machine_.send_informational(stream, status, fields, output);
  }
  Sent send_head(StreamId stream, const ResponseHead& head, Output& output) override {
    return machine_.send_head(stream, head, output);
  }
  SentData send_data(StreamId stream, Bytes bytes, StorageRef owner, Output& output) override {
    return machine_.send_data(stream, bytes, std::move(owner), output);
  }
  Sent send_region(StreamId stream, Region region, Output& output) override {
    if constexpr (has_regions) {
      return machine_.send_region(stream, std::move(region), output);
    } else {
      return Sent::wrong_order;
    }
  }
  [[nodiscard]] bool sends_regions() const override { return has_regions; }
  Sent send_response(StreamId stream, const ResponseHead& head, Bytes content, StorageRef owner, Instant now,
                     Output& output) override {
    return machine_.send_response(stream, head, content, std::move(owner), now, output);
  }
  Sent send_end(StreamId stream, FieldList trailers, Instant now, Output& output) override {
    return machine_.send_end(stream, trailers, now, output);
  }
  Sent send_switch(StreamId stream, FieldList fields, Output& output) override {
    if constexpr (requires { machine_.send_switch(stream, fields, output); })
      return machine_.send_switch(stream, fields, output);
    return Sent::wrong_order;
  }
  void use_lines(std::string_view lines) override { machine_.use_lines(lines); }
  void reset(StreamId stream, Output& output) override { machine_.reset(stream, output); }
  void drain(Instant now, Output& output) override { machine_.drain(now, output); }
  void drain_patiently(Instant now, Output& output) override {
    if constexpr (requires { machine_.drain_patiently(now, output); }) {
      machine_.drain_patiently(now, output);
    } else {
      machine_.drain(now, output);
    }
  }
  void expire(Instant now, Events& events, Output& output) override { machine_.expire(now, events, output); }
  void written(Instant now, Output& output) override { machine_.written(now, output); }
  [[nodiscard]] Instant deadline(const Output& output) const override { return machine_.deadline(output); }
  [[nodiscard]] bool wants_input() const override { return machine_.wants_input(); }
  [[nodiscard]] bool finished(const Output& output) const override { return machine_.finished(output); }
  [[nodiscard]] bool idle() const override { return machine_.idle(); }

 private:
  static constexpr bool has_regions = requires(C machine, StreamId stream, Region region, Output& output) {
    { machine.send_region(stream, std::move(region), output) } -> std::same_as<Sent>;
  };

  C machine_;
};

}  // namespace pounce::inline v0
