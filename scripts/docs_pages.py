#!/usr/bin/env python3
"""Lays the pages of the documentation out for mkdocs: docs_pages.py TOP-LEVEL-FOLDER FOLDER.

The pages keep their places, so that their links hold. What a page links to comes along: another page as it is, a source file as
text, a folder as its README or a list of its files. A link that leads nowhere ends the run.
"""
import pathlib
import re
import shutil
import sys

FIRST = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/**/*.md"]
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


class Pages:
    def __init__(self, top, target):
        self.top, self.target = top, target
        self.waiting = [path for pattern in FIRST for path in sorted(top.glob(pattern))]
        self.done = set()

    def wanted(self, source, name):
        """Lays out what a link leads to; gives how to link to it instead."""
        path = (source / name).resolve()
        if not path.exists() or not path.is_relative_to(self.top):
            sys.exit(f"{source}: no such link: {name}")
        if path.is_dir():
            if (path / "README.md").exists():
                self.waiting.append(path / "README.md")
                return name.rstrip("/") + "/README.md"
            self.list_of(path)
            return name.rstrip("/") + "/index.md"
        if path.suffix == ".md":
            self.waiting.append(path)
            return name
        self.copy(path)
        return name + ".txt"

    def copy(self, path):
        place = self.target / path.relative_to(self.top)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place.with_name(place.name + ".txt"))

    def list_of(self, folder):
        if folder in self.done:
            return
        self.done.add(folder)
        lines = [f"# `{folder.relative_to(self.top)}/`", ""]
        for path in sorted(folder.iterdir()):
            if path.name == "CMakeLists.txt":
                continue
            lines.append(f"- [{path.name}]({self.wanted(folder, path.name)})")
        place = self.target / folder.relative_to(self.top) / "index.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\n".join(lines) + "\n")

    def page(self, path):
        if path in self.done:
            return
        self.done.add(path)

        def linked(match):
            name, section = match.group(1), match.group(2) or ""
            return match.group(0) if "://" in name else f"]({self.wanted(path.parent, name)}{section})"

        # Code is no text: C++ has `](` of its own. What stands behind the language is for the tests.
        text, pieces, end = path.read_text(), [], 0
        for fence in FENCE.finditer(text):
            pieces += [LINK.sub(linked, text[end:fence.start()]), re.sub(r"^```(\w+) .*", r"```\1", fence.group(0))]
            end = fence.end()
        pieces.append(LINK.sub(linked, text[end:]))
        place = self.target / path.relative_to(self.top)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("".join(pieces))

    def lay_out(self):
        while self.waiting:
            self.page(self.waiting.pop())


if __name__ == "__main__":
    Pages(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()).lay_out()
