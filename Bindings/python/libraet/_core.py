"""What roads and lanes have in common, as far as it needs no waiting."""

from __future__ import annotations

import logging
import socket
import warnings
import weakref
from collections import deque
from ctypes import POINTER, byref, c_char_p, c_uint32, c_uint64, c_void_p, string_at
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar, Union

from . import _abi
from ._abi import EventStruct, LogFn, StoreOps, lib
from ._handle import Handle, c_string, keep_interrupt, now, raise_interrupt, text_of
from ._settings import Configuration
from ._wake import Waker
from .enums import BodyKind, Direction, EventType, Status
from .errors import InvalidArgument, error_for
from .events import Event
from .places import Place
from .remote import Remote
from .transactions import Delivery, Transaction

if TYPE_CHECKING:
    from .router import Router

_Watched = TypeVar("_Watched", bound=Transaction)

#: What an event counts for in the inbox beside its body, in bytes.
_EVENT_COST = 256


@dataclass(frozen=True)
class Transfer:
    """A message that is being sent or received: `done` of `total` bytes have arrived."""

    txn: int
    remote: Remote
    direction: Direction
    done: int
    total: int
    delivery: Optional[Delivery] = None


class Core(Handle):
    """A stack of the library's, without a loop of its own."""

    #: The library's kind of stack, and what messages call it.
    _kind = _abi.KIND_ROAD
    _what = "road"
    _no_log = LogFn(0)
    #: The router that it is attached to.
    _router: Optional[Router] = None

    def _begin(
        self,
        given: dict[str, Any],
        logger: Optional[logging.Logger],
        log_level: Optional[int],
        store: Optional[StoreOps] = None,
        fd: Union[int, socket.socket, None] = None,
    ) -> None:
        """Makes and opens the stack with the settings that are given; with `fd` it takes that socket over."""
        self.logger = logger or logging.getLogger("libraet")
        self._inbox: deque[Event] = deque()
        self._inbox_bytes = 0
        self._inbox_limit = 0
        self._left_events = False
        self._waker = Waker()
        self._watched: dict[int, Transaction] = {}
        self._outcomes: dict[int, Status] = {}
        #: What `_outcomes` were before ``connect()`` was called again: the library does not tell the same twice.
        self._former_outcomes: dict[int, Status] = {}
        self._remotes: weakref.WeakValueDictionary[int, Remote] = weakref.WeakValueDictionary()
        self._closing = False
        self._ended = False
        self._event_out = POINTER(EventStruct)()
        # The library calls these as long as the stack lives, so they are never let go before it.
        self._log_callback: Optional[Any] = None
        self._store_callbacks = store

        with Configuration(self._kind) as configuration:
            for setting, value in given.items():
                configuration.set(setting, value)
            if store is not None:
                status = lib.raet_config_set_store(configuration.handle, byref(store), None)
                if status:
                    raise error_for(status, "store")
            stack = c_void_p()
            status = lib.raet_stack_new(configuration.handle, now(), byref(stack))
            reason = text_of(lib.raet_config_error(configuration.handle))
        self._own(stack.value)
        try:
            raise_interrupt()
            if status:
                raise error_for(status, reason or f"{self._what} {given.get('name')!r}")
            self.set_log_level(log_level)
            self._inbox_limit = self._setting(_abi.KEY_RECEIVE_QUEUE)
            if fd is None:
                self._call(lib.raet_stack_open, now())
            else:
                self._adopt(fd)
        except BaseException:
            self._free()
            raise

    def _adopt(self, fd: Union[int, socket.socket]) -> None:
        """Takes a socket over."""
        number = fd if isinstance(fd, int) else fd.fileno()
        if not 0 <= number < 2**31:
            raise InvalidArgument(Status.EINVAL, f"fd={fd!r}")
        status = lib.raet_stack_adopt_fd(self._live(), number, now())
        if status == Status.OK and not isinstance(fd, int):
            fd.detach()
        raise_interrupt()
        if status:
            self._fail(status)

    @property
    def body_kind(self) -> BodyKind:
        """How mappings are encoded when they are sent."""
        raise NotImplementedError

    def __del__(self, warn: Any = warnings.warn) -> None:
        if self._pointer is not None:
            self._free()
            warn(f"a {type(self).__name__} was not closed", ResourceWarning, source=self)

    def _free(self) -> None:
        if self._pointer is not None:
            self._library.raet_stack_set_log(self._pointer, 0, self._no_log, None)
        super()._free()

    # Settings

    def _setting(self, key: int) -> int:
        return self._u64(lib.raet_stack_get_u64, key)

    @property
    def name(self) -> str:
        """Its own name."""
        return self._text(lib.raet_stack_get_str, _abi.KEY_NAME)

    @property
    def endpoint(self) -> str:
        """Where it is: the address with the port that the system chose, as "127.0.0.1:7530", or the path of its socket."""
        return self._text(lib.raet_stack_get_str, _abi.KEY_ENDPOINT)

    def set_log_level(self, level: Optional[int]) -> None:
        """Hands the library's log to `self.logger` down to a level of `logging`; None: down to what the logger lets
        pass now. Lines below are not even made."""
        level = self.logger.getEffectiveLevel() if level is None else level
        if self._log_callback is None:
            self._log_callback = _log_callback(self.logger)
        self._call(lib.raet_stack_set_log, _library_level(level), self._log_callback, None)

    # Remotes

    @property
    def remotes(self) -> list[Remote]:
        """All remotes, in the order they were added."""
        found: list[Remote] = []
        number = c_uint64()
        while True:
            status = lib.raet_remote_next(self._live(), number.value, byref(number))
            if status == Status.ENOTFOUND:
                return found
            if status:
                self._fail(status)
            found.append(self._remote(number.value))

    def remote(self, name: str) -> Remote:
        """The remote of a name. `NotFound`."""
        return self._remote(self._u64(lib.raet_remote_find, c_string(name)))

    def _make_remote(self, number: int) -> Remote:
        return Remote(self, number)

    def _remote(self, number: int) -> Remote:
        remote = self._remotes.get(number)
        if remote is None:
            remote = self._remotes[number] = self._make_remote(number)
        return remote

    # Messages under way

    def transfers(self) -> list[Transfer]:
        """Messages that are being sent or received now, with how far they are."""
        found: list[Transfer] = []
        txn, remote, direction, done, total = c_uint64(), c_uint64(), c_uint32(), c_uint64(), c_uint64()
        while lib.raet_transfer_next(self._live(), txn.value, byref(txn)) == Status.OK:
            self._call(
                lib.raet_transfer_progress, txn.value, byref(remote), byref(direction), byref(done), byref(total)
            )
            delivery = self._watched.get(txn.value)
            found.append(
                Transfer(
                    txn.value,
                    self._remote(remote.value),
                    Direction(direction.value),
                    done.value,
                    total.value,
                    delivery if isinstance(delivery, Delivery) else None,
                )
            )
        return found

    @property
    def statistics(self) -> dict[str, int]:
        """All counters by name."""
        found: dict[str, int] = {}
        name, value = c_char_p(), c_uint64()
        while lib.raet_stat_at(self._live(), len(found), byref(name), byref(value)) == Status.OK:
            found[text_of(name.value)] = value.value
        return found

    # For loops

    def fileno(self) -> int:
        """The descriptor to wait on, so that a road can be put into `selectors` and the like. It stays the same."""
        return int(lib.raet_stack_fd(self._live()))

    @property
    def wants_write(self) -> bool:
        """True while the descriptor is to be waited on for writing, too."""
        return bool(lib.raet_stack_interest(self._live()) & _abi.WANT_WRITE)

    @property
    def due(self) -> Optional[float]:
        """Seconds until the road has to be serviced even if the descriptor is silent; None: not at all."""
        deadline = int(lib.raet_stack_deadline(self._live()))
        if self._left_events and self._inbox_bytes < self._inbox_limit:
            return 0.0
        return None if deadline == _abi.NEVER else max(0, deadline - now()) / 1e9

    def wait_until(self, condition: Callable[[], bool], timeout: Optional[float] = None) -> bool:
        """Services it until `condition()` is true; False when `timeout` seconds passed first."""
        raise NotImplementedError("there is no loop that blocks")

    def _watch(self, transaction: _Watched) -> _Watched:
        self._watched[transaction.txn] = transaction
        return transaction

    def _pump(self) -> None:
        """Receives, does what is due, sends, and takes what happened into the inbox. Never waits."""
        status = self._status(lib.raet_stack_service, now(), 0)
        self._collect()
        if status and not (status == Status.ECLOSED and self._closing):
            self._fail(status)

    def _collect(self) -> None:
        """Takes events into the inbox, as many as `receive_queue` lets it hold: the rest stays in the library, which
        then takes no more messages from remotes."""
        pointer, out = self._live(), self._event_out
        while self._inbox_bytes < self._inbox_limit:
            status = lib.raet_stack_next_event(pointer, byref(out))
            self._left_events = status != Status.EAGAIN
            if status == Status.EAGAIN:
                return
            if status:
                self._fail(status)
            self._keep(self._take(out.contents))

    def _keep(self, event: Event) -> None:
        """Puts an event into the inbox."""
        raise NotImplementedError

    def _take(self, struct: EventStruct) -> Event:
        """Copies an event of the library's, which lives only until the next call, and keeps the books."""
        remote = self._remote(struct.remote) if struct.remote else None
        event = event_of(struct, self, remote, self._watched.pop(struct.txn, None) if struct.txn else None)
        if event.transaction:
            event.transaction._end(event.status)
        if event.type in (EventType.JOINED, EventType.ALLOWED):
            self._outcomes[struct.remote] = event.status
            self._former_outcomes.pop(struct.remote, None)
        elif event.type == EventType.REMOTE_GONE:
            self._outcomes.pop(struct.remote, None)
            self._former_outcomes.pop(struct.remote, None)
        elif event.type == EventType.CLOSED:
            self._ended = True
        return event

    def _abandon(self) -> None:
        """Ends what has no end yet, when nothing will be heard of it any more."""
        for transaction in self._watched.values():
            transaction._end(Status.EUNKNOWN if isinstance(transaction, Delivery) else Status.ECANCELED)
        self._watched.clear()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"{self.name!r} at {self.endpoint}"
        return f"<{type(self).__name__} {state}>"


