/* Who may send what: rules, audit events, and sources that claim to be others, from each side. */
#define _GNU_SOURCE
#include "router.h"

static char alpha_dir[64], beta_dir[64];
static process *alpha, *beta, *one, *three;

static void build(void) {
  alpha = start("alpha", alpha_dir, "manor");
  one = start(NULL, alpha_dir, "one");
  beta = start("beta", beta_dir, "manor");
  three = start(NULL, beta_dir, "three");
  meet(alpha, beta);
  know_yard(alpha, "one");
  know_yard(beta, "three");
  clear();
}

static void rules_decide_by_what_is_proved(void) {
  char uid[32], other[32];
  snprintf(uid, sizeof uid, "allow uid=%u share=jobs", (unsigned)geteuid());
  snprintf(other, sizeof other, "allow uid=%u share=jobs", (unsigned)geteuid() + 1);
  /* Whose rules, what they are, and whether the message from alpha's worker to beta's passes; its cmd is "ping.all". */
  struct {
    process **whose;
    const char *rules;
    int passes;
  } rows[] = {
      {&three, "allow estate=alpha yard=one share=jobs", 1},
      {&three, "allow estate=al* yard=* share=jo* body=json field:cmd=ping*", 1},
      {&three, "allow estate=beta", 0},
      {&three, "allow yard=two", 0},
      {&three, "allow share=other", 0},
      {&three, "allow body=msgpack", 0},
      {&three, "allow field:cmd=pong", 0},
      {&three, "allow field:other=*", 0},
      {&three, "refuse yard=one\nallow", 0},
      {&three, "allow yard=one\nrefuse", 1},
      {&three, "# nothing else is a rule\n\nallow toyard=three", 1},
      {&three, "allow uid=*", 1},
      {&three, uid, 0}, /* the manor's user is not the sender's */
      {&beta, "allow estate=alpha role=alpha kind=0 yard=one toyard=three share=jobs on=road/beta", 1},
      {&beta, "allow role=beta", 0},
      {&beta, "allow kind=1", 0},
      {&beta, "allow via=*", 1}, /* also who needs nobody to vouch for him */
      {&beta, "allow via=alpha", 0},
      {&beta, "allow toestate=alpha", 0},
      {&alpha, "allow estate=alpha yard=one toestate=beta toyard=three on=lane/manor", 1},
      {&alpha, "allow toestate=gamma", 0},
      {&alpha, uid, 1},
      {&alpha, other, 0},
  };
  build();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    process *judge = *rows[i].whose;
    uint64_t refused = counter(judge, "refused_rule");
    check_row = rows[i].rules;
    clear();
    rules(judge, rows[i].rules);
    CHECK_OK(say_confirmed(one, "beta/three/jobs", "{\"cmd\":\"ping.all\"}", 5, 0));
    if (rows[i].passes) {
      CHECK_OK(wait_for(one, RAET_EV_DELIVERED, 5)->status);
      CHECK(find(three, RAET_EV_MESSAGE, 0) != NULL);
      CHECK(find(judge, RAET_EV_REFUSED, 0) == NULL);
    } else {
      CHECK_STATUS(RAET_EREJECTED, wait_for(one, RAET_EV_FAILED, 5)->status);
      CHECK(find(three, RAET_EV_MESSAGE, 0) == NULL);
      told *audit = wait_for(judge, RAET_EV_REFUSED, 0);
      CHECK_STATUS(RAET_EREJECTED, audit->status);
      CHECK_TEXT("alpha/one/answers", audit->source);
      CHECK_TEXT("beta/three/jobs", audit->destination);
      CHECK_TEXT("jobs", audit->share);
      CHECK_TEXT(strncmp(check_row, "refuse", 6) == 0 ? "the rule in line 1 refuses it" : "no rule allows it",
                 audit->name);
      CHECK(audit->stack == (judge == beta ? beta->road : judge->lane));
      CHECK_NUMBER(refused + 1, counter(judge, "refused_rule"));
    }
    rules(judge, NULL);
  }
  check_row = "";
  stop_all();
}

