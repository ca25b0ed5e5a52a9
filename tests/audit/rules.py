#!/usr/bin/env python3
"""Rules about the text of the sources: rules.py TOP-LEVEL-FOLDER.

Layers by #include line (the table is read from cmake/PounceLayers.cmake), third parties in their
place, impure headers, banned words, lengths. Prints one line for each breach.
"""
import pathlib
import re
import sys

# Folder to layer; the longest match wins.
FOLDERS = {
    "protocol/core": "core",
    "protocol": "protocol",
    "compression": "compression",
    "events": "events",
    "server/app": "app",
    "server": "server",
    "tls": "tls",
    "posix/program": "program",
    "posix": "posix",
    "runtime-sync": "runtime_sync",
    "runtime-async": "runtime_async",
}
PURE = {"core", "protocol", "compression", "events", "app", "server"}
OTHER_FOLDERS = ("tests", "fuzz", "bench", "examples")

# A third party's header, and the only folder it may be included from.
THIRD_PARTIES = [
    (r"llhttp\.h", "protocol/h1", "llhttp"),
    (r"nghttp2/.*", "protocol/h2", "nghttp2"),
    (r"(zlib|zconf|zstd.*|libdeflate)\.h", "compression", "a compressor"),
    (r"openssl/.*", "tls", "OpenSSL"),
    (r"CLI/.*", "posix/program", "CLI11"),
    (r"toml\+\+/.*|toml\.hpp", "posix/program", "toml++"),
]
ONE_SOURCE_FILE = {"CLI11", "toml++"}  # costly to compile: one source file each

IMPURE_HEADERS = re.compile(
    r"(sys|netinet|arpa|net|linux)/.*|(unistd|fcntl|poll|pthread|sched|signal|time|netdb|dirent|"
    r"dlfcn|stdio|locale)\.h|iostream|ostream|istream|sstream|fstream|iomanip|syncstream|ctime|"
    r"clocale|locale|thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|"
    r"stop_token|random|filesystem|csignal")
NOWHERE_HEADERS = re.compile(r"regex|fmt/.*|boost/.*")
COSTLY_IN_PUBLIC = re.compile(r"iostream|sstream|fstream|iomanip|locale|filesystem|random")

BANNED_WORDS = re.compile(r"managers?|helpers?|utils?|contexts?", re.IGNORECASE)
TYPE = re.compile(r"\b(?:class|struct|union|concept|enum(?:\s+class)?|using|typename)\s+"
                  r"(?:\[\[\w+\]\]\s+)?([A-Za-z_]\w*)")
NAMESPACE = re.compile(r"^\s*(?:inline\s+)?namespace\s+pounce\b(?!::inline v0\b)")
MARKERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
LONGEST_FILE = 600


def layer_of(path):
    best = max((f for f in FOLDERS if path == f or path.startswith(f + "/")), key=len, default=None)
    return FOLDERS[best] if best else None


def words_of(name):
    """The words of an UpperCamel or snake_case name."""
    return re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)


def read_table(root):
    """What each layer may use, from the CMake table."""
    text = (root / "cmake/PounceLayers.cmake").read_text()
    table = {}
    for name, value in re.findall(r"set\(POUNCE_MAY_USE_(\w+)([^)]*)\)", text):
        uses = set()
        for word in value.split():
            reference = re.fullmatch(r"\$\{POUNCE_MAY_USE_(\w+)\}", word)
            uses |= table[reference.group(1)] if reference else {word}
        table[name] = uses
    return table


