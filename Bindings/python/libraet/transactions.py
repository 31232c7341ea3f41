"""What takes time: a `Transaction` with a remote, the `Delivery` of a message to it, the `RoutedDelivery` of one that a
router sent."""

from __future__ import annotations

from ctypes import byref, c_uint64
from typing import TYPE_CHECKING, Any, Optional, TypeVar

from ._abi import lib
from ._handle import now
from .enums import Status
from .errors import Closed, NotFound, TimedOut, error_for

if TYPE_CHECKING:
    from ._core import Core
    from .remote import Remote
    from .router import Router

#: Marks numbers of messages that are a router's, not a stack's.
ROUTER_TXN = 1 << 63

_Self = TypeVar("_Self", bound="Transaction")


class Transaction:
    """A join, allow or alive with a remote that was started, or (`Delivery`) a message that was sent.

    It ends once, when the road is serviced: then `done` is True and `status` tells how.
    """

    def __init__(self, stack: Core, remote: Remote, txn: int) -> None:
        self._stack = stack
        #: The remote it is with.
        self.remote = remote
        #: The library's number for it.
        self.txn = txn
        #: How it ended; None as long as it has not.
        self.status: Optional[Status] = None

    @property
    def done(self) -> bool:
        """True when it has ended, well or not."""
        return self.status is not None

    def check(self: _Self) -> _Self:
        """Raises the exception of its status when it ended badly; else gives itself."""
        if self.status:
            raise error_for(self.status, remote=self.remote)
        return self

    def wait(self: _Self, timeout: Optional[float] = None) -> _Self:
        """Services the road until it has ended, for at most `timeout` seconds (None: as long as it takes, which its own
        time limit bounds). Gives itself when it ended well, and raises the exception of its status when not.

        `TimedOut` comes also when `timeout` passed or ``wake()`` was called first: then `done` is still False, and it
        goes on. What else happens in the meantime is kept for ``events()``.
        """
        self._stack.wait_until(lambda: self.done, timeout)
        return self._ended()

    def _ended(self: _Self) -> _Self:
        """As ``check()``, and raises what a wait in vain does when it has not ended."""
        if not self.done:
            if self._stack.closed:  # in the child of a fork(): it goes on in the parent
                raise Closed(Status.ECLOSED, remote=self.remote)
            raise TimedOut(detail="it has not ended yet; it goes on", remote=self.remote)
        return self.check()

    def cancel(self) -> None:
        """Ends it before its time; it is done when the road has been serviced. Nothing happens if it has ended."""
        if self.done:
            return
        try:
            self._stack._change(lib.raet_txn_cancel, self.txn, now())
        except NotFound:  # it has ended; its event is still in the library
            pass

    def _end(self, status: Status) -> None:
        self.status = status

    def __repr__(self) -> str:
        state = "under way" if self.status is None else self.status.name
        return f"<{type(self).__name__} {self.txn} with {self.remote.label}: {state}>"


class Delivery(Transaction):
    """A message that was sent. It ends well when the remote's library has it whole, ready for its application; on a
    lane, when the kernel holds all of it in the yard's socket, where it is lost when the yard's process ends before it
    reads it. `Unknown` means that it may have arrived, every other exception that it did not."""

    def __init__(self, stack: Core, remote: Remote, txn: int, size: int, tag: Any) -> None:
        super().__init__(stack, remote, txn)
        #: Bytes of the body.
        self.size = size
        #: What the program gave ``send()``.
        self.tag = tag

    @property
    def progress(self) -> tuple[int, int]:
        """How many bytes have arrived, and of how many, as far as is known here."""
        if self.status == Status.OK:
            return self.size, self.size
        done, total = c_uint64(), c_uint64()
        status = (
            Status.ECLOSED
            if self._stack.closed
            else lib.raet_transfer_progress(self._stack._live(), self.txn, None, None, byref(done), byref(total))
        )
        return (done.value, total.value) if status == Status.OK else (0, self.size)


class RoutedDelivery(Delivery):
    """A message that a router sent. It ends when the next hop has it or, with ``confirm=True``, when the destination's
    program has it. Without that, `undelivered` tells later if a router further on could not place it."""

    _stack: Router  # type: ignore[assignment]

    def __init__(self, router: Router, txn: int, size: int, tag: Any, destination: str) -> None:
        super().__init__(router, None, txn, size, tag)  # type: ignore[arg-type]
        #: Where it goes.
        self.destination = destination
        #: Why a router further on could not place it; None as long as nothing of that kind was heard.
        self.undelivered: Optional[Status] = None

    @property
    def progress(self) -> tuple[int, int]:
        """All of it when it has ended well, else nothing: how far it is on its way is not known here."""
        return (self.size if self.status == Status.OK else 0), self.size

    def cancel(self) -> None:
        """Ends it before its time; it is done when the router has been serviced. Nothing happens if it has ended."""
        if self.done:
            return
        try:
            self._stack._change(lib.raet_router_cancel, self.txn, now())
        except NotFound:  # it has ended; its event is still in the library
            pass

    def __repr__(self) -> str:
        state = "under way" if self.status is None else self.status.name
        return f"<{type(self).__name__} {self.txn & ~ROUTER_TXN} to {self.destination}: {state}>"
