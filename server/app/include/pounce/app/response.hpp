// Head: a status and fields. Response: a head with its whole content, and trailers.
//
// Both are values. Their setters chain. Nothing is checked until it is sent. Date, Server, Content-Length and framing
// fields are the server's: Content-Length may be set in a Head, as `content_length`, when content is streamed and its length known.
#pragma once

#include <pounce/app/body.hpp>
#include <pounce/app/fields.hpp>
#include <pounce/core/compress.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

class Head {
 public:
  explicit Head(std::uint16_t status = 200) noexcept : status_(status) {}

  [[nodiscard]] std::uint16_t status() const noexcept { return status_; }
  void set_status(std::uint16_t status) noexcept { status_ = status; }
  [[nodiscard]] Fields& fields() noexcept { return fields_; }
  [[nodiscard]] const Fields& fields() const noexcept { return fields_; }
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept { return content_length_; }

  Head& set(std::string_view name, std::string_view value) & {
    fields_.set(name, value);
    return *this;
  }
  Head&& set(std::string_view name, std::string_view value) && { return std::move(set(name, value)); }
  Head& add(std::string_view name, std::string_view value) & {
    fields_.add(name, value);
    return *this;
  }
  Head&& add(std::string_view name, std::string_view value) && { return std::move(add(name, value)); }
  // Declares how many bytes will be written; more or fewer is `length_mismatch`.
  Head& content_length(std::uint64_t bytes) & noexcept {
    content_length_ = bytes;
    return *this;
  }
  Head&& content_length(std::uint64_t bytes) && noexcept { return std::move(content_length(bytes)); }
  // Whether the server may compress the content; `off` for what mixes secrets with what a request brought.
  [[nodiscard]] Compress compress() const noexcept { return compress_; }
  Head& compress(Compress choice) & noexcept {
    compress_ = choice;
    return *this;
  }
  Head&& compress(Compress choice) && noexcept { return std::move(compress(choice)); }

 private:
  Fields fields_;
  std::optional<std::uint64_t> content_length_;
  std::uint16_t status_;
  Compress compress_ = Compress::automatic;
};

class Response {
 public:
  explicit Response(std::uint16_t status = 200) noexcept : head_(status) {}
  Response(std::uint16_t status, Body body) : head_(status), body_(std::move(body)) {}
  Response(Head head, Body body) : head_(std::move(head)), body_(std::move(body)) {}

  [[nodiscard]] static Response text(Body body, std::uint16_t status = 200) {
    return typed("text/plain; charset=utf-8", std::move(body), status);
  }
  [[nodiscard]] static Response html(Body body, std::uint16_t status = 200) {
    return typed("text/html; charset=utf-8", std::move(body), status);
  }
  [[nodiscard]] static Response json(Body body, std::uint16_t status = 200) {
    return typed("application/json", std::move(body), status);
  }
  [[nodiscard]] static Response redirect(std::string_view location, std::uint16_t status = 302) {
    Response response{status};
    response.head_.set("location", location);
    return response;
  }

  [[nodiscard]] Head& head() noexcept { return head_; }
  [[nodiscard]] const Head& head() const noexcept { return head_; }
  [[nodiscard]] Body& body() noexcept { return body_; }
  [[nodiscard]] const Body& body() const noexcept { return body_; }
  [[nodiscard]] Fields& trailers() noexcept { return trailers_; }

  Response& set(std::string_view name, std::string_view value) & {
    head_.set(name, value);
    return *this;
  }
  Response&& set(std::string_view name, std::string_view value) && { return std::move(set(name, value)); }
  Response& add(std::string_view name, std::string_view value) & {
    head_.add(name, value);
    return *this;
  }
  Response&& add(std::string_view name, std::string_view value) && { return std::move(add(name, value)); }
  Response& compress(Compress choice) & noexcept {
    head_.compress(choice);
    return *this;
  }
  Response&& compress(Compress choice) && noexcept { return std::move(compress(choice)); }

 private:
  [[nodiscard]] static Response typed(std::string_view type, Body body, std::uint16_t status) {
    Response response{status, std::move(body)};
    response.head_.fields().add("content-type", type);
    return response;
  }

  Head head_;
  Body body_;
  Fields trailers_;
};

static_assert(!std::is_aggregate_v<Head> && !std::is_aggregate_v<Response>);

}  // namespace pounce::inline v0
