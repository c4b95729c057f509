"""A server that speaks SMTP on the loopback, for the tests of what is mailed."""

import socketserver
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Thread


class Mailbox(socketserver.ThreadingTCPServer):
    """A server that takes mail, or refuses every recipient."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.received: list[EmailMessage] = []
        self.refuses = False
        self.unknown: set[str] = set()
        self.farewell = "221 bye"
        self.when_taken: Callable[[], None] = lambda: None

    @property
    def address(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def by_id(self) -> dict[str, int]:
        """How often each Message-ID was received."""
        return Counter(str(each["Message-ID"]) for each in self.received)


class _Session(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line.split(":")[0].upper()
            if word == "DATA":
                self._say("354 go on")
                lines = []
                while (text := self.rfile.readline().rstrip(b"\r\n")) != b".":
                    # A line that begins with a dot has one more on the wire.
                    lines.append(text[1:] if text.startswith(b"..") else text)
                self.server.received.append(message_from_bytes(b"\n".join(lines), policy=default))
                self._say("250 taken")
                self.server.when_taken()
            elif word == "RCPT TO" and (self.server.refuses or self._is_refused(line)):
                self._say("550 nobody here")
            elif word == "QUIT":
                self._say(self.server.farewell)
                return
            else:
                self._say("250 yes")

    def _is_refused(self, line: str) -> bool:
        return any(address in line for address in self.server.unknown)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def running() -> Iterator[Mailbox]:
    """A server that listens until the end of the block."""
    server = Mailbox()
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
