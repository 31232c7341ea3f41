/* Relays between estates, and messages to one of several estates, of which the first one alive takes it. */
#define _GNU_SOURCE
#include "router.h"

static char dir[64];

/* An estate without a lane. */
static process *estate(const char *name, const char *role, unsigned kind) {
  process *p = start_router();
  CHECK_OK(raet_router_attach(p->router, p->road = new_road(name, role, kind)));
  return p;
}

static void a_relay_hands_on_and_back(void) {
  process *alpha = estate("alpha", NULL, 0), *relay = estate("relay", NULL, 0), *beta = estate("beta", NULL, 0);
  told *t;
  meet(alpha, relay);
  meet(beta, relay);
  CHECK_STATUS(RAET_ENOTFOUND, say(alpha, "beta//jobs", "{}", 1));
  CHECK_OK(raet_router_set_str(alpha->router, RAET_ROUTER_VIA, "relay"));
  CHECK_OK(say(alpha, "beta//jobs", "{}", 2));
  CHECK_STATUS(RAET_ENOTFOUND, wait_for(alpha, RAET_EV_UNDELIVERED, 2)->status); /* it does not relay unless told to */
  CHECK_OK(raet_router_set_u64(relay->router, RAET_ROUTER_RELAY, 1));
  CHECK_OK(say(alpha, "beta//jobs", "{}", 3));
  CHECK_STATUS(RAET_EREJECTED, wait_for(alpha, RAET_EV_UNDELIVERED, 3)->status); /* beta believes no relay */
  CHECK_TEXT("relay//answers", wait_for(beta, RAET_EV_REFUSED, 0)->source);
  rules(beta, "allow via=relay estate=alpha share=jobs");
  rules(alpha, "allow via=relay estate=beta share=answers");
  beta->reply = "{}";
  CHECK_OK(say(alpha, "beta//jobs", "{}", 4));
  t = wait_for(beta, RAET_EV_MESSAGE, 0);
  CHECK_TEXT("alpha//answers", t->source);
  CHECK_TEXT("beta//jobs", t->destination);
  t = wait_for(alpha, RAET_EV_MESSAGE, 0); /* the reply takes the way back, though beta knows of no alpha */
  CHECK_TEXT("beta//jobs", t->source);
  CHECK_OK(say_confirmed(alpha, "beta//jobs", "{}", 5, 0));
  CHECK_OK(wait_for(alpha, RAET_EV_DELIVERED, 5)->status);
  CHECK_OK(say_confirmed(alpha, "beta//other", "{}", 6, 0));
  CHECK_STATUS(RAET_EREJECTED, wait_for(alpha, RAET_EV_FAILED, 6)->status);
  CHECK_OK(say_confirmed(alpha, "nowhere//jobs", "{}", 7, 0));
  CHECK_STATUS(RAET_ENOTFOUND, wait_for(alpha, RAET_EV_FAILED, 7)->status);
  /* What a relay vouches for is what it may: nothing of other estates, and nothing of beta itself. */
  rules(beta, "allow via=relay estate=gamma\nallow estate=alpha");
  CHECK_OK(say_confirmed(alpha, "beta//jobs", "{}", 8, 0));
  CHECK_STATUS(RAET_EREJECTED, wait_for(alpha, RAET_EV_FAILED, 8)->status);
  stop_all();
}

