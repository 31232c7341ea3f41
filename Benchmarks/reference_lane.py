"""Messages a second between two processes over the reference's lane, as lane.c measures libraet's.

    reference_lane.py FOLDER SECONDS SIZE        reference MESSAGES NANOSECONDS
"""

import collections
import collections.abc
import os
import select
import signal
import sys
import time

# What Python 3.10 took out of collections and the reference still imports from there.
for _name in collections.abc.__all__:
    if not hasattr(collections, _name):
        setattr(collections, _name, getattr(collections.abc, _name))

from ioflo.base.consoling import getConsole  # noqa: E402
from raet.lane import stacking, yarding  # noqa: E402

# Messages that wait in the sender: of 1, 8, 32 and 128 the reference does best with 8 and 32.
WINDOW = 32


def yard(folder, name):
    return stacking.LaneStack(name=name, lanename="bench", sockdirpath=folder)


def send(folder, seconds, size):
    stack = yard(folder, "from")
    stack.addRemote(yarding.RemoteYard(stack=stack, name="to", lanename="bench", dirpath=folder))
    to = stack.nameRemotes["to"].uid
    body = {"d": "x" * (size - 8)}
    end = time.monotonic() + seconds
    while time.monotonic() < end or stack.txes:
        while len(stack.txes) < WINDOW and time.monotonic() < end:
            stack.transmit(body, uid=to)
            stack.serviceTxMsgs()
        stack.serviceTxes()
    stack.transmit({}, uid=to)
    while stack.txMsgs or stack.txes:
        stack.serviceAllTx()


def receive(stack):
    first = last = count = 0
    while True:
        select.select([stack.server.ss], [], [])
        stack.serviceAllRx()
        last = time.monotonic_ns()
        while stack.rxMsgs:
            body, _ = stack.rxMsgs.popleft()
            if not body:
                return count, last - first
            first = first or last
            count += 1


def main():
    folder, seconds, size = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    getConsole().reinit(verbosity=getConsole().Wordage.mute)
    stack = yard(folder, "to")
    child = os.fork()
    if child == 0:
        send(folder, seconds, size)
        os._exit(0)
    try:
        count, nanoseconds = receive(stack)
        print("reference", count, nanoseconds)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        stack.server.close()


if __name__ == "__main__":
    main()
