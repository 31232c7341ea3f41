"""A store of the host's own: any mutable mapping from keys to records."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import MutableMapping
from typing import Any, Optional

from ._abi import StoreLoadFn, StoreNextFn, StoreOps, StoreStoreFn
from .enums import Status


def store_ops(records: MutableMapping[str, bytes], logger: logging.Logger) -> StoreOps:
    """The callbacks that keep records in `records`. The structure holds them, and must live as long as the stack.

    An exception in the mapping is logged and becomes RAET_EIO: nothing can be raised through the library.
    """

    def load(_user: Any, key: bytes, buffer: Optional[int], cap: int, need: Any) -> int:
        try:
            record = records.get(key.decode())
        except BaseException:
            logger.exception("the store failed to load %r", key)
            return Status.EIO
        if record is None:
            return Status.ENOTFOUND
        return _give(bytes(record), buffer, cap, need)

    def store(_user: Any, key: bytes, buffer: Optional[int], length: int) -> int:
        try:
            if buffer is None:
                records.pop(key.decode(), None)
            else:
                records[key.decode()] = ctypes.string_at(buffer, length)
        except BaseException:
            logger.exception("the store failed to store %r", key)
            return Status.EIO
        return Status.OK

    def following(_user: Any, after: bytes, buffer: Optional[int], cap: int, need: Any) -> int:
        try:
            key = min((key for key in records if key.encode() > after), default=None)
        except BaseException:
            logger.exception("the store failed to tell its keys")
            return Status.EIO
        if key is None:
            return Status.ENOTFOUND
        return _give(key.encode() + b"\0", buffer, cap, need)

    return StoreOps(ctypes.sizeof(StoreOps), 0, StoreLoadFn(load), StoreStoreFn(store), StoreNextFn(following))


def _give(record: bytes, buffer: Optional[int], cap: int, need: Any) -> int:
    need[0] = len(record)
    if cap < len(record):
        return Status.EBUFSIZE
    if record and buffer is not None:
        ctypes.memmove(buffer, record, len(record))
    return Status.OK
