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
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Callable, Generic, Optional, TypeVar

from ._handle import nanoseconds
from ._loop import CLOSING, LINGER, Waiting
from .enums import Status
from .errors import Closed, QueueFull, WrongState
from .events import Event
from .remote import Remote
from .road import Road
from .transactions import Transaction

_Target = TypeVar("_Target", bound=Waiting)
_Transaction = TypeVar("_Transaction", bound=Transaction)

#: How long it rests after the library has failed, in seconds: what failed once is likely to fail at once again.
_REST = 1.0


class Service(Generic[_Target]):
    """Services a road, a lane or a router in the running loop of asyncio's, from when it is made until it is closed.

    What does not wait is asked of the `target` itself: ``send()``, ``connect(..., wait=False)``, ``accept()``, handlers
    of a router. What waits there raises `WrongState` and is awaited here instead; any number of tasks may, at the same
    time. ``target.wake()``, which any thread may call, ends the waits in progress. The target's ``close()`` still
    blocks, and so does looking up the names of hosts.

    A program takes the events, even if it only sends: when `receive_queue` bytes of them (of a router: 64 MiB) are
    there, nothing more is received, and waits for other things raise `QueueFull` unless a task waits for events.

    Handlers are plain functions, during which the loop stands still. Leaving ``async with`` closes the target as its
    own ``with`` does. A service belongs to the thread of its loop.

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
        #: The next turn: at once, or when it is due.
        self._soon: Optional[asyncio.Handle] = None
        self._timer: Optional[asyncio.TimerHandle] = None
        self._is_in_turn = False
        #: Its own copy: the library may close the target's while the loop still watches it.
        self._descriptor = os.dup(target.fileno())
        self._is_reading = self._is_writing = False
        target._service = self
        self._ask_for_turn()

    # Waiting

    async def until(self, condition: Callable[[], bool], timeout: Optional[float] = None) -> bool:
        """Waits until `condition()` is true, which is asked after all that happens; False when `timeout` seconds
        passed or ``wake()`` was called first, or the target is closed. What the condition raises is raised."""
        period = _seconds(timeout)
        if condition():
            return True
        if self._is_over():
            return False
        if self.target._is_stuck():
            self._ask_for_turn()  # which tells
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
        """The next event; None when none came within `timeout` seconds or before ``wake()``, or when the target is
        closed. Each event goes to one of the tasks that ask."""
        limit = self._loop.time() + _seconds(timeout)
        while await self.until(self.target._has_events, max(0, limit - self._loop.time())):
            event = self._take()
            if event is not None:  # another task may have been faster
                return event
        return None

    async def events(self, timeout: Optional[float] = None) -> AsyncIterator[Event]:
        """Events as they happen. When `timeout` seconds have passed since it began, it gives those that are there at
        that moment, and ends; None: without a limit. Ends as well when the target is closed, and by ``wake()``."""
        limit = self._loop.time() + _seconds(timeout)
        while await self.until(self.target._has_events, max(0, limit - self._loop.time())):
            if self._loop.time() >= limit:
                break
            event = self._take()
            if event is not None:  # another task may have been faster
                yield event
        for _ in range(len(self.target._inbox)):
            event = self._take()
            if event is not None:
                yield event

    async def connected(self, remote: Remote, timeout: Optional[float] = 10.0) -> Remote:
        """Waits until messages can pass to a road's remote that is being connected, and gives it: the second half of
        ``Road.connect()``, with its exceptions."""
        road = remote._stack
        self._require_served(road)
        if not isinstance(road, Road):
            raise WrongState(Status.ESTATE, "a yard is not connected to")
        await self.until(lambda: road._is_decided(remote), timeout)
        road._require_allowed(remote)
        return remote

    async def ended(self, transaction: _Transaction, timeout: Optional[float] = None) -> _Transaction:
        """Waits until a message, join, allow or alive has ended, and gives it; exceptions as of its ``wait()``."""
        if not transaction.done:
            self._require_served(transaction._stack)
            await self.until(lambda: transaction.done, timeout)
        return transaction._ended()

    def _take(self) -> Optional[Event]:
        event = self.target._next()
        if self.target._left_events:  # there is room for them now
            self._ask_for_turn()
        return event

    def _require_served(self, stack: Any) -> None:
        """Raises `WrongState` unless what happens to a stack is heard of here."""
        if stack is not self.target and getattr(stack, "_router", None) is not self.target:
            raise WrongState(Status.ESTATE, f"{stack!r} is not what this services")

    # Ending

    async def close(self, linger: float = LINGER) -> None:
        """Closes the target. Messages under way have `linger` seconds to end; those that do not are `Canceled` or
        `Unknown`. Tasks that wait go on; the last events can still be taken. Closing it again meanwhile can shorten
        that; afterwards, or after ``release()``, it does nothing."""
        period = nanoseconds(linger)
        if self._is_over():
            return
        try:
            self.target._begin_close(period)
            self._ask_for_turn()
            await self.until(self.target._has_ended, (period + CLOSING) / 1e9)
        finally:
            self.target._end_close()

    def release(self) -> None:
        """Stops servicing the target, which is not closed: it is the program's own again. Waits end as if their time
        had passed."""
        if self.target._service is self:
            self.target._service = None
            self._let_go()

    async def __aenter__(self) -> Service[_Target]:
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        await self.close(LINGER if kind is None else 0.0)

    def _is_over(self) -> bool:
        return self.target.closed or self.target._service is not self

    def _let_go(self) -> None:
        """Watches nothing any more, and lets nothing wait any longer."""
        if not self._loop.is_closed():
            self._watch(False, False)
            self._forget_turn()
            self._loop.call_soon(self._end_waits)
        os.close(self._descriptor)

    def _disown(self) -> None:
        """Lets go in the child of a fork(), where the loop, which is the parent's, is not to be touched."""
        os.close(self._descriptor)

    # Turns

    def _ask_for_turn(self) -> None:
        """Something may be due."""
        if self._soon is None and not self._loop.is_closed():
            self._soon = self._loop.call_soon(self._turn)

    def _forget_turn(self) -> None:
        for handle in (self._soon, self._timer):
            if handle is not None:
                handle.cancel()
        self._soon = self._timer = None

    def _turn(self) -> None:
        """Services the target once, and ends the waits for what happened."""
        if self._is_over():
            return
        self._forget_turn()
        failure: Optional[Exception] = None
        self._is_in_turn = True
        try:
            try:
                self.target._pump()
            except Exception as reason:
                failure = reason
            self._settle_waits()
        finally:
            self._is_in_turn = False
            if not self._is_over():
                self._plan_turn(rest=failure is not None)
        if failure is not None:
            self._fail(failure)

    def _plan_turn(self, rest: bool) -> None:
        """The next turn comes when the descriptor is ready, or service is due."""
        is_open = not rest and self.target.fileno() >= 0
        self._watch(is_open, is_open and self.target.wants_write)
        due = _REST if rest else self.target.due
        if due == 0:
            self._ask_for_turn()
        elif due is not None:
            self._timer = self._loop.call_later(due, self._turn)

    def _watch(self, reading: bool, writing: bool) -> None:
        if reading and not self._is_reading:
            self._loop.add_reader(self._descriptor, self._turn)
        elif self._is_reading and not reading:
            self._loop.remove_reader(self._descriptor)
        if writing and not self._is_writing:
            self._loop.add_writer(self._descriptor, self._turn)
        elif self._is_writing and not writing:
            self._loop.remove_writer(self._descriptor)
        self._is_reading, self._is_writing = reading, writing

    # Ends of waits

    def _settle_waits(self) -> None:
        """Ends the waits whose condition has become true, and all when nothing will happen before events are taken."""
        for wait, condition in list(self._waits.items()):
            _settle(wait, condition)
        if self.target._is_stuck() and self.target._has_events not in self._waits.values():
            self._end_waits(QueueFull(Status.EAGAIN, "received messages fill the queue: take events first"))

    def _fail(self, failure: Exception) -> None:
        """Tells that servicing failed: to the tasks that wait, else to the loop."""
        if not self._end_waits(failure):
            message = f"{self.target!r} could not be serviced"
            self._loop.call_exception_handler({"message": message, "exception": failure})

    def _end_waits(self, failure: Optional[Exception] = None) -> bool:
        """Ends all waits, by an exception or as if their time had passed; False when there are none."""
        waits = [(wait, condition) for wait, condition in self._waits.items() if not wait.done()]
        for wait, condition in waits:
            if failure is not None:
                wait.set_exception(failure)
            else:
                _settle(wait, condition)
                _give(wait, False)
        return bool(waits)

    def _wake(self) -> None:
        """Ends the waits in progress; for any thread."""
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._end_waits)


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
    except (KeyboardInterrupt, SystemExit):
        raise
    except StopIteration as failure:  # which a future cannot hold
        wait.set_exception(RuntimeError(f"the condition raised {failure!r}"))
    except BaseException as failure:
        wait.set_exception(failure)
