#include <pounce/files/welcome.hpp>

#include <pounce/app/application.hpp>

#include <string_view>

namespace pounce::inline v0 {

namespace {

#define POUNCE_WELCOME_PROGRAM                            \
  "#include <pounce/app.hpp>\n"                           \
  "\n"                                                    \
  "pounce::Response hello(const pounce::Request&) {\n"    \
  "  return pounce::Response::text(\"Hello, World!\");\n" \
  "}\n"                                                   \
  "POUNCE_APP(hello);\n"

#define POUNCE_WELCOME_COMPILE \
  "g++ -std=c++20 -O2 -shared -fPIC hello.cpp -o libhello.so $(pkg-config --cflags pounce-app)"

Response page(const Request& request) {
  if (request.method_id() != Method::get && request.method_id() != Method::head) {
    return Response::text("405 Method Not Allowed\n", 405).set("allow", "GET, HEAD");
  }
  Response response;
  const auto accept = request.header("accept");
  if (accept && accept->find("text/html") != std::string_view::npos) {
    response = Response::html(R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pounce</title>
<style>
:root { color-scheme: light dark }
body { font: 1.05rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 12vh auto; padding: 0 1.5rem }
h1 { font-size: 2.4rem; letter-spacing: -.03em; margin: 0 }
h2 { font-size: 1rem; margin: 2rem 0 .4rem }
p { margin: .3rem 0 }
pre { background: #8881; border-radius: .5rem; padding: .8rem 1rem; overflow-x: auto; font-size: .9rem; margin: 0 }
.quiet { opacity: .65 }
</style>
<h1>Pounce</h1>
<p class="quiet">It runs. It has nothing to serve yet: it was started without a target.</p>
<h2>A directory of files</h2>
<pre>pounce-async ./public</pre>
<h2>An application</h2>
<pre>)"
                              "#include &lt;pounce/app.hpp&gt;\n\n"
                              "pounce::Response hello(const pounce::Request&amp;) {\n"
                              "  return pounce::Response::text(\"Hello, World!\");\n"
                              "}\n"
                              "POUNCE_APP(hello);\n"
                              R"(</pre>
<h2>Compile it, and start again with it</h2>
<pre>)" POUNCE_WELCOME_COMPILE R"(
pounce-async ./libhello.so</pre>
<p class="quiet">Every option, with its default: <code>pounce-async --help</code></p>
</html>
)");
    // The page needs its own style and nothing else.
    response.add("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
  } else {
    response = Response::text(
        "Pounce runs. It has nothing to serve yet: it was started without a target.\n"
        "\n"
        "A directory of files:\n"
        "\n"
        "    pounce-async ./public\n"
        "\n"
        "An application, hello.cpp:\n"
        "\n" POUNCE_WELCOME_PROGRAM
        "\n"
        "Compile it, and start again with it:\n"
        "\n"
        "    " POUNCE_WELCOME_COMPILE
        "\n"
        "    pounce-async ./libhello.so\n"
        "\n"
        "Every option, with its default: pounce-async --help\n");
  }
  response.add("vary", "accept").add("x-content-type-options", "nosniff").add("cache-control", "no-store");
  return response;
}

#undef POUNCE_WELCOME_PROGRAM
#undef POUNCE_WELCOME_COMPILE

}  // namespace

App welcome() {
  App app;
  app.route("/", page);
  return app;
}

}  // namespace pounce::inline v0
