"""A router: leads messages between roads, lanes and this process."""

from __future__ import annotations

import logging
import warnings
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from ctypes import POINTER, byref, c_char_p, c_uint64, c_void_p, sizeof
from typing import Any, Callable, Optional, TypeVar, Union

from . import _abi, _bodies
from ._abi import EventStruct, lib
from ._core import event_of
from ._handle import c_string, nanoseconds, now, text_of, time_limit
from ._handlers import Handler, Handling
from ._loop import LINGER, Loop
from ._wake import Waker
from .enums import BodyKind, EventType, Status
from .errors import Closed, InvalidArgument, error_for
from .events import Event
from .places import Place
from .transactions import ROUTER_TXN, RoutedDelivery

#: Rules of trust: a text, or its lines.
RulesLike = Union[str, Iterable[str]]
#: Where a message goes: a `Place`, or "ESTATES/YARD/SHARE".
DestinationLike = Union[Place, str]

_Attached = TypeVar("_Attached", bound=Loop)

#: The most messages of which it is remembered whose they were when they turn out to be undelivered, and for how long
#: after their end, in nanoseconds: none turns out to be so later.
_PASSED = 65_536
_PASSED_FOR = 300_000_000_000
#: Bytes that wait in the inbox before no more is taken from the library.
_INBOX_LIMIT = 64 * 1024 * 1024


