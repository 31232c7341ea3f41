#!/usr/bin/env python3
"""Checks the examples in docs/PROTOCOL.md against recorded conversations of the reference implementation.

An example is a fenced block after a comment line:

  <!-- example: TAG N PART -->        datagram N of the conversation TAG; PART is one of
      head       the head's text              bytes, coat, foot   hexadecimal digits
      body       the opened body, as text if it is JSON, else as hexadecimal digits
      hello, cookie, initiate                 the parts of an allow packet by name, boxes opened
  <!-- example: TAG N-M flow -->      a line for each of these datagrams
  <!-- example: TAG ESTATE KEY -->    a key of the conversation's keys, as verkey
  <!-- example: page TAG N -->        the head of page N of the lane's conversation TAG
  <!-- example: json FIELD... -->     a JSON object with exactly these fields, in this order

All signatures of the datagrams shown are verified too. Needs libsodium, which the library needs anyway.
"""

import ctypes
import ctypes.util
import json
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = TOP / "docs" / "PROTOCOL.md"
VECTORS = TOP / "Tests" / "RaetWireTests" / "Vectors" / "road.json"
LANE_VECTORS = VECTORS.with_name("lane.json")

PACKETS = ("message ack nack resend request response hello cookie initiate unjoined unallowed renew refuse reject"
           " pend done").split()
TRANSACTIONS = "message join bind allow alive".split()
EXAMPLE = re.compile(r"<!-- example: (.+?) -->\n```\w*\n(.*?)\n```", re.DOTALL)

sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
if sodium.sodium_init() < 0:
    sys.exit("libsodium does not start")


def verifies(signature, message, key):
    return sodium.crypto_sign_verify_detached(signature, message, ctypes.c_ulonglong(len(message)), key) == 0


def opened(box, nonce, public, secret):
    plain = ctypes.create_string_buffer(max(1, len(box) - 16))
    if sodium.crypto_box_open_easy(plain, box, ctypes.c_ulonglong(len(box)), nonce, public, secret) != 0:
        raise ValueError("a box does not open")
    return plain.raw[: len(box) - 16]


def public_key(secret):
    out = ctypes.create_string_buffer(32)
    sodium.crypto_scalarmult_base(out, secret)
    return out.raw


class Datagram:
    """One datagram, taken apart as PROTOCOL 2 says."""

    def __init__(self, conversation, index):
        record = conversation["datagrams"][index]
        self.index = index
        self.source, self.target = record["src"], record["dst"]
        self.bytes = bytes.fromhex(record["hex"])
        self.keys = {name: {k: bytes.fromhex(v) for k, v in keys.items() if k != "ha"}
                     for name, keys in conversation["keys"].items()}
        self.short = {name: bytes.fromhex(secret) for name, secret in record["short"].items()}
        end = b"\r\n\r\n" if self.bytes.startswith(b"{") else b"\n\n"
        front = self.bytes[: self.bytes.index(end)]
        self.head, self.end = front + end, end
        if end == b"\n\n":
            pairs = (line.split(" ") for line in front.decode("ascii").split("\n"))
            self.fields = {key: value if key in ("ri", "pl", "hl", "fg") else int(value, 16) for key, value in pairs}
        else:
            self.fields = json.loads(front)
        foot = self.fields.get("fl", 0)
        self.coat = self.bytes[len(self.head): len(self.bytes) - foot]
        self.foot = self.bytes[len(self.bytes) - foot:]
        if int(self.fields["pl"], 16) != len(self.bytes) or int(self.fields["hl"], 16) != len(self.head):
            raise ValueError("hl or pl is untrue")
        if foot and not verifies(self.foot, self.head + self.coat + bytes(64), self.keys[self.source]["verkey"]):
            raise ValueError("the signature does not verify")

    def body(self):
        if not self.coat or self.fields.get("ck", 0) == 0:
            return self.coat
        return opened(self.coat[:-24], self.coat[-24:], public_key(self.short[self.source]), self.short[self.target])

    def flow(self):
        transaction = TRANSACTIONS[self.fields.get("tk", 0)]
        packet = PACKETS[self.fields.get("pk", 0)]
        return (f"{self.index:2}  {self.source:<5} > {self.target:<5}  {transaction:<7}  {packet:<8}"
                f"  {len(self.bytes):4}")

    def hello(self):
        plain, short, box, nonce = cut(self.coat, 64, 32, 80, 24)
        if opened(box, nonce, short, self.keys[self.target]["prikey"]) != plain or plain != b"0" * 64:
            raise ValueError("the hello's box holds something else")
        return [("SI", short), ("box", box), ("nonce", nonce)]

    def cookie(self):
        box, nonce = cut(self.coat, 80, 24)
        stuff = opened(box, nonce, self.keys[self.source]["pubkey"], self.short[self.target])
        short, near, far, cookie = cut(stuff, 32, 4, 4, 24)
        return [("box", box), ("nonce", nonce), ("SR", short), ("near id", near), ("far id", far), ("cookie", cookie)]

    def initiate(self):
        short, cookie, box, nonce = cut(self.coat, 32, 24, 248, 24)
        stuff = opened(box, nonce, short, self.short[self.target])
        long, vouch, vouch_nonce, host = cut(stuff, 32, 48, 24, 128)
        if opened(vouch, vouch_nonce, long, self.keys[self.target]["prikey"]) != short:
            raise ValueError("the vouch holds something else")
        return [("SI", short), ("cookie", cookie), ("nonce", nonce), ("LI", long), ("vouch", vouch),
                ("vouch's nonce", vouch_nonce), ("host", host.rstrip(b" "))]


