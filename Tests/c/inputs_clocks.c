/*
 * Clocks that go backwards, leap, stand still or end, and addresses that are none: the host's `now` and endpoints, and
 * where datagrams say that they come from. Nothing is lost, reported wrongly or done for ever, and all goes on.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "watch.h"

enum { MAIN = 0, OTHER = 1 };
static const uint64_t minute = 60 * SECOND, hour = 3600 * SECOND, year = 365 * 24 * 3600 * SECOND;

static net road;
static raet_remote remote;
static uint64_t tag = 100;

static void begin(void) {
  memset(&road, 0, sizeof road);
  net_add(&road, MAIN, net_config(MAIN, "main"));
  net_add(&road, OTHER, net_config(OTHER, "other"));
  remote = net_connect(&road, OTHER, MAIN);
  net_forget(&road);
}

/* A message in both directions; each ends once. */
static void messages_pass(uint64_t limit) {
  raet_remote back = 0;
  net_forget(&road);
  const uint64_t there = ++tag, here = ++tag;
  CHECK_OK(net_send(&road, OTHER, remote, there, 3000));
  CHECK(net_until(&road, OTHER, RAET_EV_DELIVERED, 1, limit));
  CHECK_NUMBER(1, net_received(&road, MAIN, there, 3000));
  CHECK_OK(raet_remote_find(road.nodes[MAIN].stack, "other", &back));
  CHECK_OK(net_send(&road, MAIN, back, here, 3000));
  CHECK(net_until(&road, MAIN, RAET_EV_DELIVERED, 1, limit));
  CHECK_NUMBER(1, net_received(&road, OTHER, here, 3000));
  CHECK_NUMBER(1, net_ended(&road, OTHER, there, RAET_OK));
  CHECK_NUMBER(1, net_ended(&road, MAIN, here, RAET_OK));
}

/* MARK: Clocks. */

/* `now` goes back: it counts as the latest there was, so nothing is due, and nothing is due twice. */
static void backwards(const char *row, uint64_t by) {
  check_row = row;
  while (net_carry(&road) > 0) {}
  const uint64_t was = road.now, deadline = raet_stack_deadline(road.nodes[OTHER].stack);
  const uint64_t state = watch_state(road.nodes[OTHER].stack);
  raet_addr to;
  uint8_t data[1024];
  size_t len = 0;
  road.now = by < was ? was - by : 0;
  for (int i = 0; i < 100; i++) {
    CHECK_OK(raet_stack_service(road.nodes[OTHER].stack, road.now, 0));
    CHECK_STATUS(RAET_EAGAIN, raet_stack_output(road.nodes[OTHER].stack, road.now, data, sizeof data, &len, &to));
  }
  CHECK_NUMBER(deadline, raet_stack_deadline(road.nodes[OTHER].stack));
  CHECK(state == watch_state(road.nodes[OTHER].stack));
  CHECK_OK(net_send(&road, OTHER, remote, ++tag, 1000)); /* what needs no time goes on */
  for (int i = 0; i < 10; i++) net_carry(&road);
  CHECK_NUMBER(1, net_received(&road, MAIN, tag, 1000));
  CHECK_NUMBER(1, net_ended(&road, OTHER, tag, RAET_OK));
  road.now = was;
  messages_pass(minute);
}

/* `now` leaps ahead in the middle of a message: it fails if its time is over, and comes at most once in any case. */
static void leap(const char *row, uint64_t by) {
  check_row = row;
  net_forget(&road);
  CHECK_OK(net_send(&road, OTHER, remote, ++tag, 200000));
  for (int i = 0; i < 3; i++) net_carry(&road);
  road.now += by;
  net_run(&road, minute);
  const size_t delivered = net_ended(&road, OTHER, tag, RAET_OK), received = net_received(&road, MAIN, tag, 200000);
  CHECK_NUMBER(1, delivered + net_ended(&road, OTHER, tag, RAET_ETIMEDOUT) +
                      net_ended(&road, OTHER, tag, RAET_EUNKNOWN));
  CHECK(received <= 1 && delivered <= received);
  if (by < 5 * minute) CHECK_NUMBER(1, delivered);
  messages_pass(minute);
}

