#!/usr/bin/env python3
"""The pages say what is true: their C++ compiles, their links and paths lead somewhere, and every other block is of a kind that something runs.

A ```cpp block with an #include is a program of its own. The others of a page are compiled together, behind what
<pounce/app.hpp> gives; one marked ```cpp test stands in a function, behind <pounce/testing.hpp>. Pages of libraries have a preamble of
their own here. What is typed in a ```sh block is run: by commands.py, by tests/packages (on a machine of its own), or by who is named here.
"""
import argparse
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```cpp([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
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
PREAMBLES = {  # what the reader has by then
    "protocol/README.md": """#include <pounce/h1/conversation.hpp>
#include <algorithm>
#include <chrono>
#include <poll.h>
#include <sys/socket.h>
using namespace pounce;
""",
    "compression/README.md": """#include <pounce/compression/encoder.hpp>
#include <string>
using namespace pounce;
extern Bytes content;
void send(Bytes piece);
""",
    "tls/README.md": """#include <pounce/tls/endpoint.hpp>
#include <pounce/tls/settings.hpp>
#include <pounce/tls/server.hpp>
#include <pounce/tls/ticket_keys.hpp>
using namespace pounce;
extern std::string chain_pem, key_pem;
extern WallTime wall_time;
extern Bytes ciphertext;
extern MutableBytes plaintext_space;
extern std::span<const Bytes> slices;
extern Instant now;
""",
}
# Played, each in its own way, by the tests that they lie with.
SCRIPTS = ("tests/transcripts/*/", "tests/sim/scripts/")


def pages_of(source):
    """Every page of the tree that people read."""
    played = {path for pattern in SCRIPTS for path in source.glob(pattern + "*.md")}
    folders = [folder for folder in source.iterdir() if folder.is_dir() and folder.name != "build"]
    found = [*source.glob("*.md"), *(path for folder in folders for path in folder.rglob("*.md"))]
    return sorted(path for path in found if path not in played)


def programs_of(name, text):
    """The translation units that a page's C++ makes."""
    preamble = together = PREAMBLES.get(str(name), PREAMBLE)
    complete = []
    for number, (kind, code) in enumerate(BLOCK.findall(text)):
        if "#include" in code:
            complete.append(code)
        elif kind.strip() == "test":
            together += f"void block_{number}() {{\n{code}}}\n"
        else:
            together += code
    return complete + ([together] if together != preamble else [])


def compile_one(args, code, scratch, standard="-std=c++20"):
    source = pathlib.Path(scratch) / "block.cpp"
    source.write_text(code)
    roots = (folder for folder in sorted(args.source.iterdir()) if folder.is_dir() and folder.name != "build")
    includes = [f"-I{folder}" for root in roots for folder in sorted(root.glob("**/include"))]
    done = subprocess.run([args.cxx, standard, "-fsyntax-only", "-Wall", "-Wextra", *includes, source], capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def stray_paths(args, page, text):
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for link in LINK.findall(text):
        if "://" not in link and not (page.parent / link).exists():
            yield f"link to {link}"
    roots = {path.name for path in args.source.iterdir() if path.is_dir() and path.name != "build"}
    for token in TOKEN.findall(text):
        first = token.split("/")[0]
        if "/" not in token or first not in roots or re.search(r"\.\.\.|[A-Z]{3}$", token):  # the last: fuzz/corpus/TARGET
            continue
        if not any(any(folder.glob(token.rstrip("/"))) for folder in (args.source, page.parent)):
            yield f"path {token}"


def lines_of(code):
    """Without comments, blanks around and empty lines."""
    return [line for line in (re.sub(r"#.*", "", line).strip() for line in code.splitlines()) if line]


ON_A_MACHINE = {"apt", "cat", "cd", "curl", "install", "issue", "issue()", "journalctl", "mkdir", "mv", "openssl", "sed", "systemctl", "umask"}


def needs_machine(line):
    """tests/packages/machine.py types it."""
    return line.split()[0].rstrip(";") in ON_A_MACHINE


def wrong_sh(args, code):
    """Programs are run by commands.py; scripts are there. What else is typed is run by another test, and must be known here."""
    known = {"g++",  # tests/packages/check.py, tests/audit/consumer.py
             "pounce-async", "pounce-sync",
             "fuzz/oss-fuzz/build.sh"}  # tests/audit/oss_fuzz.py
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words and re.match(r"\w+=", words[0]):
            words.pop(0)
        if not words or words[0] in known or needs_machine(words[0]):
            continue
        if words[0].startswith("scripts/"):
            if not (args.source / words[0]).exists():
                yield f"{words[0]} is no script"
        elif built := re.fullmatch(r"build/debug/tests/test_([\w.]+)", words[0]):
            yield from wrong_test_program(args, built.group(1), words[1:])
        else:
            yield f"nothing runs {words[0]}"


def wrong_test_program(args, name, words):
    """tests/CMakeLists.txt builds it, and its sources know its flags."""
    folder = args.source / "tests" / name.split(".")[0]
    if f"test_{name}" not in (folder / "CMakeLists.txt").read_text():
        yield f"test_{name} is no program"
    sources = "".join(path.read_text() for path in folder.glob("*.cpp"))
    yield from (f"test_{name} does not know {word}" for word in words if word.startswith("--") and f'"{word}"' not in sources)


def wrong_cmake(args, code):
    """As in the projects of strangers that tests/audit/consumer.py builds; or words of ours, which must be there."""
    ours = (args.source / "cmake/PounceTargets.cmake").read_text()
    used = "\n".join(path.read_text() for path in sorted(args.source.glob("tests/consumer/*/CMakeLists.txt")))
    used = set(lines_of(used.replace("${POUNCE_SOURCES} ", "").replace("consumer ", "mine ")))
    if not re.match(r"pounce_", code):
        return (f"no project of tests/consumer says {line}" for line in lines_of(code) if line not in used)
    words = {word for line in lines_of(code) for word in re.findall(r"\b(?:pounce_\w+|[A-Z]{3,})\b", line)}
    return (f"no word of cmake/PounceTargets.cmake: {word}" for word in sorted(words) if word not in ours)


def wrong_yaml(args, code):
    """As in the manifest, which tests/packages/check.py looks at."""
    used = set(lines_of((args.source / "examples/deploy/kubernetes.yaml").read_text()))
    return (f"the manifest does not say {line}" for line in lines_of(code) if line not in used)


def wrong_haproxy(args, code):
    if not shutil.which("haproxy"):
        print("haproxy is not installed: its blocks were not checked")
        return
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write("defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\nlisten it\n  bind 127.0.0.1:1\n" + code)
        file.flush()
        done = subprocess.run(["haproxy", "-c", "-f", file.name], capture_output=True, text=True)
        if done.returncode != 0:
            yield f"haproxy does not take it\n{done.stdout}{done.stderr}"


# toml, ini: tests/packages/machine.py.
KINDS = {"cpp": None, "cpp test": None, "text": None, "toml": None, "ini": None, "sh": wrong_sh, "cmake": wrong_cmake, "yaml": wrong_yaml, "haproxy": wrong_haproxy}


def wrong_blocks(args, text):
    for kind, code in ANY_BLOCK.findall(text):
        if kind not in KINDS:
            yield f"nothing runs a block of kind {kind!r}: {code[:40]!r}"
        elif KINDS[kind]:
            yield from KINDS[kind](args, code)


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
        for page in pages_of(args.source):
            if page.name in GENERATED:
                continue
            text = page.read_text()
            name = page.relative_to(args.source)
            failures += [f"{name}: no such {what}" for what in stray_paths(args, page, text)]
            failures += [f"{name}: {what}" for what in wrong_blocks(args, text)]
            for code in programs_of(name, text):
                count += 1
                good, output = compile_one(args, code, scratch, "-std=c++23" if name.parts[0] == "tls" else "-std=c++20")
                if not good:
                    failures.append(f"{name}: C++ does not compile\n{output}")
    print("\n".join(failures) or f"{count} programs compile, all links lead somewhere")
    return 1 if failures or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