static void relays_stop_at_their_limit(void) {
  process *chain[5];
  const char *names[] = {"a", "b", "c", "d", "e"};
  for (int i = 0; i < 5; i++) {
    chain[i] = estate(names[i], NULL, 0);
    CHECK_OK(raet_router_set_u64(chain[i]->router, RAET_ROUTER_RELAY, 2));
    rules(chain[i], "allow via=*");
    if (i > 0) {
      meet(chain[i - 1], chain[i]);
      CHECK_OK(raet_router_set_str(chain[i - 1]->router, RAET_ROUTER_VIA, names[i]));
    }
  }
  CHECK_OK(say_confirmed(chain[0], "d//", "{}", 1, 0)); /* by b and c */
  CHECK_OK(wait_for(chain[0], RAET_EV_DELIVERED, 1)->status);
  CHECK_OK(say_confirmed(chain[0], "e//", "{}", 2, 0)); /* by b, c and d: one too many */
  CHECK_STATUS(RAET_ENOTFOUND, wait_for(chain[0], RAET_EV_FAILED, 2)->status);
  CHECK_NUMBER(1, counter(chain[3], "hop_limit"));
  /* The last one sends back where it came from, by its own way: nothing goes round. */
  CHECK_OK(raet_router_set_str(chain[1]->router, RAET_ROUTER_VIA, "a"));
  CHECK_OK(say_confirmed(chain[0], "nowhere//", "{}", 3, 0));
  CHECK_STATUS(RAET_ENOTFOUND, wait_for(chain[0], RAET_EV_FAILED, 3)->status);
  CHECK_NUMBER(0, counter(chain[0], "relayed"));
  stop_all();
}

/* Who gets the next message to `to`: the place in `all`, or -1. */
static int taker(process *from, const char *to, process **all, int count) {
  static uint64_t tag = 100;
  clear();
  CHECK_OK(say_confirmed(from, to, "{}", ++tag, 0));
  CHECK_OK(wait_for(from, RAET_EV_DELIVERED, tag)->status);
  for (int i = 0; i < count; i++)
    if (all[i]->router && find(all[i], RAET_EV_MESSAGE, 0)) return i;
  return -1;
}

static void wait_dead(process *p, const char *name) {
  uint64_t alive = 1, end = raet_now() + 20 * SECOND;
  raet_remote remote = remote_of(p->road, name);
  while (alive && raet_now() < end) {
    turn(100);
    CHECK_OK(raet_remote_get_u64(p->road, remote, RAET_KEY_ALIVED, &alive));
  }
  CHECK(!alive);
}

static void the_first_one_alive_takes_it(void) {
  process *minion = estate("minion", NULL, 1), *masters[3];
  masters[0] = estate("first", "master", 2);
  masters[1] = estate("second", "master", 2);
  masters[2] = estate("third", "other", 3);
  for (int i = 0; i < 3; i++) meet(minion, masters[i]);
  CHECK_NUMBER(0, taker(minion, "first,second,third//jobs", masters, 3));
  CHECK_NUMBER(1, taker(minion, "second,first", masters, 3));
  CHECK_NUMBER(2, taker(minion, "nobody,third,first", masters, 3));
  CHECK_NUMBER(0, taker(minion, "role=master", masters, 3));
  CHECK_NUMBER(2, taker(minion, "role=other//", masters, 3));
  CHECK_NUMBER(0, taker(minion, "kind=2", masters, 3));
  CHECK_NUMBER(2, taker(minion, "kind=3", masters, 3));
  CHECK_STATUS(RAET_ENOTFOUND, say(minion, "role=nobody", "{}", 1));
  CHECK_STATUS(RAET_ENOTFOUND, say(minion, "kind=7", "{}", 1));
  CHECK_STATUS(RAET_ENOTFOUND, say(minion, "nobody,noone", "{}", 1));
  stop(masters[0]);
  wait_dead(minion, "first");
  CHECK_NUMBER(1, taker(minion, "first,second,third//jobs", masters, 3));
  CHECK_NUMBER(1, taker(minion, "role=master", masters, 3));
  stop(masters[1]);
  wait_dead(minion, "second");
  CHECK_NUMBER(2, taker(minion, "first,second,third//jobs", masters, 3));
  stop_all();
}

