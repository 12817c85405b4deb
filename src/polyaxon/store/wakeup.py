"""Telling the schedulers of a home that there is something for them: a datagram to each, without waiting.

Every scheduler listens on a socket in `<home>/wake`; whoever leaves a request or a run sends a datagram to all of them.
A lost one costs little: schedulers also look on their own once in a while.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator

__all__ = ["Listener", "wake"]

_DIRECTORY = "wake"


class Listener:
    """This process's socket; `fileno` becomes readable when somebody wakes it."""

    def __init__(self, home: str) -> None:
        self._name = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._home = home
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        os.makedirs(os.path.join(home, _DIRECTORY), exist_ok=True)
        with _short(home) as directory:
            self.socket.bind(os.path.join(directory, self._name))

    def clear(self) -> None:
        """Take every datagram that came."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.socket.recv(1)

    def close(self) -> None:
        """Stop listening. Safe to call twice."""
        self.socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self._home, _DIRECTORY, self._name))


def wake(home: str) -> None:
    """Wake all schedulers of the home; sockets of those that died are removed on the way."""
    directory = os.path.join(home, _DIRECTORY)
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return
    with _short(home) as short, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        for name in names:
            try:
                sender.sendto(b"!", os.path.join(short, name))
            except ConnectionRefusedError:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(directory, name))
            except OSError:
                # Its buffer is full, so it is awake; or it has just gone.
                continue


@contextlib.contextmanager
def _short(home: str) -> Iterator[str]:
    """A path of the directory that fits in a socket's address, of which 108 bytes is the limit."""
    directory = os.path.join(home, _DIRECTORY)
    if not os.path.isdir("/proc/self/fd"):
        yield directory
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
