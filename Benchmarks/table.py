"""Measures libraet against its ceilings and against the reference, and prints one table of ratios.

    table.py BIN VENV [--quick] [--check] [--json FILE]

BIN is the folder with the built peer, ceiling, engine, lane and route, VENV a virtual environment with the reference. What is
compared is measured in turns in one run (A B A B ...), and the ratio is taken pair by pair, so that a change of the
machine's speed or load strikes both. README.md says what each row means.
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import select
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ANSWER_LIMIT = 90.0  # seconds to wait for an answer; the peers give up by themselves after 60
MESSAGE = 100  # bytes of a small message
LANE_MESSAGE = 10_000  # bytes of a message that still is one page of a lane
DATAGRAM = 300  # bytes of the datagram that carries it, with head, box and signature
SEND_QUEUE = 256 * 1024  # bytes, so that a flood of small messages meets a full queue
BEST_BURST = 64  # the reference's fastest burst size for large messages


class Failed(Exception):
    """A measurement that could not be made; its text is the reason."""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    repetitions: int
    flood_seconds: float
    rounds: int
    bulk_repetitions: int
    bulk_bytes: int
    remotes: tuple[int, ...]
    memory_base: int
    full: bool  # the sizes are those that the limits are set for


FULL = Plan(5, 1.5, 400, 3, 5_000_008, (10, 1000, 5000), 1000, True)
QUICK = Plan(2, 0.5, 200, 1, 1_000_008, (10, 500), 100, False)


@dataclass
class Row:
    """A line of the table. A limit is met when the ratio's median, or else the figure, keeps it."""

    name: str
    figure: float | None = None
    unit: str = ""
    against: str = ""
    ratios: list[float] = field(default_factory=list)
    limit: str = ""  # as "<= 1.2"
    error: str = ""

    @property
    def ratio(self) -> float | None:
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def met(self) -> bool | None:
        """Whether the limit is kept; None without one."""
        value = self.figure if self.ratio is None else self.ratio
        if not self.limit or value is None:
            return None
        sign, bound = self.limit.split()[0], float(self.limit.split()[1])
        return {">=": value >= bound, "<=": value <= bound, "<": value < bound}[sign]

    def cells(self) -> tuple[str, ...]:
        if self.error:
            return self.name, "-", self.error, "", "", self.limit, "FAILED"
        spread = f"{number(min(self.ratios))}..{number(max(self.ratios))}" if len(self.ratios) > 1 else ""
        figure = f"{number(self.figure)} {self.unit}" if self.figure is not None else ""
        ratio = number(self.ratio) if self.ratio is not None else ""
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        return self.name, figure, self.against, ratio, spread, self.limit, verdict


