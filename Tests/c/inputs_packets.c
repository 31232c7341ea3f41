/*
 * Packets that must do no harm: each is dropped with a counter, nothing else, or taken as the specification says. Heads
 * are forged by a peer that has joined and is allowed, and signed, so that only what a row names is wrong with them.
 */
#include "watch.h"

enum { MAIN = 0 };

static net road;
static peer beta;

/* MARK: Heads. */

typedef struct row {
  const char *name, *field, *raet, *json, *counter;
} row;

#define OUTER "parsing_outer_error"
static const row heads[] = {
    {"line without a space", "oi", "oi1", NULL, OUTER},
    {"line of a key alone", "oi", "oi", NULL, OUTER},
    {"line with two spaces", "oi", "oi  1", NULL, OUTER},
    {"line with a tab", "oi", "oi\t1", NULL, OUTER},
    {"empty value", "oi", "oi ", "\"oi\":", OUTER},
    {"key of one letter", "oi", "o 1", "\"o\":1", OUTER},
    {"key of three letters", "oi", "oix 1", "\"oix\":1", OUTER},
    {"key in upper case", "oi", "OI 1", "\"OI\":1", OUTER},
    {"key twice", "ti", "ti 5000\nti 5000", "\"ti\":5000,\"ti\":5000", OUTER},
    {"hl twice", "xy", "hl 5c", "\"hl\":\"5c\"", OUTER},
    {"pl twice", "xy", "pl 0001", "\"pl\":\"0000001\"", OUTER},
    {"unknown key", "xy", "xy 1", "\"xy\":1", OUTER},
    {"key bl", "bl", "bl 4", "\"bl\":4", OUTER},
    {"ri twice", "oi", "ri RAET", "\"ri\":\"RAET\"", OUTER},
    {"ri of another", "ri", "ri RAEX", "\"ri\":\"RAEX\"", OUTER},
    {"no ri", "ri", NULL, NULL, OUTER},
    {"no hl", "hl", NULL, NULL, OUTER},
    {"no pl", "pl", NULL, NULL, OUTER},
    {"no fg", "fg", NULL, NULL, OUTER},
    {"not hex", "ti", "ti g", "\"ti\":g", OUTER},
    {"-1", "ti", "ti -1", "\"ti\":-1", OUTER},
    {"+1", "ti", "ti +1", "\"ti\":+1", OUTER},
    {"0x1", "ti", "ti 0x1", "\"ti\":0x1", OUTER},
    {"1_0", "ti", "ti 1_0", "\"ti\":1_0", OUTER},
    {"blank after", "ti", "ti 5000 ", NULL, OUTER},
    {"CR LF", "ti", "ti 5000\r", NULL, OUTER},
    {"overlong number", "ti", "ti 123456789", "\"ti\":4294967296", OUTER},
    {"overlong number of zeros", "ti", "ti 000000001", "\"ti\":00000000001", OUTER},
    {"number of 100 digits", "ti",
     "ti 1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
     "\"ti\":1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
     OUTER},
    {"hl of another head", "hl", "hl 10", "\"hl\":\"10\"", OUTER},
    {"hl 0", "hl", "hl 00", "\"hl\":\"00\"", OUTER},
    {"hl ff", "hl", "hl ff", "\"hl\":\"ff\"", OUTER},
    {"hl ffffffff", "hl", "hl ffffffff", "\"hl\":\"ffffffff\"", OUTER},
    {"pl 0", "pl", "pl 0000", "\"pl\":\"0000000\"", OUTER},
    {"pl ffff", "pl", "pl ffff", "\"pl\":\"000ffff\"", OUTER},
    {"pl ffffffff", "pl", "pl ffffffff", "\"pl\":\"ffffffff\"", OUTER},
    {"fl 0 with a foot", "fl", "fl 0", "\"fl\":0", OUTER},
    {"fl 3f", "fl", "fl 3f", "\"fl\":63", OUTER},
    {"fl 41", "fl", "fl 41", "\"fl\":65", OUTER},
    {"fl above what is there", "fl", "fl ffff", "\"fl\":65535", OUTER},
    {"fl ffffffff", "fl", "fl ffffffff", "\"fl\":4294967295", OUTER},
    {"no fl", "fl", NULL, NULL, OUTER},
    {"vn 1", "vn", "vn 1", "\"vn\":1", OUTER},
    {"vn 255", "vn", "vn ff", "\"vn\":255", OUTER},
    {"unknown pk", "pk", "pk 10", "\"pk\":16", OUTER},
    {"pk 256", "pk", "pk 100", "\"pk\":256", OUTER},
    {"unknown tk", "tk", "tk 5", "\"tk\":5", OUTER},
    {"tk 255", "tk", "tk ff", "\"tk\":255", OUTER},
    {"hk of the other head", "hk", "hk 1", "\"hk\":0", OUTER},
    {"hk 2", "hk", "hk 2", "\"hk\":2", OUTER},
    {"unknown bk", "bk", "bk 4", "\"bk\":4", OUTER},
    {"fk 2", "fk", "fk 2", "\"fk\":2", OUTER},
    {"fk 3", "fk", "fk 3", "\"fk\":3", OUTER},
    {"fk 255", "fk", "fk ff", "\"fk\":255", OUTER},
    {"ck 2", "ck", "ck 2", "\"ck\":2", OUTER},
    {"ck 3", "ck", "ck 3", "\"ck\":3", OUTER},
    {"ck 255", "ck", "ck ff", "\"ck\":255", OUTER},
    {"fg not hex", "fg", "fg zz", "\"fg\":\"zz\"", OUTER},
    {"fg above a byte", "fg", "fg 100", "\"fg\":\"100\"", OUTER},
    {"dt nan", "dt", "dt nan", "\"dt\":nan", OUTER},
    {"dt NaN", "dt", "dt NaN", "\"dt\":NaN", OUTER},
    {"dt inf", "dt", "dt inf", "\"dt\":Infinity", OUTER},
    {"dt 1e400", "dt", "dt 1e400", "\"dt\":1e400", OUTER},
    {"dt empty", "dt", "dt ", "\"dt\":\"\"", OUTER},
    {"JSON: number as a string", "ti", NULL, "\"ti\":\"5000\"", OUTER},
    {"JSON: pl as a number", "pl", NULL, "\"pl\":1", OUTER},
    {"JSON: fg as a number", "fg", NULL, "\"fg\":4", OUTER},
    {"JSON: null", "oi", NULL, "\"oi\":null", OUTER},
    {"JSON: true", "oi", NULL, "\"oi\":true", OUTER},
    {"JSON: list", "oi", NULL, "\"oi\":[1]", OUTER},
    {"JSON: mapping", "oi", NULL, "\"oi\":{}", OUTER},
    {"JSON: 1.5", "ti", NULL, "\"ti\":1.5", OUTER},
    {"JSON: 1e3", "ti", NULL, "\"ti\":1e3", OUTER},
    {"JSON: broken string", "fg", NULL, "\"fg\":\"04", OUTER},
    {"JSON: no colon", "oi", NULL, "\"oi\" 1", OUTER},
    {"JSON: no comma", "oi", NULL, "\"oi\":1\"vn\":0", OUTER},
    {"JSON: comma at the end", "oi", NULL, "\"oi\":1,", OUTER},
    {"JSON: key without quotes", "oi", NULL, "oi:1", OUTER},
    {"JSON: escape in a key", "oi", NULL, "\"\\u006fi\":1", OUTER},
    {"JSON: brace within", "oi", NULL, "\"oi\":1}", OUTER},
    {"JSON: control character", "oi", NULL, "\"oi\":\x01", OUTER},
    {"sn not below sc", "sn", "sn 1", "\"sn\":1", OUTER},
    {"sc 0", "sc", "sc 0", "\"sc\":0", OUTER},
    {"sc -1", "sc", "sc -1", "\"sc\":-1", OUTER},
    {"sc above the most", "sc", "sc 20001", "\"sc\":131073", OUTER},
    {"ml above the most", "ml", "ml 4000001", "\"ml\":67108865", OUTER},
    {"si 0", "si", NULL, NULL, "invalid_sid"},
    {"se 0", "se", NULL, NULL, "invalid_uid"},
    {"de 0", "de", NULL, NULL, "invalid_uid"},
    {"de of nobody", "de", "de fffffff0", "\"de\":4294967280", "unknown_destination_uid"},
    {"se of another", "se", "se 4e", "\"se\":78", "drop_transaction"},
    {"no foot", "fk", NULL, NULL, OUTER}, /* fl is there still */
    {"bf", "fg", "fg 02", "\"fg\":\"02\"", OUTER},
    {"bf with others", "fg", "fg 06", "\"fg\":\"06\"", OUTER},
};

