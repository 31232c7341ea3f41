#!/usr/bin/env python3
"""A process of an estate that does work for others, as press.c: takes messages to its share "jobs", {"n": NUMBER}, and
answers each with the square.

    python press.py alpha /run/user/1000/alpha
"""

from __future__ import annotations

import argparse
import signal
import sys
from typing import Any

import libraet


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    parser = argparse.ArgumentParser(description="Answers each job with the square of its number.")
    parser.add_argument("estate", help="for what is printed")
    parser.add_argument("folder", help="of the lane's sockets")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop)

    with libraet.Router(libraet.Lane("press", directory=options.folder), manor="manor") as router:

        @router.handler("jobs")
        def job(message: libraet.Event) -> dict[str, Any]:
            n = message.body["n"]
            line = f"{options.estate:>5} press | job {n} from {message.source}\n"
            print(line, end="", flush=True)  # in one piece: others print there too
            return {"n": n, "square": n * n}

        router.send("/manor/", {})  # the manor knows a yard when it has heard of it
        try:
            for _ in router.events():
                pass
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    try:
        main()
    except libraet.RaetError as error:
        sys.exit(f"press.py: {error}")
