"""WebSockets on streams of HTTP/2 for tests (RFC 8441): python3-h2 as the client, and ws_wire's strict reader on each stream."""

import sys
import time
import unittest

from wire import Broken, Ended, Wire
from ws_wire import Deflate, WebSocket


def library():
    """python3-h2, or a skip."""
    sys.path.append("/usr/lib/python3/dist-packages")  # where Debian's is, also for another interpreter than Debian's
    try:
        import h2.config
        import h2.connection
        import h2.events
        import h2.settings
        return h2
    except ImportError:
        raise unittest.SkipTest("python3-h2 is not installed") from None
    finally:
        sys.path.pop()


class Connection:
    """One connection with sockets on its streams. `window`: what each stream may be sent before it is read. `secure`: a TLS socket, ready."""

    def __init__(self, where, timeout=10.0, window=None, wire=None):
        self.h2 = library()
        self.wire = wire or Wire(where, timeout)
        self.timeout = timeout
        self.peer = self.h2.connection.H2Connection(self.h2.config.H2Configuration(header_encoding="utf-8"))
        if window is not None:
            self.peer.local_settings = self.h2.settings.Settings(
                client=True, initial_values={self.h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.peer.initiate_connection()
        self.streams = {}
        self.pages = {}  # streams that are ordinary requests: [status, body, ended]
        self.ended = self.goaway = False
        self.flush()
        while not self.peer.remote_settings.get(self.h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS):
            self.pump()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()

    def offers_sockets(self):
        return bool(self.peer.remote_settings.enable_connect_protocol)

    def flush(self):
        data = self.peer.data_to_send()
        if data:
            self.wire.send(data)

    def pump(self):
        """Reads once and acts on what it was. False at the end of the connection."""
        self.wire.limit = time.monotonic() + self.timeout
        if self.ended or not self.wire.fill():
            self.ended = True
            return False
        events = self.h2.events
        for event in self.peer.receive_data(self.frames()):
            stream = self.streams.get(getattr(event, "stream_id", None))
            page = self.pages.get(getattr(event, "stream_id", None))
            if page is not None:
                if isinstance(event, events.ResponseReceived):
                    page[0] = dict(event.headers)[":status"]
                elif isinstance(event, events.DataReceived):
                    page[1] += event.data
                    self.peer.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, (events.StreamEnded, events.StreamReset)):
                    page[2] = True
            if stream is not None:
                stream.take(event)
        self.flush()
        return True

    def frames(self):
        """The whole frames that have come, without GOAWAY: to python3-h2 that is the end, while what is open goes on (RFC 9113, section 6.8)."""
        buffer, data = self.wire.buffer, b""
        while len(buffer) >= 9 and len(buffer) >= 9 + int.from_bytes(buffer[:3], "big"):
            size = 9 + int.from_bytes(buffer[:3], "big")
            if buffer[3] == 7:
                self.goaway = True
            else:
                data += bytes(buffer[:size])
            del buffer[:size]
        return data

    def get(self, path, authority="a"):
        number = self.peer.get_next_available_stream_id()
        self.peer.send_headers(number, [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", authority)], end_stream=True)
        page = self.pages[number] = [None, b"", False]
        self.flush()
        while not page[2] and self.pump():
            pass
        return page[0], page[1]


class StreamSocket(WebSocket):
    """A stream that has become a WebSocket. `behind` is sent with the request, `reads`: whether what comes is credited at once."""

    def __init__(self, connection, target="/", fields=(), behind=b"", scheme="http", protocol="websocket", reads=True):  # pylint: disable=super-init-not-called
        self.connection, self.timeout, self.reads = connection, connection.timeout, reads
        self.buffer, self.received, self.unread = bytearray(), 0, 0
        self.status, self.fields, self.ended, self.code = None, {}, False, None
        self.is_over, self.deflate = False, None
        peer = connection.peer
        self.number = peer.get_next_available_stream_id()
        connection.streams[self.number] = self
        peer.send_headers(self.number, [(":method", "CONNECT"), (":protocol", protocol), (":scheme", scheme), (":path", target),
                                        (":authority", "a"), ("sec-websocket-version", "13"), *fields])
        if behind:
            self.send(behind)
        connection.flush()
        while self.status is None:
            if self.ended or not connection.pump():
                raise Ended("no answer")
        extension = self.fields.get("sec-websocket-extensions")
        self.deflate = Deflate(extension) if extension else None
        self.protocol = self.fields.get("sec-websocket-protocol")
        if self.status == "200" and ({"upgrade", "connection", "sec-websocket-accept", "content-length"} & set(self.fields)):
            raise Broken(f"fields that have no place over HTTP/2: {self.fields}")

    def take(self, event):
        events = self.connection.h2.events
        if isinstance(event, events.ResponseReceived):
            self.fields = dict(event.headers)
            self.status = self.fields[":status"]
        elif isinstance(event, events.DataReceived):
            self.buffer += event.data
            self.received += len(event.data)
            self.unread += event.flow_controlled_length
            self.credit()
        elif isinstance(event, events.StreamEnded):
            self.ended = True
        elif isinstance(event, events.StreamReset):
            self.ended, self.code = True, event.error_code

    def credit(self):
        if self.reads and self.unread:
            self.connection.peer.acknowledge_received_data(self.unread, self.number)
            self.unread = 0

    def send(self, data):
        """As the server's windows allow; what comes in the meantime is kept."""
        peer = self.connection.peer
        view = memoryview(bytes(data))
        while view and not self.ended:
            most = min(peer.local_flow_control_window(self.number), peer.max_outbound_frame_size)
            if most <= 0:
                self.connection.flush()
                if not self.connection.pump():
                    raise Ended("while sending")
                continue
            peer.send_data(self.number, bytes(view[:most]))
            view = view[most:]
        self.connection.flush()

    def fill(self, limit=None):
        before = len(self.buffer)
        while len(self.buffer) == before:
            if self.ended or not self.connection.pump():
                return False
        return True

    def half_close(self):
        self.connection.peer.end_stream(self.number)
        self.connection.flush()

    def reset(self):
        self.connection.peer.reset_stream(self.number, 8)
        self.connection.flush()

    def close(self):
        if not self.ended or self.code is not None:
            return
        try:
            self.half_close()
        except self.connection.h2.exceptions.ProtocolError:
            pass  # it was ended already
