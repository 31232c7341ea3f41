#!/usr/bin/env python3
"""A process of an estate that has work for others: sends jobs, and waits for the answer of each. It has no road: what is
not on its lane goes by the manor. A job that is not answered in time is given out again.

    python desk.py alpha /run/user/1000/alpha beta,alpha/press/jobs --jobs 5

The destination may name several estates: the first one alive takes a job. Ends with 3 when a job is refused.
"""

from __future__ import annotations

import argparse
import sys
import time

import libraet
from libraet import EventType, Status


class Desk:
    """Sends jobs."""

    def __init__(self, router: libraet.Router, estate: str, destination: str) -> None:
        self.router = router
        self.estate = estate
        self.destination = destination

    def say(self, text: str) -> None:
        print(f"{self.estate:>5} desk  | {text}\n", end="", flush=True)  # in one piece: others print there too

    def job(self, n: int, patience: float) -> None:
        """Gives out a job until it is answered."""
        while True:
            self.router.send(self.destination, {"n": n}, share="answers", timeout=patience, tag=n)
            limit = time.monotonic() + patience
            while (event := self.router.next_event(max(0.0, limit - time.monotonic()))) is not None:
                if event.type == EventType.MESSAGE and event.body["n"] == n:
                    self.say(f"job {n} is answered by {event.source}: {event.body['square']}")
                    return
                if event.type in (EventType.FAILED, EventType.UNDELIVERED) and event.tag == n:
                    self.say(f"job {n} did not reach {event.destination}: {event.status.name}")
                    if event.status == Status.EREJECTED:
                        sys.exit(3)
                    time.sleep(0.1)
                    break
            self.say(f"job {n} is given out again")


def main() -> None:
    parser = argparse.ArgumentParser(description="Sends jobs, and prints who answers them.")
    parser.add_argument("estate", help="for what is printed")
    parser.add_argument("folder", help="of the lane's sockets")
    parser.add_argument("destination", help="ESTATES/YARD/SHARE")
    parser.add_argument("--jobs", type=int, default=1, metavar="COUNT")
    parser.add_argument("--pause", type=float, default=0.2, metavar="SECONDS", help="between jobs")
    parser.add_argument("--patience", type=float, default=2, metavar="SECONDS", help="with a job")
    options = parser.parse_args()

    with libraet.Router(libraet.Lane("desk", directory=options.folder), manor="manor") as router:
        desk = Desk(router, options.estate, options.destination)
        for n in range(1, options.jobs + 1):
            desk.job(n, options.patience)
            time.sleep(options.pause)


if __name__ == "__main__":
    try:
        main()
    except libraet.RaetError as error:
        sys.exit(f"desk.py: {error}")