def without_comments(text):
    """Comments and string contents blanked, line structure kept."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''

    def blank(match):
        found = match.group(0)
        if found.startswith('"') or found.startswith("'"):
            return '""'
        return "\n" * found.count("\n")
    return re.sub(pattern, blank, text, flags=re.DOTALL)


class Audit:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.table = read_table(self.root)
        self.breaches = []
        self.third_party_files = {}
        self.public = {}  # "pounce/h1/connection.hpp" -> its path in the tree
        for header in self.files("*.hpp"):
            if "/include/" in header:
                self.public[header.split("/include/", 1)[1]] = header

    def files(self, *patterns):
        found = set()
        for folder in sorted({f.split("/")[0] for f in FOLDERS} | set(OTHER_FOLDERS)):
            for pattern in patterns:
                for path in (self.root / folder).rglob(pattern):
                    found.add(str(path.relative_to(self.root)))
        return sorted(found)

    def breach(self, path, line, text):
        self.breaches.append(f"{path}:{line}: {text}")

    def check_include(self, path, number, quote, target):
        layer = layer_of(path)
        is_public = "/include/" in path
        if NOWHERE_HEADERS.fullmatch(target):
            self.breach(path, number, f"<{target}> has no place here")
        for pattern, home, name in THIRD_PARTIES:
            if not re.fullmatch(pattern, target):
                continue
            at_home = path.startswith(home + "/")
            if layer and not at_home:
                self.breach(path, number, f"{name} is included outside {home}")
            if is_public:
                self.breach(path, number, f"{name} shows through a public header")
            if layer and name in ONE_SOURCE_FILE:
                self.third_party_files.setdefault(name, set()).add(path)
        if layer is None:
            return
        if layer in PURE and IMPURE_HEADERS.fullmatch(target):
            self.breach(path, number, f"<{target}> in the pure layer {layer}")
        elif is_public and COSTLY_IN_PUBLIC.fullmatch(target):
            self.breach(path, number, f"<{target}> makes a public header costly")
        resolved = self.public.get(target)
        if resolved is None and quote == '"':
            beside = (self.root / path).parent / target
            if beside.exists():
                resolved = str(beside.resolve().relative_to(self.root.resolve()))
        other = layer_of(resolved) if resolved else None
        if other is None and target.startswith("pounce/") and target not in self.public:
            self.breach(path, number, f"<{target}> is nobody's header")
        if other is None or other == layer or other in self.table[layer]:
            return
        is_main = re.fullmatch(r"runtime-(sync|async)/main\.cpp", path)
        if is_main and not (layer == "runtime_async" and other == "runtime_sync"):
            return  # a program stands above all layers, but only pounce-sync knows both runtimes
        self.breach(path, number, f"{layer} includes {other} ({target})")

    def check_source(self, path):
        raw = (self.root / path).read_text(encoding="utf-8")
        code = without_comments(raw)
        lines = raw.split("\n")
        if len(lines) - 1 > LONGEST_FILE:
            self.breach(path, 1, f"{len(lines) - 1} lines; an idea wants a room of its own")
        for number, line in enumerate(lines, 1):
            include = INCLUDE.match(line)
            if include:
                self.check_include(path, number, include.group(1), include.group(2))
            if MARKERS.search(line):
                self.breach(path, number, "unfinished: " + line.strip())
        for number, line in enumerate(code.split("\n"), 1):
            if layer_of(path) and NAMESPACE.match(line):
                self.breach(path, number, "a namespace without its version: pounce::inline v0")
            for name in TYPE.findall(line):
                if any(BANNED_WORDS.fullmatch(word) for word in words_of(name)):
                    self.breach(path, number, f"type name {name} says nothing")
            if layer_of(path) and "std::function<" in line:
                self.breach(path, number, "std::function (use a template, a pointer, move_only)")
            if layer_of(path) in PURE and re.search(r"\bthread_local\b", line):
                self.breach(path, number, "thread_local in a pure layer")
        if "/include/" in path and layer_of(path):
            head = raw.lstrip()
            if not head.startswith("//") or "#pragma once" not in raw:
                self.breach(path, 1, "a public header opens with what it is, and #pragma once")
            declares = any("{" in line or ";" in line for line in re.sub(r"\\\n", "", code).split("\n") if not line.lstrip().startswith("#"))
            if declares and "namespace pounce::inline v0" not in code:
                self.breach(path, 1, "a public header declares outside pounce::inline v0")

    def run(self):
        for path in self.files("*"):
            name = pathlib.PurePath(path).name
            if (self.root / path).is_file() and "/corpus/" not in path:
                if any(BANNED_WORDS.fullmatch(word) for word in words_of(name.split(".")[0])):
                    self.breach(path, 1, "file name says nothing")
        for path in self.files("*.hpp", "*.cpp", "*.h"):
            self.check_source(path)
        for name, files in self.third_party_files.items():
            if len(files) > 1:
                self.breach(sorted(files)[0], 1, f"{name} in several files: {sorted(files)}")
        return self.breaches


def main():
    breaches = Audit(sys.argv[1]).run()
    for breach in breaches:
        print(breach)
    print(f"{len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
