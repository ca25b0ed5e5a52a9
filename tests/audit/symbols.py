#!/usr/bin/env python3
"""Checks that an archive asks nothing of the world beyond an allow-list.

    symbols.py --allow symbols.allow --layer NAME ARCHIVE [--uses ARCHIVE...]

Undefined symbols must be defined in the archive itself, in an archive the layer may use, or be
named in the allow-list. Besides, the archive may hold no writable data (global mutable state) and
no start-up code (dynamic initialisation).
"""
import argparse
import re
import subprocess
import sys


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(archive, which):
    """Mangled names of the undefined or the defined symbols."""
    names = set()
    for line in run("nm", "-A", which, archive).splitlines():
        fields = line.rsplit(":", 1)[-1].split()
        if fields and fields[-1] and not line.endswith(":"):
            names.add(fields[-1])
    return names


def demangle(names):
    names = sorted(names)
    out = subprocess.run(["c++filt"], input="\n".join(names), check=True, capture_output=True,
                         text=True).stdout
    return dict(zip(names, out.split("\n")))


def read_allow_list(path, layer):
    patterns, active = [], False
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        section = re.fullmatch(r"\[([a-z_* ]+)\]", line)
        if section:
            active = any(name in ("*", layer) for name in section.group(1).split())
        elif active:
            # only * is special: C++ names are full of brackets
            patterns.append(re.compile(
                ".*".join(re.escape(part.replace("\\", "")) for part in line.split("*"))))
    return patterns


def state_sections(archive):
    """Sections that hold writable data or start-up code, as (object, section, size)."""
    named = set()  # (object, section number) with a named object in it
    sections, member = [], ""
    for line in run("readelf", "-SsW", archive).splitlines():
        name = re.match(r"File: .*\((.*)\)", line)
        if name:
            member = name.group(1)
        symbol = re.match(r"\s*\d+: [0-9a-f]+\s+\S+ (?:OBJECT|TLS)\s+\S+\s+\S+\s+(\d+) ", line)
        if symbol:
            named.add((member, symbol.group(1)))
        row = re.match(r"\s*\[\s*(\d+)\]\s+(\S+)\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)", line)
        if row and int(row.group(3), 16) > 0:
            sections.append((member, row.group(1), row.group(2), int(row.group(3), 16)))
    found = []
    for member, number, section, size in sections:
        if section.startswith((".data.rel.ro", ".data.DW.ref", ".data.rel.local.DW.ref")):
            continue  # constants that hold addresses, read-only once loaded; the unwinder's entry
        if re.match(r"\.(init_array|ctors|preinit_array)(\.|$)", section):
            found.append((member, section, size))
        # Clang keeps the addresses of caught types in .data, without a name.
        elif re.match(r"\.(data|bss|tdata|tbss)(\.|$)", section) and (member, number) in named:
            found.append((member, section, size))
    return found


def check(archive, layer, allow, uses):
    """The list of complaints about one archive."""
    undefined = symbols(archive, "--undefined-only")
    known = symbols(archive, "--defined-only")
    for other in uses:
        known |= symbols(other, "--defined-only")
    patterns = read_allow_list(allow, layer)
    complaints = []
    for mangled, name in sorted(demangle(undefined - known).items(), key=lambda pair: pair[1]):
        if not any(p.fullmatch(name) for p in patterns):
            complaints.append(f"asks for {name}")
    for member, section, size in state_sections(archive):
        kind = "start-up code" if "array" in section or "ctors" in section else "writable data"
        complaints.append(f"holds {kind}: {size} bytes in {section} of {member}")
    return complaints


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--allow", required=True)
    parser.add_argument("--layer", required=True)
    parser.add_argument("archive")
    parser.add_argument("--uses", nargs="*", default=[])
    args = parser.parse_args()
    complaints = check(args.archive, args.layer, args.allow, args.uses)
    for complaint in complaints:
        print(f"{args.layer}: {complaint}")
    if not complaints:
        print(f"{args.layer}: pure")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
