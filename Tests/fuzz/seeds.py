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
# Pages: whole messages and books in order, twice, and as they come from a recorded lane.
for choice, numbers in [(5, 0x10), (5, 0), (3, 0), (4, 0), (0x45, 0), (0x85, 0x10)]:
    put('pages', b''.join(bytes([choice, numbers, number, 3]) + b'{"a":1}'.ljust(16) for number in (0, 1, 2, 2)) + b'\x02')
put('pages', b''.join(bytes([5, book, 0, 3]) + b'x' * 16 for book in range(16)))
lane = root / 'Tests/RaetWireTests/Vectors/lane.json'
for conversation in json.loads(lane.read_text()) if lane.exists() else []:
    for page in conversation['datagrams'][:6]:
        data = bytes.fromhex(page['hex'])[:1900]
        put('pages', bytes([0]) + struct.pack('>H', len(data)) + data)
# Routes: bodies of both kinds, texts of destinations, rules.
for source, destination, more in [(['beta', None, None], ['alpha', None, 'jobs'], {}), (['gamma', 'x', 's'], ['beta', 'y', None], {'id': 5}),
                                  ([None, 'worker', None], ['beta', None, 's'], {'hops': 1, 'confirm': True}),
                                  (['beta'], ['alpha', 'worker', 'a/b'], {})]:
    body = json.dumps({'a': [1, 'x'], 'route': {'src': source, 'dst': destination, **more}, 'cmd': 'ping'}).encode()
    for choice in (0, 4, 8):
        put('routes', bytes([choice]) + body)
    rules = b'allow estate=b* share=jobs field:cmd=ping\nrefuse yard=x\nforged correct\n'
    put('routes', bytes([2, len(rules)]) + rules + body)
for text in [b'alpha,beta/worker/jobs', b'role=minion//s', b'kind=3/%2F/%c3%bc', b'allow uid=7 on=lane/* toyard=manor\n', b'refuse field:a=1*2 body=msgpack']:
    put('routes', bytes([0]) + text)
nil, text = b'\xc0', lambda word: bytes([0xa0 + len(word)]) + word
for source, destination in [([text(b'beta'), nil, nil], [text(b'alpha'), nil, text(b'jobs')]), ([nil, text(b'worker'), nil], [text(b'beta'), nil, nil])]:
    route = b'\x82' + text(b'src') + b'\x93' + b''.join(source) + text(b'dst') + b'\x93' + b''.join(destination)
    put('routes', bytes([1]) + b'\x82' + text(b'route') + route + text(b'cmd') + text(b'ping'))
    put('routes', bytes([5]) + b'\x82' + text(b'a') + b'\x92\x01\xcb\x40\x00\x00\x00\x00\x00\x00\x00' + text(b'route') + route)
