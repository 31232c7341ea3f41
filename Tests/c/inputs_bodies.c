/*
 * Bodies that must do no harm: not mappings, nested without end, longer than they are, with text that is none. From a
 * peer each is answered by nack and not delivered; to raet_send() each is RAET_EENCODE. Good ones beside them pass.
 */
#include "watch.h"

enum { MAIN = 0, JSON = RAET_BODY_JSON, PACK = RAET_BODY_MSGPACK };

static net road;
static peer beta;
static raet_remote remote;

typedef struct row {
  const char *name, *bytes;
  size_t len; /* 0: up to the NUL */
  int kind, is_good;
} row;

static const row rows[] = {
    {"JSON: empty mapping", "{}", 0, JSON, 1},
    {"JSON: one key", "{\"a\":1}", 0, JSON, 1},
    {"JSON: blanks", " {\r\n\t\"a\" : [ 1 , -2.5e3 , null , true , false ] } \n", 0, JSON, 1},
    {"JSON: surrogate pair", "{\"a\":\"\\ud83d\\ude00\"}", 0, JSON, 1},
    {"JSON: NUL in a string", "{\"a\":\"\\u0000\"}", 0, JSON, 1},
    {"JSON: number of 1,000 digits would fit", "{\"a\":123456789012345678901234567890}", 0, JSON, 1},
    {"JSON: list", "[]", 0, JSON, 0},
    {"JSON: number", "1", 0, JSON, 0},
    {"JSON: string", "\"a\"", 0, JSON, 0},
    {"JSON: null", "null", 0, JSON, 0},
    {"JSON: true", "true", 0, JSON, 0},
    {"JSON: only blanks", "  ", 0, JSON, 0},
    {"JSON: open", "{", 0, JSON, 0},
    {"JSON: open string", "{\"a", 0, JSON, 0},
    {"JSON: open list", "{\"a\":[1", 0, JSON, 0},
    {"JSON: key without value", "{\"a\"}", 0, JSON, 0},
    {"JSON: key without quotes", "{a:1}", 0, JSON, 0},
    {"JSON: single quotes", "{'a':1}", 0, JSON, 0},
    {"JSON: number as a key", "{1:2}", 0, JSON, 0},
    {"JSON: comma at the end", "{\"a\":1,}", 0, JSON, 0},
    {"JSON: comma in a list", "{\"a\":[1,]}", 0, JSON, 0},
    {"JSON: two values", "{}{}", 0, JSON, 0},
    {"JSON: bytes after it", "{}x", 0, JSON, 0},
    {"JSON: NUL after it", "{}\0", 3, JSON, 0},
    {"JSON: byte order mark", "\xef\xbb\xbf{}", 0, JSON, 0},
    {"JSON: comment", "{/**/}", 0, JSON, 0},
    {"JSON: NaN", "{\"a\":NaN}", 0, JSON, 0},
    {"JSON: Infinity", "{\"a\":Infinity}", 0, JSON, 0},
    {"JSON: 1e400", "{\"a\":1e400}", 0, JSON, 0},
    {"JSON: -1e400", "{\"a\":-1e400}", 0, JSON, 0},
    {"JSON: 1e999999999", "{\"a\":1e999999999}", 0, JSON, 0},
    {"JSON: 01", "{\"a\":01}", 0, JSON, 0},
    {"JSON: +1", "{\"a\":+1}", 0, JSON, 0},
    {"JSON: .5", "{\"a\":.5}", 0, JSON, 0},
    {"JSON: 1.", "{\"a\":1.}", 0, JSON, 0},
    {"JSON: 0x1", "{\"a\":0x1}", 0, JSON, 0},
    {"JSON: lone high surrogate", "{\"a\":\"\\ud800\"}", 0, JSON, 0},
    {"JSON: lone low surrogate", "{\"a\":\"\\udc00\"}", 0, JSON, 0},
    {"JSON: lone surrogate in a key", "{\"\\ud800\":1}", 0, JSON, 0},
    {"JSON: surrogates in the wrong order", "{\"a\":\"\\udc00\\ud800\"}", 0, JSON, 0},
    {"JSON: surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", 0, JSON, 0},
    {"JSON: overlong UTF-8", "{\"a\":\"\xc0\x80\"}", 0, JSON, 0},
    {"JSON: cut UTF-8", "{\"a\":\"\xe4\xb8\"}", 0, JSON, 0},
    {"JSON: beyond Unicode", "{\"a\":\"\xf4\x90\x80\x80\"}", 0, JSON, 0},
    {"JSON: byte ff", "{\"a\":\"\xff\"}", 0, JSON, 0},
    {"JSON: control character", "{\"a\":\"\n\"}", 0, JSON, 0},
    {"JSON: unknown escape", "{\"a\":\"\\x41\"}", 0, JSON, 0},
    {"JSON: cut escape", "{\"a\":\"\\u12\"}", 0, JSON, 0},
    {"JSON: key twice", "{\"a\":1,\"a\":2}", 0, JSON, 0},
    {"JSON: key twice, escaped", "{\"a\":1,\"\\u0061\":2}", 0, JSON, 0},
    {"JSON: key twice, deep", "{\"a\":[{\"b\":1,\"b\":2}]}", 0, JSON, 0},
    {"msgpack named JSON", "\x80", 0, JSON, 0},
    {"msgpack: empty mapping", "\x80", 0, PACK, 1},
    {"msgpack: one key", "\x81\xa1"
                         "a\x01", 0, PACK, 1},
    {"msgpack: bin and str 8", "\x82\xd9\x01"
                               "a\xc4\x01\xff\xa1"
                               "b\xc0", 0, PACK, 1},
    {"msgpack: list", "\x90", 0, PACK, 0},
    {"msgpack: nil", "\xc0", 0, PACK, 0},
    {"msgpack: number", "\x01", 0, PACK, 0},
    {"msgpack: never used", "\xc1", 0, PACK, 0},
    {"msgpack: never used, within", "\x81\xa1"
                                    "a\xc1", 0, PACK, 0},
    {"msgpack: cut", "\x81\xa1", 0, PACK, 0},
    {"msgpack: without the value", "\x81\xa1"
                                   "a", 0, PACK, 0},
    {"msgpack: bytes after it", "\x80\x80", 0, PACK, 0},
    {"msgpack: mapping of 2^32 - 1", "\xdf\xff\xff\xff\xff", 0, PACK, 0},
    {"msgpack: mapping of 65,535", "\xde\xff\xff", 0, PACK, 0},
    {"msgpack: list of 2^32 - 1", "\x81\xa1"
                                  "a\xdd\xff\xff\xff\xff", 0, PACK, 0},
    {"msgpack: string of 2^32 - 1", "\x81\xa1"
                                    "a\xdb\xff\xff\xff\xff", 0, PACK, 0},
    {"msgpack: bin of 2^32 - 1", "\x81\xa1"
                                 "a\xc6\xff\xff\xff\xff", 0, PACK, 0},
    {"msgpack: string a byte too long", "\x81\xa1"
                                        "a\xa2x", 0, PACK, 0},
    {"msgpack: fixext 1", "\x81\xa1"
                          "a\xd4\x01\x01", 0, PACK, 0},
    {"msgpack: ext 8", "\x81\xa1"
                       "a\xc7\x01\x01\x01", 0, PACK, 0},
    {"msgpack: time stamp", "\x81\xa1"
                            "a\xd6\xff\x01\x01\x01\x01", 0, PACK, 0},
    {"msgpack: ext of 2^32 - 1", "\x81\xa1"
                                 "a\xc9\xff\xff\xff\xff\x01", 0, PACK, 0},
    {"JSON named msgpack", "{}", 0, PACK, 0},
};

