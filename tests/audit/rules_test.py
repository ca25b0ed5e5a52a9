#!/usr/bin/env python3
"""Checks that rules.py complains when it should, on small trees made for it."""
import pathlib
import shutil
import sys
import tempfile

import rules

TABLE = pathlib.Path(__file__).parents[2] / "cmake/PounceLayers.cmake"
HEADER = "// A thing.\n#pragma once\n"

# Files in addition to the good tree, and a word of the complaint (None: no complaint).
CASES = [
    ({}, None),
    ({"server/session/a.cpp": "#include <pounce/h1/b.hpp>\n"}, None),
    ({"runtime-sync/main.cpp": "#include <pounce/async/a.hpp>\n"}, None),
    ({"protocol/h1/p.cpp": "#include <llhttp.h>\n"}, None),
    ({"protocol/core/a.cpp": "// Not a manager; std::function<void()> is only spoken of.\n"}, None),
    ({"protocol/core/a.cpp": "#include <pounce/h1/b.hpp>\n"}, "core includes protocol"),
    ({"events/a.cpp": "#include <pounce/h1/b.hpp>\n"}, "events includes protocol"),
    ({"protocol/core/a.cpp": '#include "../h1/include/pounce/h1/b.hpp"\n'}, "core includes"),
    ({"runtime-sync/a.cpp": "#include <pounce/async/a.hpp>\n"}, "runtime_sync includes"),
    ({"runtime-async/a.cpp": "#include <pounce/sync/a.hpp>\n"}, "runtime_async includes"),
    ({"runtime-async/main.cpp": "#include <pounce/sync/a.hpp>\n"}, "runtime_async includes"),
    ({"events/a.cpp": "#include <pounce/nowhere/x.hpp>\n"}, "nobody's header"),
    ({"server/a.cpp": "#include <llhttp.h>\n"}, "llhttp is included outside"),
    ({"protocol/http/a.cpp": "#include <nghttp2/nghttp2.h>\n"}, "nghttp2 is included outside"),
    ({"protocol/h1/a.cpp": "#include <zlib.h>\n"}, "compressor is included outside"),
    ({"posix/a.cpp": "#include <openssl/ssl.h>\n"}, "OpenSSL is included outside"),
    ({"server/config/a.cpp": "#include <CLI/CLI.hpp>\n"}, "CLI11 is included outside"),
    ({"posix/program/a.cpp": "#include <CLI/CLI.hpp>\n",
      "posix/program/b.cpp": "#include <CLI/CLI.hpp>\n"}, "several files"),
    ({"protocol/h1/include/pounce/h1/c.hpp": HEADER + "#include <llhttp.h>\n"}, "public header"),
    ({"server/a.cpp": "#include <sys/socket.h>\n"}, "in the pure layer server"),
    ({"events/a.cpp": "#include <iostream>\n"}, "in the pure layer events"),
    ({"server/config/a.cpp": "#include <thread>\n"}, "in the pure layer server"),
    ({"posix/include/pounce/posix/a.hpp": HEADER + "#include <iostream>\n"}, "costly"),
    ({"posix/a.cpp": "#include <regex>\n"}, "no place here"),
    ({"posix/a.cpp": "std::function<void()> f;\n"}, "std::function"),
    ({"server/a.cpp": "thread_local int a;\n"}, "thread_local"),
    ({"server/a.cpp": "class SessionManager {};\n"}, "SessionManager"),
    ({"tests/a.cpp": "struct Context {};\n"}, "Context"),
    ({"posix/socket_utils.cpp": "\n"}, "file name"),
    ({"server/helpers.cpp": "\n"}, "file name"),
    ({"posix/a.cpp": "// TO" + "DO later\n"}, "unfinished"),
    ({"posix/a.cpp": "\n" * 700}, "700 lines"),
    ({"posix/include/pounce/posix/a.hpp": "#pragma once\n"}, "opens with what it is"),
    ({"posix/include/pounce/posix/a.hpp": HEADER + "namespace pounce::inline v0 {\nint a;\n}\n"}, None),
    ({"posix/include/pounce/posix/a.hpp": HEADER + "#include <string>\n#define POUNCE_A(x) \\\n  { x; }\n"}, None),
    ({"posix/include/pounce/posix/a.hpp": HEADER + "namespace pounce::posix {\n}\n"}, "without its version"),
    ({"server/a.cpp": "namespace pounce { namespace a {\n} }\n"}, "without its version"),
    ({"posix/include/pounce/posix/a.hpp": HEADER + "struct A;\n"}, "outside pounce::inline v0"),
]


def write_tree(root, files):
    good = {
        "protocol/h1/include/pounce/h1/b.hpp": HEADER,
        "runtime-async/include/pounce/async/a.hpp": HEADER,
        "runtime-sync/include/pounce/sync/a.hpp": HEADER,
    }
    for name, text in {**good, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "cmake").mkdir()
    shutil.copy(TABLE, root / "cmake")


def main():
    failures = 0
    for files, wanted in CASES:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            write_tree(root, files)
            breaches = rules.Audit(root).run()
        good = (not breaches if wanted is None
                else any(wanted in breach for breach in breaches))
        if not good:
            print(f"BAD: {files}: wanted {wanted!r}, got {breaches}")
        failures += not good
    print(f"{len(CASES)} cases, {failures} bad")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
