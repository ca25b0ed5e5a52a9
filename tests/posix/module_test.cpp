// Loading applications: the good one runs, and whatever is wrong with the others is one clear line.
#include <doctest/doctest.h>

#include <pounce/app/application.hpp>
#include <pounce/posix/descriptor.hpp>
#include <pounce/posix/module.hpp>
#include <pounce/testing.hpp>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include "tests/posix/scratch.hpp"

using pounce::posix::load_module;
using pounce::posix::stamp_difference;

namespace {

std::string module_path(std::string_view name) {
  return std::string{POUNCE_TEST_MODULES}.append("/lib").append(name).append(".so");
}

// The line without its path, which every line begins with.
std::string fault(const std::string& path) {
  const auto loaded = load_module("test", path);
  if (loaded) return "loaded";
  CHECK(loaded.error().find('\n') == std::string::npos);
  REQUIRE(loaded.error().starts_with(path + ": "));
  return loaded.error().substr(path.size() + 2);
}

}  // namespace

TEST_CASE("an application is loaded and serves") {
  const auto loaded = load_module("test", module_path("good"));
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error()));
  pounce::testing::Client client{loaded->app()};
  CHECK(client.get("/hello").body == "Hello, World!");
  CHECK(client.get("/nowhere").status == 404);
}

TEST_CASE("it may be loaded twice, and moved") {
  auto first = load_module("test", module_path("good"));
  auto second = load_module("test", module_path("good"));
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(&first->app() != &second->app());
  *first = std::move(*second);
  pounce::testing::Client client{first->app()};
  CHECK(client.get("/hello").status == 200);
}

TEST_CASE("what is no module") {
  const Scratch scratch;
  scratch.write("text.so", "no ELF");
  scratch.write("empty.so", "");
  scratch.write("cut.so",
                "\x7f"
                "ELF\x02\x01\x01");
  scratch.write("zeros.so", std::string{"\x7f"
                                        "ELF"} +
                                std::string(4096, '\0'));
  REQUIRE(::mkfifo((scratch / "pipe.so").c_str(), 0600) == 0);
  CHECK(fault((scratch / "nowhere.so").string()) == "no such file");
  CHECK(fault(scratch.path().string()) == "a directory, not an application module");
  CHECK(fault((scratch / "text.so").string()) == "not a shared library (no ELF file)");
  CHECK(fault((scratch / "empty.so").string()) == "not a shared library (the file is too short)");
  CHECK(fault((scratch / "cut.so").string()) == "file too short");
  CHECK_FALSE(fault((scratch / "zeros.so").string()).empty());
  CHECK(fault((scratch / "pipe.so").string()) == "not a file");  // and nobody waits for a writer
  CHECK(load_module("test", "a\nb.so").error().starts_with("a\\x0ab.so: no such file (hint: looked for in "));
}

TEST_CASE("a path without a slash is a file here, not a library of the system") {
  CHECK(fault("libc.so.6").starts_with("no such file (hint: looked for in /"));
  CHECK(fault("libstdc++.so.6").starts_with("no such file (hint: looked for in /"));
  // And one that is here is found.
  const std::string before = std::filesystem::current_path().string();
  std::filesystem::current_path(POUNCE_TEST_MODULES);
  CHECK(load_module("test", "libgood.so").has_value());
  std::filesystem::current_path(before);
}

TEST_CASE("what is no application") {
  CHECK(fault(module_path("nosymbol")) == "no application module: it has no POUNCE_APP(...)");
  CHECK(fault(module_path("null")) == "no application module: its POUNCE_APP gives nothing");
}

TEST_CASE("a symbol that nobody has is named") {
  CHECK(fault(module_path("undefined")).find("nobody_has_this") != std::string::npos);
}

