// Writes what is installed beside the programs into the folder that it is given: write_manual FOLDER DATE
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include <pounce/config/manual.hpp>
#include <pounce/config/print.hpp>
#include <pounce/program/command_line.hpp>

#include <pounce/program/load.hpp>

namespace {

namespace config = pounce::config;
using config::Program;
using config::Shell;

bool write(const std::filesystem::path& path, const std::string& text) {
  std::error_code ignored;
  std::filesystem::create_directories(path.parent_path(), ignored);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if ((file << text << std::flush)) return true;
  std::cerr << "cannot write " << path << "\n";
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " FOLDER DATE\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const config::Edition edition{pounce::program::pounce_version(), argv[2]};
  bool good = write(folder / "man/man5/pounce.toml.5", config::file_page(edition));
  good = write(folder / "man/man7/pounce-signals.7", config::signals_page(edition)) && good;
  good = write(folder / "pounce/pounce.schema.json", config::schema_text()) && good;
  for (const Program program : {Program::pounce_async, Program::pounce_sync}) {
    const std::string name{config::program_name(program)};
    good = write(folder / "man/man1" / (name + ".1"), config::program_page(program, edition)) && good;
    good = write(folder / "bash-completion/completions" / name, config::completion(Shell::bash, program)) && good;
    good = write(folder / "zsh/vendor-completions" / ("_" + name), config::completion(Shell::zsh, program)) && good;
    good = write(folder / "fish/vendor_completions.d" / (name + ".fish"), config::completion(Shell::fish, program)) &&
           good;
  }
  return good ? 0 : 1;
}
