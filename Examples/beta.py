#!/usr/bin/env python3
"""An estate that joins a main estate such as alpha.c, waits until a person there accepts its keys, sends messages and
prints what happens, as it happens.

    python beta.py 127.0.0.1:7530 --messages 3
"""

from __future__ import annotations

import argparse
import sys

import libraet
from libraet import EventType, Status


class Beta:
    """The estate, and what it has to say."""

    def __init__(self, road: libraet.Road) -> None:
        self.road = road
        self.label = road.name
        self.delivered = 0
        self.answers = 0

    def say(self, text: str) -> None:
        print(f"{self.label:5} | {text}\n", end="", flush=True)  # in one piece: others print there too

    def join(self, main: str, timeout: float) -> libraet.Remote:
        """Connects to a main estate, and waits until messages can pass."""
        self.say(f"listens on {self.road.endpoint}, connects to {main}")
        remote = self.road.connect(main, wait=False)
        for event in self.road.events(timeout):
            if event.type == EventType.JOINED and event.status == Status.EPENDING:
                self.say("is pending: a person has to accept keys")
            elif event.type == EventType.JOINED and event.status == Status.EREJECTED:
                event.check()
            elif event.type == EventType.ALLOWED and event.ok:
                self.say(f"is allowed by {event.name}: messages can pass")
                return remote
            else:
                self.take(event)
        raise libraet.TimedOut(detail="not joined and allowed in time", remote=remote)

    def take(self, event: libraet.Event) -> None:
        """Prints an event."""
        if event.type == EventType.MESSAGE:
            self.answers += 1
            self.say(f"message from {event.name}: {event.body}")
        elif event.type == EventType.DELIVERED and event.delivery:
            self.delivered += 1
            self.say(f"message {event.delivery.txn} to {event.name} is delivered ({event.tag})")
        elif event.type == EventType.FAILED and event.delivery:
            self.say(f"message {event.delivery.txn} to {event.name} failed")
            event.check()
        else:
            self.say(f"{event.type} {event.name}" + ("" if event.ok else f": {event.status}"))

    def talk(self, remote: libraet.Remote, messages: int, timeout: float) -> None:
        """Sends messages, each when the one before is delivered and answered."""
        for number in range(1, messages + 1):
            body = {"number": number, "text": "a greeting from Python"}
            delivery = remote.send(body, tag=f"greeting {number}")
            self.say(f"sent message {delivery.txn} to {remote.name}: {body}")
            for event in self.road.events(timeout):
                self.take(event)
                if delivery.done and self.answers == number:
                    break
            else:
                raise libraet.TimedOut(detail="no delivery and answer in time", remote=remote)


def main() -> None:
    parser = argparse.ArgumentParser(description="Joins a main estate and sends it messages.")
    parser.add_argument("main", help="endpoint of the main estate, as 127.0.0.1:7530")
    parser.add_argument("--name", default="beta")
    parser.add_argument("--endpoint", default="0.0.0.0:0", help="where to listen")
    parser.add_argument("--dir", help="folder that keeps keys and remotes over a restart")
    parser.add_argument("--messages", type=int, default=3, metavar="COUNT")
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="for each step")
    options = parser.parse_args()

    with libraet.Road(options.name, endpoint=options.endpoint, directory=options.dir, accept="once") as road:
        beta = Beta(road)
        remote = beta.join(options.main, options.timeout)
        beta.talk(remote, options.messages, options.timeout)
        beta.say("closes")
    beta.say(f"is closed: {beta.delivered} messages delivered, {beta.answers} answers received")


if __name__ == "__main__":
    try:
        main()
    except libraet.RaetError as error:
        sys.exit(f"beta.py: {error}")
