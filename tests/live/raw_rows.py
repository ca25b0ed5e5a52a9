"""What a row of the raw table is, and the few words the tables are written in.

A row sends bytes on a fresh connection, reads the answers it names, and then knows what must have become of the
connection: closed (a clean end, nothing after the answer), open (a probe with a mark of its own is answered next, so the
two sides still agree where a message begins), or either. In each case an answer too many is a failure.
"""

from dataclasses import dataclass, field
from itertools import count

CLOSED, OPEN, EITHER = "closed", "open", "either"

HALF_CLOSE = object()      # as a piece: shut down our sending side
READ_100 = object()        # as a piece: read a 100 (Continue) before going on
SILENCE = object()         # as a piece: nothing may come for a short while
BY_BYTE = object()         # as the first piece: send everything that follows one byte at a time

HELLO = b"Hello, World!"
GET = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

# What follows a broken message. Were it ever parsed, a second answer would betray it.
SMUGGLED = b"GET /headers?h=smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


@dataclass
class Answer:
    status: tuple
    method: str = "GET"
    body: bytes | None = None
    version: float = 1.1
    with_field: tuple | None = None  # (name, value or None for any)
    no_informational: bool = False   # not even a 100


@dataclass
class Row:
    name: str
    pieces: list
    answers: list
    then: str
    group: str = ""
    aborted_is_fine: bool = False    # the answer had begun before the fault: 200, cut off, then the end
    silence_is_fine: bool = False    # the server may close without a word
    number: int = field(default_factory=count().__next__)


class Table:
    def __init__(self):
        self.rows = []
        self.current = ""

    def group(self, name):
        self.current = name

    def row(self, name, pieces, answers, then, **options):
        if isinstance(pieces, (bytes, str)):
            pieces = [pieces]
        pieces = [p.encode("latin-1") if isinstance(p, str) else p for p in pieces]
        self.rows.append(Row(name, pieces, answers, then, self.current, **options))

    def bad(self, name, data, status=400, tail=SMUGGLED, method="GET", **options):
        """A fault: exactly one answer with this status, then the end; what follows is never parsed."""
        status = status if isinstance(status, tuple) else (status,)
        data = data.encode("latin-1") if isinstance(data, str) else data
        self.row(name, [data + tail], [Answer(status, method)], CLOSED, **options)

    def good(self, name, data, body=HELLO, then=OPEN, status=200, version=1.1, **options):
        """Accepted: one answer, and the connection goes on in step."""
        status = status if isinstance(status, tuple) else (status,)
        self.row(name, data, [Answer(status, body=body, version=version)], then, **options)


def get(fields=b"", target=b"/hello", method=b"GET", version=b"HTTP/1.1", host=b"Host: a\r\n"):
    fields = fields.encode("latin-1") if isinstance(fields, str) else fields
    target = target.encode("latin-1") if isinstance(target, str) else target
    return method + b" " + target + b" " + version + b"\r\n" + host + fields + b"\r\n"


def post(fields, body=b"", target=b"/hello", version=b"HTTP/1.1"):
    body = body.encode("latin-1") if isinstance(body, str) else body
    return get(fields, target, b"POST", version) + body


def chunked(body, target=b"/hello", extra=b""):
    return post(b"Transfer-Encoding: chunked\r\n" + extra, body, target)


def shown(byte):
    return f"0x{byte:02x}"
