#include <pounce/compression/libraries.hpp>
#include <pounce/h2/hpack.hpp>
#include <pounce/program/command_line.hpp>
#include <pounce/program/config_file.hpp>
#include <pounce/program/load.hpp>
#include <pounce/tls/library.hpp>

namespace pounce::inline v0::program {

namespace {

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "g++ " __VERSION__;
#else
  return "unknown";
#endif
}

void add(std::string& text, std::string_view name, std::string_view version) {
  constexpr std::size_t column = 14;
  text.append(name).append(name.size() < column ? column - name.size() : 1, ' ');
  text.append(version).append("\n");
}

}  // namespace

std::string_view pounce_version() { return POUNCE_VERSION; }

std::string version_text(config::Program which) {
  std::string text;
  add(text, config::program_name(which), pounce_version());
  std::string built = compiler();
  while (built.ends_with(' ')) {
    built.pop_back();
  }
  add(text, "compiler", built);
  add(text, "llhttp", POUNCE_LLHTTP_VERSION);  // as the build found it: no header of ours shows it
  add(text, "nghttp2", h2::running_nghttp2());
  add(text, "OpenSSL", tls::running_openssl());
  add(text, "zlib", compression::running_zlib());
  add(text, "zstd", compression::running_zstd());
  const std::string_view libdeflate = compression::built_libdeflate();
  add(text, "libdeflate", libdeflate.empty() ? "none" : libdeflate);
  add(text, "CLI11", cli11_version());
  add(text, "toml++", tomlplusplus_version());
  return text;
}

}  // namespace pounce::inline v0::program
