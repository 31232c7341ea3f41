"""Values pass between Python and the library whole, or not at all."""

from __future__ import annotations

import ctypes
import gc
import logging
import math
import os
import signal
import tempfile
import time
import unittest
import warnings
from typing import Any, Callable

from support import PATIENCE, RoadTest

import libraet
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


class InterruptTest(RoadTest):
    def test_interrupt_in_the_log_reaches_the_program(self) -> None:
        class Interrupted(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                signal.raise_signal(signal.SIGINT)

        logger = logging.getLogger("test.libraet.interrupted")
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
        logger.addHandler(Interrupted())
        main = self.road("main", accept="never")
        beta = self.road("beta", logger=logger, log_level=logging.DEBUG)
        with self.assertRaises(KeyboardInterrupt):
            beta.connect(main.endpoint, wait=False)
            limit = time.monotonic() + PATIENCE
            while time.monotonic() < limit:
                main.service(0.001)
                beta.service(0.001)
        logger.handlers.clear()
        beta.service(0)

    def test_first_interrupt_is_raised_once(self) -> None:
        _handle.keep_interrupt(KeyboardInterrupt("first"))
        _handle.keep_interrupt(KeyboardInterrupt("second"))
        with self.assertRaisesRegex(KeyboardInterrupt, "first"):
            _handle.raise_interrupt()
        _handle.raise_interrupt()


class ForkTest(RoadTest):
    def child(self, check: Callable[[], None]) -> None:
        """Runs a check in the child of a fork(); fails with what it says."""
        reader, writer = os.pipe()
        number = os.fork()
        if number == 0:
            try:
                check()
            except BaseException as failure:
                os.write(writer, repr(failure).encode()[:4000])
            finally:
                os._exit(0)
        os.close(writer)
        with open(reader, "rb") as said:
            self.assertEqual(said.read().decode(), "")
        os.waitpid(number, 0)

    def test_in_the_child_of_a_fork_all_is_closed(self) -> None:
        folder = self.cleanup.enter_context(tempfile.TemporaryDirectory())
        road, lane, attached = self.road("a"), libraet.Lane("a", directory=folder), self.road("b")
        router = libraet.Router(attached)
        self.cleanup.callback(router.close, 0.0)
        self.cleanup.callback(lane.close, 0.0)
        remote = road.add_remote("127.0.0.1:9")
        delivery = remote.send({})

        def check() -> None:
            warnings.simplefilter("error")
            for handle in (road, lane, router, attached):
                self.assertTrue(handle.closed)
                self.assertIn("closed", repr(handle))
                for use in (handle.service, handle.fileno, lambda: handle.due, lambda: handle.statistics):
                    self.assertRaises(libraet.Closed, use)
                self.assertEqual(list(handle.events(1)), [])
                handle.close()
                with handle:
                    pass
                handle.__del__()
            self.assertRaises(libraet.Closed, remote.send, {})
            self.assertRaises(libraet.Closed, delivery.wait, 1)
            with libraet.Road("c", endpoint="127.0.0.1:0") as own:
                own.service(0)
            gc.collect()

        self.child(check)
        for handle in (road, lane, router):
            self.assertFalse(handle.closed)
            handle.service(0)


if __name__ == "__main__":
    unittest.main()