static void what_may_have_arrived_goes_to_nobody_else(void) {
  process *minion = estate("minion", NULL, 1), *first = estate("first", NULL, 2), *second = estate("second", NULL, 2);
  meet(minion, first);
  meet(minion, second);
  stop(first);
  CHECK_OK(say(minion, "first,second//", "{}", 1));
  CHECK_STATUS(RAET_EUNKNOWN, wait_for(minion, RAET_EV_FAILED, 1)->status);
  CHECK(find(second, RAET_EV_MESSAGE, 0) == NULL);
  CHECK_OK(say_confirmed(minion, "first,second//", "{}", 2, 0));
  CHECK_OK(wait_for(minion, RAET_EV_DELIVERED, 2)->status);
  CHECK(find(second, RAET_EV_MESSAGE, 0) != NULL);
  stop_all();
}

static void what_waits_for_an_estate_goes_to_another(void) {
  process *minion = estate("minion", NULL, 1), *second = estate("second", NULL, 2);
  raet_remote first, other;
  char endpoint[64];
  size_t need;
  uint64_t end = raet_now() + 20 * SECOND;
  /* Known by name, and nobody there: the message waits. */
  CHECK_OK(raet_remote_add(minion->road, "first", "127.0.0.1:9", &first));
  CHECK_OK(say(minion, "first,second//", "{}", 1));
  idle(50);
  CHECK(find(minion, RAET_EV_DELIVERED, 1) == NULL);
  CHECK_OK(raet_stack_get_str(second->road, RAET_KEY_ENDPOINT, endpoint, sizeof endpoint, &need));
  CHECK_OK(raet_remote_add(minion->road, "second", endpoint, &other));
  CHECK_OK(raet_connect(minion->road, other, raet_now()));
  CHECK_OK(wait_for(minion, RAET_EV_DELIVERED, 1)->status);
  while (!find(second, RAET_EV_MESSAGE, 0) && raet_now() < end) turn(100);
  CHECK_TEXT("second//", wait_for(second, RAET_EV_MESSAGE, 0)->destination);
  CHECK_NUMBER(1, counter(minion, "retried"));
  stop_all();
}

static void a_worker_leaves_the_choice_to_its_manor(void) {
  process *manor = start("alpha", dir, "manor"), *worker = start(NULL, dir, "worker"), *masters[2];
  masters[0] = estate("first", "master", 2);
  masters[1] = estate("second", "master", 2);
  for (int i = 0; i < 2; i++) meet(manor, masters[i]);
  CHECK_NUMBER(0, taker(worker, "first,second//jobs", masters, 2));
  CHECK_NUMBER(1, taker(worker, "second,first//jobs", masters, 2));
  CHECK_NUMBER(0, taker(worker, "role=master//", masters, 2));
  CHECK_NUMBER(0, taker(worker, "kind=2//", masters, 2));
  /* What the rules refuse is not chosen. */
  rules(manor, "allow toestate=second");
  CHECK_NUMBER(1, taker(worker, "first,second//jobs", masters, 2));
  rules(manor, "allow toestate=third");
  CHECK_OK(say_confirmed(worker, "first,second//jobs", "{}", 1, 0));
  CHECK_STATUS(RAET_EREJECTED, wait_for(worker, RAET_EV_FAILED, 1)->status);
  rules(manor, NULL);
  CHECK_OK(say_confirmed(worker, "kind=9//jobs", "{}", 2, 0));
  CHECK_STATUS(RAET_ENOTFOUND, wait_for(worker, RAET_EV_FAILED, 2)->status);
  stop(masters[0]);
  wait_dead(manor, "first");
  CHECK_NUMBER(1, taker(worker, "first,second//jobs", masters, 2));
  stop_all();
}

int main(void) {
  snprintf(dir, sizeof dir, "/tmp/raet-w-XXXXXX");
  if (!mkdtemp(dir)) return 1;
  a_relay_hands_on_and_back();
  relays_stop_at_their_limit();
  the_first_one_alive_takes_it();
  what_may_have_arrived_goes_to_nobody_else();
  what_waits_for_an_estate_goes_to_another();
  a_worker_leaves_the_choice_to_its_manor();
  rmdir(dir);
  return checks_end("router_ways");
}
