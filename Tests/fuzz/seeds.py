"""Writes the seeds of the fuzzers' corpora from the recorded conversations: Tests/fuzz/seeds.py FOLDER"""
import hashlib
import json
import pathlib
import struct
import sys

root = pathlib.Path(__file__).resolve().parents[2]
target = pathlib.Path(sys.argv[1])


def put(fuzzer, seed):
    folder = target / fuzzer
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(seed).hexdigest()[:12]).write_bytes(seed)


def chunk(source, data, then=0):
    return bytes([source]) + struct.pack('>H', len(data)) + data + bytes([then])


for conversation in json.loads((root / 'Tests/RaetWireTests/Vectors/road.json').read_text()):
    datagrams = [bytes.fromhex(datagram['hex']) for datagram in conversation['datagrams']]
    for data in datagrams[:8]:
        put('heads', data)
        put('datagrams', chunk(1, data, 1))
        if b'\n\n' in data:
            put('bodies', data.split(b'\n\n', 1)[1][:300])
    put('datagrams', b''.join(chunk(index % 3, data) for index, data in enumerate(datagrams[:6])))

put('bodies', b'{"name": "alpha", "mode": 1, "kind": 0, "nuid": 2, "role": "alpha", "misseds": [1, 2]}')
put('bodies', bytes([0x82, 0xa1, 0x61, 0x93, 1, 0xcd, 1, 2, 0xc0, 0xa1, 0x62, 0xcb]) + struct.pack('>d', 1.5))
put('bodies', b'{"a": [1e400, "\\ud800", {"b": {}}], "a": null}')
# A message of three segments, each kind of segment to a joined peer, and answers.
put('segments', bytes([1, 3, 1, 0, 1, 4, 0]) + struct.pack('>H', 500) + b'x' * 500 + bytes([1, 1]) + b'\x01\xf4' + b'y' * 500)
for transaction, packet in [(0, 0), (1, 0), (3, 4), (4, 0), (4, 1), (4, 2), (4, 17), (4, 18), (3, 6), (3, 8)]:
    for shape in [0x21, 0x2a, 0x69, 0x08, 0x12]:
        put('signed', bytes([transaction, packet, 1, 2, shape, packet & 1, 0, 2, 0, 99]) + struct.pack('>H', 40) + b'{"a": 1}' * 5)
for change in range(6):
    put('handshakes', bytes([3]) + bytes([0, change]) + struct.pack('>H', 40) + b'z' * 40 + bytes([0, change]) * 8)
record = b'{"name": "other0", "uid": 2, "fuid": 3, "ha": ["127.0.0.1", 7530], "sid": 5, "main": false, "joined": true, "role": "other0"}'
role = b'{"role": "other0", "acceptance": 1, "verhex": "' + b'ab' * 32 + b'", "pubhex": "' + b'cd' * 32 + b'"}'
for kind, data in [(0, record), (2, role), (5, record), (6, b'{"role": "main", "sighex": "00", "prihex": "11"}')]:
    put('stores', bytes([kind]) + struct.pack('>H', len(data)) + data)
put('stores', b''.join(bytes([kind]) + struct.pack('>H', len(data)) + data for kind, data in [(0, record), (2, role), (4, record)]))
for calls in [(4, 5, 0), (8, 6, 1), (4, 19, 0), (16, 17, 18), (15, 20, 21), (22, 2, 3)]:
    put('calls', b''.join(bytes([side, call]) + bytes([call * 7 & 255, 1, 2, 40, 5, 1]) for call in calls for side in (0, 1)))
    put('calls', bytes([1, 4, 9]) + bytes([0, 0, 255, 255] * 3) + b''.join(bytes([1, call, 2, 4, 0, 0]) for call in calls) + bytes([0, 0, 255, 255, 1, 3]))
