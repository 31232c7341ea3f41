"""Each status has its exception, which says what is wrong."""

from __future__ import annotations

import errno
import pickle
import unittest

import support  # noqa: F401

import libraet
from libraet import Status
from libraet.errors import error_for


class ErrorTest(unittest.TestCase):
    def test_exception_has_status_name_and_text(self) -> None:
        error = error_for(Status.EPENDING, "road 'a'")
        self.assertIsInstance(error, libraet.Pending)
        self.assertEqual((error.status, error.name, error.detail), (Status.EPENDING, "RAET_EPENDING", "road 'a'"))
        self.assertEqual(str(error), f"RAET_EPENDING: {error.text} (road 'a')")
        self.assertGreater(len(error.text), 5)

    def test_reason_why_there_is_no_road_is_told(self) -> None:
        with self.assertRaisesRegex(libraet.SystemFailure, "/dev/null/x: Not a directory"):
            libraet.Road("a", directory="/dev/null/x")

    def test_what_is_said_is_said_once(self) -> None:
        error = error_for(Status.EPENDING, error_for(Status.EPENDING).text)
        self.assertEqual(str(error), f"RAET_EPENDING: {error.text}")

    def test_exceptions_fit_those_of_python(self) -> None:
        self.assertIsInstance(error_for(Status.ETIMEDOUT), TimeoutError)
        self.assertIsInstance(error_for(Status.EINVAL), ValueError)
        self.assertIsInstance(error_for(Status.ENOTFOUND), LookupError)

    def test_time_limit_has_the_number_of_the_system(self) -> None:
        error = error_for(Status.ETIMEDOUT, "late")
        assert isinstance(error, libraet.TimedOut)
        self.assertEqual((error.errno, error.status, error.detail), (errno.ETIMEDOUT, Status.ETIMEDOUT, "late"))
        self.assertIn("RAET_ETIMEDOUT", str(error))

    def test_each_status_has_an_exception(self) -> None:
        for status in Status:
            error = error_for(status, "detail")
            self.assertEqual((error.status, error.name), (status, f"RAET_{status.name}"))

    def test_unknown_status_is_no_fault(self) -> None:
        self.assertEqual(type(error_for(-9999)), libraet.RaetError)
        self.assertIn("RAET_E?", str(error_for(-9999)))

    def test_exceptions_can_be_pickled(self) -> None:
        for status in Status:
            error = pickle.loads(pickle.dumps(error_for(status, "detail")))
            self.assertEqual((error.status, error.detail), (status, "detail"))


if __name__ == "__main__":
    unittest.main()
