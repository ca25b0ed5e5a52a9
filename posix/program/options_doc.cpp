// Writes docs/configuration.md, made from the option table, to standard output.
#include <unistd.h>

#include <pounce/config/print.hpp>
#include <pounce/program/load.hpp>

int main() { pounce::program::print(STDOUT_FILENO, pounce::config::manual_text()); }
