"""Endpoints: "host:port". The library takes numbers only; names are looked up here."""

from __future__ import annotations

import socket
from ctypes import byref
from typing import Optional, Union

from ._abi import Addr, lib
from ._handle import c_string, read_text
from .enums import Status
from .errors import InvalidArgument

#: "127.0.0.1:7530", "[::1]:7530", "example.org:7530", "example.org", or ("example.org", 7530).
EndpointLike = Union[str, "tuple[str, int]"]
#: The port of an endpoint that names none.
DEFAULT_PORT = 7530


def split(endpoint: EndpointLike) -> tuple[str, int]:
    """Host and port of an endpoint. `InvalidArgument` when it is not one."""
    if not isinstance(endpoint, str):
        host, port = endpoint
        return host, int(port)
    bad = InvalidArgument(Status.EINVAL, f"{endpoint!r} is not an endpoint such as 'example.org:7530' or '[::1]:7530'")
    text = endpoint.strip()
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise bad
        port_text = rest[1:]
    elif text.count(":") > 1:
        host, port_text = text, ""  # an IPv6 address without a port
    else:
        host, colon, port_text = text.partition(":")
        if colon and not port_text:
            raise bad
    if not host or (port_text and not (port_text.isascii() and port_text.isdigit())):
        raise bad
    port = int(port_text) if port_text else DEFAULT_PORT
    if port > 65535:
        raise bad
    return host, port


def resolve(endpoint: EndpointLike, family: int = socket.AF_UNSPEC) -> str:
    """The endpoint in numbers, as the library writes it. Looks names up, which may block; `socket.gaierror` when there
    is no such host with an address of `family`."""
    if isinstance(endpoint, str):
        known = _canonical(endpoint)
        if known is not None:
            return known
    host, port = split(endpoint)
    found, _, _, _, address = socket.getaddrinfo(host, port, family, socket.SOCK_DGRAM)[0]
    number = str(address[0])
    if found == socket.AF_INET6:
        scope = address[3] if len(address) > 3 else 0
        number = f"[{number}%{scope}]" if scope else f"[{number}]"
    text = f"{number}:{port}"
    return _canonical(text) or text


def _canonical(endpoint: str) -> Optional[str]:
    """The endpoint as the library writes it; None when the library cannot read it."""
    address = Addr()
    if lib.raet_addr_parse(c_string(endpoint), byref(address)) != Status.OK:
        return None
    status, text = read_text(lambda buffer, size, need: int(lib.raet_addr_format(byref(address), buffer, size, need)))
    return text if status == Status.OK else None


def family_of(endpoint: str) -> int:
    """The family of addresses that a road bound to `endpoint` reaches: IPv4 only from IPv4, else any."""
    return socket.AF_UNSPEC if endpoint.startswith("[") else socket.AF_INET
