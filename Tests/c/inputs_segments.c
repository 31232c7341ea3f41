/*
 * Segments that must do no harm, and requests to send segments again: what contradicts the first segment is dropped, the
 * first copy of each stays, memory is bounded, and the message around it still arrives whole, once.
 */
#include "watch.h"

enum { MAIN = 0, BODY = 3000, PIECE = 800, COUNT = 4 };

static net road;
static peer beta;

/* A message of the peer's, sealed: 3,040 bytes of coat in pieces of 800. */
static struct {
  uint8_t body[BODY], coat[BODY + COAT];
  uint32_t ti;
} message;

static void new_message(void) {
  randombytes_buf(message.body, BODY);
  peer_seal(&beta, message.body, BODY, message.coat);
  message.ti = ++beta.ti;
}

static packet segment(uint32_t sn) {
  packet packet = peer_packet(&beta, IN_MESSAGE, MESSAGE);
  beta.ti--;
  packet.ti = message.ti;
  packet.fg = SF;
  packet.sn = sn;
  packet.sc = COUNT;
  packet.ml = sizeof message.coat;
  packet.bk = RAET_BODY_RAW;
  packet.ck = 1;
  if (sn < COUNT) packet.coat = message.coat + PIECE * sn;
  packet.coat_len = sn + 1 < COUNT ? PIECE : sizeof message.coat - PIECE * (COUNT - 1);
  return packet;
}

static void send_segment(uint32_t sn) {
  packet packet = segment(sn);
  peer_send(&beta, &packet);
}

/* Checks that the message arrived, as it was sent, once. */
static void arrives(void) {
  size_t count = 0;
  net_carry(&road);
  for (size_t i = 0; i < road.nodes[MAIN].count; i++)
    count += road.nodes[MAIN].events[i].type == RAET_EV_MESSAGE &&
             road.nodes[MAIN].events[i].sum == sum_of(message.body, BODY);
  CHECK_NUMBER(1, count);
  still_works(&beta);
}

static int is_gathering(void) {
  raet_txn transfer = 0;
  return raet_transfer_next(road.nodes[MAIN].stack, 0, &transfer) == RAET_OK;
}

/* MARK: Segments. */

#define OUTER "parsing_outer_error"
#define UNFIT "parsing_message_error"
#define IS_ANY UINT32_MAX

/* What is wrong with the first segment that comes: fields other than IS_ANY stand in the place of the true ones. */
static const struct {
  const char *name, *counter, *edit, *text;
  uint32_t sn, sc, ml, len;
} firsts[] = {
    {"sn = sc", OUTER, NULL, NULL, 4, IS_ANY, IS_ANY, IS_ANY},
    {"sn above sc", OUTER, NULL, NULL, 1000, IS_ANY, IS_ANY, IS_ANY},
    {"sn -1", OUTER, "sn", "sn -1", 1, IS_ANY, IS_ANY, IS_ANY},
    {"sn ffffffff", OUTER, "sn", "sn ffffffff", 1, IS_ANY, IS_ANY, IS_ANY},
    {"sc 0", OUTER, "sc", "sc 0", IS_ANY, IS_ANY, IS_ANY, IS_ANY},
    {"sc -1", OUTER, "sc", "sc -1", IS_ANY, IS_ANY, IS_ANY, IS_ANY},
    {"sc 131,073", OUTER, NULL, NULL, IS_ANY, 131073, 67107840, IS_ANY},
    {"sc 100 million", OUTER, NULL, NULL, IS_ANY, 100000000, 67107840, IS_ANY},
    {"sc ffffffff", OUTER, "sc", "sc ffffffff", IS_ANY, IS_ANY, IS_ANY, IS_ANY},
    {"ml 0", OUTER, NULL, NULL, IS_ANY, IS_ANY, 0, IS_ANY},
    {"ml below sc", OUTER, NULL, NULL, IS_ANY, IS_ANY, 3, IS_ANY},
    {"ml 67,107,841", OUTER, NULL, NULL, IS_ANY, 131072, 67107841, IS_ANY},
    {"ml ffffffff", OUTER, "ml", "ml ffffffff", IS_ANY, IS_ANY, IS_ANY, IS_ANY},
    {"ml too small for the pieces", UNFIT, NULL, NULL, IS_ANY, IS_ANY, PIECE * 3, IS_ANY},
    {"ml too large for the pieces", UNFIT, NULL, NULL, IS_ANY, IS_ANY, PIECE * 4 + 1, IS_ANY},
    {"ml too large for the last", UNFIT, NULL, NULL, 3, IS_ANY, 3041, IS_ANY},
    {"ml huge, sc not", UNFIT, NULL, NULL, IS_ANY, IS_ANY, 67107840, IS_ANY},
    {"empty piece", UNFIT, NULL, NULL, IS_ANY, IS_ANY, IS_ANY, 0},
    {"piece of 1 byte", UNFIT, NULL, NULL, IS_ANY, IS_ANY, IS_ANY, 1},
    {"piece longer than ml", UNFIT, NULL, NULL, IS_ANY, IS_ANY, 700, IS_ANY},
    {"sc 1 with a piece of more", UNFIT, NULL, NULL, IS_ANY, 1, 3040, IS_ANY},
};

