#!/usr/bin/env python3
"""A header's comments as Doxygen reads them: doxygen_comments.py FILE, to standard output.

The comment that opens the file documents the file, its component, and the type that it names in front of its first colon. A // block before a declaration documents it; one behind it on the same
line, too. Comments that head a section ("--- time ---"), stand before a blank line, or stand in a function stay what they are.
"""
import pathlib
import re
import sys

COMPONENTS = {  # folder of the include path: the group in the reference
    "core": "What all protocol machines share",
    "http": "The grammar of HTTP",
    "h1": "HTTP/1.1",
    "h2": "HTTP/2",
    "ws": "WebSocket",
    "events": "Lifecycle events",
    "app": "What applications are written with",
    "server": "The session: handlers over any event loop",
}
COMMENT = re.compile(r"^(\s*)//(?!/)\s?(.*)$")
BEHIND = re.compile(r"^(.*?[;,{}]|\s*[a-z_0-9]+,?)(\s+)//(?!/|\s*(?:NOLINT|clang-format))\s?(.*)$")
DEEPEST = 2  # columns: what is further in stands in a function
SECTION = re.compile(r"^---.*---$")
# Words that Doxygen would take for commands or markup; the rest of a comment is plain text.
SPECIAL = re.compile(r"([\\@<>&#$%])")


def escaped(text):
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if i % 2 else SPECIAL.sub(r"\\\1", part) for i, part in enumerate(parts))


def opening(lines, path):
    """The first block: about the file. Gives its text, as such and for the type that it names, and where it ends."""
    end = 0
    while end < len(lines) and lines[end].startswith("//"):
        end += 1
    match = re.search(r"/include/pounce/(?:(\w+)/)?", str(path))
    name = str(path).split("/include/")[-1]
    text = [("/// " + escaped(line[2:].strip())).rstrip() for line in lines[:end]]
    subject = re.match(r"// (?:\w+::)*(\w+): ", lines[0])
    return [f"/// @file {name}", *text], text, end, match.group(1) if match else None, subject.group(1) if subject else None


def main():
    path = pathlib.Path(sys.argv[1])
    if path.suffix == ".md":  # a link into the tree leads nowhere from the reference
        sys.stdout.write(re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"\1", path.read_text()))
        return
    lines = path.read_text().split("\n")
    out, about_file, start, component, subject = opening(lines, path.resolve())
    if component in COMPONENTS:
        out += ["///", f"/// @defgroup {component} pounce/{component}: {COMPONENTS[component]}"]
    group_open = False
    i = start
    while i < len(lines):
        line = lines[i]
        line = line.replace("pounce::inline v0", "pounce")  # users never write it, and Doxygen does not read it
        if line.startswith("namespace pounce") and component in COMPONENTS and not group_open:
            out += [line, f"/// @addtogroup {component}", "/// @{"]
            group_open = True
            i += 1
            continue
        if group_open and line.startswith("}  // namespace pounce"):
            out += ["/// @}", line]
            group_open = False
            i += 1
            continue
        if subject and re.match(rf"(class|struct|enum class) (\[\[\w+\]\] )?{subject}\b[^;]*$", line) and not out[-1].startswith("///"):
            out += about_file
        comment = COMMENT.match(line)
        if comment:
            block = []
            while i < len(lines) and COMMENT.match(lines[i]):
                block.append(COMMENT.match(lines[i]).groups())
                i += 1
            following = lines[i].strip() if i < len(lines) else ""
            about = len(block[0][0]) <= DEEPEST and following and not following.startswith(("#", "}")) and not SECTION.match(block[0][1])
            for indent, text in block:
                text = text.rstrip()
                if re.match(r"(NOLINT|clang-format)", text) or not about:
                    out.append(f"{indent}// {text}")
                else:
                    out.append(f"{indent}/// {escaped(text)}")
            continue
        behind = BEHIND.match(line)
        if behind and len(line) - len(line.lstrip()) <= DEEPEST and "//" not in behind.group(1) and behind.group(3) and not behind.group(3).startswith("namespace"):
            out.append(f"{behind.group(1)}{behind.group(2)}///< {escaped(behind.group(3))}")
        else:
            out.append(line)
        i += 1
    sys.stdout.write("\n".join(out))


if __name__ == "__main__":
    main()
