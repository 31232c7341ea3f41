/*
 * Handshakes with what must be refused: keys of low order, wrong and old cookies, boxes that do not open, in all parts
 * that a peer can play. A bad packet never tears down what was allowed before, and a good one still completes.
 */
#include "watch.h"

enum { MAIN = 0, JOINER = 1 };

static net road;
static peer beta;

/* Points of small order, as RFC 7748 has them: with each the shared key is the same for any secret. */
static const uint8_t low_order[7][32] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
     0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

/* The key that a point of small order makes with any other. */
static void low_order_key(uint8_t *key) {
  static const uint8_t zeros[32];
  crypto_core_hsalsa20(key, zeros, zeros, NULL);
}

/* A hello that is refused by `reject`, and what was allowed before stays so. */
static void bad_hello(const char *row, const uint8_t *body, size_t len) {
  size_t answer = 0;
  packet packet = peer_packet(&beta, IN_ALLOW, HELLO);
  const uint64_t state = watch_state(road.nodes[MAIN].stack);
  const uint64_t invalid = counter_of(road.nodes[MAIN].stack, "invalid_hello");
  check_row = row;
  packet.bk = 2;
  packet.coat = body;
  packet.coat_len = len;
  beta.got_count = 0;
  peer_send(&beta, &packet);
  net_carry(&road);
  CHECK_NUMBER(1, beta.got_count);
  CHECK(peer_last(&beta, IN_ALLOW, REJECT, &answer) != NULL);
  CHECK_NUMBER(invalid + 1, counter_of(road.nodes[MAIN].stack, "invalid_hello"));
  CHECK(state == watch_state(road.nodes[MAIN].stack));
  still_works(&beta);
}

static void bad_hellos(void) {
  uint8_t body[201] = {0}, key[32];
  for (int i = 0; i < 7; i++)
    for (int top = 0; top < 2; top++) { /* the highest bit does not count */
      memset(body, '0', 64);
      memcpy(body + 64, low_order[i], 32);
      body[95] |= (uint8_t)(top << 7);
      randombytes_buf(body + 176, 24);
      low_order_key(key);
      CHECK_NUMBER(0, crypto_box_easy_afternm(body + 96, body, 64, body + 176, key));
      bad_hello("hello with a key of low order", body, 200);
    }
  memset(body, '0', 64);
  memcpy(body + 64, beta.short_pub, 32);
  randombytes_buf(body + 176, 24);
  CHECK_NUMBER(0, crypto_box_easy(body + 96, body, 64, body + 176, beta.their_pub, beta.short_secret));
  bad_hello("hello without a body", body, 0);
  bad_hello("hello of 199 bytes", body, 199);
  bad_hello("hello of 201 bytes", body, 201);
  body[100] ^= 1;
  bad_hello("hello whose box does not open", body, 200);
  body[100] ^= 1;
  body[0] = '1';
  bad_hello("hello whose box holds something else", body, 200);
}

/* Begins a handshake and takes the cookie, without going on. Its packet, and what its box holds. */
static size_t begin_handshake(uint8_t *data, uint8_t *cookie) {
  size_t len = 0;
  beta.silent = 1;
  beta.got_count = 0;
  peer_hello(&beta, beta.short_pub);
  net_carry(&road);
  const uint8_t *found = peer_last(&beta, IN_ALLOW, COOKIE, &len);
  if (!CHECK(found != NULL) || !CHECK(peer_open_cookie(&beta, found, len, cookie))) return 0;
  memcpy(data, found, len);
  return len;
}

static void bad_initiates(void) {
  uint8_t data[1024], cookie[64], old[64], wrong[64];
  check_row = "initiate with a wrong cookie";
  CHECK(begin_handshake(data, old) > 0);
  size_t len = begin_handshake(data, cookie); /* a newer one takes its place */
  const uint64_t invalid = counter_of(road.nodes[MAIN].stack, "invalid_initiate");
  memcpy(wrong, cookie, sizeof wrong);
  for (int i = 40; i < 64; i++) {
    wrong[i] ^= 0x10;
    peer_initiate(&beta, data, len, wrong);
    wrong[i] ^= 0x10;
  }
  check_row = "initiate with an old cookie";
  memcpy(wrong + 40, old + 40, 24);
  peer_initiate(&beta, data, len, wrong);
  check_row = "initiate with an old key of the responder's";
  memcpy(wrong, old, 32);
  memcpy(wrong + 40, cookie + 40, 24);
  peer_initiate(&beta, data, len, wrong);
  check_row = "initiate with another long-term key";
  struct peer other = beta;
  crypto_box_keypair(other.pub, other.secret);
  peer_initiate(&other, data, len, cookie);
  check_row = "initiate with another short-term key";
  other = beta;
  crypto_box_keypair(other.short_pub, other.short_secret);
  peer_initiate(&other, data, len, cookie);
  CHECK_NUMBER(0, net_carry(&road));
  CHECK_NUMBER(invalid + 28, counter_of(road.nodes[MAIN].stack, "invalid_initiate"));
  still_works(&beta); /* with the keys of before */

  check_row = "the good initiate after all these";
  memcpy(beta.their_short, cookie, 32);
  beta.silent = beta.allowed = 0;
  peer_initiate(&beta, data, len, cookie);
  net_run(&road, SECOND / 100);
  CHECK(beta.allowed);
  still_works(&beta);
}