static void wrong_firsts(void) {
  for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
    check_row = firsts[i].name;
    new_message();
    packet wrong = segment(firsts[i].sn == 3 ? 3 : 0);
    if (firsts[i].sn != IS_ANY) wrong.sn = firsts[i].sn;
    if (firsts[i].sc != IS_ANY) wrong.sc = firsts[i].sc;
    if (firsts[i].ml != IS_ANY) wrong.ml = firsts[i].ml;
    if (firsts[i].len != IS_ANY) wrong.coat_len = firsts[i].len;
    wrong.edit = firsts[i].edit;
    wrong.text = firsts[i].text;
    if (strcmp(firsts[i].counter, OUTER) == 0) {
      drops_packet(&beta, &wrong, OUTER);
    } else { /* it is signed, so it is counted as a segment of the peer's, but kept it is not */
      const uint64_t unfit = counter_of(road.nodes[MAIN].stack, UNFIT);
      peer_send(&beta, &wrong);
      CHECK_NUMBER(0, net_carry(&road));
      CHECK_NUMBER(unfit + 1, counter_of(road.nodes[MAIN].stack, UNFIT));
    }
    CHECK(!is_gathering());
    for (uint32_t sn = 0; sn < COUNT; sn++) send_segment(sn);
    arrives();
  }
}

/* What is wrong with a segment that comes after true ones: `change` makes it so. */
static void sc_changes(packet *packet) { packet->sc = COUNT + 1; }
static void sc_halves(packet *packet) { packet->sc = 2; }
static void ml_changes(packet *packet) { packet->ml++; }
static void ml_shrinks(packet *packet) { packet->ml--; }
static void bk_changes(packet *packet) { packet->bk = RAET_BODY_JSON; }
static void ck_changes(packet *packet) { packet->ck = 0; }
static void piece_shrinks(packet *packet) { packet->coat_len--; }
static void piece_grows(packet *packet) { packet->coat_len -= 799; }
static void no_piece(packet *packet) { packet->coat_len = 0; }
static void sn_is_sc(packet *packet) { packet->sn = COUNT; }
static void becomes_whole(packet *packet) { packet->fg = 0, packet->sn = packet->sc = packet->ml = 0; }

static const struct {
  const char *name;
  void (*change)(packet *packet);
} changes[] = {
    {"sc changes on the way", sc_changes},     {"sc shrinks on the way", sc_halves},
    {"ml changes on the way", ml_changes},     {"ml shrinks on the way", ml_shrinks},
    {"bk changes on the way", bk_changes},     {"ck changes on the way", ck_changes},
    {"a shorter piece on the way", piece_shrinks}, {"a piece of one byte on the way", piece_grows},
    {"an empty piece on the way", no_piece},   {"sn = sc on the way", sn_is_sc},
};

static void changes_on_the_way(void) {
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
    for (uint32_t after = 1; after < COUNT; after++) {
      check_row = changes[i].name;
      new_message();
      for (uint32_t sn = 0; sn < after; sn++) send_segment(sn);
      const uint64_t state = watch_state(road.nodes[MAIN].stack);
      packet wrong = segment(after < COUNT - 1 ? after : 1);
      changes[i].change(&wrong);
      peer_send(&beta, &wrong);
      net_carry(&road);
      CHECK(state == watch_state(road.nodes[MAIN].stack));
      for (uint32_t sn = after; sn < COUNT; sn++) send_segment(sn);
      arrives();
    }
  check_row = "one datagram with the transaction of a message half received";
  new_message();
  send_segment(0);
  packet wrong = segment(1);
  becomes_whole(&wrong);
  peer_send(&beta, &wrong);
  net_carry(&road);
  for (uint32_t sn = 1; sn < COUNT; sn++) send_segment(sn);
  arrives();
}

static void twice_with_other_bytes(void) {
  uint8_t other[PIECE];
  check_row = "a segment twice with other bytes";
  new_message();
  send_segment(0);
  for (uint32_t sn = 1; sn < COUNT; sn++) {
    packet again = segment(sn - 1);
    randombytes_buf(other, sizeof other);
    again.coat = other;
    peer_send(&beta, &again);
    send_segment(sn);
  }
  arrives(); /* sealed: a byte of the second copies, and it would not open */
  check_row = "all segments twice, backwards, and after the end";
  new_message();
  for (int round = 0; round < 2; round++)
    for (uint32_t sn = COUNT; sn > 0; sn--) {
      send_segment(sn - 1);
      send_segment(sn - 1);
    }
  arrives();
}

