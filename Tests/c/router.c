/* Messages between processes of two estates: their ways, replies and reports. */
#define _GNU_SOURCE
#include "router.h"

static char alpha_dir[64], beta_dir[64];

/* Two estates of a manor and two workers each. */
static process *alpha, *beta, *one, *two, *three, *four;

static void build(void) {
  alpha = start("alpha", alpha_dir, "manor");
  one = start(NULL, alpha_dir, "one");
  two = start(NULL, alpha_dir, "two");
  beta = start("beta", beta_dir, "manor");
  three = start(NULL, beta_dir, "three");
  four = start(NULL, beta_dir, "four");
  meet(alpha, beta);
  know_yard(alpha, "one");
  know_yard(alpha, "two");
  know_yard(beta, "three");
  know_yard(beta, "four");
  clear();
}

static void requests_and_replies_go_across(void) {
  const char *wanted = "{\"route\":{\"src\":[\"alpha\",\"one\",\"answers\"],\"dst\":[\"beta\",\"three\",\"jobs\"],";
  told *t;
  build();
  three->reply = "{\"re\":1}";
  CHECK_OK(say(one, "beta/three/jobs", "{\"job\":1}", 7));
  CHECK_OK(wait_for(one, RAET_EV_DELIVERED, 7)->status);
  t = wait_for(three, RAET_EV_MESSAGE, 0);
  CHECK_TEXT("alpha/one/answers", t->source);
  CHECK_TEXT("beta/three/jobs", t->destination);
  CHECK_TEXT("jobs", t->share);
  CHECK(strncmp(t->body, wanted, strlen(wanted)) == 0);
  CHECK(strstr(t->body, ",\"job\":1}") != NULL);
  CHECK(t->stack == three->lane);
  CHECK_NUMBER(getpid(), t->pid);
  t = wait_for(one, RAET_EV_MESSAGE, 0);
  CHECK_TEXT("beta/three/jobs", t->source);
  CHECK_TEXT("alpha/one/answers", t->destination);
  CHECK(strstr(t->body, "\"re\":1}") != NULL);
  CHECK_OK(wait_for(three, RAET_EV_DELIVERED, 99)->status);
  CHECK_NUMBER(1, counter(alpha, "forwarded_road"));
  CHECK_NUMBER(1, counter(alpha, "forwarded_lane"));
  CHECK_NUMBER(0, counter(alpha, "delivered"));
  CHECK_NUMBER(1, counter(three, "delivered"));
  stop_all();
}

static void each_place_is_reached(void) {
  /* From whom, to where, and who gets it as what. */
  process **from[] = {&one, &one, &one, &one, &alpha, &alpha, &alpha, &beta, &three};
  const char *to[] = {"/two/", "", "//jobs", "beta", "beta/four/", "/one/", "alpha//x", "alpha/two/", "alpha"};
  process **who[] = {&two, &one, &one, &beta, &four, &one, &alpha, &two, &alpha};
  const char *source[] = {"alpha/one/answers",   "/one/answers",        "/one/answers",
                          "alpha/one/answers",   "alpha/manor/answers", "alpha/manor/answers",
                          "alpha/manor/answers", "beta/manor/answers",  "beta/three/answers"};
  build();
  for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
    check_row = to[i];
    clear();
    CHECK_OK(say(*from[i], to[i], "{}", 5));
    CHECK_TEXT(source[i], wait_for(*who[i], RAET_EV_MESSAGE, 0)->source);
    CHECK_OK(wait_for(*from[i], RAET_EV_DELIVERED, 5)->status);
  }
  check_row = "";
  CHECK_STATUS(RAET_ENOTFOUND, say(alpha, "/nobody/", "{}", 5));
  CHECK_STATUS(RAET_ENOTFOUND, say(alpha, "gamma//", "{}", 5));
  stop_all();
}

static void what_cannot_be_placed_is_reported(void) {
  const char *to[] = {"gamma/x/", "beta/nobody/", "/nobody/", "beta/three/closed"};
  told *t;
  build();
  CHECK_OK(raet_router_set_share(three->router, "jobs", 1));
  for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
    check_row = to[i];
    CHECK_OK(say(one, to[i], "{}", 10 + i));
    t = wait_for(one, RAET_EV_UNDELIVERED, 10 + i);
    CHECK_STATUS(RAET_ENOTFOUND, t->status);
    CHECK_TEXT(i == 0 ? "gamma/x/" : to[i], t->destination);
    CHECK(find(one, RAET_EV_DELIVERED, 10 + i) != NULL);
    CHECK_NUMBER(find(one, RAET_EV_DELIVERED, 10 + i)->txn, t->txn);
    CHECK(t->txn != 0);
  }
  check_row = "";
  CHECK_OK(say(one, "beta/three/jobs", "{}", 20));
  wait_for(three, RAET_EV_MESSAGE, 0);
  idle(50);
  CHECK(find(one, RAET_EV_UNDELIVERED, 20) == NULL);
  /* A worker that has ended: its manor finds out when it sends. */
  stop(four);
  CHECK_OK(say(one, "beta/four/", "{}", 21));
  CHECK_STATUS(RAET_EDEAD, wait_for(one, RAET_EV_UNDELIVERED, 21)->status);
  stop_all();
}