/* The clock of one alone leaps, and stays ahead. */
static void one_leaps(const char *row, uint64_t by) {
  check_row = row;
  CHECK_OK(raet_stack_service(road.nodes[OTHER].stack, road.now + by, 0));
  for (int i = 0; i < 100; i++) {
    net_carry(&road);
    CHECK_OK(raet_stack_service(road.nodes[OTHER].stack, road.now + by, 0));
    road.now += SECOND / 10;
  }
  road.now += by;
  messages_pass(minute);
}

static void stands_still(void) {
  check_row = "stands still";
  messages_pass(minute);
  while (net_carry(&road) > 0) {}
  size_t sent = 0;
  for (int i = 0; i < 10000; i++) {
    CHECK_OK(raet_stack_service(road.nodes[OTHER].stack, road.now, 0));
    sent += (size_t)net_carry(&road);
  }
  CHECK_NUMBER(0, sent);
  CHECK(raet_stack_deadline(road.nodes[OTHER].stack) > road.now);
  messages_pass(minute);
}

/* Ticks of a second: what is due within one comes late, and all comes. */
static void coarse(void) {
  check_row = "ticks of a second";
  net_forget(&road);
  for (int i = 0; i < 5; i++) CHECK_OK(net_send(&road, OTHER, remote, ++tag, 20000));
  for (int i = 0; i < 600; i++) {
    net_carry(&road);
    if (i % 10 == 0) road.now += SECOND;
  }
  CHECK_NUMBER(5, net_count(&road, OTHER, RAET_EV_DELIVERED, NULL));
  messages_pass(minute);
}

/* The end of time: every call with the last values there are; nothing overflows, nothing hangs. */
static void the_end(void) {
  static const uint64_t lasts[] = {UINT64_C(1) << 63, UINT64_MAX - SECOND, UINT64_MAX - 1, UINT64_MAX};
  for (size_t i = 0; i < sizeof lasts / sizeof *lasts; i++)
    for (int from_start = 0; from_start < 2; from_start++) {
      check_row = "the end of time";
      memset(&road, 0, sizeof road);
      if (from_start) road.now = lasts[i];
      net_add(&road, MAIN, net_config(MAIN, "main"));
      net_add(&road, OTHER, net_config(OTHER, "other"));
      raet_stack *stack = road.nodes[OTHER].stack;
      CHECK_OK(raet_remote_add(stack, NULL, "127.0.0.1:7530", &remote));
      CHECK_OK(raet_connect(stack, remote, road.now));
      for (int k = 0; k < 20; k++) net_carry(&road);
      road.now = lasts[i];
      raet_txn txn = 0;
      for (uint64_t limit = 0; limit < 3; limit++) {
        const uint64_t timeout = limit == 0 ? 1 : limit == 1 ? UINT64_MAX - 1 : RAET_NEVER;
        CHECK(raet_join(stack, remote, road.now, timeout, &txn) <= RAET_OK);
        CHECK(raet_allow(stack, remote, road.now, timeout, &txn) <= RAET_OK);
        CHECK(raet_alive(stack, remote, road.now, timeout, &txn) <= RAET_OK);
        CHECK_OK(raet_send(stack, remote, road.now, RAET_BODY_RAW, NULL, 0, timeout, limit, &txn));
        for (int k = 0; k < 20; k++) net_carry(&road);
        CHECK(raet_stack_timeout_ms(stack, road.now) >= -1);
        CHECK_OK(raet_stack_service(stack, road.now, 0));
      }
      CHECK_OK(raet_stack_close(stack, road.now, UINT64_MAX - 1));
      CHECK_OK(raet_stack_close(road.nodes[MAIN].stack, road.now, 0));
      net_end(&road);
    }
}

/* MARK: Addresses. */

static peer beta;

static raet_addr address_of(const char *text) {
  raet_addr address;
  CHECK_OK(raet_addr_parse(text, &address));
  return address;
}

static void joins_from(const char *row, const raet_addr *from, int is_good) {
  char body[1024];
  watch before, after;
  packet packet = peer_packet(&beta, IN_JOIN, REQUEST);
  check_row = row;
  packet.si = packet.fk = packet.de = 0;
  packet.bk = 1;
  packet.coat = (const uint8_t *)body;
  packet.coat_len = join_body(&beta, 0, beta.pub, body, sizeof body);
  beta.address = *from;
  beta.silent = 1;
  beta.got_count = 0;
  if (is_good) {
    peer_send(&beta, &packet);
    CHECK_NUMBER(1, net_carry(&road));
    CHECK_NUMBER(1, peer_got(&beta, IN_JOIN, RESPONSE));
    net_run(&road, minute);
    return;
  }
  while (net_carry(&road) > 0) {}
  watch_take(&before, &beta);
  drops_packet(&beta, &packet, "parsing_outer_error");
  watch_take(&after, &beta);
  CHECK_NUMBER(before.answers, after.answers);
}

