"""A loop that blocks, for roads, lanes and routers."""

from __future__ import annotations

import math
import select
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from ._abi import lib
from ._core import Core, event_cost
from ._handle import Handle, nanoseconds, now
from ._wake import Waker
from .enums import Status
from .errors import QueueFull, WrongState
from .events import Event

if TYPE_CHECKING:
    from .aio import Service

_Self = TypeVar("_Self", bound="Waiting")

#: How long messages under way have to end when a ``with`` block is left, in seconds.
LINGER = 1.0
#: How long the last events are waited for after that, in nanoseconds.
CLOSING = 1_000_000_000
_SERVICED = "it is serviced by a libraet.aio.Service, which has what waits to be awaited"
#: What select() can watch.
_SELECT_LIMIT = 1024
#: The longest sleep in seconds; select() and poll() refuse what they cannot count.
_LONGEST = 86_400.0


def _limit(timeout: Optional[float]) -> float:
    """When so many seconds have passed."""
    return math.inf if timeout is None else now() + nanoseconds(timeout)


class Waiting(Handle):
    """Waits in select() or poll() until there is something to do."""

    _inbox: deque[Event]
    _inbox_bytes: int
    _inbox_limit: int
    #: True when events may be left in the library, of which its descriptor does not tell.
    _left_events: bool
    _waker: Waker
    #: What services it in a loop of asyncio's.
    _service: Optional[Service[Any]] = None

    if TYPE_CHECKING:  # what has a loop has these

        def fileno(self) -> int: ...
        @property
        def wants_write(self) -> bool: ...
        @property
        def due(self) -> Optional[float]: ...
        def _pump(self) -> None: ...
        def _begin_close(self, period: int) -> None: ...
        def _has_ended(self) -> bool: ...
        def _end_close(self) -> None: ...

    def service(self, timeout: Optional[float] = 0.0) -> int:
        """Waits until there is something to do, for at most `timeout` seconds (None: without a limit), and does it
        once. Returns how many events ``events(0)`` has; when there are some already, it does not wait."""
        self._require_own_loop()
        if not self._inbox:
            self._sleep(timeout, self._waker.heeded)
        self._pump()
        return len(self._inbox)

    def next_event(self, timeout: Optional[float] = None) -> Optional[Event]:
        """The next event; None when none came within `timeout` seconds or before ``wake()``, or when it is closed."""
        self._require_own_loop()
        self.wait_until(self._has_events, timeout)
        return self._next()

    def events(self, timeout: Optional[float] = None) -> Iterator[Event]:
        """Events as they happen. When `timeout` seconds have passed since it began, it gives those that are there at
        that moment, and ends (0: services once if there are none, and gives what is there); None: without a limit. Ends
        as well when it is closed, and by ``wake()``."""
        limit = _limit(timeout)
        noted = self._waker.heeded
        self._require_own_loop()
        if not self._inbox and not self.closed:
            self._pump()
        while now() < limit:
            self._require_own_loop()
            if self._waker.is_due(noted) or not self._wait(self._has_events, limit, noted):
                return
            event = self._next()
            if event is not None:
                yield event
        for _ in range(len(self._inbox)):
            event = self._next()
            if event is not None:
                yield event

    def wait_until(self, condition: Callable[[], bool], timeout: Optional[float] = None) -> bool:
        """Services it until `condition()` is true; False when `timeout` seconds passed or ``wake()`` was called first,
        or it is closed.

        `QueueFull` when `receive_queue` bytes (of a router: 64 MiB) wait in ``events()``: nothing more is received
        until they are taken.
        """
        self._require_wait()
        return self._wait(condition, _limit(timeout), self._waker.heeded)

    def wake(self) -> None:
        """Ends the wait in progress at once, or else the next one: ``service()`` returns, ``next_event()`` gives None,
        ``wait_until()`` False, ``events()`` gives no more, and other methods end as if their time had passed. Any
        thread may call it, and handlers of signals. Does nothing when it is closed."""
        service = self._service
        if service is not None:
            service._wake()
        elif not self.closed:
            self._waker.wake()

    def _wait(self, condition: Callable[[], bool], limit: float, noted: int) -> bool:
        """``wait_until()`` a point in time, or a ``wake()`` after the one noted."""
        if condition():
            return True
        while not self.closed:
            self._pump()
            if condition():
                return True
            left = limit - now()
            if left <= 0 or self.closed:
                return False
            if self._is_stuck():
                raise QueueFull(Status.EAGAIN, "received messages fill the queue: take events first")
            if self._sleep(left / 1e9, noted):
                return False
        return condition()

    def _has_events(self) -> bool:
        return bool(self._inbox)

    def _is_stuck(self) -> bool:
        """True when nothing more is received before the program does something."""
        return self._inbox_bytes >= self._inbox_limit

    def _require_own_loop(self) -> None:
        """Raises `WrongState` when something else services it."""
        if self._service is not None and self._service._loop.is_closed():
            self._service.release()
        if self._service is not None:
            raise WrongState(Status.ESTATE, _SERVICED)

    def _require_wait(self) -> None:
        """Raises `WrongState` when waiting would stop the loop of asyncio's that services it. Handlers may wait."""
        if self._service is not None and not self._service._is_in_turn:
            self._require_own_loop()

    def _changed(self) -> None:
        if self._service is not None:
            self._service._ask_for_turn()

    def _keep(self, event: Event) -> None:
        """Puts an event into the inbox."""
        self._inbox.append(event)
        self._inbox_bytes += event_cost(event)

    def _next(self) -> Optional[Event]:
        """The oldest event in the inbox."""
        if not self._inbox:
            return None
        event = self._inbox.popleft()
        self._inbox_bytes -= event_cost(event)
        return event

    def _sleep(self, timeout: Optional[float], noted: Optional[int] = None) -> bool:
        """Waits until the descriptor is ready, service is due, or `timeout` seconds have passed, or until a ``wake()``
        after the one noted (None: regardless of it): then gives True."""
        period = min([_LONGEST, *(limit for limit in (self.due, timeout) if limit is not None)])
        descriptors = [] if noted is None else [self._waker.fileno()]
        if noted is not None and self._waker.is_due(noted):
            return True
        if period > 0:
            self._watch_descriptors(descriptors, period)
        return noted is not None and self._waker.is_due(noted)

    def _watch_descriptors(self, readable: list[int], period: float) -> None:
        """Waits until the descriptor, or one of those given, is ready, for at most `period` seconds."""
        own = self.fileno()
        if own >= 0:
            readable.append(own)
        else:  # closing: the socket is gone before the last events
            period = min(period, 0.01)
        writable = [own] if own >= 0 and self.wants_write else []
        if max(readable, default=0) < _SELECT_LIMIT:  # poll() knows milliseconds only: too coarse for pacing
            select.select(readable, writable, [], period)
            return
        poll = select.poll()
        for descriptor in readable:
            poll.register(descriptor, select.POLLIN | (select.POLLOUT if descriptor in writable else 0))
        poll.poll(math.ceil(period * 1000))

    def _disown(self) -> None:
        super()._disown()
        self._waker.disown()
        service, self._service = self._service, None
        if service is not None:
            service._disown()

    def _free(self) -> None:
        service, self._service = self._service, None
        if service is not None:
            service._let_go()
        super()._free()
        self._waker.close()

    # Ending

    def close(self, linger: float = LINGER) -> None:
        """Closes it. Messages under way have `linger` seconds to end; those that do not are `Canceled` or
        `Unknown`. The last events can still be taken afterwards. Closing twice does nothing."""
        if self.closed:
            return
        period = nanoseconds(linger)
        try:
            self._begin_close(period)
            limit = now() + period + CLOSING
            while not self._has_ended():
                self._pump()
                left = limit - now()
                if self._has_ended() or left <= 0:
                    break
                self._sleep(left / 1e9)
        finally:
            self._end_close()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close(LINGER if kind is None else 0.0)


