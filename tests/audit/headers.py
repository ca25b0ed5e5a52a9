#!/usr/bin/env python3
"""What a public header costs whoever includes it.

headers.py --source TOP --cxx COMPILER: for each public header of the toolkit (core, protocol, compression, events) prints the seconds of
processor time that the compiler spends on it alone (under whatever load there is), and fails when its text, preprocessed, is longer than
MOST_LINES. The lines are judged and not the seconds, because they are the same on every machine and under every load; g++ 12 reads some
120,000 lines of the standard library in a second, so that the bound stands for 0.3 s.
"""
import argparse
import pathlib
import resource
import subprocess
import sys

MOST_LINES = 35_000
FOLDERS = ("protocol", "compression", "events")


def includes(source):
    return sorted({str(folder) for top in FOLDERS for folder in (source / top).glob("**/include")})


def headers(source):
    return sorted(str(path.relative_to(folder)) for folder in map(pathlib.Path, includes(source)) for path in folder.rglob("*.hpp"))


def compiler(args, mode, text):
    command = [args.cxx, "-std=c++20", mode, "-x", "c++", "-", *(f"-I{folder}" for folder in includes(args.source))]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout


def lines_of(args, text):
    """Without line marks and empty lines."""
    return sum(1 for line in compiler(args, "-E", text).splitlines() if line.strip() and not line.startswith("#"))


def seconds_of(args, text):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    compiler(args, "-fsyntax-only", text)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--cxx", required=True)
    args = parser.parse_args()
    if lines_of(args, "#include <regex>\n") <= MOST_LINES:
        sys.exit("the check itself: <regex> passes")
    failures = []
    for header in headers(args.source):
        text = f"#include <{header}>\n"
        lines = lines_of(args, text)
        print(f"{seconds_of(args, text):.2f} s {lines:7} lines  {header}")
        if lines > MOST_LINES:
            failures.append(f"<{header}>: {lines} lines, {MOST_LINES} are allowed")
    print("\n".join(failures) or "all are cheap")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