class Router(Handling):
    """Leads messages between estates on roads, yards on lanes, and this process; see docs/ROUTING.md.

        road = libraet.Road("alpha", endpoint="0.0.0.0:7530", directory="/var/lib/alpha")
        lane = libraet.Lane("manor", directory="/run/alpha")
        with libraet.Router(road, lane, rules="allow estate=beta share=jobs") as router:

            @router.handler("jobs")
            def job(message):
                return {"done": message.body, "for": str(message.source)}

            for event in router.events():
                print(event)

    It services the roads and lanes attached to it, and closes them when it is closed. All of their events come by
    ``events()``, but for messages to a share that has a handler: the handler gets these, and what it returns is sent as
    the answer. Handlers run while the router is serviced, one at a time; one that raises an exception is logged, and
    answers nothing. See ``handler()``.

    stacks: roads and lanes to attach.
    estate: name of this estate; that of the first road unless given. A process without a road needs none; with it, it can
        send to itself, and to its manor, by that name.
    manor: for a process without a road: the yard that takes what this process cannot place itself.
    via: the estate that takes what is for estates not known here.
    relay: messages between other estates are handed on when fewer than so many routers have done so before; manors count.
        0: not at all.
    rules: who may send what; everything whose source is proved unless given. `InvalidArgument` tells the line.
    body_kind: "json" (default) or "msgpack": how mappings are encoded.
    """

    def __init__(
        self,
        *stacks: Loop,
        estate: Optional[str] = None,
        manor: Optional[str] = None,
        via: Optional[str] = None,
        relay: int = 0,
        rules: RulesLike = "",
        body_kind: _bodies.KindLike = BodyKind.JSON,
        logger: Optional[logging.Logger] = None,
    ) -> None:
        self.logger = logger or logging.getLogger("libraet")
        self.body_kind = _bodies.body_kind(body_kind)
        self._inbox = deque()
        self._inbox_bytes = 0
        self._inbox_limit = _INBOX_LIMIT
        self._left_events = False
        self._waker = Waker()
        self._closing = False
        self._attached: dict[int, Loop] = {}
        self._handlers = {}
        self._calls = deque()
        self._unsent = None
        self._handling = False
        self._watched: dict[int, RoutedDelivery] = {}
        #: Messages that the next hop has, by number, with the time until which they may turn out to be undelivered.
        self._passed: OrderedDict[int, tuple[RoutedDelivery, int]] = OrderedDict()
        self._event_out = POINTER(EventStruct)()
        handle = c_void_p()
        status = lib.raet_router_new(byref(handle))
        if status:
            raise error_for(status, "a router")
        self._own(handle.value)
        try:
            self.configure(estate=estate, manor=manor, via=via, relay=relay)
            self.set_rules(rules)
            for stack in stacks:
                self.attach(stack)
        except BaseException:
            self._let_all_go()
            self._free()
            raise

    # Settings

    def configure(
        self,
        *,
        estate: Optional[str] = None,
        manor: Optional[str] = None,
        via: Optional[str] = None,
        relay: Optional[int] = None,
    ) -> None:
        """Changes settings of `Router` at any time; those that are None stay, and a name "" is taken back.
        `InvalidArgument`: no such name or number; settings that come before it here are changed."""
        for key, name in ((_abi.ROUTER_ESTATE, estate), (_abi.ROUTER_MANOR, manor), (_abi.ROUTER_VIA, via)):
            if name is not None:
                self._change(lib.raet_router_set_str, key, c_string(name) if name else None)
        if relay is not None:
            if not 0 <= relay < 2**64:
                raise InvalidArgument(Status.EINVAL, f"relay={relay}")
            self._change(lib.raet_router_set_u64, _abi.ROUTER_RELAY, relay)

    def attach(self, stack: _Attached) -> _Attached:
        """Attaches a road or a lane, and gives it back. `WrongState`: it is attached already, or has a `Service`;
        `Closed`: the router is being closed."""
        stack._require_own_loop()
        if self._closing:
            raise Closed(Status.ECLOSED)
        events = list(stack._inbox)
        self._change(lib.raet_router_attach, stack._live())
        self._attached[stack._live()] = stack
        stack._router = self
        stack._inbox.clear()
        stack._inbox_bytes = 0
        for event in events:
            self._keep(event)
        return stack

    def detach(self, stack: Loop) -> None:
        """Lets a road or a lane go, which is then the program's own again. What the router had sent there ends.
        `NotFound`: it is not attached here."""
        pointer = stack._live()
        if pointer in self._attached:
            self._collect_all()  # before: afterwards the library does not tell whose an event is
        self._change(lib.raet_router_detach, pointer, now())
        self._collect_all()
        del self._attached[pointer]
        stack._router = None

    def set_rules(self, rules: RulesLike) -> None:
        """Sets who may send what, one rule a line. `InvalidArgument` tells the line; the rules before then stay."""
        text = rules if isinstance(rules, str) else "\n".join(rules)
        self._change(lib.raet_router_set_rules, c_string(text))

    def open_share(self, share: str = "") -> None:
        """Announces a share whose messages come by ``events()`` ("": messages for none in particular). From the first
        one on, messages for shares that are not announced and have no handler are reported to be undelivered."""
        self._change(lib.raet_router_set_share, c_string(share), 1)

    def close_share(self, share: str = "") -> None:
        """Takes a share back, and its handler."""
        self._handlers.pop(share, None)
        self._change(lib.raet_router_set_share, c_string(share), 0)

    @property
    def statistics(self) -> dict[str, int]:
        """All counters by name."""
        found: dict[str, int] = {}
        name, value = c_char_p(), c_uint64()
        while lib.raet_router_stat_at(self._live(), len(found), byref(name), byref(value)) == Status.OK:
            found[text_of(name.value)] = value.value
        return found

    # Messages

    def send(
        self,
        destination: DestinationLike,
        body: _bodies.Body,
        share: Optional[str] = None,
        *,
        kind: Optional[_bodies.KindLike] = None,
        timeout: Optional[float] = None,
        confirm: bool = False,
        tag: Any = None,
    ) -> RoutedDelivery:
        """Sends a message.

        destination: a `Place`, such as the ``source`` of a message, or "ESTATES/YARD/SHARE", in which ESTATES may be
            several names between commas, "role=NAME" or "kind=N": the first one alive takes it.
        body, kind: a mapping; or bytes of one, encoded as `kind` says.
        share: to which of this program's shares an answer goes.
        timeout: seconds after which it fails.
        confirm: True lets it end only when the destination's program has it, and not when the next hop has.
        tag: anything; events of this message have it.

        `NotFound`: nobody attached can place it. `QueueFull`, `MessageTooLarge`, `BodyInvalid`, `Closed`.
        """
        text = str(destination)
        target = c_string(text)

        def start(*arguments: Any) -> int:
            return self._status(lib.raet_router_send, now(), target, *arguments)

        return self._start(start, text, body, share, kind, timeout, confirm, tag)

    def reply(
        self,
        message: Event,
        body: _bodies.Body,
        share: Optional[str] = None,
        *,
        kind: Optional[_bodies.KindLike] = None,
        timeout: Optional[float] = None,
        confirm: bool = False,
        tag: Any = None,
    ) -> RoutedDelivery:
        """Answers a message: sends to where it came from, by the way it came if there is no other. `share`: that of the
        message unless given. Else as ``send()``; a mapping is encoded as the message was."""
        asked = EventStruct(size=sizeof(EventStruct), remote=message.remote.id if message.remote else 0)
        asked.stack = message.stack._pointer if message.stack else None
        asked.source = None if message.source is None else c_string(str(message.source))
        asked.share = None if message.share is None else c_string(message.share)
        if kind is None and message.body_kind in (BodyKind.JSON, BodyKind.MSGPACK) and isinstance(body, Mapping):
            kind = message.body_kind

        def start(*arguments: Any) -> int:
            return self._status(lib.raet_router_reply, now(), byref(asked), *arguments)

        return self._start(start, str(message.source), body, share, kind, timeout, confirm, tag)

    def _start(
        self,
        start: Callable[..., int],
        destination: str,
        body: _bodies.Body,
        share: Optional[str],
        kind: Optional[_bodies.KindLike],
        timeout: Optional[float],
        confirm: bool,
        tag: Any,
    ) -> RoutedDelivery:
        chosen, raw = _bodies.encode(body, kind, self.body_kind)
        txn = c_uint64()
        flags = _abi.ROUTE_CONFIRM if confirm else 0
        named = None if share is None else c_string(share)
        status = start(named, chosen, raw, len(raw), time_limit(timeout), flags, 0, byref(txn))
        if status:
            self._fail(status)
        self._changed()
        delivery = self._watched[txn.value] = RoutedDelivery(self, txn.value, len(raw), tag, destination)
        return delivery

    # For loops

    def fileno(self) -> int:
        """The descriptor to wait on, for reading only. It stays the same as long as the router lives."""
        return int(lib.raet_router_fd(self._live()))

    @property
    def wants_write(self) -> bool:
        """False: the descriptor becomes readable for all that a router waits for."""
        return False

    @property
    def due(self) -> Optional[float]:
        """Seconds until the router has to be serviced even if the descriptor is silent; None: not at all."""
        deadline = int(lib.raet_router_deadline(self._live()))
        if self._has_calls() or (self._left_events and self._inbox_bytes < self._inbox_limit):
            return 0.0
        return None if deadline == _abi.NEVER else max(0, deadline - now()) / 1e9

    def _pump(self) -> None:
        status = self._status(lib.raet_router_service, now(), 0)
        self._collect()
        self._forget_passed()
        self._call_handlers()
        if status:
            self._fail(status)

    def _collect(self) -> None:
        """Takes events into the inbox, as many as it may hold, and calls to come."""
        pointer, out = self._live(), self._event_out
        while self._inbox_bytes < self._inbox_limit:
            status = lib.raet_router_next_event(pointer, byref(out))
            self._left_events = status != Status.EAGAIN
            if status == Status.EAGAIN:
                return
            if status:
                self._fail(status)
            event = self._take(out.contents)
            handler = self._handlers.get(event.share or "") if event.type == EventType.MESSAGE else None
            if handler is None:
                self._keep(event)
            else:
                self._keep_call(handler, event)

    def _collect_all(self) -> None:
        """Takes all events, also more than the inbox may hold."""
        limit, self._inbox_limit = self._inbox_limit, 2**63
        try:
            self._collect()
        finally:
            self._inbox_limit = limit

    def _take(self, struct: EventStruct) -> Event:
        stack = self._attached.get(struct.stack) if struct.stack else None
        if stack is not None and not struct.txn & ROUTER_TXN:
            return stack._take(struct)
        remote = stack._remote(struct.remote) if stack is not None and struct.remote else None
        event = event_of(struct, stack, remote, self._delivery(EventType(struct.type), struct.txn))
        if isinstance(event.transaction, RoutedDelivery):
            if event.type == EventType.UNDELIVERED:
                event.transaction.undelivered = event.status
            else:
                event.transaction._end(event.status)
        return event

    def _delivery(self, type_: EventType, txn: int) -> Optional[RoutedDelivery]:
        """What this program sent and hears of now."""
        if type_ == EventType.UNDELIVERED:
            delivery, _ = self._passed.pop(txn, (None, 0))
            return delivery
        delivery = self._watched.pop(txn, None)
        if delivery is not None and type_ == EventType.DELIVERED:
            self._passed[txn] = delivery, now() + _PASSED_FOR
            if len(self._passed) > _PASSED:
                self._passed.popitem(last=False)
        return delivery

    def _forget_passed(self) -> None:
        """Forgets messages that cannot turn out to be undelivered any more."""
        while self._passed:
            txn, (_, end) = next(iter(self._passed.items()))
            if now() < end:
                return
            del self._passed[txn]

    # Ending

    def close(self, linger: float = LINGER) -> None:
        """Closes the roads and lanes attached, and itself. Messages under way have `linger` seconds to end. Handlers
        are not called any more, as nothing could be answered: their messages are among the last events, which can still
        be taken afterwards. Closing twice does nothing."""
        super().close(linger)

    def _begin_close(self, period: int) -> None:
        if self._closing:
            return
        self._closing = True
        self._end_handling()
        self._inbox_limit = 2**63
        for stack in self._attached.values():
            stack._closing = True
            stack._call(lib.raet_stack_close, now(), period)

    def _has_ended(self) -> bool:
        return all(stack._ended for stack in self._attached.values())

    def _end_close(self) -> None:
        stacks = list(self._attached.values())
        self._let_all_go()
        self._free()
        for stack in stacks:
            stack._free()
            stack._abandon()
        for delivery in self._watched.values():
            delivery._end(Status.EUNKNOWN)
        self._watched.clear()

    def _let_all_go(self) -> None:
        for stack in self._attached.values():
            stack._router = None
        self._attached.clear()

    def _fail(self, status: int) -> None:
        raise error_for(status, text_of(lib.raet_router_error(self._pointer)) if self._pointer else "")

    def _release(self, pointer: int) -> None:
        self._library.raet_router_free(pointer)

    def __del__(self, warn: Any = warnings.warn) -> None:
        if self._pointer is not None:
            self._free()
            warn(f"a {type(self).__name__} was not closed", ResourceWarning, source=self)

    def __repr__(self) -> str:
        if self.closed:
            return "<Router closed>"
        return f"<Router of {', '.join(stack.name for stack in self._attached.values()) or 'nothing'}>"
