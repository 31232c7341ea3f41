/*
 * What a peer may answer to a message that is sent to it: requests to send segments again with every kind of wrong list,
 * and acknowledgements of what was never sent. None crashes, bursts or ends the message; `done` still does, once.
 */
#include "watch.h"

enum { MAIN = 0, LEN = 5000, MOST = 64 };

static net road;
static peer beta;
static raet_remote remote;

static const struct {
  const char *name, *body, *counter; /* the counter that rises besides message_resend_rx; NULL: none */
  int kind;
} lists[] = {
    {"negative", "{\"misseds\":[-1]}", "invalid_misseds", RAET_BODY_JSON},
    {"huge", "{\"misseds\":[4294967296]}", "invalid_misseds", RAET_BODY_JSON},
    {"more than 64 bits", "{\"misseds\":[99999999999999999999]}", "invalid_misseds", RAET_BODY_JSON},
    {"1e9", "{\"misseds\":[1e9]}", "invalid_misseds", RAET_BODY_JSON},
    {"1e400", "{\"misseds\":[1e400]}", "invalid_misseds", RAET_BODY_JSON},
    {"a fraction", "{\"misseds\":[0.5]}", "invalid_misseds", RAET_BODY_JSON},
    {"strings", "{\"misseds\":[\"0\",\"1\"]}", "invalid_misseds", RAET_BODY_JSON},
    {"null", "{\"misseds\":null}", "invalid_misseds", RAET_BODY_JSON},
    {"a list with null", "{\"misseds\":[null]}", "invalid_misseds", RAET_BODY_JSON},
    {"true", "{\"misseds\":[true]}", "invalid_misseds", RAET_BODY_JSON},
    {"a list in a list", "{\"misseds\":[[0]]}", "invalid_misseds", RAET_BODY_JSON},
    {"a mapping", "{\"misseds\":{\"0\":0}}", "invalid_misseds", RAET_BODY_JSON},
    {"a string", "{\"misseds\":\"0\"}", "invalid_misseds", RAET_BODY_JSON},
    {"a number", "{\"misseds\":0}", "invalid_misseds", RAET_BODY_JSON},
    {"missing", "{}", "invalid_misseds", RAET_BODY_JSON},
    {"another key", "{\"missed\":[0]}", "invalid_misseds", RAET_BODY_JSON},
    {"the key twice", "{\"misseds\":[0],\"misseds\":[1]}", "invalid_misseds", RAET_BODY_JSON},
    {"no body", "", "invalid_misseds", RAET_BODY_JSON},
    {"a list alone", "[0]", "invalid_misseds", RAET_BODY_JSON},
    {"broken", "{\"misseds\":[0", "invalid_misseds", RAET_BODY_JSON},
    {"msgpack named JSON", "\x81\xa7misseds\x91\x00", "invalid_misseds", RAET_BODY_JSON},
    {"JSON named msgpack", "{\"misseds\":[0]}", "invalid_misseds", RAET_BODY_MSGPACK},
    {"raw", "{\"misseds\":[0]}", "invalid_misseds", RAET_BODY_RAW},
    {"msgpack: negative", "\x81\xa7misseds\x91\xff", "invalid_misseds", RAET_BODY_MSGPACK},
    {"msgpack: a string", "\x81\xa7misseds\x91\xa1\x30", "invalid_misseds", RAET_BODY_MSGPACK},
    {"msgpack: a count above what is there", "\x81\xa7misseds\xdd\xff\xff\xff\xff", "invalid_misseds",
     RAET_BODY_MSGPACK},
    {"numbers that are no segments", "{\"misseds\":[6,7,4294967295]}", "invalid_misseds", RAET_BODY_JSON},
    {"twice", "{\"misseds\":[0,0,0,1,1]}", "invalid_misseds", RAET_BODY_JSON},
    {"a segment, and one that is none", "{\"misseds\":[5,6]}", "invalid_misseds", RAET_BODY_JSON},
    {"descending", "{\"misseds\":[5,4,3,2,1,0]}", NULL, RAET_BODY_JSON},
    {"an empty list", "{\"misseds\":[]}", NULL, RAET_BODY_JSON},
    {"all", "{\"misseds\":[0,1,2,3,4,5]}", NULL, RAET_BODY_JSON},
};

/* Sends a message of six segments to the peer, which says nothing. One of its packets. */
static const uint8_t *send_message(uint64_t tag, size_t *len) {
  beta.silent = 1;
  beta.got_count = 0;
  for (int i = 0; i < 3; i++) net_forget(&road);
  CHECK_OK(net_send(&road, MAIN, remote, tag, LEN));
  net_run(&road, SECOND / 100);
  return peer_last(&beta, IN_MESSAGE, MESSAGE, len);
}

/* The message ends by `done`, well and once. */
static void ends_well(uint64_t tag, const packet *answer) {
  packet done = *answer;
  done.pk = DONE;
  done.coat_len = done.sn = done.oi = 0;
  CHECK_NUMBER(0, net_ended(&road, MAIN, tag, RAET_OK));
  peer_send(&beta, &done);
  peer_send(&beta, &done);
  net_run(&road, SECOND / 100);
  CHECK_NUMBER(1, net_ended(&road, MAIN, tag, RAET_OK));
  CHECK_NUMBER(1, net_count(&road, MAIN, RAET_EV_DELIVERED, NULL));
  CHECK_NUMBER(0, net_count(&road, MAIN, RAET_EV_FAILED, NULL));
  beta.silent = 0;
  still_works(&beta);
}

