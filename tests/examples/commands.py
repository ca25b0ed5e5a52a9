#!/usr/bin/env python3
"""What the pages tell people to type is accepted: every command of pounce-async and pounce-sync in a ```sh block, every `--flag` that
is named, every POUNCE_ variable, and every key of pounce.toml in the manual's example.

commands.py --source TOP-LEVEL-FOLDER --programs FOLDER --app MODULE
Commands are run with --check in a folder that has the files they name. They do not serve there: other tests do that.
"""
import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import documents

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAM = re.compile(r"^(?:\S*/)?(pounce-(?:async|sync))$")
FLAG = re.compile(r"`(--[a-z][a-z0-9-]*)")
OTHERS = {"--preset", "--build", "--prefix", "--check", "--jobs", "--seed", "--seconds", "--transport", "--http2-prior-knowledge", "--http1.1", "--as-needed",
          "--wrap"}


def run(args, *command, cwd):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("POUNCE_")}
    return subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=60)


def commands_of(text):
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words and PROGRAM.match(words[0]):
                yield PROGRAM.match(words[0]).group(1), words[1:]


def main():
    parser = argparse.ArgumentParser()
    for name in ("--source", "--programs", "--app"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    args = parser.parse_args()
    args.source, args.programs, args.app = (path.resolve() for path in (args.source, args.programs, args.app))
    failures, count = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for name in ("libapp.so", "libhello.so", "libchat.so"):
            shutil.copy(args.app, folder / name)
        for name in ("public", "build/docs/site", "dist/assets"):
            (folder / name).mkdir(parents=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=localhost", "-keyout", "server.key", "-out", "server.pem"], cwd=folder, check=True, capture_output=True)
        known = set()
        for program in ("pounce-async", "pounce-sync"):
            known |= set(re.findall(r"(--[a-z][a-z0-9-]*)", run(args, args.programs / program, "--help", cwd=folder).stdout))
        known |= {"--no-" + flag[2:] for flag in known} | {"--" + flag[5:] for flag in known if flag.startswith("--no-")}
        for page in documents.pages_of(args.source):
            text = page.read_text()
            for program, words in commands_of(text):
                count += 1
                done = run(args, args.programs / program, *words, "--check", cwd=folder)
                if done.returncode != 0:
                    failures.append(f"{page.relative_to(args.source)}: {program} {' '.join(words)}\n{done.stderr}")
            for flag in FLAG.findall(text):
                if flag.rstrip("-") not in known | OTHERS and not any(name.startswith(flag) for name in known if flag.endswith("-")):
                    failures.append(f"{page.relative_to(args.source)}: {flag} is no flag")
    print("\n".join(failures) or f"{count} commands are accepted")
    return 1 if failures or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