/* MARK: Main as the one that begins a handshake. */

typedef struct cookie_content {
  uint8_t short_pub[32];
  uint32_t near, far;
} cookie_content;

/* Answers a hello with a cookie packet; `len` bytes of its body, of which `flip` has a bit changed, -1: none. */
static void send_cookie(const uint8_t *hello, size_t hello_len, const cookie_content *content, size_t len, int flip) {
  uint8_t plain[64] = {0}, body[200] = {0};
  const uint8_t *si = hello + head_len(hello, hello_len) + 64;
  packet packet = peer_answer(hello, hello_len, COOKIE);
  memcpy(plain, content->short_pub, 32);
  for (int i = 0; i < 4; i++) {
    plain[32 + i] = (uint8_t)(content->near >> (24 - 8 * i));
    plain[36 + i] = (uint8_t)(content->far >> (24 - 8 * i));
  }
  CHECK_NUMBER(0, crypto_box_easy(body, plain, 64, body + 80, si, beta.secret));
  if (flip >= 0) body[flip] ^= 1;
  packet.bk = 2;
  packet.coat = body;
  packet.coat_len = len;
  peer_send(&beta, &packet);
}

static void bad_cookies(void) {
  raet_stack *stack = road.nodes[MAIN].stack;
  raet_remote remote = 0;
  uint8_t hello[1024];
  size_t len = 0, answer = 0, rows = 0;
  CHECK_OK(raet_remote_find(stack, "beta", &remote));
  net_run(&road, 10 * SECOND); /* what came before is over */
  check_row = "cookie";
  beta.silent = 1;
  beta.got_count = 0;
  CHECK_OK(raet_allow(stack, remote, road.now, 0, NULL));
  net_carry(&road);
  const uint8_t *found = peer_last(&beta, IN_ALLOW, HELLO, &len);
  if (!CHECK(found != NULL)) return;
  memcpy(hello, found, len);
  const uint64_t invalid = counter_of(stack, "invalid_cookie");
  cookie_content good = {{0}, beta.near, beta.far}, bad = good;
  memcpy(good.short_pub, beta.short_pub, 32);
  for (int i = 0; i < 7; i++, rows++) {
    memcpy(bad.short_pub, low_order[i], 32);
    send_cookie(hello, len, &bad, 104, -1);
  }
  bad = good;
  bad.near++;
  send_cookie(hello, len, &bad, 104, -1);
  bad = good;
  bad.far++;
  send_cookie(hello, len, &bad, 104, -1);
  send_cookie(hello, len, &good, 0, -1);
  send_cookie(hello, len, &good, 103, -1);
  send_cookie(hello, len, &good, 105, -1);
  send_cookie(hello, len, &good, 104, 0);
  send_cookie(hello, len, &good, 104, 103);
  rows += 7;
  CHECK_NUMBER(0, net_carry(&road));
  CHECK_NUMBER(invalid + rows, counter_of(stack, "invalid_cookie"));
  still_works(&beta);
  beta.got_count = 0;
  send_cookie(hello, len, &good, 104, -1);
  net_carry(&road);
  found = peer_last(&beta, IN_ALLOW, INITIATE, &answer);
  if (!CHECK(found != NULL)) return;
  packet ack = peer_answer(found, answer, ACK);
  ack.oi = ++beta.si;
  memcpy(beta.their_short, hello + head_len(hello, len) + 64, 32);
  peer_send(&beta, &ack);
  net_carry(&road);
  CHECK_NUMBER(1, peer_got(&beta, IN_ALLOW, ACK));
  beta.silent = 0;
  still_works(&beta);
}

/* MARK: Joins. */

