"""The handle of a stack, and how functions of the library are called with it."""

from __future__ import annotations

import os
import threading
import time
import weakref
from ctypes import byref, c_size_t, c_uint64, create_string_buffer
from typing import Any, Callable, Optional

from ._abi import NEVER, lib
from .enums import Status
from .errors import Closed, InvalidArgument, error_for


def now() -> int:
    """The clock of all roads: nanoseconds that only go up."""
    return time.monotonic_ns()


def nanoseconds(seconds: float) -> int:
    """A period in seconds as the library takes it; ``math.inf``, or more than it can say, is no limit."""
    if not seconds >= 0:
        raise InvalidArgument(Status.EINVAL, f"a period is not negative, as {seconds} is")
    scaled = seconds * 1e9
    return NEVER if scaled >= NEVER else round(scaled)


def time_limit(seconds: Optional[float]) -> int:
    """A time limit in seconds as the library takes it: None is its default (0), and 0 the shortest there is."""
    return 0 if seconds is None else max(1, nanoseconds(seconds))


def c_string(text: str) -> bytes:
    """A text as the library takes it. `InvalidArgument` when it cannot be one: NUL, lone surrogates."""
    if not isinstance(text, str):
        raise TypeError(f"it is text, not {type(text).__name__}")
    try:
        encoded = text.encode()
    except UnicodeEncodeError as reason:
        raise InvalidArgument(Status.EINVAL, f"{text!r} is not Unicode text") from reason
    if b"\0" in encoded:
        raise InvalidArgument(Status.EINVAL, f"{text!r} has a NUL in it")
    return encoded


def text_of(raw: Optional[bytes]) -> str:
    """A text that came from the library."""
    return raw.decode("utf-8", "replace") if raw else ""


def read_text(read: Callable[[Any, int, Any], int]) -> tuple[int, str]:
    """Status and text of a function of the library that fills a buffer: ``read(buffer, size, need)``."""
    size = 256
    while True:
        buffer, need = create_string_buffer(size), c_size_t()
        status = read(buffer, size, byref(need))
        if status != Status.EBUFSIZE:
            return status, text_of(buffer.value) if status == Status.OK else ""
        size = need.value


class _Interrupts(threading.local):
    """What callbacks of the library's raised in this thread and the program has not seen yet."""

    kept: Optional[BaseException] = None


_interrupts = _Interrupts()


def keep_interrupt(interrupt: BaseException) -> None:
    """Keeps what was raised inside a callback, such as KeyboardInterrupt: nothing can be raised through the library, so
    ``raise_interrupt()`` does it when the library has returned. The first one counts."""
    if _interrupts.kept is None:
        _interrupts.kept = interrupt


def raise_interrupt() -> None:
    """Raises what callbacks kept in this thread."""
    interrupt, _interrupts.kept = _interrupts.kept, None
    if interrupt is not None:
        raise interrupt


class Handle:
    """Owns the library's stack. `_pointer` is None before it is made and after it is freed."""

    _pointer: Optional[int] = None
    _library: Any = lib  # still there when modules are torn down at the end of the program

    @property
    def closed(self) -> bool:
        """True when the road is closed and can do nothing any more."""
        return self._pointer is None

    def _own(self, pointer: Optional[int]) -> None:
        """Takes over what the library has made."""
        self._pointer = pointer
        _owners.add(self)

    def _disown(self) -> None:
        """Lets go what belongs to the process from which this one was forked. The library does the same."""
        self._pointer = None

    def _live(self) -> int:
        if self._pointer is None:
            raise Closed(Status.ECLOSED)
        return self._pointer

    def _fail(self, status: int) -> None:
        raise error_for(status, text_of(lib.raet_stack_error(self._pointer)) if self._pointer else "")

    def _status(self, function: Any, *arguments: Any) -> int:
        """The status of a function. What its callbacks kept is raised first."""
        status = int(function(self._live(), *arguments))
        raise_interrupt()
        return status

    def _call(self, function: Any, *arguments: Any) -> None:
        status = self._status(function, *arguments)
        if status:
            self._fail(status)

    def _change(self, function: Any, *arguments: Any) -> None:
        """As ``_call()``, of a function that can make something due."""
        self._call(function, *arguments)
        self._changed()

    def _changed(self) -> None:
        """Something may have become due by a call of the program's."""

    def _u64(self, function: Any, *arguments: Any) -> int:
        """What a function gives that ends in an out parameter of 64 bits."""
        out = c_uint64()
        self._call(function, *arguments, byref(out))
        return out.value

    def _text(self, function: Any, *arguments: Any) -> str:
        """What a function gives that ends in a buffer for text."""
        pointer = self._live()
        status, text = read_text(lambda buffer, size, need: int(function(pointer, *arguments, buffer, size, need)))
        if status:
            self._fail(status)
        return text

    def _free(self) -> None:
        """Frees the stack; does nothing the second time."""
        pointer, self._pointer = self._pointer, None
        if pointer is not None:
            self._release(pointer)

    def _release(self, pointer: int) -> None:
        self._library.raet_stack_free(pointer)


_owners: weakref.WeakSet[Handle] = weakref.WeakSet()


def _disown_all() -> None:
    for owner in list(_owners):
        owner._disown()


os.register_at_fork(after_in_child=_disown_all)
