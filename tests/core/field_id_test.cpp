// field_id and method_id against plain lists.
#include <doctest/doctest.h>

#include <pounce/core/message.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace pounce;

namespace {

const std::vector<std::pair<std::string, FieldId>> known = {
    {"accept", FieldId::accept},
    {"accept-encoding", FieldId::accept_encoding},
    {"allow", FieldId::allow},
    {"authorization", FieldId::authorization},
    {"cache-control", FieldId::cache_control},
    {"connection", FieldId::connection},
    {"content-encoding", FieldId::content_encoding},
    {"content-length", FieldId::content_length},
    {"content-type", FieldId::content_type},
    {"cookie", FieldId::cookie},
    {"date", FieldId::date},
    {"etag", FieldId::etag},
    {"expect", FieldId::expect},
    {"forwarded", FieldId::forwarded},
    {"host", FieldId::host},
    {"if-match", FieldId::if_match},
    {"if-modified-since", FieldId::if_modified_since},
    {"if-none-match", FieldId::if_none_match},
    {"if-range", FieldId::if_range},
    {"if-unmodified-since", FieldId::if_unmodified_since},
    {"keep-alive", FieldId::keep_alive},
    {"last-modified", FieldId::last_modified},
    {"location", FieldId::location},
    {"origin", FieldId::origin},
    {"proxy-connection", FieldId::proxy_connection},
    {"range", FieldId::range},
    {"server", FieldId::server},
    {"set-cookie", FieldId::set_cookie},
    {"te", FieldId::te},
    {"trailer", FieldId::trailer},
    {"transfer-encoding", FieldId::transfer_encoding},
    {"upgrade", FieldId::upgrade},
    {"user-agent", FieldId::user_agent},
    {"vary", FieldId::vary},
};

}  // namespace

TEST_CASE("the list names every id once") {
  CHECK(known.size() == static_cast<std::size_t>(FieldId::vary));
  for (std::size_t i = 0; i < known.size(); ++i) CHECK(static_cast<std::size_t>(known[i].second) == i + 1);
}

TEST_CASE("each name is found in any case, and nothing that is near it") {
  for (const auto& [name, id] : known) {
    CAPTURE(name);
    CHECK(field_id(name) == id);
    std::string upper = name;
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    CHECK(field_id(upper) == id);
    for (std::size_t i = 0; i < name.size(); ++i) {
      for (const char c :
           {'x', '_', ' ', '\0', '\x7f', static_cast<char>(name[i] ^ 0x40), static_cast<char>(name[i] ^ 0x10)}) {
        std::string near = name;
        near[i] = c;
        if (near != name) CHECK(field_id(near) == FieldId::other);
      }
    }
    CHECK(field_id(name + "s") == FieldId::other);
    CHECK(field_id(name.substr(1)) == FieldId::other);
    CHECK(field_id(" " + name) == FieldId::other);
  }
  CHECK(field_id("") == FieldId::other);
  CHECK(field_id(std::string(1000, 'a')) == FieldId::other);
}

TEST_CASE("methods are compared with their case") {
  CHECK(method_id("GET") == Method::get);
  CHECK(method_id("HEAD") == Method::head);
  CHECK(method_id("POST") == Method::post);
  CHECK(method_id("PUT") == Method::put);
  CHECK(method_id("DELETE") == Method::delete_);
  CHECK(method_id("CONNECT") == Method::connect);
  CHECK(method_id("OPTIONS") == Method::options);
  CHECK(method_id("TRACE") == Method::trace);
  CHECK(method_id("PATCH") == Method::patch);
  for (const std::string_view other : {"get", "Get", "GETT", "GE", "", "QUERY", "PROPFIND", "HEADS"}) {
    CHECK(method_id(other) == Method::other);
  }
}

TEST_CASE("find gives the first field of an id") {
  const std::vector<Field> fields = {{"Host", "a", FieldId::host}, {"x", "b"}, {"host", "c", FieldId::host}};
  REQUIRE(find(fields, FieldId::host) != nullptr);
  CHECK(find(fields, FieldId::host)->value == "a");
  CHECK(find(fields, FieldId::date) == nullptr);
}