static void the_last_word_can_be_waited_for(void) {
  raet_txn txn = 0;
  build();
  CHECK_OK(say_confirmed(one, "beta/three/jobs", "{}", 30, 0));
  CHECK_OK(wait_for(one, RAET_EV_DELIVERED, 30)->status);
  CHECK(find(three, RAET_EV_MESSAGE, 0) != NULL);
  CHECK_OK(say_confirmed(one, "beta/nobody/", "{}", 31, 0));
  CHECK_STATUS(RAET_ENOTFOUND, wait_for(one, RAET_EV_FAILED, 31)->status);
  CHECK(find(one, RAET_EV_DELIVERED, 31) == NULL);
  /* Nobody services the destination: no word comes. */
  {
    process silent = *four;
    four->router = NULL;
    CHECK_OK(say_confirmed(one, "beta/four/", "{}", 32, SECOND / 5));
    CHECK_STATUS(RAET_EUNKNOWN, wait_for(one, RAET_EV_FAILED, 32)->status);
    CHECK_OK(raet_router_send(one->router, raet_now(), "beta/four/", NULL, RAET_BODY_JSON, NULL, 0, 0,
                              RAET_ROUTE_CONFIRM, 33, &txn));
    idle(50);
    CHECK_OK(raet_router_cancel(one->router, txn, raet_now()));
    CHECK_STATUS(RAET_EUNKNOWN, wait_for(one, RAET_EV_FAILED, 33)->status);
    CHECK_STATUS(RAET_ENOTFOUND, raet_router_cancel(one->router, txn, raet_now()));
    *four = silent;
  }
  stop_all();
}

static void bodies_go_unchanged(void) {
  /* {"a": 1, "b": "x"} in msgpack. */
  const uint8_t packed[] = {0x82, 0xa1, 'a', 1, 0xa1, 'b', 0xa1, 'x'};
  size_t length = getenv("RAET_TEST_COUNT") ? 300000 : 3000000; /* signatures take ten times as long under valgrind */
  uint8_t *large = malloc(length);
  build();
  CHECK_OK(raet_router_send(one->router, raet_now(), "beta/three/", NULL, RAET_BODY_MSGPACK, packed, sizeof packed, 0,
                            0, 1, NULL));
  told *t = wait_for(three, RAET_EV_MESSAGE, 0);
  CHECK((uint8_t)t->body[0] == 0x83);
  clear();
  memset(large, 'x', length);
  memcpy(large, "{\"x\":\"", 6);
  memcpy(large + length - 2, "\"}", 2);
  CHECK_OK(raet_router_send(one->router, raet_now(), "beta/three/", NULL, RAET_BODY_JSON, large, length, 0,
                            RAET_ROUTE_CONFIRM, 2, NULL));
  CHECK_OK(wait_for(one, RAET_EV_DELIVERED, 2)->status);
  CHECK(find(three, RAET_EV_MESSAGE, 0) != NULL);
  CHECK_STATUS(RAET_ENOTSUP, raet_router_send(one->router, raet_now(), "/two/", NULL, RAET_BODY_RAW, packed, 8, 0, 0,
                                              0, NULL));
  CHECK_STATUS(RAET_EENCODE, say(one, "/two/", "[]", 0));
  CHECK_STATUS(RAET_EENCODE, say(one, "/two/", "{\"a\":", 0));
  CHECK_STATUS(RAET_EENCODE, say(one, "//", "{\"a\"}", 0));
  free(large);
  stop_all();
}

int main(void) {
  snprintf(alpha_dir, sizeof alpha_dir, "/tmp/raet-a-XXXXXX");
  snprintf(beta_dir, sizeof beta_dir, "/tmp/raet-b-XXXXXX");
  if (!mkdtemp(alpha_dir) || !mkdtemp(beta_dir)) return 1;
  requests_and_replies_go_across();
  each_place_is_reached();
  what_cannot_be_placed_is_reported();
  the_last_word_can_be_waited_for();
  bodies_go_unchanged();
  rmdir(alpha_dir);
  rmdir(beta_dir);
  return checks_end("router");
}