def event_cost(event: Event) -> int:
    """What an event counts for in the inbox, in bytes."""
    return len(event.raw) + _EVENT_COST


def event_of(
    struct: EventStruct, stack: Optional[Core], remote: Optional[Remote], transaction: Optional[Transaction]
) -> Event:
    """An event of the library's, copied."""
    return Event(
        type=EventType(struct.type),
        status=Status(struct.status),
        remote=remote,
        name=text_of(struct.name) or (remote.label if remote else ""),
        transaction=transaction,
        raw=string_at(struct.body, struct.body_len) if struct.body else b"",
        body_kind=BodyKind(struct.body_kind),
        time=struct.time_ns / 1e9,
        os_errno=struct.os_errno,
        pid=None if struct.pid < 0 else struct.pid,
        uid=None if struct.pid < 0 else struct.uid,
        gid=None if struct.pid < 0 else struct.gid,
        stack=stack,
        source=Place.parse(text_of(struct.source)) if struct.source else None,
        destination=text_of(struct.destination) if struct.destination else None,
        share=text_of(struct.share) if struct.share else None,
    )


def _library_level(level: int) -> int:
    """The library's level that lets through what a level of `logging` does."""
    steps = (
        (logging.DEBUG, _abi.LOG_DEBUG),
        (logging.INFO, _abi.LOG_INFO),
        (logging.WARNING, _abi.LOG_WARN),
        (logging.CRITICAL, _abi.LOG_ERROR),
    )
    return next((found for least, found in steps if level <= least), _abi.LOG_OFF)


def _log_callback(logger: logging.Logger) -> Any:
    """What hands lines of the log to a logger. It must not hold the stack, which holds it. Exceptions in the logger go
    to ``sys.unraisablehook()``; one that is no `Exception`, such as KeyboardInterrupt, is raised when the library has
    returned."""
    levels = {
        _abi.LOG_ERROR: logging.ERROR,
        _abi.LOG_WARN: logging.WARNING,
        _abi.LOG_INFO: logging.INFO,
        _abi.LOG_DEBUG: logging.DEBUG,
    }

    def log(_user: Any, level: int, line: int, length: int) -> None:
        try:
            logger.log(levels.get(level, logging.DEBUG), "%s", string_at(line, length).decode("utf-8", "replace"))
        except Exception:
            raise
        except BaseException as interrupt:
            keep_interrupt(interrupt)

    return LogFn(log)
