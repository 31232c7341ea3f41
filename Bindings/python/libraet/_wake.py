"""What ends a wait from outside: from another thread, or from a signal handler."""

from __future__ import annotations

import os
import sys
import threading
from typing import Optional


def _pipe() -> tuple[int, int]:
    return os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)


def _descriptors() -> tuple[int, int]:
    """What to read from and what to write to."""
    if sys.version_info >= (3, 10):
        both = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        return both, both
    return _pipe()


class Waker:
    """Counts the calls of ``wake()``. A wait notes `heeded` when it begins, and has to end when ``is_due()`` says so:
    so one call ends all waits in progress, of which one may be inside another, or else the next one.

    ``wake()`` may be called by any thread, and by a signal handler in the middle of any other method; the rest is for
    the one thread that waits.
    """

    def __init__(self) -> None:
        # Reentrant, because of signal handlers. It keeps a descriptor open while wake() writes to it.
        self._lock = threading.RLock()
        self._descriptors: Optional[tuple[int, int]] = None
        self._asked = 0
        #: Up to which call waits have ended.
        self.heeded = 0

    def wake(self) -> None:
        """Ends the wait in progress, or else the next one."""
        with self._lock:
            self._asked += 1  # before the descriptor: a wait that finds it silent looks here once more
            if self._descriptors is not None:
                try:
                    os.write(self._descriptors[1], (1).to_bytes(8, sys.byteorder))
                except BlockingIOError:  # it is full, and so readable
                    pass

    def is_due(self, noted: int) -> bool:
        """True when a wait has to end that noted `heeded` at its beginning."""
        asked = self._asked
        if asked == noted:
            return False
        self.heeded = asked
        if self._descriptors is not None:
            try:
                os.read(self._descriptors[0], 65536)
            except BlockingIOError:
                pass
        return True

    def fileno(self) -> int:
        """Readable when a wait has to end. Made when it is first asked for; look at ``is_due()`` after that."""
        if self._descriptors is None:
            self._descriptors = _descriptors()
        return self._descriptors[0]

    def close(self) -> None:
        """Closes the descriptor, if there is one. Calls of ``wake()`` do nothing any more."""
        with self._lock:
            descriptors, self._descriptors = self._descriptors, None
        for descriptor in set(descriptors or ()):
            os.close(descriptor)

    def disown(self) -> None:
        """Closes it in the child of a fork(), where a thread that is not there any more may have the lock."""
        self._lock = threading.RLock()
        self.close()
