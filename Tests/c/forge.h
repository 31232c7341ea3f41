/*
 * A peer made of libsodium and docs/PROTOCOL.md alone, which sends what no libraet would: its heads may be written
 * falsely, and are signed all the same. Joins, allows and answers as a true one, as long as it is not told otherwise.
 */
#ifndef FORGE_H
#define FORGE_H
#include <sodium.h>

#include "net.h"

/* pk, tk and fg of PROTOCOL 2.4 and 2.5. */
enum { MESSAGE, ACK, NACK, RESEND, REQUEST, RESPONSE, HELLO, COOKIE, INITIATE, UNJOINED, UNALLOWED, RENEW, REFUSE,
       REJECT, PEND, DONE };
enum { IN_MESSAGE = 0, IN_JOIN = 1, IN_ALLOW = 3, IN_ALIVE = 4 };
enum { CF = 1, BF = 2, WF = 4, SF = 8, AF = 16 };

/* A packet to be written. What is 0 is left out of the head, as the wire has it. */
typedef struct packet {
  uint32_t fg, pk, tk, se, de, si, ti, oi, sn, sc, ml, bk, ck, fk;
  const uint8_t *coat;
  size_t coat_len;
  int hk;
  /* What is wrong with the head: this text stands in place of the field `edit`, NULL: it is missing; a field that is
     not there otherwise comes last. */
  const char *edit, *text;
} packet;

typedef struct peer {
  net *net;
  int node; /* the stack that it talks to */
  raet_addr address;
  const char *name, *role;
  uint8_t signing[64], verify[32], secret[32], pub[32], their_verify[32], their_pub[32];
  uint8_t short_secret[32], short_pub[32], their_short[32];
  uint32_t near, far, si, ti;
  int joined, allowed;
  int silent; /* only notes what comes */
  struct {
    uint8_t bytes[1024];
    size_t len;
  } got[64]; /* the latest datagrams that came; got_count is how many in all */
  size_t got_count;
} peer;

enum { PEER_ROOM = 64, HEAD_ROOM = 2048, FOOT = 64, COAT = 40 };

/* MARK: Writing. */

typedef struct writer {
  const packet *packet;
  char *out;
  size_t len;
  int count, is_edited;
} writer;

static inline void write_text(writer *to, const char *text) {
  if (text == NULL) return;
  to->len += (size_t)snprintf(to->out + to->len, HEAD_ROOM - to->len, "%s%s%s", to->packet->hk && to->count ? "," : "",
                              text, to->packet->hk ? "" : "\n");
  to->count++;
}

static inline void write_field(writer *to, const char *key, const char *value) {
  char text[40];
  const packet *packet = to->packet;
  if (packet->edit != NULL && strcmp(packet->edit, key) == 0) {
    to->is_edited = 1;
    write_text(to, packet->text);
  } else {
    snprintf(text, sizeof text, packet->hk ? "\"%s\":%s" : "%s %s", key, value);
    write_text(to, text);
  }
}

static inline void write_number(writer *to, const char *key, uint32_t value) {
  char text[16];
  snprintf(text, sizeof text, to->packet->hk ? "%u" : "%x", value);
  if (value != 0) write_field(to, key, text);
}

static inline void write_length(writer *to, const char *key, int digits, size_t value) {
  char text[20];
  const char *quote = to->packet->hk ? "\"" : "";
  snprintf(text, sizeof text, "%s%0*zx%s", quote, digits, value, quote);
  write_field(to, key, text);
}

/* Writes the head as if it had `hl` bytes, in a datagram of `pl`. */
static inline size_t write_head(const packet *packet, size_t hl, size_t pl, char *out) {
  writer to = {packet, out, 0, 0, 0};
  if (packet->hk) to.len = (size_t)snprintf(out, HEAD_ROOM, "{");
  write_field(&to, "ri", packet->hk ? "\"RAET\"" : "RAET");
  write_length(&to, "pl", packet->hk ? 7 : 4, pl);
  write_length(&to, "hl", 2, hl);
  write_length(&to, "fg", 2, packet->fg);
  write_number(&to, "pk", packet->pk);
  write_number(&to, "hk", (uint32_t)packet->hk);
  write_number(&to, "se", packet->se);
  write_number(&to, "de", packet->de);
  write_number(&to, "si", packet->si);
  write_number(&to, "ti", packet->ti);
  write_number(&to, "tk", packet->tk);
  write_number(&to, "oi", packet->oi);
  write_number(&to, "sn", packet->sn);
  write_number(&to, "sc", packet->sc == 1 ? 0 : packet->sc);
  write_number(&to, "ml", packet->ml);
  write_number(&to, "bk", packet->bk);
  write_number(&to, "ck", packet->ck);
  write_number(&to, "fk", packet->fk);
  write_number(&to, "fl", packet->fk ? FOOT : 0);
  if (packet->edit != NULL && !to.is_edited) write_text(&to, packet->text);
  to.len += (size_t)snprintf(out + to.len, HEAD_ROOM - to.len, packet->hk ? "}\r\n\r\n" : "\n");
  return to.len;
}