TEST_CASE("an application of another build is refused before anything of it is called") {
  CHECK(fault(module_path("wrongstamp")) == "built with headers of application ABI " +
                                                std::to_string(pounce::module_abi + 1000) + ", this program with ABI " +
                                                std::to_string(pounce::module_abi) +
                                                "; rebuild it with this program's compiler and headers");
}

TEST_CASE("an exception while the application is made is reported, in one line") {
  CHECK(fault(module_path("throwing")) == "its application could not be made: no such table:\\x0ausers");
  CHECK(fault(module_path("throwing_odd")) == "its application could not be made: not a std::exception");
}

TEST_CASE("a static constructor that throws: one line, exit code 3") {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(pipe[1], STDERR_FILENO);
    ::close(pipe[0]);
    try {
      (void)load_module("pounce-test", module_path("throwing_static"));
    } catch (...) {  // it must not come through to a caller, with the loader half done and locked
      ::_exit(9);
    }
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::string said;
  std::array<char, 512> piece{};
  for (ssize_t got = 0; (got = ::read(pipe[0], piece.data(), piece.size())) > 0;)
    said.append(piece.data(), static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 3);
  CHECK(said ==
        "pounce-test: error: " + module_path("throwing_static") + ": a constructor threw an exception: too early\n");
}

TEST_CASE("a module with another sanitizer is refused by its mark, before its run-time is loaded") {
  const Scratch scratch;
  const std::string_view mark = pounce::ModuleStamp{}.sanitizer == 2 ? "__asan_init" : "__tsan_init";
  std::string content =
      "\x7f"
      "ELF";
  content.append(64, '\0').append(mark).append(1, '\0');
  scratch.write("libsanitized.so", content);
  const std::string said = fault((scratch / "libsanitized.so").string());
  CHECK(said.starts_with("built with "));
  CHECK(said.find("Sanitizer, this program with ") != std::string::npos);
}

TEST_CASE("each difference between stamps has its words") {
  pounce::ModuleStamp ours;
  CHECK(stamp_difference(ours, ours).empty());
  pounce::ModuleStamp theirs = ours;
  SUBCASE("magic") {
    theirs.magic[0] = 'x';
    CHECK(stamp_difference(theirs, ours) == "its stamp is not one of Pounce");
  }
  SUBCASE("ABI, before everything that may have moved with it") {
    ours.abi = 7;
    theirs.abi = 8;
    theirs.sizes = {};
    theirs.compiler = 99;
    CHECK(stamp_difference(theirs, ours) == "built with headers of application ABI 8, this program with ABI 7");
  }
  SUBCASE("compiler") {
    pounce::ModuleStamp gcc = ours;
    gcc.compiler = 1;
    theirs.compiler = 2;
    CHECK(stamp_difference(theirs, gcc) == "built with Clang, this program with GCC");
  }
  SUBCASE("standard library") {
    pounce::ModuleStamp libstdcxx = ours;
    libstdcxx.library = 11;
    theirs.library = 20;
    CHECK(stamp_difference(theirs, libstdcxx) == "built with libc++, this program with libstdc++");
    theirs.library = 10;
    CHECK(stamp_difference(theirs, libstdcxx) ==
          "built with libstdc++ with the old string ABI, this program with libstdc++");
  }
  SUBCASE("sanitizer") {
    pounce::ModuleStamp plain = ours;
    plain.sanitizer = 0;
    theirs.sanitizer = 1;
    CHECK(stamp_difference(theirs, plain) == "built with AddressSanitizer, this program with no sanitizer");
  }
  SUBCASE("a size, whichever") {
    for (std::size_t i = 0; i < theirs.sizes.size(); ++i) {
      theirs = ours;
      ++theirs.sizes[i];
      CHECK_FALSE(stamp_difference(theirs, ours).empty());
    }
    theirs = ours;
    theirs.sizes[4] = 1;
    CHECK(stamp_difference(theirs, ours) ==
          "built with other options or headers: its App has a size of 1, this program with " +
              std::to_string(ours.sizes[4]));
  }
}
