"""Message bodies that both kinds of peers make and check alike: a body follows from its id and size alone."""

import base64
import hashlib
import json
import random

# Values that codecs get wrong most easily; part of every body that has room for them.
AWKWARD = {
    "text": 'Gr\u00fc\u00dfe \u2603 \U0001f642 "\\/\u0000\n',
    "negative": -17,
    "wide": 2**53 - 1,
    "fraction": 0.1,
    "yes": True,
    "nothing": None,
    "nested": [1, [2, {"k": []}], {}],
}
PAD_PIECE = 1 << 16


def make(ident, size):
    """The mapping of this id whose JSON encoding has `size` bytes (or the few more that an id needs)."""
    body = {"id": ident, "size": size, **(AWKWARD if size >= 1000 else {}), "pad": ""}
    length = max(0, size - len(encode(body, "json")))
    source = random.Random(ident)
    pieces = []
    for start in range(0, length, PAD_PIECE):
        # base64 makes 4 characters of 3 bytes, all of which JSON and msgpack leave as they are.
        wanted = min(PAD_PIECE, length - start)
        pieces.append(base64.b64encode(source.randbytes(wanted)).decode("ascii")[:wanted])
    body["pad"] = "".join(pieces)
    return body


def encode(body, kind):
    """The bytes of a mapping as the reference writes them; a raw body is JSON that the library does not look at."""
    if kind in ("json", "raw"):
        return json.dumps(body, separators=(",", ":")).encode("ascii")
    import msgpack

    return msgpack.packb(body, use_bin_type=False)


def decode(raw, kind):
    """The mapping in the bytes; zero bytes are the empty one."""
    if not raw:
        return {}
    if kind in ("json", "raw"):
        return json.loads(raw.decode("utf-8"))
    import msgpack

    return msgpack.unpackb(raw, raw=False)


def digest(body):
    """One text for a mapping, whatever kind of body carried it: order, types and values count."""
    return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode("ascii")).hexdigest()


def report(body):
    """What a peer tells the harness of a mapping that it received."""
    return {"id": body.get("id"), "size": body.get("size"), "digest": digest(body)}