/* Writes the whole datagram, signed by the peer when `fk` is set, into room for HEAD_ROOM and the coat; its length. */
static inline size_t forge(const peer *from, const packet *packet, uint8_t *out) {
  char head[HEAD_ROOM];
  size_t hl = write_head(packet, 0, 0, head), foot = packet->fk ? FOOT : 0, len = hl + packet->coat_len + foot;
  write_head(packet, hl, len, head);
  memcpy(out, head, hl);
  if (packet->coat_len > 0) memcpy(out + hl, packet->coat, packet->coat_len);
  if (foot) {
    uint8_t signature[FOOT];
    memset(out + len - FOOT, 0, FOOT);
    crypto_sign_detached(signature, NULL, out, len, from->signing);
    memcpy(out + len - FOOT, signature, FOOT);
  }
  return len;
}

/* MARK: Reading. */

/* A number of a head raet, 0 when it is not there. */
static inline uint64_t head_number(const uint8_t *data, size_t len, const char *key) {
  char line[8];
  snprintf(line, sizeof line, "\n%s ", key);
  for (size_t i = 0; i + 5 < len && !(data[i] == '\n' && data[i + 1] == '\n'); i++)
    if (memcmp(data + i, line, 4) == 0) return strtoull((const char *)data + i + 4, NULL, 16);
  return 0;
}

static inline size_t head_len(const uint8_t *data, size_t len) { return (size_t)head_number(data, len, "hl"); }

/* How many packets of a kind have come, as far as they are kept. */
static inline size_t peer_got(const peer *peer, uint32_t tk, uint32_t pk) {
  size_t count = 0, kept = peer->got_count < PEER_ROOM ? peer->got_count : PEER_ROOM;
  for (size_t i = 0; i < kept; i++)
    count += head_number(peer->got[i].bytes, peer->got[i].len, "tk") == tk &&
             head_number(peer->got[i].bytes, peer->got[i].len, "pk") == pk;
  return count;
}

/* The last packet of a kind that came; NULL: there is none. */
static inline const uint8_t *peer_last(const peer *peer, uint32_t tk, uint32_t pk, size_t *len) {
  size_t first = peer->got_count > PEER_ROOM ? peer->got_count - PEER_ROOM : 0;
  for (size_t i = peer->got_count; i > first; i--) {
    const uint8_t *bytes = peer->got[(i - 1) % PEER_ROOM].bytes;
    *len = peer->got[(i - 1) % PEER_ROOM].len;
    if (head_number(bytes, *len, "tk") == tk && head_number(bytes, *len, "pk") == pk) return bytes;
  }
  return NULL;
}

/* MARK: Sending. */

static inline void peer_input(peer *peer, const uint8_t *data, size_t len) {
  CHECK_OK(raet_stack_input(peer->net->nodes[peer->node].stack, peer->net->now, data, len, &peer->address));
}

static inline void peer_send(peer *peer, const packet *packet) {
  static uint8_t data[HEAD_ROOM + 2048];
  peer_input(peer, data, forge(peer, packet, data));
}

/* A signed packet of a transaction of the peer's own, in its present session. */
static inline packet peer_packet(peer *peer, uint32_t tk, uint32_t pk) {
  packet packet = {0};
  packet.tk = tk;
  packet.pk = pk;
  packet.se = peer->near;
  packet.de = peer->far;
  packet.si = peer->si;
  packet.ti = ++peer->ti;
  packet.fk = 1;
  return packet;
}

