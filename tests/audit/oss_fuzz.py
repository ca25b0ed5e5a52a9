#!/usr/bin/env python3
"""Runs fuzz/oss-fuzz/build.sh as OSS-Fuzz would, for one target, and fuzzes with what it made; and fuzz/README.md has a line for each target."""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

TARGET = "connection"


def run(*command, **kwargs):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs)
    if done.returncode != 0:
        sys.exit(done.stdout)
    return done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    for name in ("--cc", "--cxx"):
        parser.add_argument(name, required=True)
    args = parser.parse_args()
    page = (args.source / "fuzz/README.md").read_text()
    untold = [path.stem for path in sorted((args.source / "fuzz").glob("*.cpp")) if f"`scripts/fuzz {path.stem} 60`" not in page]
    if untold:
        sys.exit(f"fuzz/README.md does not name {untold}")
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        flags = "-O0 -fsanitize=fuzzer-no-link"  # no sanitizer: that is the fuzz preset's matter, and slow to build
        environment = {**os.environ, "CC": args.cc, "CXX": args.cxx, "CFLAGS": flags, "CXXFLAGS": flags, "OUT": str(out),
                       "WORK": str(pathlib.Path(folder) / "work"), "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer",
                       "POUNCE_FUZZ_TARGETS": TARGET}
        run(args.source / "fuzz/oss-fuzz/build.sh", env=environment)
        made = sorted(path.name for path in out.iterdir())
        if made != [f"fuzz_{TARGET}{end}" for end in ("", ".dict", ".options", "_seed_corpus.zip")]:
            sys.exit(f"it made {made}")
        seeds = pathlib.Path(folder) / "seeds"
        with zipfile.ZipFile(out / f"fuzz_{TARGET}_seed_corpus.zip") as corpus:
            corpus.extractall(seeds)
        wanted = {path.name for path in (args.source / "fuzz/corpus" / TARGET).iterdir()}
        if {path.name for path in seeds.iterdir()} != wanted:
            sys.exit("the seed corpus is not fuzz/corpus")
        said = run(out / f"fuzz_{TARGET}", "-runs=2000", "-seed=1", f"-dict={out}/fuzz_{TARGET}.dict", seeds, cwd=folder)
        if "INITED cov:" not in said:
            sys.exit("the program is not instrumented:\n" + said)
        print(said.splitlines()[-1])


if __name__ == "__main__":
    main()
