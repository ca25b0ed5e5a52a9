#!/usr/bin/env python3
"""The pages say what is true: their C++ compiles, their links and paths lead somewhere.

A ```cpp block with an #include is a program of its own. The others of a page are compiled together, behind what
<pounce/app.hpp> gives; one marked ```cpp test stands in a function, behind <pounce/testing.hpp>.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```cpp([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
TOKEN = re.compile(r"`([\w.+-]+(?:/[\w.+*-]+)*/?)`")
GENERATED = {"configuration.md"}
PREAMBLE = """#include <pounce/app.hpp>
#include <pounce/app/collector.hpp>
#include <pounce/testing.hpp>
#include <atomic>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
using namespace std::chrono_literals;
"""


def programs_of(text):
    """The translation units that a page's C++ makes."""
    together = PREAMBLE
    complete = []
    for number, (kind, code) in enumerate(BLOCK.findall(text)):
        if "#include" in code:
            complete.append(code)
        elif kind.strip() == "test":
            together += f"void block_{number}() {{\n{code}}}\n"
        else:
            together += code
    return complete + ([together] if together != PREAMBLE else [])


def compile_one(args, code, scratch):
    source = pathlib.Path(scratch) / "block.cpp"
    source.write_text(code)
    includes = [f"-I{folder}" for folder in sorted(args.source.glob("*/**/include")) if "build" not in folder.parts]
    done = subprocess.run([args.cxx, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", *includes, source], capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def stray_paths(args, page, text):
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for link in LINK.findall(text):
        if "://" not in link and not (page.parent / link).exists():
            yield f"link to {link}"
    roots = {path.name for path in args.source.iterdir() if path.is_dir() and path.name != "build"}
    for token in TOKEN.findall(text):
        first = token.split("/")[0]
        if "/" in token and first in roots and "..." not in token and not any(args.source.glob(token.rstrip("/"))):
            yield f"path {token}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--cxx", required=True)
    args = parser.parse_args()
    failures = []
    count = 0
    with tempfile.TemporaryDirectory() as scratch:
        if compile_one(args, "#include <pounce/app.hpp>\nint x = pounce::nonsense;", scratch)[0]:
            failures.append("the check itself: nonsense compiles")
        for page in [args.source / "README.md", *sorted((args.source / "docs").rglob("*.md"))]:
            if page.name in GENERATED:
                continue
            text = page.read_text()
            name = page.relative_to(args.source)
            failures += [f"{name}: no such {what}" for what in stray_paths(args, page, text)]
            for code in programs_of(text):
                count += 1
                good, output = compile_one(args, code, scratch)
                if not good:
                    failures.append(f"{name}: C++ does not compile\n{output}")
    print("\n".join(failures) or f"{count} programs compile, all links lead somewhere")
    return 1 if failures or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
