"""A small TCP proxy in front of PostgreSQL that cuts connections at a chosen moment."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa

from tests.engine import server

#: Cut when a client says it, before the server hears of it; or when the server has answered, which the
#: client then does not hear.
UNHEARD, UNANSWERED = "unheard", "unanswered"


class Proxy:
    """Passes bytes both ways until it is told to cut."""

    def __init__(self, host: str, port: int) -> None:
        self.address = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._connections: list[tuple[socket.socket, socket.socket]] = []
        #: What to wait for, and on which side of it to cut; once.
        self._trap: tuple[bytes, str] | None = None
        self._refuses = False
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self) -> str:
        """The tests' database, by way of this proxy and in words that it can read."""
        found = sa.make_url(server.url()).set(host="127.0.0.1", port=self._port)
        plain = found.update_query_dict({"sslmode": "disable", "gssencmode": "disable"})
        return plain.render_as_string(hide_password=False)

    def cut(self) -> None:
        """Reset every connection, now."""
        for pair in self._connections:
            for end in pair:
                _reset(end)
        self._connections.clear()

    def cut_at(self, said: bytes, side: str) -> None:
        """Reset the next connection on which a client says this."""
        self._trap = (said, side)

    def go_away(self) -> None:
        """Reset every connection and take no new one: the server is down."""
        self._refuses = True
        self.cut()

    def come_back(self) -> None:
        """Take connections again."""
        self._refuses = False

    def close(self) -> None:
        """Be gone for good."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refuses:
                _reset(client)
                continue
            there = socket.create_connection(self.address)
            self._connections.append((client, there))
            threading.Thread(target=self._pass, args=(client, there), daemon=True).start()

    def _pass(self, client: socket.socket, there: socket.socket) -> None:
        deaf = False
        with suppress(OSError, ValueError):
            while True:
                for end in select.select([client, there], [], [])[0]:
                    heard = end.recv(65536)
                    if not heard or (end is there and deaf):
                        _reset(client)
                        _reset(there)
                        return
                    if end is client and self._trap and self._trap[0] in heard:
                        side, self._trap = self._trap[1], None
                        if side == UNHEARD:
                            _reset(client)
                            _reset(there)
                            return
                        deaf = True
                    (there if end is client else client).sendall(heard)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        # No farewell: the other side sees a reset, as when a machine is gone.
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def in_front() -> Iterator[Proxy]:
    """A proxy in front of the server of the tests."""
    found = sa.make_url(server.url())
    proxy = Proxy(found.host or "127.0.0.1", found.port or 5432)
    try:
        yield proxy
    finally:
        proxy.close()