static void addresses(void) {
  static const struct {
    const char *text;
    int is_good;
  } rows[] = {
      {"9.8.7.6:7530", 1},          {"127.0.0.1:1", 1},          {"223.255.255.255:65535", 1}, {"[::1]:7530", 1},
      {"[fe80::1%3]:7530", 1},      {"[::ffff:9.8.7.5]:7530", 1}, {"[2001:db8::1]:7530", 1},    {"9.8.7.6:0", 0},
      {"0.0.0.0:7530", 0},          {"[::]:7530", 0},            {"[::1]:0", 0},               {"224.0.0.1:7530", 0},
      {"239.255.255.250:7530", 0},  {"255.255.255.255:7530", 0}, {"240.0.0.1:7530", 0},        {"[ff02::1]:7530", 0},
      {"[ff02::1%3]:7530", 0},      {"[::ffff:224.0.0.1]:7530", 0}, {"[::ffff:0.0.0.0]:7530", 0},
  };
  memset(&road, 0, sizeof road);
  net_add(&road, MAIN, net_config(MAIN, "main"));
  peer_init(&beta, &road, MAIN, "beta", 7539);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    raet_addr from = address_of(rows[i].text);
    raet_remote added = 0;
    joins_from(rows[i].text, &from, rows[i].is_good);
    CHECK_STATUS(rows[i].is_good ? RAET_OK : RAET_EINVAL,
                 raet_remote_add(road.nodes[MAIN].stack, NULL, rows[i].text, &added));
    if (rows[i].is_good) CHECK_OK(raet_remote_remove(road.nodes[MAIN].stack, added, road.now));
  }
  check_row = "socket addresses of other kinds";
  raet_addr other = {0};
  struct sockaddr_un local = {0};
  local.sun_family = AF_UNIX;
  memcpy(other.bytes, &local, sizeof local);
  for (uint32_t len = 0; len <= 200; len++) {
    other.len = len;
    CHECK_STATUS(RAET_EINVAL, raet_stack_input(road.nodes[MAIN].stack, road.now, other.bytes, 100, &other));
    CHECK_STATUS(RAET_EINVAL, raet_stack_output_failed(road.nodes[MAIN].stack, road.now, &other, 111));
  }
  other = address_of("9.8.7.6:7530");
  for (uint32_t len = 0; len < 1000; len++) {
    if (len == other.len) continue;
    raet_addr cut = other;
    cut.len = len;
    if (len < other.len || len > sizeof cut.bytes)
      CHECK_STATUS(RAET_EINVAL, raet_stack_input(road.nodes[MAIN].stack, road.now, other.bytes, 100, &cut));
  }
  for (int family = 0; family < 70000; family += family < 300 ? 1 : 997) {
    raet_addr odd = other;
    const sa_family_t number = (sa_family_t)family;
    memcpy(odd.bytes, &number, sizeof number);
    raet_status status = raet_stack_input(road.nodes[MAIN].stack, road.now, other.bytes, 100, &odd);
    CHECK(status == (number == AF_INET ? RAET_OK : RAET_EINVAL));
  }
  CHECK_NUMBER(0, remotes_of(road.nodes[MAIN].stack));
  net_end(&road);
}

int main(void) {
  begin();
  messages_pass(minute);
  backwards("back by 1 ns", 1);
  backwards("back by 1 s", SECOND);
  backwards("back by an hour", hour);
  backwards("back by a year", year);
  backwards("back to 0", UINT64_MAX);
  leap("ahead by 1 s", SECOND);
  leap("ahead by a minute", minute);
  leap("ahead by 10 minutes", 10 * minute);
  leap("ahead by an hour", hour);
  leap("ahead by a day", 24 * hour);
  leap("ahead by a year", year);
  one_leaps("one is ahead by a minute", minute);
  one_leaps("one is ahead by a day", 24 * hour);
  one_leaps("one is ahead by a year", year);
  stands_still();
  coarse();
  net_end(&road);
  the_end();
  addresses();
  check_row = "";
  return checks_end("inputs_clocks");
}
