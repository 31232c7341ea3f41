"""Values pass between Python and the library whole, or not at all."""

from __future__ import annotations

import ctypes
import math
import unittest
from typing import Any

import support  # noqa: F401

from libraet import InvalidArgument, Status, _handle
from libraet._abi import NEVER


class TextTest(unittest.TestCase):
    def test_text_longer_than_the_first_buffer_comes_whole(self) -> None:
        text = "x" * 1000

        def read(buffer: Any, size: int, need: Any) -> int:
            ctypes.cast(need, ctypes.POINTER(ctypes.c_size_t))[0] = len(text) + 1
            if size < len(text) + 1:
                return Status.EBUFSIZE
            buffer.value = text.encode()
            return Status.OK

        self.assertEqual(_handle.read_text(read), (Status.OK, text))

    def test_text_that_c_cannot_hold_is_refused(self) -> None:
        for text in ("a\0b", "\ud800"):
            with self.assertRaises(InvalidArgument):
                _handle.c_string(text)
        with self.assertRaises(TypeError):
            _handle.c_string(b"bytes")  # type: ignore[arg-type]


class TimeTest(unittest.TestCase):
    def test_periods_are_nanoseconds(self) -> None:
        self.assertEqual(_handle.nanoseconds(1.5), 1_500_000_000)
        self.assertEqual(_handle.nanoseconds(0), 0)
        self.assertEqual(_handle.nanoseconds(math.inf), NEVER)
        self.assertEqual(_handle.nanoseconds(1e300), NEVER)

    def test_what_is_no_period_is_refused(self) -> None:
        for seconds in (-1e-9, -math.inf, math.nan):
            with self.assertRaises(InvalidArgument):
                _handle.nanoseconds(seconds)

    def test_no_time_limit_and_a_limit_of_zero_differ(self) -> None:
        self.assertEqual((_handle.time_limit(None), _handle.time_limit(0)), (0, 1))


if __name__ == "__main__":
    unittest.main()
