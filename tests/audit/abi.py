#!/usr/bin/env python3
"""scripts/abi sees what breaks programs that were linked with the library before, and nothing else: abi.py SOURCE CXX.

Small libraries with a public header each, built as ours are. Skipped (77) without Debian's abigail-tools.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HEADER = """namespace pounce { inline namespace v0 {
struct Limits { unsigned line; unsigned fields; };
enum class Fault : unsigned char { none, syntax };
class Machine {
 public:
  explicit Machine(const Limits&);
  ~Machine();
  virtual Fault feed(unsigned size);
 private:
  struct State;  // nobody sees what is in it
  State* state_;
};
int largest(int size);
}}
"""
SOURCE = """#include "machine.hpp"
namespace pounce { inline namespace v0 {
struct Machine::State { Limits limits; };
Machine::Machine(const Limits& limits) : state_{new State{limits}} {}
Machine::~Machine() { delete state_; }
Fault Machine::feed(unsigned size) { return size > state_->limits.line ? Fault::syntax : Fault::none; }
int largest(int size) { return size; }
int secret(int size) { return size; }
}}
"""


class Given:
    source = cxx = None


class Abi(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def library(self, name, *changes, soname="libmine.so.0.1", debug="-g"):
        """Each change is a pair of texts, for header and source; it has to be found in one of them."""
        folder = self.folder / name
        folder.mkdir()
        header, source = HEADER, SOURCE
        for old, new in changes:
            self.assertIn(old, header + source)
            header, source = header.replace(old, new), source.replace(old, new)
        (folder / "machine.hpp").write_text(header)
        (folder / "machine.cpp").write_text(source)
        subprocess.run([Given.cxx, "-std=c++20", "-O0", debug, "-shared", "-fPIC", f"-Wl,-soname,{soname}",
                        f"-Wl,--version-script={Given.source}/cmake/pounce.map", "machine.cpp", "-o", "libmine.so"], cwd=folder, check=True)
        return folder

    def compared(self, *changes, **how):
        before, after = self.library("before"), self.library("after", *changes, **how)
        done = subprocess.run([Given.source / "scripts/abi", "--libraries", before / "libmine.so", before, after / "libmine.so", after],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def breaks(self, words, *changes):
        code, said = self.compared(*changes)
        self.assertEqual(code, 1, said)
        self.assertIn(words, said)
        self.assertIn("libmine.so.0.1: breaks what was promised", said)

    def keeps(self, *changes):
        code, said = self.compared(*changes)
        self.assertEqual((code, said.splitlines()[-1:]), (0, ["libmine.so.0.1: as promised"]), said)

    def test_the_same(self):
        self.keeps()

    def test_a_function_is_gone(self):
        self.breaks("'function int pounce::v0::largest(int)'", ("int largest(int size);\n", ""), ("int largest(int size) { return size; }\n", ""))

    def test_a_function_takes_something_else(self):
        self.breaks("int pounce::v0::largest(int)", ("largest(int size)", "largest(long size)"))

    def test_a_member_more(self):
        self.breaks("'unsigned int more'", ("unsigned fields;", "unsigned fields; unsigned more;"))

    def test_members_in_another_order(self):
        self.breaks("offset changed", ("unsigned line; unsigned fields;", "unsigned fields; unsigned line;"))

    def test_a_virtual_function_before_another(self):
        self.breaks("vtable", ("  virtual Fault feed", "  virtual void stop() {}\n  virtual Fault feed"))

    def test_an_enumerator_with_another_value(self):
        self.breaks("syntax", ("{ none, syntax }", "{ none, length, syntax }"))

    def test_what_is_added(self):
        self.keeps(("int largest(int size);", "int largest(int size); int least(int size);"),
                   ("int secret", "int least(int size) { return size; }\nint secret"))

    def test_what_no_header_shows(self):
        self.keeps(("struct Machine::State { Limits limits; };", "struct Machine::State { Limits limits; long seen = 0; };"))

    def test_another_soname(self):
        code, said = self.compared(("unsigned fields;", "unsigned fields; unsigned more;"), soname="libmine.so.0.2")
        self.assertEqual((code, said), (0, "libmine.so.0.2: another SONAME than libmine.so.0.1, and so free\n"))

    def test_without_debug_information_it_does_not_judge(self):
        code, said = self.compared(debug="-g0")
        self.assertEqual(code, 2)
        self.assertIn("no debug information", said)

    def test_a_library_that_is_not_there(self):
        here = self.library("here")
        done = subprocess.run([Given.source / "scripts/abi", "--libraries", here / "libmine.so", here, here / "none.so", here],
                              capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    if not shutil.which("abidiff"):
        if os.environ.get("POUNCE_NO_SKIPS"):
            sys.exit("no abidiff here: scripts/setup package")
        print("no abidiff here: install Debian's abigail-tools")
        sys.exit(77)
    Given.source, Given.cxx = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    unittest.main(argv=sys.argv[:1])