static void wrong_lists(uint64_t *tag) {
  const raet_stack *stack = road.nodes[MAIN].stack;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    uint8_t coat[256];
    size_t len = 0;
    /* a NUL within would end the text: msgpack's 0 is at the end of its row only */
    const size_t body_len = strlen(lists[i].body) + (lists[i].kind == RAET_BODY_JSON && lists[i].body[0] == '\x81');
    check_row = lists[i].name;
    const uint8_t *found = send_message(++*tag, &len);
    if (!CHECK(found != NULL)) continue;
    packet packet = peer_answer(found, len, RESEND);
    packet.bk = (uint32_t)lists[i].kind;
    packet.coat = coat;
    packet.coat_len = peer_seal(&beta, (const uint8_t *)lists[i].body, body_len, coat);
    const uint64_t invalid = counter_of(stack, "invalid_misseds"), asked = counter_of(stack, "message_resend_rx");
    beta.got_count = 0;
    for (int copy = 0; copy < 10; copy++) peer_send(&beta, &packet);
    net_run(&road, SECOND / 100);
    CHECK_NUMBER(asked + 10, counter_of(stack, "message_resend_rx"));
    CHECK_NUMBER(invalid + (lists[i].counter ? 10 : 0), counter_of(stack, "invalid_misseds"));
    CHECK(beta.got_count <= (lists[i].counter ? 2 : 10 * 6 + 2)); /* never more than was asked for, and a redo */
    ends_well(*tag, &packet);
  }
}

/* A list whose coat does not open, or is none. */
static void wrong_coats(uint64_t *tag) {
  static const size_t lengths[] = {1, 24, 39, 40, 41, 100};
  const raet_stack *stack = road.nodes[MAIN].stack;
  for (size_t i = 0; i < 6; i++) {
    uint8_t coat[128];
    size_t len = 0;
    check_row = "a list that does not open";
    const uint8_t *found = send_message(++*tag, &len);
    if (!CHECK(found != NULL)) continue;
    packet packet = peer_answer(found, len, RESEND);
    randombytes_buf(coat, sizeof coat);
    packet.bk = RAET_BODY_JSON;
    packet.coat = coat;
    packet.coat_len = lengths[i];
    const uint64_t invalid = counter_of(stack, "invalid_misseds");
    peer_send(&beta, &packet);
    CHECK_NUMBER(invalid + 1, counter_of(stack, "invalid_misseds"));
    ends_well(*tag, &packet);
  }
}

/* Answers for segments that were never sent, and packets that no receiver sends. */
static void wrong_answers(uint64_t *tag) {
  static const struct {
    const char *name;
    uint32_t pk, sn, oi;
  } rows[] = {
      {"ack of segment 6 of 6", ACK, 6, 0},       {"ack of segment 131,071", ACK, 131071, 0},
      {"ack of a segment far away, wait", ACK, 1000, 0}, {"ack, then lower", ACK, 0, 0},
      {"a message as the answer", MESSAGE, 0, 0}, {"a request", REQUEST, 0, 0},
      {"a response", RESPONSE, 0, 0},             {"a hello", HELLO, 0, 0},
      {"a cookie", COOKIE, 0, 0},                 {"pend", PEND, 0, 0},
      {"renew", RENEW, 0, 0},                     {"refuse", REFUSE, 0, 0},
      {"reject", REJECT, 0, 0},                   {"unjoined", UNJOINED, 0, 0},
      {"unallowed", UNALLOWED, 0, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t len = 0;
    check_row = rows[i].name;
    const uint8_t *found = send_message(++*tag, &len);
    if (!CHECK(found != NULL)) continue;
    packet packet = peer_answer(found, len, rows[i].pk);
    packet.sn = rows[i].sn;
    packet.oi = rows[i].oi;
    beta.got_count = 0;
    for (int copy = 0; copy < 10; copy++) peer_send(&beta, &packet);
    packet.ti += 1000; /* and for one that never was */
    peer_send(&beta, &packet);
    packet.ti -= 1000;
    net_run(&road, SECOND / 100);
    CHECK(beta.got_count <= 12); /* each may be told that it is stale */
    ends_well(*tag, &packet);
  }
  check_row = "ack of segment ffffffff";
  size_t len = 0;
  const uint8_t *found = send_message(++*tag, &len);
  if (!CHECK(found != NULL)) return;
  packet packet = peer_answer(found, len, ACK);
  packet.sn = UINT32_MAX;
  peer_send(&beta, &packet);
  CHECK(counter_of(road.nodes[MAIN].stack, "parsing_outer_error") >= 1);
  ends_well(*tag, &packet);
}

int main(void) {
  uint64_t tag = 0;
  net_add(&road, MAIN, net_config(MAIN, "main"));
  peer_init(&beta, &road, MAIN, "beta", 7539);
  peer_connect(&beta);
  still_works(&beta);
  CHECK_OK(raet_remote_find(road.nodes[MAIN].stack, "beta", &remote));
  wrong_lists(&tag);
  wrong_coats(&tag);
  wrong_answers(&tag);
  check_row = "";
  net_end(&road);
  return checks_end("inputs_resends");
}
