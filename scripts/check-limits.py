#!/usr/bin/env python3
"""Checks the limits that documents state against the constants in Sources/.

Each claim is a document, a text of it with {} for each figure, and the constants that the figures must be equal to, as
they stand in the sources: TYPE.NAME, or FILE.NAME for one outside of a type. Behind a figure its unit may stand. Every
figure in the tables under "Limits" in SECURITY.md must be part of a claim, so that none can go unchecked.
"""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
SECOND = 1_000_000_000
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "ms": SECOND // 1000, "s": SECOND}
FIGURE = r"(\d[\d,]*)(?: (KiB|MiB|ms|s)\b)?"

CLAIMS = [
    # Roads.
    ("SECURITY.md", "hold up to {} joins open for {};", "RoadLimit.joinees Times.joinAnswered"),
    ("SECURITY.md", "| remotes | {} (`RAET_KEY_MAX_REMOTES`); of these, {} that no handshake",
     "RoadSettings.maxRemotes RoadLimit.unproven"),
    ("SECURITY.md", "| joins that others began, at once | {}; each is forgotten after {}, or {} while a person decides",
     "RoadLimit.joinees Times.joinAnswered Times.pendedJoin"),
    ("SECURITY.md", "in the store | {} (`RAET_KEY_MAX_PENDING`); {} records are written for strangers",
     "RoadSettings.maxPending RoadLimit.strangerRecords"),
    ("SECURITY.md", "in all | {} (`RAET_KEY_RECEIVE_QUEUE`) and {} for messages of one datagram",
     "RoadSettings.receiveQueue RoadLimit.smallMessages"),
    ("SECURITY.md", "| messages half received from a remote | {}; each is given up {} after",
     "RoadLimit.incoming Times.silentMessage"),
    ("SECURITY.md", "| body of a message | {} bytes (`RAET_KEY_MAX_MESSAGE`)", "RoadSettings.maxMessage"),
    ("SECURITY.md", "to a remote | {} (`RAET_KEY_SEND_QUEUE`); datagrams under way: {} (`RAET_KEY_WINDOW`)",
     "RoadSettings.sendQueue RoadSettings.window"),
    ("SECURITY.md", "| events that wait for the host | {}, and those", "RoadLimit.events"),
    ("SECURITY.md", "| datagrams taken in one service call | {}, or as the call says; work that is due: of {} remotes",
     "LoopAPI.packetsPerService RoadLimit.remotesPerService"),
    ("SECURITY.md", "| datagrams that wait to be sent | {}", "Outbox.capacity"),
    ("SECURITY.md", "| record of a store | {}", "StoreLimit.record"),
    # Lanes.
    ("SECURITY.md", "| page, pages of a message | {} bytes; {} |", "PageLimit.page PageLimit.pages"),
    ("SECURITY.md", "| name of a yard or lane | {} bytes", "PageLimit.name"),
    ("SECURITY.md", "| yards known | {} (`RAET_KEY_MAX_REMOTES`)", "LaneSettings.maxRemotes"),
    ("SECURITY.md", "in all | {} (`RAET_KEY_RECEIVE_QUEUE`) |", "LaneSettings.receiveQueue"),
    ("SECURITY.md", "| messages half received from a yard | {}; each is given up {} after",
     "LaneLimit.books LaneLimit.bookSilence"),
    ("SECURITY.md", "to a yard | {} (`RAET_KEY_SEND_QUEUE`)", "LaneSettings.sendQueue"),
    ("SECURITY.md", "| events that wait for the host | {}, and those", "LaneLimit.events"),
    ("SECURITY.md", "| yards handled in one service call | {}", "LaneLimit.yardsPerService"),
    # Routers.
    ("SECURITY.md", "| `route` in a body | {} bytes; a part of it {} bytes", "RouterLimit.route RouterLimit.part"),
    ("SECURITY.md", "one of several is tried with | {}; {}", "RouterLimit.estates RouterLimit.attempts"),
    ("SECURITY.md", "| routers that hand a message on | {}", "RouterLimit.hops"),
    ("SECURITY.md", "and for how long | {}; {} |", "RouterLimit.passed RouterLimit.reportTime"),
    ("SECURITY.md", "for the last router's word | {}", "RouterLimit.confirms"),
    ("SECURITY.md", "to be tried with another estate | {}", "RouterLimit.held"),
    ("SECURITY.md", "before stacks are left alone | {} events, or {}", "RouterLimit.events RouterLimit.eventBytes"),
    ("SECURITY.md", "| audit events that wait for the host | {};", "RouterLimit.audits"),
    ("SECURITY.md", "| rules | {} in {} of text; {} patterns in a rule, of {} bytes each",
     "RouterLimit.rules RouterLimit.rulesText RouterLimit.patterns RouterLimit.pattern"),
    ("SECURITY.md", "| shares, stacks | {}; {}", "RouterLimit.shares RouterLimit.ports"),
    # Elsewhere.
    ("docs/PROTOCOL.md", "| head | {} bytes |", "WireLimit.head"),
    ("docs/PROTOCOL.md", "| foot | {} bytes |", "WireLimit.foot"),
    ("docs/PROTOCOL.md", "| datagram | {} bytes; libraet takes {} |", "WireLimit.datagram WireLimit.received"),
    ("docs/PROTOCOL.md", "| coat of a message, before cutting | {} bytes |", "WireLimit.message"),
    ("docs/PROTOCOL.md", "| body of a message | {} bytes |", "WireLimit.body"),
    ("docs/PROTOCOL.md", "| segments of a message | {} |", "WireLimit.segments"),
    ("docs/PROTOCOL.md", "| numbers in one `resend` | {} sent", "WireLimit.misseds"),
    ("docs/PROTOCOL.md", "| name, role | 1 to {} bytes of UTF-8; libraet: {},",
     "WireLimit.name Identity.longestFileName"),
    ("docs/PROTOCOL.md", "record of the store | {}, nested at most {} deep",
     "WireLimit.controlBody WireLimit.controlDepth"),
    ("docs/PROTOCOL.md", "| body of a message, msgpack | nested at most {} deep", "WireLimit.bodyDepth"),
    ("docs/PROTOCOL.md", "| done ids remembered per remote | {} |", "WireLimit.transactionWindow"),
    ("docs/PROTOCOL.md", "messages of one datagram have {} more. Events that wait for the host are\n{} at most",
     "RoadLimit.smallMessages RoadLimit.events"),
    ("docs/PROTOCOL.md", "| page | {} bytes |", "PageLimit.page"),
    ("docs/PROTOCOL.md", "| pages of a book | {} |", "PageLimit.pages"),
    ("docs/PROTOCOL.md", "| books half received from one yard | {};", "LaneLimit.books"),
    ("docs/PROTOCOL.md", "| a book of which nothing came | given up after {} |", "LaneLimit.bookSilence"),
    ("docs/PROTOCOL.md", "Routers remember {} messages handed on,\neach for {}.",
     "RouterLimit.passed RouterLimit.reportTime"),
    ("docs/ROUTING.md", "never further than {} routers", "RouterLimit.hops"),
    ("Include/raet.h", "most remotes. Default {}.", "RoadSettings.maxRemotes"),
    ("Include/raet.h", "waiting for acceptance. Default {}.", "RoadSettings.maxPending"),
    ("Include/raet.h", "#define RAET_MESSAGE_MAX {}u", "WireLimit.body"),
    ("Include/raet.h", "takes any message. Default {}.", "RoadSettings.sendQueue"),
    ("Include/raet.h", "larger is refused. Default {}.", "RoadSettings.receiveQueue"),
    ("Include/raet.h", "raet_send() that gives 0. Default {}.", "RoadSettings.messageTimeout"),
    ("Include/raet.h", "under way to a remote. Default {}.", "RoadSettings.window"),
    ("Include/raet.h", "heartbeat period. Default {}.", "RoadSettings.period"),
    ("Include/raet.h", "reaps a remote dead for so long. Default {}.", "RoadSettings.interim"),
    ("Include/raet.h", "Receives at most `max_packets` datagrams (0: {})", "LoopAPI.packetsPerService"),
]