/* Sends a body as a peer does, in segments if it is long, and waits for the answer. */
static void say(uint32_t kind, const uint8_t *body, size_t len) {
  enum { PIECE = 840 };
  uint8_t *coat = (uint8_t *)malloc(len + COAT);
  const size_t coat_len = peer_seal(&beta, body, len, coat), count = (coat_len + PIECE - 1) / PIECE;
  packet packet = peer_packet(&beta, IN_MESSAGE, MESSAGE);
  packet.bk = kind;
  packet.ck = 1;
  beta.got_count = 0;
  net_forget(&road);
  for (size_t sn = 0; sn < (count ? count : 1); sn++) {
    packet.fg = sn + 1 < count ? SF : count > 1 ? SF | WF : WF;
    packet.sn = (uint32_t)sn;
    packet.sc = (uint32_t)count;
    packet.ml = count > 1 ? (uint32_t)coat_len : 0;
    packet.coat = coat + sn * PIECE;
    packet.coat_len = sn + 1 < count ? PIECE : coat_len - sn * PIECE;
    peer_send(&beta, &packet);
  }
  net_carry(&road);
  free(coat);
}

static void judge(const char *name, int kind, const uint8_t *body, size_t len, int is_good) {
  raet_txn txn = 0;
  check_row = name;
  const uint64_t bad = counter_of(road.nodes[MAIN].stack, "parsing_message_error");
  say((uint32_t)kind, body, len);
  CHECK_NUMBER(is_good, net_count(&road, MAIN, RAET_EV_MESSAGE, NULL));
  CHECK_NUMBER(is_good, peer_got(&beta, IN_MESSAGE, DONE));
  CHECK_NUMBER(!is_good, peer_got(&beta, IN_MESSAGE, NACK));
  CHECK_NUMBER(bad + !is_good, counter_of(road.nodes[MAIN].stack, "parsing_message_error"));
  CHECK_STATUS(is_good ? RAET_OK : RAET_EENCODE, raet_send(road.nodes[MAIN].stack, remote, road.now, (raet_enum)kind,
                                                           body, len, 0, 1, &txn));
  if (txn != 0) CHECK(net_until(&road, MAIN, RAET_EV_DELIVERED, 1, SECOND));
  still_works(&beta);
}

