"""A loop that blocks, for roads, lanes and routers."""

from __future__ import annotations

import math
import select
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Callable, Optional, TypeVar

from ._abi import lib
from ._core import EVENT_COST, Core
from ._handle import Handle, nanoseconds, now
from .enums import Status
from .errors import QueueFull, WrongState
from .events import Event

_Self = TypeVar("_Self", bound="Waiting")

#: How long messages under way have to end when a ``with`` block is left, in seconds.
LINGER = 1.0
#: What select() can watch.
_SELECT_LIMIT = 1024


class Waiting(Handle):
    """Waits in select() or poll() until there is something to do."""

    _inbox: deque[Event]
    _inbox_bytes: int
    _inbox_limit: int

    if TYPE_CHECKING:  # what has a loop has these

        def fileno(self) -> int: ...
        @property
        def wants_write(self) -> bool: ...
        @property
        def due(self) -> Optional[float]: ...
        def _pump(self) -> None: ...

    def service(self, timeout: Optional[float] = 0.0) -> int:
        """Waits until there is something to do, for at most `timeout` seconds (None: without a limit), and does it
        once. Returns how many events ``events(0)`` has; when there are some already, it does not wait."""
        if not self._inbox:
            self._sleep(timeout)
        self._pump()
        return len(self._inbox)

    def next_event(self, timeout: Optional[float] = None) -> Optional[Event]:
        """The next event; None when none came within `timeout` seconds, or when it is closed."""
        self.wait_until(lambda: bool(self._inbox), timeout)
        return self._next()

    def events(self, timeout: Optional[float] = None) -> Iterator[Event]:
        """Events as they happen. Ends when `timeout` seconds have passed since it began (0: gives only what is there
        now), and when it is closed; None: only then."""
        limit = None if timeout is None else now() + nanoseconds(timeout)
        while True:
            event = self.next_event(None if limit is None else max(0, limit - now()) / 1e9)
            if event is None:
                return
            yield event

    def wait_until(self, condition: Callable[[], bool], timeout: Optional[float] = None) -> bool:
        """Services it until `condition()` is true; False when `timeout` seconds passed first, or it is closed.

        `QueueFull` when `receive_queue` bytes wait in ``events()``: nothing more is received until they are taken.
        """
        limit = math.inf if timeout is None else now() + nanoseconds(timeout)
        if condition():
            return True
        while not self.closed:
            self._pump()
            if condition():
                return True
            left = limit - now()
            if left <= 0:
                return False
            if self._inbox_bytes >= self._inbox_limit:
                raise QueueFull(Status.EAGAIN, "received messages fill the queue: take events first")
            self._sleep(None if math.isinf(left) else left / 1e9)
        return condition()

    def _keep(self, event: Event) -> None:
        """Puts an event into the inbox."""
        self._inbox.append(event)
        self._inbox_bytes += len(event.raw) + EVENT_COST

    def _next(self) -> Optional[Event]:
        """The oldest event in the inbox."""
        if not self._inbox:
            return None
        event = self._inbox.popleft()
        self._inbox_bytes -= len(event.raw) + EVENT_COST
        return event

    def _sleep(self, timeout: Optional[float]) -> None:
        """Waits until the descriptor is ready, service is due, or `timeout` seconds have passed."""
        due = self.due
        if due is not None:
            timeout = due if timeout is None else min(due, timeout)
        if timeout is not None and timeout <= 0:
            return
        descriptor = self.fileno()
        if descriptor < 0:  # closing: the socket is gone before the last events
            time.sleep(0.01 if timeout is None else timeout)
        elif descriptor < _SELECT_LIMIT:  # poll() knows milliseconds only: too coarse for pacing
            wanted = [descriptor]
            select.select(wanted, wanted if self.wants_write else [], [], timeout)
        else:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN | (select.POLLOUT if self.wants_write else 0))
            poll.poll(None if timeout is None else math.ceil(timeout * 1000))

    def close(self, linger: float = LINGER) -> None:
        """Closes it."""
        raise NotImplementedError

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close(LINGER if kind is None else 0.0)


class Loop(Waiting, Core):
    """A road or a lane with a loop that blocks. Attached to a `Router` it is serviced there, and so are its waits; its
    events come there."""

    def service(self, timeout: Optional[float] = 0.0) -> int:
        """Waits until there is something to do, for at most `timeout` seconds (None: without a limit), and does it
        once. Returns how many events ``events(0)`` has; when there are some already, it does not wait."""
        self._require_own_loop()
        return super().service(timeout)

    def next_event(self, timeout: Optional[float] = None) -> Optional[Event]:
        """The next event; None when none came within `timeout` seconds, or when it is closed."""
        self._require_own_loop()
        return super().next_event(timeout)

    def wait_until(self, condition: Callable[[], bool], timeout: Optional[float] = None) -> bool:
        """Services it until `condition()` is true; False when `timeout` seconds passed first, or it is closed.

        `QueueFull` when `receive_queue` bytes wait in ``events()``: nothing more is received until they are taken.
        """
        if self._router is not None:
            return self._router.wait_until(condition, timeout)
        return super().wait_until(condition, timeout)

    def _require_own_loop(self) -> None:
        if self._router is not None and not self.closed:
            raise WrongState(Status.ESTATE, f"the {self._what} is attached to a router, which services it")

    # Ending

    def close(self, linger: float = LINGER) -> None:
        """Closes it. Messages under way have `linger` seconds to end; those that do not are `Canceled` or
        `Unknown`. The last events can still be taken afterwards. Closing twice does nothing."""
        if self.closed:
            return
        if self._router is not None:
            self._router.detach(self)
        try:
            self._closing = True
            self._inbox_limit = 2**63  # the last events are bounded by the library, and nothing more comes
            period = nanoseconds(linger)
            self._call(lib.raet_stack_close, now(), period)
            limit = now() + period + 1_000_000_000
            while not self._ended:
                self._pump()
                left = limit - now()
                if self._ended or left <= 0:
                    break
                self._sleep(left / 1e9)
        finally:
            self._free()
            self._abandon()