static void bad_rules_change_nothing(void) {
  const char *bad[][2] = {
      {"allow\nlet estate=alpha", "line 2: begins neither with \"allow\" nor with \"refuse\" nor with \"forged\""},
      {"allow estate", "line 1: a pattern has the form SUBJECT=PATTERN"},
      {"allow color=red", "line 1: nothing is called color"},
      {"forged maybe", "line 1: after \"forged\" comes \"correct\" or \"refuse\""},
      {"\n\nallow yard=%zz", "line 3: yard: the pattern is too long, or has a % without two hex digits"},
      {"allow field:=x", "line 1: no name of a field"},
      {"\xff", "not UTF-8, or too long"},
  };
  build();
  rules(three, "allow share=jobs");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    CHECK_STATUS(RAET_EINVAL, raet_router_set_rules(three->router, bad[i][0]));
    CHECK_TEXT(bad[i][1], raet_router_error(three->router));
  }
  CHECK_OK(say_confirmed(one, "beta/three/jobs", "{}", 1, 0));
  CHECK_OK(wait_for(one, RAET_EV_DELIVERED, 1)->status);
  CHECK_TEXT("", raet_router_error(one->router));
  CHECK_OK(say_confirmed(one, "beta/three/else", "{}", 2, 0));
  CHECK_STATUS(RAET_EREJECTED, wait_for(one, RAET_EV_FAILED, 2)->status);
  stop_all();
}

/* A stack that no router watches over sends what it likes. */
static void forge(raet_stack *stack, const char *to, const char *route) {
  char body[256];
  raet_remote remote;
  if (raet_remote_find(stack, to, &remote) != RAET_OK) CHECK_OK(raet_remote_add(stack, to, NULL, &remote));
  snprintf(body, sizeof body, "{\"route\":{%s,\"id\":77}}", route);
  CHECK_OK(raet_send(stack, remote, raet_now(), RAET_BODY_JSON, (const uint8_t *)body, strlen(body), 0, 0, NULL));
  CHECK_OK(raet_stack_service(stack, raet_now(), 0));
}

/* Waits until somebody is told of a message or of one that was refused, and until the forger has the report. */
static told *outcome(raet_stack *stack, int refused) {
  uint64_t end = raet_now() + 20 * SECOND;
  const raet_event *event;
  int reported = 0;
  told *found = NULL;
  while (raet_now() < end && !(found && (reported || !refused))) {
    CHECK_OK(raet_stack_service(stack, raet_now(), 0));
    turn(10);
    for (int i = 0; i < PROCESSES && !found; i++)
      found = world[i].router ? find(&world[i], refused ? RAET_EV_REFUSED : RAET_EV_MESSAGE, 0) : NULL;
    while (raet_stack_next_event(stack, &event) == RAET_OK)
      if (event->type == RAET_EV_MESSAGE && memmem(event->body, event->body_len, "\"re\":77,\"status\":-14", 20))
        reported = 1;
  }
  CHECK(found != NULL);
  CHECK_NUMBER(refused, reported);
  return found ? found : &world[0].events[0];
}

static void a_yard_cannot_speak_for_others(void) {
  /* What a yard "rogue" of alpha says of itself, to whom, and what is found to be true. */
  struct {
    const char *to, *route, *truth;
    int refused;
  } rows[] = {
      {"manor", "\"src\":[\"alpha\",\"one\",\"s\"],\"dst\":[\"beta\",\"three\",\"jobs\"]", "alpha/rogue/s", 1},
      {"manor", "\"src\":[null,\"manor\",\"s\"],\"dst\":[\"beta\",\"three\",\"jobs\"]", "alpha/rogue/s", 1},
      {"manor", "\"src\":[\"beta\",\"rogue\",null],\"dst\":[null,null,\"jobs\"]", "alpha/rogue/", 1},
      {"manor", "\"src\":[\"beta\",\"three\",null],\"dst\":[\"alpha\",\"one\",\"jobs\"]", "alpha/rogue/", 1},
      {"manor", "\"src\":[null,null,null],\"dst\":[null,null,null]", "alpha/rogue/", 1},
      {"one", "\"src\":[\"beta\",\"three\",null],\"dst\":[null,\"one\",\"jobs\"]", "/rogue/", 1},
      {"one", "\"src\":[null,\"manor\",null],\"dst\":[null,\"one\",\"jobs\"]", "/rogue/", 1},
      {"manor", "\"src\":[null,\"rogue\",\"s\"],\"dst\":[\"beta\",\"three\",\"jobs\"]", "alpha/rogue/s", 0},
      {"manor", "\"src\":[\"alpha\",\"rogue\",\"s\"],\"dst\":[null,\"one\",\"jobs\"]", "alpha/rogue/s", 0},
      {"one", "\"src\":[null,\"rogue\",\"s\"],\"dst\":[null,\"one\",\"jobs\"]", "/rogue/s", 0},
  };
  build();
  raet_stack *rogue = new_lane(alpha_dir, "rogue");
  for (int corrects = 0; corrects < 2; corrects++) {
    rules(alpha, corrects ? "forged correct" : NULL);
    rules(one, corrects ? "forged correct" : NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      check_row = rows[i].route;
      clear();
      forge(rogue, rows[i].to, rows[i].route);
      told *t = outcome(rogue, rows[i].refused && !corrects);
      CHECK_TEXT(rows[i].truth, t->source);
      if (t->type == RAET_EV_REFUSED) CHECK(strstr(t->name, "is forged") != NULL);
    }
  }
  check_row = "";
  CHECK_NUMBER(5, counter(alpha, "refused_forged"));
  CHECK_NUMBER(2, counter(one, "refused_forged"));
  CHECK_NUMBER(5, counter(alpha, "corrected_forged"));
  raet_stack_free(rogue);
  stop_all();
}