/* A signed answer without body to a packet that came. */
static inline packet peer_answer(const uint8_t *data, size_t len, uint32_t pk) {
  packet packet = {0};
  packet.fg = (uint32_t)head_number(data, len, "fg") & CF ? 0 : CF;
  packet.pk = pk;
  packet.tk = (uint32_t)head_number(data, len, "tk");
  packet.se = (uint32_t)head_number(data, len, "de");
  packet.de = (uint32_t)head_number(data, len, "se");
  packet.si = (uint32_t)head_number(data, len, "si");
  packet.ti = (uint32_t)head_number(data, len, "ti");
  packet.ck = (uint32_t)head_number(data, len, "ck");
  packet.fk = packet.tk != IN_JOIN;
  return packet;
}

/* Seals a body with the short-term keys into `coat`, which is 40 bytes longer, but empty for an empty body. */
static inline size_t peer_seal(const peer *peer, const uint8_t *body, size_t len, uint8_t *coat) {
  if (len == 0) return 0;
  randombytes_buf(coat + 16 + len, 24);
  CHECK_NUMBER(0, crypto_box_easy(coat, body, len, coat + 16 + len, peer->their_short, peer->short_secret));
  return len + COAT;
}

/* Sends a body of one datagram, of kind `bk`, as a message. Its transaction. */
static inline uint32_t peer_say(peer *peer, uint32_t bk, const uint8_t *body, size_t len) {
  uint8_t coat[1024];
  packet packet = peer_packet(peer, IN_MESSAGE, MESSAGE);
  packet.fg = WF;
  packet.bk = bk;
  packet.ck = 1;
  packet.coat = coat;
  packet.coat_len = peer_seal(peer, body, len, coat);
  peer_send(peer, &packet);
  return packet.ti;
}

/* MARK: Join and allow. */

/* The body of a join, with this public key: `uid` 0 for a request. */
static inline size_t join_body(const peer *peer, uint32_t uid, const uint8_t *pub, char *out, size_t cap) {
  char verhex[65], pubhex[65], id[32] = "";
  sodium_bin2hex(verhex, sizeof verhex, peer->verify, 32);
  sodium_bin2hex(pubhex, sizeof pubhex, pub, 32);
  if (uid != 0) snprintf(id, sizeof id, "\"uid\":%u,", uid);
  return (size_t)snprintf(out, cap,
                          "{\"name\":\"%s\",\"mode\":1,\"kind\":0,%s\"verhex\":\"%s\",\"pubhex\":\"%s\",\"role\":\"%s\"}",
                          peer->name, id, verhex, pubhex, peer->role);
}

static inline void peer_request(peer *peer, const uint8_t *body, size_t len) {
  packet packet = peer_packet(peer, IN_JOIN, REQUEST);
  packet.si = packet.fk = 0;
  packet.de = peer->joined ? packet.de : 0;
  packet.bk = 1;
  packet.coat = body;
  packet.coat_len = len;
  peer_send(peer, &packet);
}

/* The body of a hello: 200 bytes. */
static inline void hello_body(const peer *peer, const uint8_t *short_pub, uint8_t *body) {
  memset(body, '0', 64);
  memcpy(body + 64, short_pub, 32);
  randombytes_buf(body + 176, 24);
  CHECK_NUMBER(0, crypto_box_easy(body + 96, body, 64, body + 176, peer->their_pub, peer->short_secret));
}

static inline void peer_hello(peer *peer, const uint8_t *short_pub) {
  uint8_t body[200];
  packet packet = peer_packet(peer, IN_ALLOW, HELLO);
  hello_body(peer, short_pub, body);
  packet.bk = 2;
  packet.coat = body;
  packet.coat_len = sizeof body;
  peer_send(peer, &packet);
}

/* Answers a cookie packet; `cookie` is what its box holds. */
static inline void peer_initiate(peer *peer, const uint8_t *data, size_t len, const uint8_t *cookie) {
  uint8_t body[328], stuff[232];
  packet packet = peer_answer(data, len, INITIATE);
  memcpy(stuff, peer->pub, 32);
  randombytes_buf(stuff + 80, 24);
  CHECK_NUMBER(0, crypto_box_easy(stuff + 32, peer->short_pub, 32, stuff + 80, peer->their_pub, peer->secret));
  memset(stuff + 104, ' ', 128);
  memcpy(body, peer->short_pub, 32);
  memcpy(body + 32, cookie + 40, 24);
  randombytes_buf(body + 304, 24);
  CHECK_NUMBER(0, crypto_box_easy(body + 56, stuff, sizeof stuff, body + 304, cookie, peer->short_secret));
  packet.bk = 2;
  packet.coat = body;
  packet.coat_len = sizeof body;
  peer_send(peer, &packet);
}

