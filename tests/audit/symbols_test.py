#!/usr/bin/env python3
"""Checks that symbols.py complains when it should: symbols_test.py COMPILER ALLOW-LIST."""
import pathlib
import subprocess
import sys
import tempfile

import symbols

# A deed, and a word that the complaint must hold (None: there must be no complaint).
CASES = {
    "nothing": ("int f(int a) { return a + 1; }", None),
    "string": ("#include <string>\nstd::string f(const std::string& a) { return a + a + a; }", None),
    "throw": ("#include <stdexcept>\nvoid f() { throw std::runtime_error(\"x\"); }", None),
    "table": ("extern const char* const names[]; const char* const names[] = {\"a\", \"b\"};", None),
    "getenv": ("#include <cstdlib>\nchar* f() { return std::getenv(\"A\"); }", "getenv"),
    "socket": ("#include <sys/socket.h>\nint f() { return socket(1, 1, 0); }", "socket"),
    "clock": ("#include <chrono>\nauto f() { return std::chrono::steady_clock::now(); }", "clock"),
    "time": ("#include <ctime>\nauto f() { return time(nullptr); }", "time"),
    "thread": ("#include <thread>\nvoid f() { std::thread([] {}).detach(); }", "thread"),
    "mutex": ("#include <mutex>\nvoid f(std::mutex& m) { m.lock(); }", "mutex"),
    "random": ("#include <random>\nunsigned f() { return std::random_device{}(); }", "random"),
    "print": ("#include <cstdio>\nvoid f() { std::puts(\"x\"); }", "puts"),
    "stream": ("#include <iostream>\nvoid f() { std::cout << 1; }", "cout"),
    "guard": ("int g(); int f() { static int a = g(); return a; }\nint g() { return 1; }", "guard"),
    "state": ("int f() { static int count; return ++count; }", "writable data"),
    "thread state": ("thread_local int t = 1; int f() { return ++t; }", "writable data"),
    "start-up": ("int g(); int state = g();\nint g();", "start-up code"),
    "another layer": ("namespace pounce { void missing(); }\nvoid f() { pounce::missing(); }",
                      "missing"),
}


def main():
    compiler, allow = sys.argv[1], sys.argv[2]
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, (source, wanted) in CASES.items():
            stem = name.replace(" ", "_")
            (root / f"{stem}.cpp").write_text(source + "\n")
            subprocess.run([compiler, "-std=c++20", "-fPIC", "-O0", "-c", f"{stem}.cpp"], cwd=root,
                           check=True)
            subprocess.run(["ar", "rcs", f"lib{stem}.a", f"{stem}.o"], cwd=root, check=True)
            complaints = symbols.check(str(root / f"lib{stem}.a"), "core", allow, [])
            good = (not complaints if wanted is None
                    else any(wanted in complaint for complaint in complaints))
            print(f"{'ok' if good else 'BAD':4} {name}: {complaints}")
            failures += not good
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
