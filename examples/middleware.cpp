// Middleware: what wraps every handler of an application.
//
//   curl -i localhost:8000/public
//   curl -i localhost:8000/secret                          401
//   curl -i -H 'x-api-key: sesame' localhost:8000/secret   200
#include <pounce/app.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace {

// `after` sees every head before it goes out, also those of errors.
class Hardened final : public pounce::Middleware {
 public:
  void after(const pounce::Request&, pounce::Head& head) const override {
    head.set("x-content-type-options", "nosniff").set("referrer-policy", "no-referrer");
  }
};

// `before` sees every request as soon as its head is there; an answer from it ends the request, before any content was read.
class ApiKey final : public pounce::Middleware {
 public:
  std::optional<pounce::Response> before(const pounce::Request& request) const override {
    if (request.path() == "/public" || same(request.header("x-api-key").value_or(""), "sesame")) return std::nullopt;
    return pounce::Response::text("a key is needed\n", 401).set("www-authenticate", "ApiKey");
  }

 private:
  // Looks at every byte, so that the time it takes says nothing about the key.
  static bool same(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
    return difference == 0;
  }
};

pounce::App make() {
  pounce::App app;
  // The outermost first: Hardened also sees the 401 that ApiKey makes.
  app.use(pounce::make_owned<Hardened>());
  app.use(pounce::make_owned<ApiKey>());
  app.route("/public", [](const pounce::Request&) { return pounce::Response::text("for everybody\n"); });
  app.route("/secret", [](const pounce::Request&) { return pounce::Response::text("for those who know\n"); });
  return app;
}

}  // namespace

POUNCE_APP(make);
