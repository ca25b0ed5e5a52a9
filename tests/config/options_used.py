#!/usr/bin/env python3
"""Fails if an option of the table changes nothing: each must be read somewhere outside the table.

usage: options_used.py SOURCE_DIR
"""
import pathlib
import re
import sys

# Options that have their effect through something else than `config.NAME` in a program.
THROUGH = {
    "host": r"\.addresses\(|->addresses\(",
    "port": r"\.addresses\(|->addresses\(",
    "bind": r"\.addresses\(|->addresses\(",
    "config": r"\"config\"",  # read by posix/program/load.cpp, before there is a Config
}
PLACES = ["runtime-async", "runtime-sync", "server/session", "server/files", "posix"]
OUTSIDE = {"command_line.cpp", "config_file.cpp", "options_doc.cpp", "write_manual.cpp"}


def options(root):
    text = (root / "server/config/include/pounce/config/option_list.hpp").read_text()
    return re.findall(r"^\s*X\(\w+, (\w+),", text, re.M)


def code(path):
    """The text without comments, so that a mention is no use."""
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(errors="replace"), flags=re.S)


def main():
    root = pathlib.Path(sys.argv[1])
    names = options(root)
    if len(names) < 20:
        sys.exit(f"only {len(names)} options found: has the table moved?")
    texts = [code(path) for place in PLACES for path in sorted((root / place).rglob("*.[ch]pp"))
             if path.name not in OUTSIDE]
    unused = [name for name in names
              if not any(re.search(THROUGH.get(name, rf"(\.|->){name}\b"), text) for text in texts)]
    if unused:
        sys.exit("options that change nothing: " + ", ".join(unused))
    print(f"{len(names)} options, all used")


main()