/* The last piece shorter by a byte, ml true for that: whole, but it does not open. */
static void does_not_open(void) {
  size_t len = 0;
  check_row = "ml untrue for the box";
  new_message();
  beta.got_count = 0;
  const uint64_t unfit = counter_of(road.nodes[MAIN].stack, UNFIT);
  for (uint32_t sn = 0; sn < COUNT; sn++) {
    packet packet = segment(sn);
    packet.ml--;
    if (sn == COUNT - 1) packet.coat_len--;
    peer_send(&beta, &packet);
  }
  net_carry(&road);
  CHECK(peer_last(&beta, IN_MESSAGE, NACK, &len) != NULL);
  CHECK_NUMBER(unfit + 1, counter_of(road.nodes[MAIN].stack, UNFIT));
  CHECK(!is_gathering());
  still_works(&beta);
}

static void wait_on_every_one(void) {
  check_row = "wf on every one";
  new_message();
  beta.got_count = 0;
  for (uint32_t sn = 0; sn < COUNT - 1; sn++)
    for (int copy = 0; copy < 5; copy++) {
      packet packet = segment(sn);
      packet.fg |= WF;
      peer_send(&beta, &packet);
      net_carry(&road);
    }
  CHECK_NUMBER(5 * (COUNT - 1), beta.got_count); /* an answer each, no more, none with a list */
  CHECK_NUMBER(5 * (COUNT - 1), peer_got(&beta, IN_MESSAGE, ACK));
  send_segment(COUNT - 1);
  arrives();
}

/* One segment, then silence: asked about a limited number of times, then forgotten, and its memory is free. */
static void silence(void) {
  check_row = "one segment, then silence";
  new_message();
  const uint64_t silent = counter_of(road.nodes[MAIN].stack, "message_silent");
  send_segment(1);
  net_carry(&road);
  CHECK(is_gathering());
  const size_t answers = beta.got_count;
  net_run(&road, 59 * SECOND);
  CHECK(is_gathering());
  net_run(&road, 2 * SECOND);
  CHECK(!is_gathering());
  CHECK_NUMBER(silent + 1, counter_of(road.nodes[MAIN].stack, "message_silent"));
  CHECK(beta.got_count - answers < 60 * 4);
  still_works(&beta);
}

static long resident_kib(void) {
  long pages = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!CHECK(file != NULL)) return 0;
  CHECK_NUMBER(2, fscanf(file, "%ld %ld", &pages, &resident));
  fclose(file);
  return resident * 4;
}

/* First segments of the longest messages, without end: few are kept, the others drop, and small messages still pass. */
static void memory_is_bounded(void) {
  check_row = "first segments of the longest messages";
  const uint64_t full = counter_of(road.nodes[MAIN].stack, "drop_receive_queue");
  const long before = resident_kib();
  size_t kept = 0;
  for (int i = 0; i < 1000; i++) {
    new_message();
    packet packet = segment(0);
    packet.ml = 67107840;
    packet.sc = 67107840 / PIECE + 1;
    peer_send(&beta, &packet);
  }
  net_carry(&road);
  for (raet_txn transfer = 0; raet_transfer_next(road.nodes[MAIN].stack, transfer, &transfer) == RAET_OK;) kept++;
  CHECK(kept >= 1 && kept <= 2); /* half of 256 MiB at most, for one remote */
  CHECK_NUMBER(full + 1000 - kept, counter_of(road.nodes[MAIN].stack, "drop_receive_queue"));
  if (!getenv("RAET_TEST_COUNT")) CHECK(resident_kib() - before < 4096); /* memory is used as bytes come */
  still_works(&beta);
  net_run(&road, 61 * SECOND);
  CHECK(!is_gathering());
  still_works(&beta);
}

int main(void) {
  net_add(&road, MAIN, net_config(MAIN, "main"));
  peer_init(&beta, &road, MAIN, "beta", 7539);
  peer_connect(&beta);
  still_works(&beta);
  check_row = "nothing wrong";
  new_message();
  for (uint32_t sn = 0; sn < COUNT; sn++) send_segment(sn);
  arrives();
  wrong_firsts();
  changes_on_the_way();
  twice_with_other_bytes();
  does_not_open();
  wait_on_every_one();
  silence();
  memory_is_bounded();
  check_row = "";
  net_end(&road);
  return checks_end("inputs_segments");
}