/* A message that would be taken, but for the row's field. */
static packet good_packet(int hk, uint8_t *coat) {
  packet packet = peer_packet(&beta, IN_MESSAGE, MESSAGE);
  packet.hk = hk;
  packet.fg = WF;
  packet.bk = RAET_BODY_RAW;
  packet.ck = 1;
  packet.coat = coat;
  packet.coat_len = peer_seal(&beta, (const uint8_t *)"good", 4, coat);
  return packet;
}

static void wrong_heads(void) {
  uint8_t coat[64];
  for (int hk = 0; hk < 2; hk++) {
    packet good = good_packet(hk, coat);
    check_row = "nothing wrong"; /* else the rows would show nothing */
    road.nodes[MAIN].count = 0;
    peer_send(&beta, &good);
    net_carry(&road);
    CHECK_NUMBER(1, net_count(&road, MAIN, RAET_EV_MESSAGE, NULL));
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
      const row *row = &heads[i];
      const char *text = hk ? row->json : row->raet;
      if (text == NULL && (hk ? row->raet : row->json) != NULL) continue; /* for the other kind of head */
      packet packet = good_packet(hk, coat);
      packet.edit = row->field;
      packet.text = text;
      check_row = row->name;
      drops_packet(&beta, &packet, row->counter);
      still_works(&beta);
    }
  }
}