static void an_estate_cannot_speak_for_others(void) {
  /* What the estate "rogue" says of itself to beta, and what is found to be true. */
  struct {
    const char *route, *truth;
    int refused;
  } rows[] = {
      {"\"src\":[\"alpha\",\"one\",\"s\"],\"dst\":[\"beta\",\"three\",\"jobs\"]", "rogue/one/s", 1},
      {"\"src\":[\"beta\",\"three\",null],\"dst\":[null,null,\"jobs\"]", "rogue/three/", 1},
      {"\"src\":[null,\"three\",null],\"dst\":[null,null,\"jobs\"]", "rogue/three/", 1},
      {"\"src\":[\"rogue\",\"any\",\"s\"],\"dst\":[\"beta\",\"three\",\"jobs\"]", "rogue/any/s", 0},
  };
  build();
  process *helper = start_router();
  raet_stack *rogue = helper->road = new_road("rogue", NULL, 0);
  CHECK_OK(raet_router_attach(helper->router, rogue));
  meet(helper, beta);
  CHECK_OK(raet_router_detach(helper->router, rogue, raet_now()));
  for (int corrects = 0; corrects < 2; corrects++) {
    rules(beta, corrects ? "forged correct" : NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      check_row = rows[i].route;
      clear();
      forge(rogue, "beta", rows[i].route);
      CHECK_TEXT(rows[i].truth, outcome(rogue, rows[i].refused && !corrects)->source);
    }
  }
  check_row = "";
  CHECK_NUMBER(3, counter(beta, "refused_forged"));
  CHECK_NUMBER(3, counter(beta, "corrected_forged"));
  stop_all();
}

static void reports_are_believed_from_the_next_hop_alone(void) {
  build();
  raet_stack *rogue = new_lane(alpha_dir, "rogue");
  CHECK_OK(say(one, "beta/three/jobs", "{}", 1));
  wait_for(three, RAET_EV_MESSAGE, 0);
  for (int id = 1; id < 4; id++) {
    char route[160];
    snprintf(route, sizeof route,
             "\"src\":[null,\"rogue\",null],\"dst\":[null,\"one\",null],\"re\":%d,\"status\":-6", id);
    forge(rogue, "one", route);
    forge(rogue, "manor", route);
  }
  idle(50);
  CHECK(find(one, RAET_EV_UNDELIVERED, 1) == NULL);
  CHECK_NUMBER(3, counter(one, "report_ignored"));
  CHECK_NUMBER(3, counter(alpha, "report_ignored"));
  raet_stack_free(rogue);
  stop_all();
}

static void what_is_no_route_is_refused(void) {
  const char *routes[] = {"\"src\":[null,\"rogue\",null]", "\"src\":[1,2,3],\"dst\":[null,null,null]",
                          "\"src\":[null,\"rogue\"],\"dst\":[null,null,null]",
                          "\"src\":[null,\"rogue\",null],\"dst\":[null,null,null],\"hops\":-1"};
  build();
  raet_stack *rogue = new_lane(alpha_dir, "rogue");
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    check_row = routes[i];
    clear();
    forge(rogue, "manor", routes[i]);
    CHECK_STATUS(RAET_EPROTO, wait_for(alpha, RAET_EV_REFUSED, 0)->status);
  }
  check_row = "";
  CHECK_NUMBER(4, counter(alpha, "invalid_route"));
  CHECK_NUMBER(0, counter(alpha, "delivered"));
  raet_stack_free(rogue);
  stop_all();
}

int main(void) {
  snprintf(alpha_dir, sizeof alpha_dir, "/tmp/raet-a-XXXXXX");
  snprintf(beta_dir, sizeof beta_dir, "/tmp/raet-b-XXXXXX");
  if (!mkdtemp(alpha_dir) || !mkdtemp(beta_dir)) return 1;
  rules_decide_by_what_is_proved();
  bad_rules_change_nothing();
  a_yard_cannot_speak_for_others();
  an_estate_cannot_speak_for_others();
  reports_are_believed_from_the_next_hop_alone();
  what_is_no_route_is_refused();
  rmdir(alpha_dir);
  rmdir(beta_dir);
  return checks_end("router_trust");
}
