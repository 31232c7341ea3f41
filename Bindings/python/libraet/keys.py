"""Keys: 32 bytes each. Programs seldom need them: a road makes and stores its own."""

from __future__ import annotations

from ctypes import create_string_buffer
from dataclasses import dataclass, field
from typing import Union

from ._abi import lib
from .enums import Status
from .errors import KeyInvalid, error_for

#: A key as its 32 bytes, or as 64 hexadecimal digits.
KeyLike = Union[bytes, str]


def key_bytes(key: KeyLike) -> bytes:
    """The 32 bytes of a key. `KeyInvalid` when it has not that many, or is not hexadecimal."""
    try:
        value = bytes.fromhex(key) if isinstance(key, str) else bytes(key)
    except ValueError:
        raise KeyInvalid(Status.ECRYPTO, "a key in text is 64 hexadecimal digits") from None
    if len(value) != 32:
        raise KeyInvalid(Status.ECRYPTO, f"a key has 32 bytes, not {len(value)}")
    return value


@dataclass(frozen=True)
class PublicKeys:
    """The public keys of an estate: `verify` checks its signatures (Ed25519), `public` encrypts to it (Curve25519)."""

    verify: bytes
    public: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "verify", key_bytes(self.verify))
        object.__setattr__(self, "public", key_bytes(self.public))

    def __str__(self) -> str:
        return f"verify {self.verify.hex()} public {self.public.hex()}"


@dataclass(frozen=True)
class SecretKeys:
    """The secret keys of an estate, for hosts that keep them themselves. Python cannot wipe them from memory."""

    sign_seed: bytes = field(repr=False)
    private: bytes = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sign_seed", key_bytes(self.sign_seed))
        object.__setattr__(self, "private", key_bytes(self.private))

    @staticmethod
    def generate() -> SecretKeys:
        """Makes new ones from the library's randomness."""
        seed, private = create_string_buffer(32), create_string_buffer(32)
        status = lib.raet_keys_generate(seed, private)
        if status:
            raise error_for(status)
        return SecretKeys(seed.raw, private.raw)

    @property
    def public_keys(self) -> PublicKeys:
        """The public keys that belong to these."""
        verify, public = create_string_buffer(32), create_string_buffer(32)
        status = lib.raet_keys_public(self.sign_seed, self.private, verify, public)
        if status:
            raise error_for(status)
        return PublicKeys(verify.raw, public.raw)