/* Bodies too long to be written down: nested, of many keys, of long numbers. */
static uint8_t *repeat(const char *before, const char *middle, size_t times, const char *between, const char *after,
                       size_t times_after, size_t *len) {
  uint8_t *body = (uint8_t *)malloc(strlen(before) + (strlen(middle) + strlen(after)) * (times + 1) + 64);
  uint8_t *at = body;
#define PUT(text) at = (uint8_t *)memcpy(at, text, strlen(text)) + strlen(text)
  PUT(before);
  for (size_t i = 0; i < times; i++) PUT(middle);
  PUT(between);
  for (size_t i = 0; i < times_after; i++) PUT(after);
  *len = (size_t)(at - body);
  return body;
}

static void long_ones(void) {
  static const struct {
    const char *name, *before, *middle;
    size_t times;
    const char *between, *after;
    size_t times_after;
    int kind, is_good;
  } rows[] = {
      {"JSON: lists 511 deep in a mapping", "{\"a\":", "[", 511, "", "]", 511, JSON, 1},
      {"JSON: lists 512 deep in a mapping", "{\"a\":", "[", 512, "", "]", 512, JSON, 0},
      {"JSON: lists 100,000 deep", "{\"a\":", "[", 100000, "", "]", 100000, JSON, 0},
      {"JSON: lists 100,000 deep, not closed", "{\"a\":", "[", 100000, "", "", 0, JSON, 0},
      {"JSON: mappings 100,000 deep", "", "{\"a\":", 100000, "1", "}", 100000, JSON, 0},
      {"JSON: number of 100,000 digits", "{\"a\":", "1", 100000, "", "}", 1, JSON, 0},
      {"JSON: 100,000 zeros after the point", "{\"a\":0.", "0", 100000, "1", "}", 1, JSON, 1},
      {"JSON: string of 100,000 escapes", "{\"a\":\"", "\\u0041", 100000, "\"", "}", 1, JSON, 1},
      {"JSON: 100,000 equal keys", "{", "\"a\":1,", 100000, "\"a\":1", "}", 1, JSON, 0},
      {"msgpack: lists 100,000 deep", "\x81\xa1" "a", "\x91", 100000, "\x01", "", 0, PACK, 0},
      {"msgpack: mappings 100,000 deep", "", "\x81\xa1" "a", 100000, "\x01", "", 0, PACK, 0},
      {"msgpack: lists 511 deep in a mapping", "\x81\xa1" "a", "\x91", 511, "\x01", "", 0, PACK, 1},
      {"msgpack: lists 512 deep in a mapping", "\x81\xa1" "a", "\x91", 512, "\x01", "", 0, PACK, 0},
      {"msgpack: lists 100,000 deep, as keys", "\x81", "\x91", 100000, "\x01", "\x01", 1, PACK, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t len = 0;
    uint8_t *body = repeat(rows[i].before, rows[i].middle, rows[i].times, rows[i].between, rows[i].after,
                           rows[i].times_after, &len);
    if (rows[i].kind == JSON && strcmp(rows[i].after, "]") == 0) body[len++] = '}';
    judge(rows[i].name, rows[i].kind, body, len, rows[i].is_good);
    free(body);
  }
}

/* Coats that do not open, of every length, and one in clear. */
static void wrong_coats(void) {
  uint8_t coat[900];
  for (size_t len = 1; len < 900; len += len < 50 ? 1 : 97) {
    check_row = "a coat that does not open";
    packet packet = peer_packet(&beta, IN_MESSAGE, MESSAGE);
    randombytes_buf(coat, sizeof coat);
    packet.fg = WF;
    packet.bk = RAET_BODY_RAW;
    packet.ck = len % 2;
    packet.coat = coat;
    packet.coat_len = len;
    beta.got_count = 0;
    net_forget(&road);
    peer_send(&beta, &packet);
    net_carry(&road);
    CHECK_NUMBER(0, road.nodes[MAIN].count);
    CHECK_NUMBER(1, peer_got(&beta, IN_MESSAGE, NACK));
    still_works(&beta);
  }
}

int main(void) {
  net_add(&road, MAIN, net_config(MAIN, "main"));
  peer_init(&beta, &road, MAIN, "beta", 7539);
  peer_connect(&beta);
  still_works(&beta);
  CHECK_OK(raet_remote_find(road.nodes[MAIN].stack, "beta", &remote));
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const row *row = &rows[i];
    judge(row->name, row->kind, (const uint8_t *)row->bytes, row->len ? row->len : strlen(row->bytes), row->is_good);
  }
  judge("raw: any bytes", RAET_BODY_RAW, (const uint8_t *)"\xff\x00\xfe", 3, 1);
  judge("empty JSON", JSON, (const uint8_t *)"", 0, 1);
  judge("empty msgpack", PACK, (const uint8_t *)"", 0, 1);
  long_ones();
  wrong_coats();
  check_row = "";
  net_end(&road);
  return checks_end("inputs_bodies");
}
