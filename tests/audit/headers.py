#!/usr/bin/env python3
"""What a public header costs whoever includes it.

headers.py --list FILE --cxx COMPILER [--rounds N]: FILE has a line per installed header: its C++ standard, its path, and the name it is
included by. Each is compiled alone, with nothing but installed headers to include. Prints the least seconds of processor time of N
compilations, under whatever load there is, and the memory that the compiler uses in the end; fails where that is more than MOST_MEMORY,
and where a header includes one that is not installed. Who takes a std::string from <pounce/app.hpp> without <string> must be told so.

The memory is judged and not the seconds, because it is the same on every machine and under every load. It follows the time better than
the lines do, for it counts what templates make of them. What it uses and not what it asked for: that jumps by 4 MiB where a table
doubles. The bounds were found by putting seconds beside them: see docs/decisions/0015.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

MOST_MEMORY = 37  # MiB, of g++ 12
NEVER_COLLECT = ("--param", "ggc-min-heapsize=8000000")  # else the sum would depend on the size of the machine

Cost = collections.namedtuple("Cost", "seconds memory error")


# What takes strings, and the constraint whose name says what is missing.
TAKES_STRINGS = """#include <pounce/app.hpp>
#include <string>
bool named(const pounce::Request& request) { return request.parameter("name").has_value(); }
bool plain() { return pounce::percent_decode("%41") == "A"; }
pounce::Task told(pounce::Exchange& exchange) { (void)co_await exchange.message(); }
"""
CALLS = 3
MISSING = "StringIncluded"


def cost(cxx, standard, name, folder):
    command = [cxx, f"-std=c++{standard}", "-fsyntax-only", "-fmem-report", "-x", "c++", "-", f"-I{folder}"]
    with tempfile.TemporaryFile("w+") as source, tempfile.TemporaryFile("w+") as report:
        source.write(f"#include <{name}>\n")
        source.seek(0)
        compiler = subprocess.Popen([*command, *NEVER_COLLECT], stdin=source, stdout=report, stderr=report)
        _, status, usage = os.wait4(compiler.pid, 0)
        compiler.returncode = os.waitstatus_to_exitcode(status)
        report.seek(0)
        text = report.read()
    total = re.search(r"^Total +\d+[kM] +(\d+)([kM]) ", text, re.MULTILINE)
    if compiler.returncode != 0 or not total:
        return Cost(0.0, 0, text)
    memory = int(total[1]) if total[2] == "M" else 1
    return Cost(usage.ru_utime + usage.ru_stime, memory, "")


def problem(name, found):
    if found.error:
        return f"<{name}> cannot be included where it is installed:\n{found.error}"
    if found.memory > MOST_MEMORY:
        return f"<{name}>: {found.memory} MiB, {MOST_MEMORY} are allowed"
    return None


def strings(cxx, folder):
    """What is wrong with what the compiler says of strings, with <string> and without."""
    def said(text):
        command = [cxx, "-std=c++20", "-fsyntax-only", "-x", "c++", "-", f"-I{folder}"]
        return subprocess.run(command, input=text, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stderr
    found = []
    if with_it := said(TAKES_STRINGS):
        found.append(f"<pounce/app.hpp> with <string> is not enough:\n{with_it}")
    without = said(TAKES_STRINGS.replace("#include <string>\n", ""))
    if without.count(": error: ") != CALLS or without.count(MISSING) < CALLS:
        found.append(f"who forgets <string> is not told {MISSING} alone, once for each call:\n{without}")
    return found


def tree(headers, folder):
    """What an installation has, as links."""
    for _, path, name in headers:
        link = folder / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", type=pathlib.Path, required=True)
    parser.add_argument("--cxx", required=True)
    parser.add_argument("--rounds", type=int, default=1)
    args = parser.parse_args()
    headers = [line.split() for line in args.list.read_text().splitlines()]
    if len(headers) < 50:
        sys.exit(f"the check itself: {len(headers)} headers are not all")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        tree(headers, folder)
        for dear in ("regex", "pounce/absent.hpp"):
            if not problem(dear, cost(args.cxx, "20", dear, folder)):
                sys.exit(f"the check itself: <{dear}> passes")
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = [(name, pool.submit(cost, args.cxx, standard, name, folder))
                    for _ in range(args.rounds) for standard, _, name in headers]
        costs = {}
        for name, run in runs:
            costs[name] = min(costs.get(name, run.result()), run.result())
        failures = strings(args.cxx, folder)
    for name, found in sorted(costs.items(), key=lambda item: (-item[1].memory, item[0])):
        print(f"{found.seconds:.2f} s {found.memory:4} MiB  {name}")
    failures += [text for name, found in costs.items() if (text := problem(name, found))]
    print("\n".join(failures) or "all are cheap")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