class Loop(Waiting, Core):
    """A road or a lane with a loop that blocks. Attached to a `Router` it is serviced there, and so are its waits; its
    events come there."""

    def wait_until(self, condition: Callable[[], bool], timeout: Optional[float] = None) -> bool:
        """Services it until `condition()` is true; False when `timeout` seconds passed or ``wake()`` was called first,
        or it is closed.

        `QueueFull` when `receive_queue` bytes (of a router: 64 MiB) wait in ``events()``: nothing more is received
        until they are taken.
        """
        if self._router is not None:
            return self._router.wait_until(condition, timeout)
        return super().wait_until(condition, timeout)

    def wake(self) -> None:
        """Ends the wait in progress at once, or else the next one: ``service()`` returns, ``next_event()`` gives None,
        ``wait_until()`` False, ``events()`` gives no more, and other methods end as if their time had passed. Any
        thread may call it, and handlers of signals. Does nothing when it is closed."""
        router = self._router
        if router is not None:
            router.wake()
        else:
            super().wake()

    def _require_own_loop(self) -> None:
        if self._router is not None and not self.closed:
            raise WrongState(Status.ESTATE, f"the {self._what} is attached to a router, which services it")
        super()._require_own_loop()

    def _require_wait(self) -> None:
        if self._router is not None:
            self._router._require_wait()
        else:
            super()._require_wait()

    def _changed(self) -> None:
        if self._router is not None:
            self._router._changed()
        else:
            super()._changed()

    # Ending

    def close(self, linger: float = LINGER) -> None:
        """Closes it. Messages under way have `linger` seconds to end; those that do not are `Canceled` or
        `Unknown`. The last events can still be taken afterwards. Closing twice does nothing."""
        nanoseconds(linger)
        if self._router is not None and not self.closed:
            self._router.detach(self)
        super().close(linger)

    def _begin_close(self, period: int) -> None:
        if self._closing:
            return
        self._closing = True
        self._inbox_limit = 2**63  # the last events are bounded by the library, and nothing more comes
        self._call(lib.raet_stack_close, now(), period)

    def _has_ended(self) -> bool:
        return self._ended

    def _end_close(self) -> None:
        self._free()
        self._abandon()