def constants():
    """All constants and defaults of the sources, as TYPE.NAME, with their expressions."""
    found = {}
    for path in sorted((TOP / "Sources").rglob("*.swift")):
        scope = path.stem
        for line in path.read_text().splitlines():
            opened = re.match(r"(?:public )?(?:final )?(?:enum|struct|class|extension) (\w+)", line)
            if opened:
                scope = opened[1]
            named = re.match(r"(\s*)(?:public |private )?(?:static )?(?:let|var) (\w+)(?:: \w+)? = ([^{]+)$", line)
            if named:
                found.setdefault(f"{scope if named[1] else path.stem}.{named[2]}", (named[3].strip(), scope))
    return found


def value(name, found):
    if name not in found:
        sys.exit(f"no {name} in Sources/")
    text, scope = found[name]

    def resolved(match):
        word = match[0]
        return str(value(word if "." in word else f"{scope}.{word}", found))

    text = re.sub(r"(?<![\w.])[A-Za-z]\w*(?:\.\w+)?", resolved, text)
    if not re.fullmatch(r"[\d_ +*/()<x-]+", text):
        sys.exit(f"{name} is no number: {text}")
    return int(eval(text.replace("/", "//"), {}))  # figures and operators alone, as was checked


def occurrences(text, claim):
    """Where the claim's text stands, and its figures, units applied."""
    pattern = re.escape(claim).replace(r"\{\}", FIGURE)
    for match in re.finditer(pattern, text):
        groups = match.groups()
        figures = [int(groups[at].replace(",", "")) * UNITS.get(groups[at + 1], 1) for at in range(0, len(groups), 2)]
        yield match, figures


def main():
    found, texts, failures, covered, count = constants(), {}, [], set(), 0
    for document, claim, names in CLAIMS:
        text = texts.setdefault(document, (TOP / document).read_text())
        expected = [value(name, found) for name in names.split()]
        places = list(occurrences(text, claim))
        if not places:
            failures.append(f"{document} does not say any more: {claim}")
        for match, figures in places:
            covered.update((document, place) for place in range(match.start(), match.end()))
            if figures != expected:
                failures.append(f"{document}: {match[0]!r}, but {names} are {expected}")
        count += len(expected)
    # The tables, without addresses of links.
    security = texts["SECURITY.md"]
    start, end = security.index("## Limits\n"), security.index("## Secrets in memory")
    for row in re.finditer(r"^\|.*\|$", security[start:end], re.MULTILINE):
        for figure in re.finditer(r"(?<![#\w.-])\d[\d,]*", re.sub(r"\[.*?\]\(.*?\)", lambda m: "-" * len(m[0]), row[0])):
            place = start + row.start() + figure.start()
            if ("SECURITY.md", place) not in covered:
                failures.append(f"SECURITY.md: nobody checks {figure[0]} in: {row[0]}")
    for failure in failures:
        print(failure)
    print(f"{count} limits in documents compared with the sources, {len(failures)} wrong")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
