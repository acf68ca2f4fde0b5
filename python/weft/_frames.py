"""What all frames over sockets have in common: a header of eight bytes, and a body that is not copied behind it."""

from __future__ import annotations

import socket

__all__ = ["send_frame"]


def send_frame(connection: socket.socket, header: bytes, body: bytes | bytearray | memoryview) -> None:
    """Send header and body of a frame without joining them, which would copy the body.

    Parameters
    ----------
    connection : socket.socket
        Of streams, and blocking.
    header : bytes
        What goes before.
    body : bytes-like
        Of bytes; must not change meanwhile.

    Raises
    ------
    OSError
        If the connection is gone.
    """
    sent = connection.sendmsg([header, body])
    if sent < len(header):
        connection.sendall(header[sent:])
        sent = len(header)
    if sent < len(header) + len(body):
        connection.sendall(memoryview(body)[sent - len(header) :])
