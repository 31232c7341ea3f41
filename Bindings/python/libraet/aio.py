"""Roads, lanes and routers in a program of asyncio's.

    import asyncio, libraet
    from libraet.aio import Service

    async def main():
        road = libraet.Road("beta", accept="once", endpoint="127.0.0.1:7531", directory="/tmp/beta")
        async with Service(road) as service:
            peer = await service.connected(road.connect("127.0.0.1:7530", wait=False))
            await service.ended(peer.send({"hello": "world"}))
            async for event in service.events(timeout=1):
                print(event)

    asyncio.run(main())
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Callable, Generic, Optional, TypeVar

from ._handle import nanoseconds
from ._loop import CLOSING, LINGER, Waiting
from .enums import Status
from .errors import Closed, WrongState
from .events import Event
from .remote import Remote
from .road import Road
from .transactions import Transaction

_Target = TypeVar("_Target", bound=Waiting)
_Transaction = TypeVar("_Transaction", bound=Transaction)


class Service(Generic[_Target]):
    """Services a road, a lane or a router in the running loop of asyncio's, from when it is made until it is closed.

    Everything that does not wait is asked of the `target` itself: ``send()``, ``connect(..., wait=False)``,
    ``accept()``, handlers of a router. What waits there is awaited here: any number of tasks may, at the same time.
    Tasks that wait while nobody takes events wait in vain once `receive_queue` bytes of them (of a router: 64 MiB) are
    there, since nothing more is received then.

    Leaving ``async with`` closes the target as its own ``with`` does. A service belongs to the thread of its loop.
    Handlers are plain functions, during which the loop stands still.

    target: a `Road`, `Lane` or `Router`. `WrongState`: it has a service, or is attached to a router; `Closed`.
    """

    def __init__(self, target: _Target) -> None:
        if target.closed:
            raise Closed(Status.ECLOSED)
        target._require_own_loop()
        #: What it services.
        self.target = target
        self._loop = asyncio.get_running_loop()
        self._waits: dict[asyncio.Future[bool], Callable[[], bool]] = {}
        #: The next turn.
        self._next_turn: Optional[asyncio.Handle] = None
        self._is_in_turn = False
        #: The descriptors that the loop watches for it; -1: none.
        self._readable = self._writable = -1
        target._service = self
        self._ask_for_turn()

    # Waiting

    async def until(self, condition: Callable[[], bool], timeout: Optional[float] = None) -> bool:
        """Waits until `condition()` is true, which is asked after all that happens; False when `timeout` seconds
        passed first, or the target is closed. What the condition raises is raised."""
        period = _seconds(timeout)
        if condition():
            return True
        if self.target.closed:
            return False
        wait = self._loop.create_future()
        timer = None if period == math.inf else self._loop.call_later(period, _give, wait, False)
        self._waits[wait] = condition
        try:
            return bool(await wait)
        finally:
            del self._waits[wait]
            if timer is not None:
                timer.cancel()

    async def next_event(self, timeout: Optional[float] = None) -> Optional[Event]:
        """The next event; None when none came within `timeout` seconds, or when the target is closed. Each event goes
        to one of the tasks that ask."""
        limit = self._loop.time() + _seconds(timeout)
        while await self.until(self.target._has_events, max(0, limit - self._loop.time())):
            event = self.target._next()
            if event is not None:  # another task may have been faster
                if self.target._left_events:
                    self._ask_for_turn()
                return event
        return None

    async def events(self, timeout: Optional[float] = None) -> AsyncIterator[Event]:
        """Events as they happen, until `timeout` seconds have passed since it began, or the target is closed."""
        limit = self._loop.time() + _seconds(timeout)
        while True:
            event = await self.next_event(max(0, limit - self._loop.time()))
            if event is None:
                return
            yield event

    async def connected(self, remote: Remote, timeout: Optional[float] = 10.0) -> Remote:
        """Waits until messages can pass to a remote that is being connected, and gives it: the second half of
        ``Road.connect()``, with its exceptions."""
        road = remote._stack
        if isinstance(road, Road):
            await self.until(lambda: road._is_decided(remote), timeout)
            road._require_allowed(remote)
        return remote

    async def ended(self, transaction: _Transaction, timeout: Optional[float] = None) -> _Transaction:
        """Waits until a message, join, allow or alive has ended, and gives it; exceptions as of its ``wait()``."""
        await self.until(lambda: transaction.done, timeout)
        return transaction._ended()

    # Ending

    async def close(self, linger: float = LINGER) -> None:
        """Closes the target. Messages under way have `linger` seconds to end; those that do not are `Canceled` or
        `Unknown`. Tasks that wait go on; the last events can still be taken. Closing twice does nothing."""
        period = nanoseconds(linger)
        if self.target.closed:
            return
        if self.target._service is not self:
            raise WrongState(Status.ESTATE, "it services the target no more")
        try:
            self.target._begin_close(period)
            self._ask_for_turn()
            await self.until(self.target._has_ended, (period + CLOSING) / 1e9)
        finally:
            self.target._end_close()

    async def __aenter__(self) -> Service[_Target]:
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        await self.close(LINGER if kind is None else 0.0)

    def _let_go(self) -> None:
        """The target ends: nothing is watched any more, and what waits for it will not wait longer."""
        self._watch(-1, -1)
        self._forget_turn()
        if not self._loop.is_closed():
            self._loop.call_soon(self._end_waits)

    # Turns

    def _ask_for_turn(self) -> None:
        """Something may be due."""
        is_next = self._next_turn is not None and not isinstance(self._next_turn, asyncio.TimerHandle)
        if not self._is_in_turn and not is_next:
            self._plan_turn(0.0)

    def _plan_turn(self, due: Optional[float]) -> None:
        """The next turn is so many seconds from now, if the descriptor is silent until then; None: not at all."""
        self._forget_turn()
        if due is not None:
            self._next_turn = self._loop.call_later(due, self._turn) if due > 0 else self._loop.call_soon(self._turn)

    def _forget_turn(self) -> None:
        if self._next_turn is not None:
            self._next_turn.cancel()
            self._next_turn = None

    def _turn(self) -> None:
        """Services the target once, and wakes the tasks that waited for what happened."""
        target = self.target
        if target.closed:  # in the child of a fork(), too, where the loop is not to be touched
            return
        self._forget_turn()
        self._is_in_turn = True
        try:
            target._pump()
        except Exception as failure:
            self._fail(failure)
        finally:
            self._is_in_turn = False
            self._watch_target()
        for wait, condition in list(self._waits.items()):
            _settle(wait, condition)

    def _watch_target(self) -> None:
        """What the loop has to watch now, and until when."""
        target = self.target
        if target.closed:
            return
        descriptor = target.fileno()
        self._watch(descriptor, descriptor if target.wants_write else -1)
        self._plan_turn(target.due)

    def _watch(self, readable: int, writable: int) -> None:
        if writable != self._writable:
            if self._writable >= 0:
                self._loop.remove_writer(self._writable)
            if writable >= 0:
                self._loop.add_writer(writable, self._turn)
            self._writable = writable
        if readable != self._readable:
            if self._readable >= 0:
                self._loop.remove_reader(self._readable)
            if readable >= 0:
                self._loop.add_reader(readable, self._turn)
            self._readable = readable

    def _fail(self, failure: Exception) -> None:
        """Tells that servicing failed: to the tasks that wait, else to the loop."""
        waits = [wait for wait in self._waits if not wait.done()]
        for wait in waits:
            wait.set_exception(failure)
        if not waits:
            message = f"{self.target!r} could not be serviced"
            self._loop.call_exception_handler({"message": message, "exception": failure})

    def _end_waits(self) -> None:
        for wait, condition in list(self._waits.items()):
            _settle(wait, condition)
            _give(wait, False)


def _seconds(timeout: Optional[float]) -> float:
    """A period in seconds; None is no limit. `InvalidArgument`: it is negative, or no number."""
    if timeout is None:
        return math.inf
    nanoseconds(timeout)
    return timeout


def _give(wait: asyncio.Future[bool], result: bool) -> None:
    if not wait.done():
        wait.set_result(result)


def _settle(wait: asyncio.Future[bool], condition: Callable[[], bool]) -> None:
    """Ends a wait when its condition is true, or fails."""
    if wait.done():
        return
    try:
        if condition():
            wait.set_result(True)
    except Exception as failure:
        wait.set_exception(failure)
