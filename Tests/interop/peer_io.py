"""Commands and reports of a peer process: lines of JSON on stdin and stdout.

A command is {"call": N, "command": NAME, ...} and answered by {"reply": N, ...} or {"reply": N, "error": TEXT}.
All else that a peer writes are events: {"event": NAME, ...}.
"""

import json
import os
import traceback

# What the reference prints of itself goes to the log; only emit() writes to the harness.
_reports = os.fdopen(os.dup(1), "w", encoding="ascii")
os.dup2(2, 1)


class Commands:
    """Reads commands without blocking and hands them to the methods of a peer that are named do_NAME."""

    def __init__(self, peer):
        self.peer = peer
        self.buffer = b""
        os.set_blocking(0, False)

    def fileno(self):
        return 0

    def service(self):
        """Runs all commands that have come. Ends the process when the harness is gone."""
        while True:
            try:
                piece = os.read(0, 65536)
            except BlockingIOError:
                break
            if not piece:
                # The harness died or let go of this peer: nothing of it may be left running.
                os._exit(0)
            self.buffer += piece
        *lines, self.buffer = self.buffer.split(b"\n")
        for line in lines:
            self.run(json.loads(line))

    def run(self, command):
        number, name = command.pop("call"), command.pop("command")
        try:
            emit(reply=number, **(getattr(self.peer, "do_" + name)(**command) or {}))
        except Exception as error:
            emit(reply=number, error=f"{type(error).__name__}: {error}")
            traceback.print_exc()


def emit(**record):
    """Writes one line; the harness always reads, so this may block for a moment only."""
    _reports.write(json.dumps(record, separators=(",", ":")) + "\n")
    _reports.flush()
