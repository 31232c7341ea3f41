"""The part of a router that hands messages to functions of the program, and sends what they answer."""

from __future__ import annotations

import inspect
import logging
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from ._core import event_cost
from ._handle import now
from ._loop import Waiting
from .errors import QueueFull
from .events import Event

#: A function that takes the messages to a share, and may return the answer.
Handler = Callable[[Event], Optional[Mapping[str, Any]]]

_Handler = TypeVar("_Handler", bound=Handler)

#: How long handlers are called in one turn of the loop, in nanoseconds; the one that runs then ends the turn.
_TURN = 50_000_000
#: The same where other tasks wait for the turn's end.
_SHARED_TURN = 1_000_000


class Handling(Waiting):
    """Calls handlers one at a time, in the order in which messages came. Those that wait for it count in the inbox."""

    logger: logging.Logger
    _handlers: dict[str, Handler]
    _calls: deque[tuple[Handler, Event]]
    #: An answer that found no room, and the message that it is to.
    _unsent: Optional[tuple[Event, Mapping[str, Any]]]
    #: True while a handler runs, or an answer is sent.
    _handling: bool

    if TYPE_CHECKING:

        def open_share(self, share: str = "") -> None: ...
        def reply(self, message: Event, body: Mapping[str, Any]) -> object: ...

    def handler(self, share: str) -> Callable[[_Handler], _Handler]:
        """Decorates the function that takes the messages to a share, which is announced by that; see ``open_share()``.
        The function gets the `Event`: its ``body``, and who sent it in ``source``. What it returns, unless None, is the
        answer. One that finds no room in the queue is sent, before another handler is called, when there is some.

        Handlers run one at a time, in the order in which messages came. One that waits, as for the end of a message
        that it sent, services the router, but no other handler starts before it has returned: to wait for what another
        handler has to do is in vain, and times out. `QueueFull` ends such a wait when 64 MiB of messages are there.
        """

        def decorate(function: _Handler) -> _Handler:
            if inspect.iscoroutinefunction(function):
                raise TypeError("a handler is no coroutine: what has to be awaited is for a task that takes events()")
            self.open_share(share)
            self._handlers[share] = function
            return function

        return decorate

    def _keep_call(self, handler: Handler, message: Event) -> None:
        self._calls.append((handler, message))
        self._inbox_bytes += event_cost(message)

    def _has_calls(self) -> bool:
        """True when a handler can be called now."""
        return bool(self._calls) and self._unsent is None and not self._handling

    def _call_handlers(self) -> None:
        """Sends the answer that found no room, and calls handlers for a while, unless this is inside of one."""
        if self._handling:
            return
        self._handling = True
        end = now() + (_TURN if self._service is None else _SHARED_TURN)
        try:
            while self._send_answer() and self._calls:
                handler, message = self._calls.popleft()
                self._inbox_bytes -= event_cost(message)
                self._call_handler(handler, message)
                if now() >= end:
                    return
        finally:
            self._handling = False

    def _call_handler(self, handler: Handler, message: Event) -> None:
        try:
            answer = handler(message)
        except Exception:
            self.logger.exception("the handler of share %r failed at a message from %s", message.share, message.source)
            return
        finally:
            self._left_events = True  # what it sent to this very process
        if answer is not None:
            self._unsent = message, answer
            self._send_answer()

    def _send_answer(self) -> bool:
        """Sends the answer of the last handler, if that is still to be done; False when there is no room for it."""
        if self._unsent is None:
            return True
        message, answer = self._unsent
        self._unsent = None
        try:
            self.reply(message, answer)
        except QueueFull:
            self._unsent = message, answer
            return False
        except Exception:
            self.logger.exception("the answer of share %r to %s could not be sent", message.share, message.source)
        return True

    def _end_handling(self) -> None:
        """Before the end: no handler is called any more, since nothing could be answered. Their messages are events."""
        if not self._send_answer() and self._unsent is not None:
            message, _ = self._unsent
            self.logger.error(
                "the answer of share %r to %s could not be sent: the router is closed, and the queue was full",
                message.share,
                message.source,
            )
            self._unsent = None
        self._handlers.clear()
        self._inbox.extend(message for _, message in self._calls)  # their bytes are counted already
        self._calls.clear()

    def _is_stuck(self) -> bool:
        # Messages that wait for handlers are no fault of the program's, unless it waits inside of one.
        return super()._is_stuck() and (bool(self._inbox) or self._handling)
