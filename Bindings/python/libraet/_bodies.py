"""Bodies of messages: what a program gives or gets, and its bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Optional, Union

from .enums import BodyKind, Status
from .errors import BodyInvalid

#: What can be sent: a mapping, or bytes.
Body = Union[Mapping[str, Any], bytes, bytearray, memoryview]
#: A kind of body, as a member of `BodyKind` or by its name in lower case.
KindLike = Union[BodyKind, str]

#: What encoders raise at values that they cannot say.
_UNENCODABLE = (TypeError, ValueError, OverflowError, RecursionError)


def body_kind(kind: KindLike) -> BodyKind:
    """The kind of this name."""
    if isinstance(kind, BodyKind):
        return kind
    try:
        return BodyKind[kind.upper()]
    except (AttributeError, KeyError):
        raise ValueError(f"kind is 'json', 'msgpack', 'raw' or 'none', not {kind!r}") from None


def _msgpack() -> Any:
    try:
        import msgpack  # type: ignore[import-untyped,unused-ignore]
    except ImportError as reason:
        raise ImportError("bodies of kind msgpack need the package 'msgpack': pip install libraet[msgpack]") from reason
    return msgpack


def encode(body: Body, kind: Optional[KindLike], mapping_kind: BodyKind) -> tuple[BodyKind, bytes]:
    """The kind and the bytes of a body. Without `kind` a mapping is encoded as `mapping_kind`, and bytes are raw; bytes
    with a kind are taken as already encoded. `BodyInvalid` when a mapping holds what JSON or msgpack cannot say;
    TypeError when the body is neither a mapping nor bytes."""
    if isinstance(body, (bytes, bytearray, memoryview)):
        return (BodyKind.RAW if kind is None else body_kind(kind)), bytes(body)
    if not isinstance(body, Mapping):
        raise TypeError(f"a body is a mapping or bytes, not {type(body).__name__}")
    chosen = mapping_kind if kind is None else body_kind(kind)
    if chosen is BodyKind.JSON:
        try:
            text = json.dumps(dict(body), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            return chosen, text.encode()
        except _UNENCODABLE as reason:  # nan, lone surrogates, cycles, sets
            raise BodyInvalid(Status.EENCODE, str(reason)) from reason
    if chosen is BodyKind.MSGPACK:
        msgpack = _msgpack()
        try:
            return chosen, msgpack.packb(dict(body), use_bin_type=True)
        except _UNENCODABLE as reason:
            raise BodyInvalid(Status.EENCODE, str(reason)) from reason
    raise TypeError(f"a mapping cannot be a body of kind {chosen.name.lower()}")


def decode(raw: bytes, kind: BodyKind) -> Any:
    """What a body holds: a dict (JSON, msgpack), else the bytes. `BodyInvalid` when they are not what `kind` says.

    Strings in msgpack that are not UTF-8 keep their bytes as surrogate escapes: old peers write all bytes as strings.
    """
    if kind is BodyKind.JSON:
        try:
            return json.loads(raw) if raw else {}
        except (ValueError, RecursionError) as reason:
            raise BodyInvalid(Status.EENCODE, str(reason)) from reason
    if kind is BodyKind.MSGPACK:
        msgpack = _msgpack()
        try:
            return (
                msgpack.unpackb(raw, raw=False, strict_map_key=False, unicode_errors="surrogateescape") if raw else {}
            )
        except (ValueError, RecursionError, msgpack.exceptions.UnpackException) as reason:
            raise BodyInvalid(Status.EENCODE, str(reason)) from reason
    return raw
