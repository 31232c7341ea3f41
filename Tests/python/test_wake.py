"""A waker tells each wait, once, that it has to end, and its descriptor says so too."""

from __future__ import annotations

import select
import unittest
import unittest.mock

import support  # noqa: F401

from libraet import _wake


class WakerTest(unittest.TestCase):
    def readable(self, waker: _wake.Waker) -> bool:
        return bool(select.select([waker], [], [], 0)[0])

    def check_descriptor(self) -> None:
        waker = _wake.Waker()
        self.addCleanup(waker.close)
        self.assertFalse(self.readable(waker))
        for _ in range(3):
            waker.wake()
        self.assertTrue(self.readable(waker))
        self.assertTrue(waker.is_due(0))
        self.assertFalse(self.readable(waker))
        self.assertFalse(waker.is_due(waker.heeded))
        self.assertTrue(waker.is_due(0), "a wait that began before has to end, too")

    def test_descriptor_is_readable_while_a_wait_has_to_end(self) -> None:
        self.check_descriptor()

    def test_pipe_does_where_there_is_no_eventfd(self) -> None:
        with unittest.mock.patch.object(_wake, "_descriptors", _wake._pipe):
            self.check_descriptor()

    def test_full_pipe_stays_readable(self) -> None:
        with unittest.mock.patch.object(_wake, "_descriptors", _wake._pipe):
            waker = _wake.Waker()
            self.addCleanup(waker.close)
            waker.fileno()
            for _ in range(10_000):
                waker.wake()
            self.assertTrue(self.readable(waker))
            self.assertTrue(waker.is_due(0))

    def test_closed_waker_has_no_descriptor(self) -> None:
        waker = _wake.Waker()
        waker.fileno()
        waker.close()
        waker.close()
        waker.wake()
        self.assertTrue(waker.is_due(0))


if __name__ == "__main__":
    unittest.main()
