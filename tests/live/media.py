"""The smallest real files of the kinds that a site has and nobody can write by hand: a font, a sound, a film."""

import io
import struct
import wave


def font(family, advance):
    """TrueType with one letter, A: a box, `advance` thousandths of an em wide."""
    box = struct.pack(">5h", 1, 0, 0, 500, 500) + struct.pack(">HH", 3, 0) + b"\1" * 4 + struct.pack(">8h", 0, 500, 0, -500, 0, 0, 500, 0)
    segments = struct.pack(">4H", 4, 4, 1, 0) + struct.pack(">2H", 65, 0xffff) + b"\0\0" + struct.pack(">2H", 65, 0xffff)
    segments += struct.pack(">2h", 1 - 65, 1) + struct.pack(">2H", 0, 0)
    cmap = struct.pack(">HHHHL", 0, 1, 3, 1, 12) + struct.pack(">3H", 4, len(segments) + 6, 0) + segments
    texts = [(1, family), (2, "Regular"), (4, family), (6, family)]
    text, names = b"", b""
    for number, value in texts:
        names += struct.pack(">6H", 3, 1, 0x409, number, 2 * len(value), len(text))
        text += value.encode("utf-16-be")
    tables = {
        b"OS/2": struct.pack(">HhHHH", 4, 500, 400, 5, 0) + struct.pack(">10h", *[100] * 10) + struct.pack(">h", 0) + bytes(10) + bytes(16) +
                 b"NONE" + struct.pack(">3H", 64, 65, 65) + struct.pack(">3h", 800, -200, 0) + struct.pack(">HH", 800, 200) + bytes(8) +
                 struct.pack(">hhHHH", 500, 500, 0, 32, 0),
        b"cmap": cmap,
        b"glyf": box + box,
        b"head": struct.pack(">LLLLHHqq4hHHhhh", 0x10000, 0x10000, 0, 0x5f0f3cf5, 3, 1000, 0, 0, 0, 0, 500, 500, 0, 8, 2, 0, 0),
        b"hhea": struct.pack(">Lhhh", 0x10000, 800, -200, 0) + struct.pack(">H", advance) + struct.pack(">11h", 0, 0, 500, 1, 0, 0, 0, 0, 0, 0, 0) +
                 struct.pack(">H", 2),
        b"hmtx": struct.pack(">HhHh", advance, 0, advance, 0),
        b"loca": struct.pack(">3H", 0, len(box) // 2, len(box)),
        b"maxp": struct.pack(">L14H", 0x10000, 2, 4, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0),
        b"name": struct.pack(">3H", 0, len(texts), 6 + len(names)) + names + text,
        b"post": struct.pack(">LLhhL4L", 0x30000, 0, -100, 50, 0, 0, 0, 0, 0),
    }

    def total(data):
        data += bytes(-len(data) % 4)
        return sum(struct.unpack(f">{len(data) // 4}L", data)) & 0xffffffff
    directory, content = struct.pack(">L4H", 0x10000, len(tables), 128, 3, 16 * len(tables) - 128), b""
    for tag, data in sorted(tables.items()):
        directory += struct.pack(">4s3L", tag, total(data), 12 + 16 * len(tables) + len(content), len(data))
        content += data + bytes(-len(data) % 4)
    return directory + content


def sound(seconds):
    """A WAV of silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", ""))
        file.writeframes(bytes(2 * 22050 * seconds))
    return out.getvalue()


def _element(number, content):
    return bytes.fromhex(number) + struct.pack(">Q", len(content) | 1 << 56) + content


def film(pictures, width, height, seconds, each=10):
    """WebM: `pictures`, each a WebP as a browser makes it of a canvas, in turn, `each` a second. A cluster is a second, and has a cue."""
    frames = []
    for picture in pictures:
        place, pieces = 12, {}
        while place < len(picture):
            size, = struct.unpack("<L", picture[place + 4:place + 8])
            pieces[picture[place:place + 4]] = picture[place + 8:place + 8 + size]
            place += 8 + size + size % 2
        frames.append(pieces[b"VP8 "])  # a key frame
    clusters = []
    for second in range(seconds):
        blocks = b"".join(_element("a3", struct.pack(">BhB", 0x81, i * 1000 // each, 0x80) + frames[(second * each + i) % len(frames)])
                          for i in range(each))
        clusters.append(_element("1f43b675", _element("e7", struct.pack(">Q", second * 1000)) + blocks))
    info = _element("1549a966", _element("2ad7b1", struct.pack(">L", 1_000_000)) + _element("4489", struct.pack(">d", seconds * 1000)) +
                    _element("4d80", b"test") + _element("5741", b"test"))
    size = _element("b0", struct.pack(">H", width)) + _element("ba", struct.pack(">H", height))
    track = _element("1654ae6b", _element("ae", _element("d7", b"\1") + _element("73c5", b"\1") + _element("83", b"\1") +
                                          _element("86", b"V_VP8") + _element("e0", size)))

    def cues(first):
        points, place = b"", first
        for second, cluster in enumerate(clusters):
            where = _element("f7", b"\1") + _element("f1", struct.pack(">Q", place))
            points += _element("bb", _element("b3", struct.pack(">Q", second * 1000)) + _element("b7", where))
            place += len(cluster)
        return _element("1c53bb6b", points)
    front = info + track
    front += cues(len(front) + len(cues(0)))
    head = _element("1a45dfa3", _element("4286", b"\1") + _element("42f7", b"\1") + _element("42f2", b"\4") + _element("42f3", b"\x08") +
                    _element("4282", b"webm") + _element("4287", b"\2") + _element("4285", b"\2"))
    return head + _element("18538067", front + b"".join(clusters))
