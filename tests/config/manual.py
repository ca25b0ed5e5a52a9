#!/usr/bin/env python3
"""What is installed beside the programs, tried by those who read it: mandoc and man, bash, zsh and fish, a validator of JSON schemas.

manual.py --share build/PRESET/share --programs build/PRESET/bin --source TOP-LEVEL-FOLDER
A reader that is not installed skips its test.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import unittest

PROGRAMS = ("pounce-async", "pounce-sync")


class Given:
    share = programs = source = None


def run(*command, **kwargs):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **kwargs)
    return done.returncode, done.stdout, done.stderr


def need(tool):
    found = shutil.which(tool)
    if not found:
        raise unittest.SkipTest(f"{tool} is not installed")
    return found


def program(name, *arguments, cwd):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("POUNCE_")}
    return run(Given.programs / name, *arguments, cwd=cwd, env=environment)


def flags_of(name):
    with tempfile.TemporaryDirectory() as empty:
        return set(re.findall(r"^  (--[\w-]+)", program(name, "--help", cwd=empty)[1], re.MULTILINE))


class Pages(unittest.TestCase):
    def pages(self):
        found = sorted((Given.share / "man").glob("*/*"))
        self.assertEqual([page.name for page in found], ["pounce-async.1", "pounce-sync.1", "pounce.toml.5", "pounce-signals.7"])
        return found

    def test_mandoc_finds_no_fault(self):
        for page in self.pages():
            code, out, err = run(need("mandoc"), "-Tlint", "-W", "warning", page)
            self.assertEqual((code, out + err), (0, ""), page)

    def test_the_other_formatter_too(self):
        for page in self.pages():
            code, out, err = run(need("groff"), "-man", "-Tutf8", "-ww", "-b", page)
            self.assertEqual((code, err), (0, ""), page)

    def test_every_flag_and_key_has_its_entry(self):
        text = {page.name: page.read_text().replace("\\-", "-") for page in self.pages()}
        for name in PROGRAMS:
            for flag in flags_of(name):
                self.assertRegex(text[name + ".1"], rf"\\fB{flag}\\fR", name)
        for key in json.loads((Given.share / "pounce/pounce.schema.json").read_text())["properties"]:
            self.assertIn(f"\\fB{key}\\fR = ", text["pounce.toml.5"])

    def test_signals_are_those_of_the_operators_page(self):
        table = re.search(r"^\| signal \| effect \|\n(.*?)\n\n", (Given.source / "docs/operations.md").read_text(), re.MULTILINE | re.DOTALL)
        told = set(re.findall(r"\bSIG[A-Z0-9]+\b", table.group(1)))
        page = (Given.share / "man/man7/pounce-signals.7").read_text()
        listed = {name for tag in re.findall(r"^\.TP\n(\\fBSIG.*)$", page, re.MULTILINE) for name in re.findall(r"SIG[A-Z0-9]+", tag)}
        self.assertEqual(told, listed, "docs/operations.md and signal_effects of pounce/config/manual.hpp differ")


class Completions(unittest.TestCase):
    def bash(self, *words, name="pounce-async"):
        """What bash offers for the last of these words. = is a word of its own, as readline has it."""
        script = ('source "$1"; shift; complete -p "$1" >/dev/null || exit 1; compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  '_${1//-/_}; printf "%s\\n" "${COMPREPLY[@]}"')
        file = Given.share / "bash-completion/completions" / name
        code, out, err = run("bash", "--norc", "-c", script, "bash", file, name, *words, cwd=self.folder)
        self.assertEqual((code, err), (0, ""))
        return set(out.split())

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        for name in ("server.pem", "libapp.so"):
            (pathlib.Path(self.folder) / name).touch()

    def test_bash(self):
        for name in PROGRAMS:
            self.assertLessEqual(flags_of(name), self.bash("--", name=name))
        self.assertEqual(self.bash("--tls-mi"), {"--tls-min"})
        self.assertEqual(self.bash("--no-dat"), {"--no-date-header"})
        self.assertEqual(self.bash("--tls-min", ""), {"1.2", "1.3"})
        self.assertEqual(self.bash("--tls-client-auth", "=", "re"), {"request", "require"})
        self.assertEqual(self.bash("--tls-client-auth", "="), {"none", "request", "require"})
        self.assertEqual(self.bash("--tls-cert", "se"), {"server.pem"})
        self.assertEqual(self.bash("--port", ""), set())
        self.assertEqual(self.bash("lib"), {"libapp.so"})
        self.assertNotIn("--async-workers", self.bash("--"))
        self.assertIn("--async-workers", self.bash("--", name="pounce-sync"))

    def test_fish(self):
        fish = need("fish")

        def offered(line, name="pounce-async"):
            file = Given.share / "fish/vendor_completions.d" / (name + ".fish")
            code, out, err = run(fish, "--no-config", "-c", f"source {file}; complete -C '{name} {line}'", cwd=self.folder,
                                 env={**os.environ, "HOME": self.folder})
            self.assertEqual((code, err), (0, ""))
            return {entry.split("\t")[0] for entry in out.splitlines()}
        for name in PROGRAMS:
            self.assertLessEqual(flags_of(name), offered("--", name))
        self.assertEqual(offered("--tls-mi"), {"--tls-min"})
        self.assertEqual(offered("--tls-min "), {"1.2", "1.3"})
        self.assertEqual(offered("--tls-cert se"), {"server.pem"})

    def test_zsh(self):
        zsh = need("zsh")
        # A shell in a terminal, to which a Tab is typed: what it offers is written where it would be inserted.
        runner = r"""
          zmodload zsh/zpty || exit 77
          zpty z zsh -f -i
          zpty -w z "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -d $2/dump; bindkey '^I' complete-word; zstyle ':completion:*' list-grouped false"
          zpty -w z 'hits() { compadd() { if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi; local -a found; builtin compadd -A found "$@"; print -rl -- $found >> '$2'/hits; }; _main_complete; touch '$2'/done }; zle -C hits complete-word hits; bindkey "^I" hits'
          zpty -w -n z "$3"$'\t'
          repeat 300 { [[ -e $2/done ]] && break; sleep 0.1 }
          [[ -e $2/done ]] || exit 1
          zpty -d z
        """

        def offered(line, name="pounce-async"):
            with tempfile.TemporaryDirectory() as scratch:
                code, _, err = run(zsh, "-f", "-c", runner, "zsh", Given.share / "zsh/vendor-completions", scratch, f"{name} {line}",
                                   cwd=self.folder, env={**os.environ, "TERM": "dumb", "HOME": scratch})
                if code == 77:
                    raise unittest.SkipTest("zsh without zsh/zpty")
                self.assertEqual((code, err), (0, ""))
                hits = pathlib.Path(scratch) / "hits"
                return {word.rstrip("=") for word in hits.read_text().split()} if hits.exists() else set()
        for name in PROGRAMS:
            self.assertLessEqual(flags_of(name), offered("--", name))
        self.assertEqual(offered("--tls-min="), {"1.2", "1.3"})
        self.assertIn("server.pem", offered("--tls-cert="))


class Schema(unittest.TestCase):
    # Asked of the program as well: the schema is neither stricter nor, for a single value, laxer.
    GOOD = ['port = 8080', 'port = "8080"', 'workers = "auto"', 'workers = 4', 'max_header_size = "32KiB"', 'max_header_size = 32768',
            'max_requests_per_connection = "none"', 'min_rate = "1KiB/s"', 'min_rate = 500', 'header_timeout = "5s"', 'rate_limit = "30/m"',
            'bind = ["127.0.0.1:0", "unix:/tmp/x"]', 'bind = "127.0.0.1:0"', 'tls_min = "1.3"', 'http2 = false', 'h2_ping_interval = "none"',
            'static_contents = "2MiB"', 'trusted_proxies = ["10.0.0.0/8", "unix:"]', 'server_header = "x"', 'rate_limit = "1/s"\nrate_limit_burst = "auto"']
    BAD = ['port = 65536', 'port = -1', 'port = 1.5', 'port = "08080"', 'port = "80 "', 'prot = 80', 'workers = "all"', 'workers = 0',
           'max_header_size = "32kb"', 'max_header_size = 1', 'header_timeout = 5', 'header_timeout = "5"', 'rate_limit = "30"', 'bind = 80',
           'tls_min = "1.1"', 'http2 = "yes"', 'http2 = 1', 'min_rate = "1KiB/m"', 'min_rate = "500/s"', 'target = ["a", "b"]', 'server_header = ""', '[a]\nport = 1',
           'static_contents = "all"', 'config = "x"']

    def setUp(self):
        python = next((python for python in dict.fromkeys((sys.executable, "/usr/bin/python3"))
                       if shutil.which(python) and run(python, "-c", "import jsonschema")[0] == 0), None)
        if not python:
            self.skipTest("python3-jsonschema is not installed")
        self.python = python
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def verdicts(self, texts):
        """Whether the schema accepts each of these files."""
        (self.folder / "files.json").write_text(json.dumps([tomllib.loads(text) for text in texts]))
        code, out, err = run(self.python, "-c", "import json, sys, jsonschema\n"
                             "schema = json.load(open(sys.argv[1]))\n"
                             "jsonschema.Draft202012Validator.check_schema(schema)\n"
                             "judge = jsonschema.Draft202012Validator(schema)\n"
                             "print(json.dumps([judge.is_valid(file) for file in json.load(open(sys.argv[2]))]))",
                             Given.share / "pounce/pounce.schema.json", self.folder / "files.json")
        self.assertEqual((code, err), (0, ""))
        return json.loads(out)

    def test_it_judges_as_the_program_does(self):
        texts = self.GOOD + self.BAD
        for text, good, verdict in zip(texts, [True] * len(self.GOOD) + [False] * len(self.BAD), self.verdicts(texts)):
            (self.folder / "pounce.toml").write_text(text + "\n")
            code, _, err = program("pounce-async", "--check", cwd=self.folder)
            self.assertEqual(code, 0 if good else 2, f"{text}: {err}")
            self.assertEqual(verdict, good, text)

    def test_a_printed_configuration_is_valid(self):
        texts = [program(name, "--print-config", "--rate-limit", "5/s", "--static", "/x=/tmp", cwd=self.folder)[1] for name in PROGRAMS]
        self.assertEqual(self.verdicts(texts), [True, True])
        self.assertGreater(len(tomllib.loads(texts[0])), 50)

    def test_defaults_are_valid(self):
        properties = json.loads((Given.share / "pounce/pounce.schema.json").read_text())["properties"]
        keys = [key for key, schema in properties.items() if "default" in schema]
        texts = [f"{key} = {json.dumps(properties[key]['default'])}" for key in keys]
        self.assertEqual([key for key, good in zip(keys, self.verdicts(texts)) if not good], [])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    for name in ("--share", "--programs", "--source"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    known, rest = parser.parse_known_args()
    Given.share, Given.programs, Given.source = (path.resolve() for path in (known.share, known.programs, known.source))
    unittest.main(argv=[sys.argv[0], *rest])
