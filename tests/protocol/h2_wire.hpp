// The other end of an HTTP/2 connection, for tests: writes a client's frames, well-formed or not, and reads a server's.
#pragma once

#include "protocol/h2/field_block.hpp"

#include <pounce/h2/frame.hpp>
#include <pounce/h2/hpack.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wire {

using Fields = std::vector<std::pair<std::string, std::string>>;

class FrameWriter {
 public:
  // Everything written so far; the caller takes it.
  [[nodiscard]] std::string take() { return std::exchange(bytes_, {}); }
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

  void raw(std::string_view bytes) { bytes_ += bytes; }
  // `length` other than the payload's size makes a frame that lies.
  void frame(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload);
  void frame(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload, std::size_t length);

  void preface();
  void settings(const std::vector<std::pair<unsigned, std::uint32_t>>& settings = {});
  void settings_ack() { frame(4, 1, 0, {}); }
  // Preface, SETTINGS, and the acknowledgement that the server will ask for.
  void hello(const std::vector<std::pair<unsigned, std::uint32_t>>& settings = {});
  [[nodiscard]] std::string encode(const Fields& fields);
  void headers(std::uint32_t stream, const Fields& fields, bool end_stream);
  void get(std::uint32_t stream, const std::string& path = "/", const Fields& more = {});
  void post(std::uint32_t stream, const std::string& path = "/", const Fields& more = {});
  void data(std::uint32_t stream, std::string_view bytes, bool end_stream);
  void rst_stream(std::uint32_t stream, std::uint32_t code = 8);
  void window_update(std::uint32_t stream, std::uint32_t increment);

  [[nodiscard]] static Fields request(const std::string& method, const std::string& path, const Fields& more);
  [[nodiscard]] static std::string number(std::uint32_t value);

 private:
  std::string bytes_;
  pounce::h2::Encoder encoder_;
};

struct Frame {
  pounce::h2::FrameHeader header;
  std::string payload;
};

// Takes complete frames from the front of what it was given.
class FrameReader {
 public:
  void add(std::string_view bytes) { pending_ += bytes; }
  [[nodiscard]] bool next(Frame& frame);
  // Of a field block that is in one frame.
  [[nodiscard]] Fields decode(std::string_view block);
  [[nodiscard]] bool empty() const noexcept { return pending_.empty(); }

 private:
  std::string pending_;
  pounce::h2::Decoder decoder_;
};

}  // namespace wire
