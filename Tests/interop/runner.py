"""Runs the interop tests, each in a process of its own, some at a time; sums up in one last line."""

import argparse
import concurrent.futures
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
# Seconds that one test may take before it is ended by force: far more than any needs.
LIMIT = 180
# The longest first, so that no worker is left alone with them at the end.
LONG = ("test_large", "test_kill", "test_lost_store", "test_acceptance")


def all_tests():
    def flatten(suite):
        for item in suite:
            if isinstance(item, unittest.TestSuite):
                yield from flatten(item)
            elif not hasattr(item, "_exception"):
                yield item.id()
            else:
                raise item._exception
    names = list(flatten(unittest.defaultTestLoader.discover(str(HERE))))
    return sorted(names, key=lambda name: next((i for i, long in enumerate(LONG) if name.startswith(long)), len(LONG)))


def run_one(name):
    """Runs one test in its own process group, so that nothing of it can stay behind."""
    begun = time.monotonic()
    command = [sys.executable, "-B", "-m", "unittest", name]
    process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", start_new_session=True)
    try:
        output, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output = process.communicate()[0] + f"\nended by force after {LIMIT} s\n"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return name, process.returncode == 0, time.monotonic() - begun, output


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="run only tests whose names contain one of these")
    parser.add_argument("--list", action="store_true", help="only list the tests")
    parser.add_argument("--jobs", type=int, default=3, help="tests at a time")
    parser.add_argument("--subject", default="libraet", choices=["libraet", "reference"],
                        help="'reference' puts the reference in libraet's place: tells faults of the harness apart")
    parser.add_argument("--full", action="store_true", help="every head, body and acceptance with every fault: long")
    parser.add_argument("--seed", default="", help="what a bad network does, instead of each test's own seed")
    parser.add_argument("--verbose", action="store_true", help="show the output of tests that pass, too")
    options = parser.parse_args()
    os.environ["RAET_INTEROP_SUBJECT"] = options.subject
    os.environ["RAET_INTEROP_SEED"] = options.seed
    os.environ["RAET_INTEROP_FULL"] = "1" if options.full else "0"

    names = [name for name in all_tests() if not options.names or any(part in name for part in options.names)]
    if options.list:
        print("\n".join(names))
        return 0
    begun, failed = time.monotonic(), []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_one, name) for name in names]):
            name, passed, seconds, output = done.result()
            print(f"{'ok  ' if passed else 'FAIL'} {seconds:6.1f} s  {name}", flush=True)
            if not passed:
                failed.append(name)
            if not passed or options.verbose:
                print("    " + output.replace("\n", "\n    "), flush=True)
    print(f"interop: {time.monotonic() - begun:.0f} s")
    for name in sorted(failed):
        print(f"failed: {name}")
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