def cut(data, *lengths):
    if len(data) != sum(lengths):
        raise ValueError(f"{len(data)} bytes instead of {sum(lengths)}")
    pieces = []
    for length in lengths:
        pieces.append(data[:length])
        data = data[length:]
    return pieces


def hexadecimal(data):
    """Lines of 48 bytes, as the document has them."""
    text = data.hex()
    return "\n".join(text[i: i + 96] for i in range(0, len(text), 96))


def expected(conversations, words):
    """What the document should show for an example."""
    conversation = conversations[words[0]]
    part = words[2]
    if part == "flow":
        first, last = map(int, words[1].split("-"))
        return "\n".join(Datagram(conversation, i).flow() for i in range(first, last + 1))
    if words[1] in conversation["keys"]:
        return conversation["keys"][words[1]][part]
    datagram = Datagram(conversation, int(words[1]))
    if part == "head":
        return datagram.head[: -len(datagram.end)].decode("ascii")
    if part == "body":
        body = datagram.body()
        return body.decode("ascii") if body.startswith(b"{") else hexadecimal(body)
    if part in ("bytes", "coat", "foot"):
        return hexadecimal(getattr(datagram, part))
    return "\n".join(f"{name:<13}  {hexadecimal(value).replace(chr(10), chr(10) + ' ' * 15)}"
                     for name, value in getattr(datagram, part)())


def main():
    conversations = {c["tag"]: c for c in json.loads(VECTORS.read_text())}
    text = DOCUMENT.read_text()
    examples = EXAMPLE.findall(text)
    wrong = 0
    if len(examples) != text.count("<!-- example:"):
        print("an example's comment stands before something other than a block")
        wrong += 1
    for label, shown in examples:
        words = label.split()
        try:
            if words[0] == "json":
                good = list(json.loads(shown)) == words[1:]
                should = " ".join(words[1:])
            elif words[0] == "page":
                lane = next(c for c in json.loads(LANE_VECTORS.read_text()) if c["tag"] == words[1])
                page = bytes.fromhex(lane["datagrams"][int(words[2])]["hex"])
                should = page.partition(b"\n\n")[0].decode("ascii")
                good = shown == should
            else:
                should = expected(conversations, words)
                good = shown == should
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            good, should = False, f"{type(error).__name__}: {error}"
        if not good:
            wrong += 1
            print(f"example: {label}\n--- shown\n{shown}\n--- should be\n{should}\n")
    print(f"{len(examples)} examples, {wrong} wrong")
    return 1 if wrong or not examples else 0


if __name__ == "__main__":
    sys.exit(main())