/* MARK: Datagrams. */

enum { WHOLE = -1 };
static const struct {
  const char *name;
  long cut;      /* bytes of a good datagram, WHOLE: all; less than 0: so many less */
  size_t append; /* bytes more, of `fill` */
  uint8_t fill;
  const char *counter;
} datagrams[] = {
    {"empty", 0, 0, 0, OUTER},
    {"1 byte", 1, 0, 0, OUTER},
    {"8 bytes", 8, 0, 0, OUTER},
    {"head without end", 60, 0, 0, OUTER},
    {"head alone", 80, 0, 0, OUTER},
    {"cut by a byte", -2, 0, 0, OUTER},
    {"cut by the foot", -65, 0, 0, OUTER},
    {"longer by a byte", WHOLE, 1, 0, OUTER},
    {"longer by a kilobyte", WHOLE, 1000, 0xff, OUTER},
    {"1,280 zeros", 0, 1280, 0, OUTER},
    {"1,280 line ends", 0, 1280, '\n', OUTER},
    {"a head that never ends", 40, 1000, 'f', OUTER},
    {"lines that never end", 27, 1200, '\n', OUTER},
    {"1,281 bytes", 0, 1281, 'r', "receive_truncated"},
    {"65,507 bytes", 27, 65480, '1', "receive_truncated"},
};

static void wrong_datagrams(void) {
  static uint8_t data[66000];
  uint8_t coat[64];
  for (size_t i = 0; i < sizeof datagrams / sizeof *datagrams; i++) {
    packet packet = good_packet(0, coat);
    size_t len = forge(&beta, &packet, data);
    long cut = datagrams[i].cut;
    len = cut == WHOLE ? len : cut < 0 ? len + (size_t)(cut + 1) : (size_t)cut;
    memset(data + len, datagrams[i].fill, datagrams[i].append);
    check_row = datagrams[i].name;
    drops(&beta, data, len + datagrams[i].append, datagrams[i].counter);
    still_works(&beta);
  }
  check_row = "each length of a good datagram";
  packet packet = good_packet(0, coat);
  size_t len = forge(&beta, &packet, data);
  for (size_t cut = 0; cut < len; cut++) drops(&beta, data, cut, OUTER);
  check_row = "each bit of a good datagram";
  watch before, after;
  watch_take(&before, &beta);
  for (size_t bit = 0; bit < len * 8; bit += getenv("RAET_TEST_COUNT") ? 31 : 1) {
    data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    peer_input(&beta, data, len);
    CHECK_NUMBER(0, net_carry(&road));
    data[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  watch_take(&after, &beta);
  CHECK(before.state == after.state && before.events == after.events);
  still_works(&beta);
}

/* A head of more than 255 bytes, in both kinds: made long by what is allowed otherwise. */
static void long_heads(void) {
  char text[400];
  uint8_t coat[64];
  for (int hk = 0; hk < 2; hk++) {
    packet packet = good_packet(hk, coat);
    char *end = text + sprintf(text, hk ? "\"dt\":0.%0*d" : "dt 0.%0*d", 250, 0);
    CHECK(end > text + 250);
    packet.edit = "dt";
    packet.text = text;
    check_row = "head above 255";
    drops_packet(&beta, &packet, OUTER);
    still_works(&beta);
  }
}

int main(void) {
  net_add(&road, MAIN, net_config(MAIN, "main"));
  peer_init(&beta, &road, MAIN, "beta", 7539);
  peer_connect(&beta);
  still_works(&beta);
  road.nodes[MAIN].count = 0;
  wrong_heads();
  wrong_datagrams();
  long_heads();
  check_row = "";
  net_end(&road);
  return checks_end("inputs_packets");
}
