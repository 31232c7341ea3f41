"""A store of the host's own: any mutable mapping from keys to records."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import MutableMapping
from typing import Any, Callable, Optional

from ._abi import StoreLoadFn, StoreNextFn, StoreOps, StoreStoreFn
from ._handle import keep_interrupt
from .enums import Status


def store_ops(records: MutableMapping[str, bytes], logger: logging.Logger) -> StoreOps:
    """The callbacks that keep records in `records`. The structure holds them, and must live as long as the stack.

    An exception in the mapping is logged and becomes RAET_EIO: nothing can be raised through the library. One that is
    no `Exception`, such as KeyboardInterrupt, is raised when the library has returned.
    """

    def guarded(verb: str, action: Callable[..., int]) -> Callable[..., int]:
        def callback(_user: Any, key: bytes, *arguments: Any) -> int:
            try:
                try:
                    return action(key, *arguments)
                except Exception:
                    logger.exception("the store failed to %s %r", verb, key)
            except BaseException as interrupt:
                keep_interrupt(interrupt)
            return Status.EIO

        return callback

    def load(key: bytes, buffer: Optional[int], cap: int, need: Any) -> int:
        record = records.get(key.decode())
        if record is None:
            return Status.ENOTFOUND
        if not isinstance(record, (bytes, bytearray, memoryview)):
            raise TypeError(f"a record is bytes, not {type(record).__name__}")
        return _give(bytes(record), buffer, cap, need)

    def store(key: bytes, buffer: Optional[int], length: int) -> int:
        if buffer is None:
            records.pop(key.decode(), None)
        else:
            records[key.decode()] = ctypes.string_at(buffer, length)
        return Status.OK

    def following(after: bytes, buffer: Optional[int], cap: int, need: Any) -> int:
        key = min((key for key in records if key.encode() > after), default=None)
        if key is None:
            return Status.ENOTFOUND
        return _give(key.encode() + b"\0", buffer, cap, need)

    return StoreOps(
        ctypes.sizeof(StoreOps),
        0,
        StoreLoadFn(guarded("load", load)),
        StoreStoreFn(guarded("store", store)),
        StoreNextFn(guarded("tell the key after", following)),
    )


def _give(record: bytes, buffer: Optional[int], cap: int, need: Any) -> int:
    need[0] = len(record)
    if cap < len(record):
        return Status.EBUFSIZE
    if record and buffer is not None:
        ctypes.memmove(buffer, record, len(record))
    return Status.OK