def number(value: float) -> str:
    """Three digits, or all of those before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    digits = 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:.{digits}f}"


class Peer:
    """A process that answers commands, one line each."""

    def __init__(self, command: list[str]):
        self.command = command
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pending = b""

    def ask(self, line: str) -> list[str]:
        """Sends a command; the words of the answer, without the first, which repeats the command."""
        who = f"{Path(self.command[-2]).name} {line}"
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except OSError as reason:
            raise Failed(f"{who}: ended with {self.process.wait()}") from reason
        end = time.monotonic() + ANSWER_LIMIT
        while b"\n" not in self.pending:
            if not select.select([self.process.stdout], [], [], max(0.0, end - time.monotonic()))[0]:
                raise Failed(f"{who}: no answer within {ANSWER_LIMIT:.0f} s")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise Failed(f"{who}: ended with {self.process.wait()}")
            self.pending += data
        answer, _, self.pending = self.pending.partition(b"\n")
        words = answer.decode().split()
        if not words or words[0] == "failed":
            raise Failed(f"{who}: {' '.join(words[1:])}")
        return words[1:]

    def figures(self, line: str) -> list[int]:
        return [int(word) for word in self.ask(line)]

    def close(self) -> None:
        """Ends the process: by the end of its input, else by force."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Bench:
    """The measurements, and the rows they give."""

    def __init__(self, folder: Path, venv: Path, plan: Plan):
        self.folder, self.venv, self.plan = folder, venv, plan
        self.rows: list[Row] = []
        self.cleanup = contextlib.ExitStack()

    # The processes.

    def libraet(self, name: str, kind: str, *options: str) -> Peer:
        return self.keep(Peer([str(self.folder / "peer"), name, kind, *options]))

    def reference(self, name: str, kind: str) -> Peer:
        return self.keep(Peer([str(self.venv / "bin/python"), "-B", str(HERE / "reference_peer.py"), name, kind]))

    def keep(self, peer: Peer) -> Peer:
        self.cleanup.callback(peer.close)
        return peer

    def run(self, program: str, *arguments: object) -> list[list[str]]:
        """Runs one of the programs to its end; the words of each line it printed."""
        return self.execute(program, [str(self.folder / program), *map(str, arguments)])

    @staticmethod
    def execute(name: str, command: list[str]) -> list[list[str]]:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_LIMIT)
        lines = [line.split() for line in done.stdout.splitlines()]
        failed = [" ".join(words[1:]) for words in lines if words[0] == "failed"]
        if failed or done.returncode != 0 or not lines:
            raise Failed(f"{name}: {' '.join(failed) or f'ended with {done.returncode}'}")
        return lines

    @staticmethod
    def connect(other: Peer, main: Peer, name: str) -> None:
        """Joins and allows `other` to the estate `main` of this name."""
        joined = other.ask("join " + main.ask("endpoint")[0])
        if joined != [name]:
            raise Failed(f"joined {joined} in place of {name}")

    def crypto(self) -> tuple[float, float]:
        """Sign and verify, in nanoseconds: the mean, which suffers from load as all does, and the median."""
        words = [float(word) for word in self.run("ceiling", "crypto", 0.25)[0][1:]]
        return words[0] + words[1], words[2] + words[3]

    def datagrams(self, kind: str) -> float:
        """Nanoseconds of a round trip of a datagram."""
        return float(self.run("ceiling", kind, self.plan.rounds, DATAGRAM)[0][1])

    def limit(self, text: str) -> str:
        """A limit counts for the sizes it was set for."""
        return text if self.plan.full else ""

    # The measurements.

    def small_messages(self) -> None:
        """Messages/s of 100 bytes and the CPU time that each takes."""
        plan = self.plan
        main, other = self.libraet("main", "main"), self.libraet("other", "other", str(SEND_QUEUE))
        self.connect(other, main, "main")
        old_main, old_other = self.reference("oldmain", "main"), self.reference("oldother", "other")
        self.connect(old_other, old_main, "oldmain")
        command = f"{plan.flood_seconds} {MESSAGE}"
        other.ask(f"flood main 0.2 {MESSAGE}")
        old_other.ask(f"flood oldmain 0.2 {MESSAGE}")
        ceilings, rates, old_rates, spent = [self.crypto()], [], [], []
        for _ in range(plan.repetitions):
            before = [peer.figures("usage") for peer in (other, main)]
            rates.append(self.rate(other.figures(f"flood main {command}")))
            after = [peer.figures("usage") for peer in (other, main)]
            messages = after[1][1] - before[1][1]
            spent.append([(after[i][0] - before[i][0]) / max(messages, 1) for i in (0, 1)])
            ceilings.append(self.crypto())
            old_rates.append(self.rate(old_other.figures(f"flood oldmain {command}")))
        costs = between([mean for mean, _ in ceilings])
        undisturbed = between([middle for _, middle in ceilings])
        rate = statistics.median(rates)
        self.rows += [
            Row(
                f"messages/s of {MESSAGE} bytes, two processes",
                rate,
                "/s",
                f"sign + verify, {number(1e9 / statistics.median(costs))} /s",
                [rates[i] * costs[i] / 1e9 for i in range(plan.repetitions)],
                ">= 0.85",
            ),
            Row("", rate, "/s", f"reference, {number(statistics.median(old_rates))} /s", pairs(rates, old_rates)),
        ]
        for side, name in enumerate(("sender", "receiver")):
            times = [one[side] for one in spent]
            self.rows.append(
                Row(
                    f"  CPU time a message, {name}",
                    statistics.median(times) / 1e3,
                    "us",
                    f"sign + verify, {number(statistics.median(undisturbed) / 1e3)} us",
                    pairs(times, undisturbed),
                )
            )

    @staticmethod
    def rate(flood: list[int]) -> float:
        messages, nanoseconds, failed = flood
        if failed or not messages:
            raise Failed(f"{failed} messages failed, {messages} arrived")
        return messages * 1e9 / nanoseconds

    def report(self) -> None:
        """The time from send to the delivered report."""
        main, other = self.libraet("pingmain", "main"), self.libraet("pingother", "other")
        self.connect(other, main, "pingmain")
        command = f"ping pingmain {self.plan.rounds} {MESSAGE}"
        other.ask(command)
        udps, cryptos, times, signed = [self.datagrams("udp")], [self.crypto()[1]], [], []
        for _ in range(self.plan.repetitions):
            times.append(float(other.ask(command)[0]))
            signed.append(self.datagrams("signed"))
            cryptos.append(self.crypto()[1])
            udps.append(self.datagrams("udp"))
        floors = [udp + 2 * crypto for udp, crypto in zip(between(udps), between(cryptos))]
        udp, floor = statistics.median(udps), statistics.median(floors)
        figure = statistics.median(times) / 1e3
        self.rows += [
            Row(
                f"send to delivered report, {MESSAGE} bytes",
                figure,
                "us",
                f"UDP {number(udp / 1e3)} + 2 x (sign + verify), {number(floor / 1e3)} us",
                pairs(times, floors),
                "<= 1.2",
            ),
            Row(
                "",
                figure,
                "us",
                f"the same done by 200 lines of C, {number(statistics.median(signed) / 1e3)} us",
                pairs(times, signed),
            ),
        ]

    def large_messages(self) -> None:
        """One message of 5 MB, in all four directions."""
        plan = self.plan
        main, other = self.libraet("bulkmain", "main"), self.libraet("bulkother", "other")
        old_main, old_other = self.reference("oldbulkmain", "main"), self.reference("oldbulkother", "other")
        self.connect(other, main, "bulkmain")
        self.connect(old_other, old_main, "oldbulkmain")
        ways = {
            "own": (other, "bulkmain", ""),
            "old": (old_other, "oldbulkmain", "0"),
            "to_old": (other, "oldbulkmain", ""),
            "old_burst": (old_other, "oldbulkmain", str(BEST_BURST)),
            "from_old": (old_other, "bulkmain", "0"),
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        self.connect(other, old_main, "oldbulkmain")
        self.connect(old_other, main, "bulkmain")
        for _ in range(plan.bulk_repetitions):
            for way, (sender, name, burst) in ways.items():
                times[way].append(sender.figures(f"bulk {name} {plan.bulk_bytes} {burst}")[0])
        size = f"{plan.bulk_bytes // 1_000_000} MB"
        self.bulk_row(f"{size}, libraet to libraet", times["own"], times["old"], "reference to itself", "< 0.1")
        self.bulk_row(
            f"{size}, libraet to reference",
            times["to_old"],
            times["old_burst"],
            f"reference, bursts of {BEST_BURST}",
            "<= 1.0",
        )
        self.bulk_row(f"{size}, reference to libraet", times["from_old"], times["old"], "reference to itself", "")

    def bulk_row(self, name: str, times: list[float], others: list[float], what: str, limit: str) -> None:
        against = f"{what}, {number(statistics.median(others) / 1e9)} s"
        figure = statistics.median(times) / 1e9
        self.rows.append(Row(name, figure, "s", against, pairs(times, others), self.limit(limit)))

    def many_remotes(self) -> None:
        """An estate with many idle remotes: the idle call, memory, and what adding them costs."""
        plan = self.plan
        idle, memory, joins = [], [], []
        for count in plan.remotes:
            last = count == plan.remotes[-1]
            found = {line[0]: [float(word) for word in line[1:]] for line in self.engine(count, last)}
            idle.append((count, found["idle"]))
            if last:
                memory, joins = found["memory"], found["joins"]
        old = self.reference("idle", "main").figures(f"idle {plan.remotes[-1]}")[0]
        for count, (alone, with_socket) in idle:
            last = count == plan.remotes[-1]
            self.rows.append(
                Row(
                    f"idle service call, {count:,} remotes",
                    with_socket / 1e3,
                    "us",
                    f"without its recvmsg {number(alone / 1e3)} us",
                    [],
                    self.limit("< 20 us") if last else "",
                )
            )
        self.rows += [
            Row("", with_socket / 1e3, "us", f"reference, {number(old / 1e3)} us", [with_socket / old]),
            Row(
                "memory of an idle joined remote",
                max(memory) / 1024,
                "KiB",
                f"resident {number(memory[0] / 1024)}, malloc {number(memory[1] / 1024)} KiB",
                [],
                self.limit("< 4 KiB"),
            ),
            Row(
                "join + allow, both sides' work, one core",
                joins[0] * 1e9 / joins[1],
                "/s",
                f"the main estate's part {number(joins[2] / joins[0] / 1e3)} us",
            ),
        ]

    def engine(self, count: int, measure_memory: bool) -> list[list[str]]:
        return self.run("engine", count, *([self.plan.memory_base] if measure_memory else []))

    def lanes(self) -> None:
        """Messages/s between two yards of a lane."""
        plan = self.plan
        python = [str(self.venv / "bin/python"), "-B", str(HERE / "reference_lane.py")]
        with tempfile.TemporaryDirectory() as folder:
            for size, repetitions in ((MESSAGE, plan.repetitions), (LANE_MESSAGE, plan.bulk_repetitions)):
                rates: dict[str, list[float]] = {"lane": [], "raw": [], "reference": []}
                for _ in range(repetitions):
                    words = [self.run("lane", kind, folder, plan.flood_seconds, size)[0] for kind in ("raet", "raw")]
                    words += self.execute("reference", [*python, folder, str(plan.flood_seconds), str(size)])
                    for name, count, nanoseconds in words:
                        rates[name].append(self.rate([int(count), int(nanoseconds), 0]))
                self.lane_rows(size, rates)

    def lane_rows(self, size: int, rates: dict[str, list[float]]) -> None:
        rate, raw, old = (statistics.median(rates[name]) for name in ("lane", "raw", "reference"))
        limits = (">= 0.6", ">= 20") if size == MESSAGE else ("", "")
        what = f"bare Unix datagrams one by one, {number(raw)} /s"
        self.rows += [
            Row(f"lane messages/s of {size:,} bytes", rate, "/s", what, pairs(rates["lane"], rates["raw"]), limits[0]),
            Row("", rate, "/s", f"reference, {number(old)} /s", pairs(rates["lane"], rates["reference"]), limits[1]),
        ]

    def routes(self) -> None:
        """What a routed hop, lane to road, adds to a message on the road."""
        times: dict[str, list[tuple[float, float]]] = {"direct": [], "routed": []}
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(2 * self.plan.repetitions):
                for kind, found in times.items():
                    words = self.run("route", kind, folder, self.plan.flood_seconds / 2, MESSAGE)[0]
                    count, elapsed, manor = (int(word) for word in words[1:4])
                    self.rate([count, elapsed, 0])
                    found.append((manor / count, elapsed / count))
        for part, (name, limit) in enumerate((("CPU time in the manor", "<= 1.15"), ("time a message, in a flood", ""))):
            direct, routed = ([time[part] for time in times[kind]] for kind in ("direct", "routed"))
            self.rows.append(
                Row(
                    f"routed hop, lane to road: {name}",
                    statistics.median(routed) / 1e3,
                    "us",
                    f"sent on the road directly, {number(statistics.median(direct) / 1e3)} us",
                    pairs(routed, direct),
                    limit,
                )
            )

    def measure_all(self) -> None:
        """All measurements; one that fails leaves its reason in the table."""
        steps = (self.small_messages, self.report, self.large_messages, self.many_remotes, self.lanes, self.routes)
        for measure in steps:
            with self.cleanup:
                try:
                    measure()
                except (Failed, subprocess.TimeoutExpired) as reason:
                    self.rows.append(Row(measure.__doc__.rstrip("."), error=str(reason)))


def between(values: list[float]) -> list[float]:
    """The means of neighbours: what a thing that was measured between two of them is compared with."""
    return [(a + b) / 2 for a, b in zip(values, values[1:])]


def pairs(values: list[float], others: list[float]) -> list[float]:
    return [a / b for a, b in zip(values, others)]


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    model = platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {"cpu": model, "cores": os.cpu_count(), "system": platform.release(), "load": os.getloadavg()[0]}


def print_table(rows: list[Row], header: str) -> None:
    titles = ("", "libraet", "against", "ratio", "from..to", "limit", "")
    cells = [titles, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(titles))]
    right = (1, 3)
    print(header)
    for line in cells:
        padded = [text.rjust(widths[i]) if i in right else text.ljust(widths[i]) for i, text in enumerate(line)]
        print("  ".join(padded).rstrip())


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures libraet; see README.md.")
    parser.add_argument("bin", type=Path)
    parser.add_argument("venv", type=Path)
    parser.add_argument("--quick", action="store_true", help="a smoke test: short, small, without most limits")
    parser.add_argument("--check", action="store_true", help="end with 1 when a limit is missed")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    about = machine()
    start = time.monotonic()
    bench = Bench(options.bin, options.venv, QUICK if options.quick else FULL)
    bench.measure_all()
    seconds = time.monotonic() - start
    load = f"load {about['load']:.1f} before and {os.getloadavg()[0]:.1f} after"
    print_table(bench.rows, f"{about['cpu']}, {about['cores']} cores, {load}, {seconds:.0f} s\n")
    if options.json:
        report = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "quick": options.quick,
            "seconds": round(seconds, 1),
            "machine": about,
            "rows": [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in bench.rows],
        }
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    failed = any(row.error for row in bench.rows)
    missed = any(row.met is False for row in bench.rows)
    return 1 if failed or (options.check and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
