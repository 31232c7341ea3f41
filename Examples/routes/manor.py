#!/usr/bin/env python3
"""The manor of an estate, as manor.c: holds the road to other estates and the main yard of the lane, and leads messages
between both.

    python manor.py beta 127.0.0.1:7531 /run/user/1000/beta $'allow estate=beta\nallow estate=alpha share=jobs' \\
        --join 127.0.0.1:7530
"""

from __future__ import annotations

import argparse
import signal
import sys

import libraet
from libraet import EventType


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    parser = argparse.ArgumentParser(description="Leads messages between the processes of an estate and other estates.")
    parser.add_argument("estate")
    parser.add_argument("endpoint", help="where to listen, as 127.0.0.1:7531")
    parser.add_argument("folder", help="of the lane's sockets")
    parser.add_argument("rules", help="who may send what, a rule a line")
    parser.add_argument("--join", metavar="ENDPOINT", help="another estate to connect to")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)

    def say(text: str) -> None:
        print(f"{options.estate:>5} manor | {text}\n", end="", flush=True)  # in one piece: others print there too

    with libraet.Router(rules=options.rules) as router:
        road = router.attach(
            libraet.Road(options.estate, endpoint=options.endpoint, main=True, accept="once", period=0.25)
        )
        router.attach(libraet.Lane("manor", directory=options.folder))
        say(f"listens on {road.endpoint}")
        if options.join:
            road.connect(options.join, wait=False)
        try:
            for event in router.events():
                if event.type == EventType.MESSAGE:  # processes of the estate that say where they are
                    say(f"{event.source} is here, process {event.pid} of user {event.uid}")
                elif event.type == EventType.REFUSED:
                    say(f"REFUSED: {event.source} to {event.destination}: {event.name}")
                elif event.type == EventType.ALLOWED:
                    say(f"estate {event.name}: messages can pass")
                elif event.type == EventType.DEAD:
                    say(f"{'estate' if event.stack is road else 'yard'} {event.name} is dead")
        except KeyboardInterrupt:
            pass
    say("is closed")


if __name__ == "__main__":
    try:
        main()
    except libraet.RaetError as error:
        sys.exit(f"manor.py: {error}")
