#!/usr/bin/env python3
"""Round trips against other people's implementations: reference.py FILTER

What ours encodes, `gzip -d`, `zstd -d`, Python's zlib and Node decode; what they encode, ours decodes. Whoever is not installed is named
and left out; Python's zlib always is there. dcz is taken apart here: forty bytes, then zstd with a raw dictionary.
"""
import base64
import gzip
import hashlib
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import zlib

DECODERS = {"gzip": ["gzip", "-dc"], "zstd": ["zstd", "-dcq"]}
ENCODERS = {"gzip": ["gzip", "-c"], "zstd": ["zstd", "-cq"]}
NODE = """const z = require('zlib'); const chunks = [];
process.stdin.on('data', c => chunks.push(c)).on('end', () => process.stdout.write(z.{}(Buffer.concat(chunks))));"""


def samples():
    source = pathlib.Path(__file__).read_bytes()
    dice = random.Random(1)
    return {"nothing": b"", "a byte": b"x", "a text": source, "a long text": source * 40,
            "noise": dice.randbytes(70000), "zeros": bytes(300000)}


def run(command, data, expect=0):
    done = subprocess.run([str(part) for part in command], input=data, capture_output=True, check=False)
    if done.returncode != expect:
        sys.exit(f"{command}: {done.returncode}, {done.stderr.decode(errors='replace')}")
    return done.stdout


def same(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {len(found)} bytes, not the {len(expected)} that were encoded")


def foreign(coding):
    """Ways to encode and decode that are not ours: name, encode, decode."""
    ways = []
    if coding == "deflate":
        ways.append(("python", lambda d: zlib.compress(d, 6), zlib.decompress))
    if coding == "gzip":
        ways.append(("python", gzip.compress, gzip.decompress))
    if coding in DECODERS:
        if shutil.which(coding):
            ways.append((coding, lambda d: run(ENCODERS[coding], d), lambda d: run(DECODERS[coding], d)))
        else:
            print(f"left out: no {coding} here")
    if coding in ("gzip", "deflate"):
        if shutil.which("node"):
            encode, decode = ("gzipSync", "gunzipSync") if coding == "gzip" else ("deflateSync", "inflateSync")
            ways.append(("node", lambda d: run(["node", "-e", NODE.replace("{}", encode)], d),
                         lambda d: run(["node", "-e", NODE.replace("{}", decode)], d)))
        else:
            print("left out: no node here")
    return ways


def check_coding(ours, coding, levels):
    for who, encode, decode in foreign(coding):
        for name, content in samples().items():
            for level in levels if who != "node" else levels[:1]:
                for how in ("encode", "stream"):
                    coded = run([ours, how, coding, level], content)
                    same(f"{coding} {level} {how} of {name}, read by {who}", decode(coded), content)
            same(f"{coding} of {name} by {who}", run([ours, "decode", coding, 1], encode(content)), content)
        print(f"{coding}: {who} agrees")


def check_dictionary(ours, folder):
    if not shutil.which("zstd"):
        return
    content = pathlib.Path(__file__).read_bytes()
    dictionary = content[:3000] * 5
    path = folder / "dictionary"
    path.write_bytes(dictionary)
    coded = run([ours, "encode", "dcz", 3, path], content)
    header = b"\x5e\x2a\x4d\x18\x20\0\0\0" + hashlib.sha256(dictionary).digest()
    same("dcz: the header", coded[:40], header)
    same("dcz, read by zstd", run(["zstd", "-dcq", f"--patch-from={path}"], coded[40:]), content)
    (folder / "content").write_bytes(content)
    patch = run(["zstd", "-cq", f"--patch-from={path}", folder / "content"], b"")
    same("dcz by zstd", run([ours, "decode", "dcz", 3, path], header + patch), content)
    if len(coded) * 3 > len(zlib.compress(content)) * 2:
        sys.exit(f"dcz: the dictionary was of no use, {len(coded)} bytes")
    print("dcz: zstd --patch-from agrees")


def check_hash(ours, folder):
    """The name of a dictionary is what sha256sum says, at every length about the ends of a block."""
    for size in [*range(0, 130), 4095, 4096, 100000]:
        dictionary = random.Random(size).randbytes(size)
        (folder / "dictionary").write_bytes(dictionary)
        coded = run([ours, "encode", "dcz", 1, folder / "dictionary"], b"content")
        same(f"the hash of {size} bytes", base64.b16encode(coded[8:40]), base64.b16encode(hashlib.sha256(dictionary).digest()))
    print("SHA-256: hashlib agrees")


def main():
    ours = sys.argv[1]
    check_coding(ours, "gzip", [1, 6, 9])
    check_coding(ours, "deflate", [1, 6, 9])
    check_coding(ours, "zstd", [1, 3, 19, 22])
    with tempfile.TemporaryDirectory() as folder:
        check_dictionary(ours, pathlib.Path(folder))
        check_hash(ours, pathlib.Path(folder))


if __name__ == "__main__":
    main()