/* Keys that nobody can have, in the request of a stranger and in the response to a stack that joins. */
static void low_order_joins(void) {
  char body[1024];
  peer stranger;
  peer_init(&stranger, &road, MAIN, "stranger", 7538);
  for (int i = 0; i < 7; i++) {
    check_row = "join request with a key of low order";
    size_t len = join_body(&stranger, 0, low_order[i], body, sizeof body);
    packet packet = peer_packet(&stranger, IN_JOIN, REQUEST);
    packet.si = packet.fk = packet.de = 0;
    packet.bk = 1;
    packet.coat = (const uint8_t *)body;
    packet.coat_len = len;
    /* Strangers cost no public-key operation: it is answered as any, and comes to nothing when it is complete. */
    raet_stack *stack = road.nodes[MAIN].stack;
    const uint64_t state = watch_state(stack);
    const size_t events = road.nodes[MAIN].count;
    const uint64_t invalid = counter_of(stack, "invalid_join");
    peer_send(&stranger, &packet);
    while (net_carry(&road) > 0) {}
    CHECK_NUMBER(1, counter_of(stack, "invalid_join") - invalid);
    CHECK(state == watch_state(stack));
    CHECK_NUMBER(events, road.nodes[MAIN].count);
  }
  check_row = "the good request after all these";
  stranger.joined = 0; /* as it has come to believe */
  peer_connect(&stranger);
  still_works(&stranger);
}

/* Answers that do not belong to the join under way: another transaction, id or address. They end nothing. */
static void answers_to_no_join(peer *host, const uint8_t *request, size_t len) {
  static const uint32_t kinds[] = {REJECT, REFUSE, NACK, RENEW, PEND, RESPONSE};
  const raet_addr address = host->address;
  char body[1024];
  for (size_t i = 0; i < 6; i++)
    for (int wrong = 0; wrong < 4; wrong++) {
      packet packet = peer_answer(request, len, kinds[i]);
      packet.bk = 1;
      packet.coat = (const uint8_t *)body;
      packet.coat_len = kinds[i] == RESPONSE ? join_body(host, host->near, host->pub, body, sizeof body) : 0;
      if (wrong == 0) packet.ti++;
      if (wrong == 1) packet.de++;
      if (wrong == 2) packet.se = 99;
      if (wrong == 3) CHECK_OK(raet_addr_parse("127.0.0.1:7599", &host->address));
      check_row = "an answer to no join";
      const uint64_t state = watch_state(road.nodes[JOINER].stack);
      const size_t events = road.nodes[JOINER].count;
      peer_send(host, &packet);
      net_carry(&road);
      CHECK(state == watch_state(road.nodes[JOINER].stack));
      CHECK_NUMBER(events, road.nodes[JOINER].count);
      host->address = address;
    }
}

static void low_order_responses(void) {
  char body[1024];
  uint8_t request[1024];
  size_t len = 0;
  peer host;
  raet_remote remote = 0;
  net_add(&road, JOINER, net_config(JOINER, "joiner"));
  peer_init(&host, &road, JOINER, "host", 7537);
  host.silent = 1;
  CHECK_OK(raet_remote_add(road.nodes[JOINER].stack, NULL, "127.0.0.1:7537", &remote));
  CHECK_OK(raet_join(road.nodes[JOINER].stack, remote, road.now, 0, NULL));
  net_carry(&road);
  const uint8_t *found = peer_last(&host, IN_JOIN, REQUEST, &len);
  if (!CHECK(found != NULL)) return;
  memcpy(request, found, len);
  answers_to_no_join(&host, request, len);
  for (int i = 0; i <= 7; i++) {
    packet packet = peer_answer(request, len, RESPONSE);
    packet.bk = 1;
    packet.coat = (const uint8_t *)body;
    packet.coat_len = join_body(&host, host.near, i < 7 ? low_order[i] : host.pub, body, sizeof body);
    check_row = i < 7 ? "join response with a key of low order" : "the good response after all these";
    if (i < 7) drops_packet(&host, &packet, "joiner_rx_response invalid_accept");
    else peer_send(&host, &packet);
  }
  CHECK(net_until(&road, JOINER, RAET_EV_JOINED, 1, SECOND));
  CHECK_NUMBER(1, peer_got(&host, IN_JOIN, ACK));
}

int main(void) {
  net_add(&road, MAIN, net_config(MAIN, "main"));
  peer_init(&beta, &road, MAIN, "beta", 7539);
  peer_connect(&beta);
  still_works(&beta);
  bad_hellos();
  bad_initiates();
  bad_cookies();
  low_order_joins();
  low_order_responses();
  check_row = "";
  net_end(&road);
  return checks_end("inputs_handshakes");
}
