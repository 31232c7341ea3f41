"""Endpoints are understood, and names of hosts looked up."""

from __future__ import annotations

import socket
import unittest
from unittest import mock

import support  # noqa: F401

from libraet import InvalidArgument, _address


class SplitTest(unittest.TestCase):
    def test_forms_of_endpoints(self) -> None:
        for endpoint, expected in {
            "example.org:80": ("example.org", 80),
            "example.org": ("example.org", 7530),
            "[::1]:80": ("::1", 80),
            "[::1]": ("::1", 7530),
            "::1": ("::1", 7530),
            " 127.0.0.1:0 ": ("127.0.0.1", 0),
        }.items():
            self.assertEqual(_address.split(endpoint), expected)
        self.assertEqual(_address.split(("example.org", 80)), ("example.org", 80))

    def test_what_is_no_endpoint_is_refused(self) -> None:
        for endpoint in ("", ":80", "host:", "host:port", "host:65536", "host:-1", "[::1", "[::1]80", "host:٣"):
            with self.assertRaises(InvalidArgument, msg=endpoint):
                _address.split(endpoint)


class ResolveTest(unittest.TestCase):
    def test_numbers_are_not_looked_up(self) -> None:
        with mock.patch("socket.getaddrinfo", side_effect=AssertionError):
            self.assertEqual(_address.resolve("127.0.0.1:7530"), "127.0.0.1:7530")
            self.assertEqual(_address.resolve("[::1]:7530"), "[::1]:7530")

    def test_endpoints_are_written_as_the_library_does(self) -> None:
        self.assertEqual(_address.resolve("[0:0::1]:7530"), "[::1]:7530")
        self.assertEqual(_address.resolve("[::1]:07530"), "[::1]:7530")
        self.assertEqual(_address.resolve(("0:0::1", 99)), "[::1]:99")

    def test_scope_of_link_local_addresses_is_kept(self) -> None:
        answer = [(socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("fe80::1", 99, 0, 1))]
        with mock.patch("socket.getaddrinfo", return_value=answer):
            self.assertRegex(_address.resolve("host:99"), r"^\[fe80::1%(1|lo)\]:99$")

    def test_names_are_looked_up_in_the_family_asked_for(self) -> None:
        self.assertEqual(_address.resolve("localhost:99", socket.AF_INET), "127.0.0.1:99")
        answer = [(socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("2001:db8::1", 99, 0, 0))]
        with mock.patch("socket.getaddrinfo", return_value=answer):
            self.assertEqual(_address.resolve("host:99"), "[2001:db8::1]:99")

    def test_family_follows_the_roads_own_endpoint(self) -> None:
        self.assertEqual(_address.family_of("0.0.0.0:7530"), socket.AF_INET)
        self.assertEqual(_address.family_of("[::]:7530"), socket.AF_UNSPEC)


if __name__ == "__main__":
    unittest.main()