/* Opens a cookie packet into 64 bytes. */
static inline int peer_open_cookie(const peer *peer, const uint8_t *data, size_t len, uint8_t *cookie) {
  const uint8_t *body = data + head_len(data, len);
  return len == head_len(data, len) + 104 + FOOT &&
         crypto_box_open_easy(cookie, body, 80, body + 80, peer->their_pub, peer->short_secret) == 0;
}

static inline void peer_take_answer(peer *peer, const uint8_t *data, size_t len, uint32_t tk, uint32_t pk) {
  uint8_t cookie[64];
  if (tk == IN_JOIN && pk == RESPONSE) {
    char text[1025] = {0};
    memcpy(text, data, len);
    const char *uid = strstr(text, "\"uid\":");
    if (!CHECK(uid != NULL)) return;
    peer->far = (uint32_t)strtoul(uid + 6, NULL, 10);
    peer->joined = 1;
    packet ack = peer_answer(data, len, ACK);
    peer_send(peer, &ack);
  } else if (tk == IN_ALLOW && pk == COOKIE && CHECK(peer_open_cookie(peer, data, len, cookie))) {
    memcpy(peer->their_short, cookie, 32);
    peer_initiate(peer, data, len, cookie);
  } else if (tk == IN_ALLOW && pk == ACK) {
    packet ack = peer_answer(data, len, ACK);
    peer_send(peer, &ack);
    if (!peer->allowed && ++peer->si == 0) peer->si = 1;
    peer->allowed = 1;
  }
}

/* What the stack sends to the peer: the `stray` of its net. */
static inline void peer_take(void *user, const raet_addr *to, const uint8_t *data, size_t len) {
  peer *peer = (struct peer *)user;
  uint32_t tk = (uint32_t)head_number(data, len, "tk"), pk = (uint32_t)head_number(data, len, "pk");
  if (to->len != peer->address.len || memcmp(to->bytes, peer->address.bytes, to->len) != 0) return;
  memcpy(peer->got[peer->got_count % PEER_ROOM].bytes, data, len);
  peer->got[peer->got_count++ % PEER_ROOM].len = len;
  if (peer->silent) return;
  if (head_number(data, len, "fg") & CF) {
    peer_take_answer(peer, data, len, tk, pk);
  } else if ((tk == IN_ALIVE && pk == REQUEST) || (tk == IN_MESSAGE && pk == MESSAGE)) {
    packet answer = peer_answer(data, len, tk == IN_ALIVE ? ACK : DONE);
    peer_send(peer, &answer);
  }
}

/* Makes a peer with new keys, at a port of its own, that talks to a stack of the network. */
static inline void peer_init(peer *peer, net *net, int node, const char *name, int port) {
  uint8_t seed[32];
  char endpoint[32];
  memset(peer, 0, sizeof *peer);
  CHECK(sodium_init() >= 0);
  peer->net = net;
  peer->node = node;
  peer->name = peer->role = name;
  peer->near = 77;
  peer->si = 1;
  snprintf(endpoint, sizeof endpoint, "127.0.0.1:%d", port);
  CHECK_OK(raet_addr_parse(endpoint, &peer->address));
  CHECK_OK(raet_keys_generate(seed, peer->secret));
  CHECK_OK(raet_keys_public(seed, peer->secret, peer->verify, peer->pub));
  crypto_sign_seed_keypair(peer->verify, peer->signing, seed);
  crypto_box_keypair(peer->short_pub, peer->short_secret);
  CHECK_OK(raet_stack_keys(net->nodes[node].stack, peer->their_verify, peer->their_pub));
  net->stray = peer_take;
  net->stray_user = peer;
}

/* Joins and allows. */
static inline void peer_connect(peer *peer) {
  char body[1024];
  size_t len = join_body(peer, 0, peer->pub, body, sizeof body);
  peer_request(peer, (const uint8_t *)body, len);
  net_run(peer->net, SECOND / 100);
  if (!CHECK(peer->joined)) return;
  peer_hello(peer, peer->short_pub);
  net_run(peer->net, SECOND / 100);
  CHECK(peer->allowed);
}
#endif
