// Writes docs/configuration.md to standard output, or, given a path, says whether that file is what
// the option table would give today.
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include <pounce/config/print.hpp>
#include <pounce/program/load.hpp>

int main(int argc, char** argv) {
  const std::string manual = pounce::config::manual_text();
  if (argc < 2) {
    pounce::program::print(STDOUT_FILENO, manual);
    return 0;
  }
  std::string found;
  char piece[4096];
  const int file = ::open(argv[1], O_RDONLY | O_CLOEXEC);
  for (ssize_t got = 0; file >= 0 && (got = ::read(file, piece, sizeof piece)) > 0;) {
    found.append(piece, static_cast<std::size_t>(got));
  }
  if (found == manual) {
    return 0;
  }
  pounce::program::print(STDERR_FILENO,
                         std::string(argv[1]) + " is stale: build the target options-doc\n");
  return 1;
}
