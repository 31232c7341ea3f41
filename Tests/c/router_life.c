/* The life of routers: attached and detached stacks, frees in any order and in callbacks, and wrong arguments. */
#define _GNU_SOURCE
#include "router.h"

static char alpha_dir[64], beta_dir[64];
static process *alpha, *beta, *one;

static void build(void) {
  alpha = start("alpha", alpha_dir, "manor");
  one = start(NULL, alpha_dir, "one");
  beta = start("beta", beta_dir, "manor");
  meet(alpha, beta);
  know_yard(alpha, "one");
  clear();
}

static void nothing(void *user, raet_stack *stack, const raet_event *event) {
  (void)user, (void)stack, (void)event;
}

static void an_attached_stack_is_serviced_by_its_router(void) {
  const raet_event *event;
  raet_router *other = NULL;
  raet_addr from;
  uint64_t value;
  build();
  CHECK_OK(raet_router_new(&other));
  CHECK_OK(raet_addr_parse("127.0.0.1:9", &from));
  CHECK_STATUS(RAET_ESTATE, raet_stack_service(alpha->road, raet_now(), 0));
  CHECK_STATUS(RAET_ESTATE, raet_stack_next_event(alpha->road, &event));
  CHECK_STATUS(RAET_ESTATE, raet_stack_dispatch(alpha->lane, nothing, NULL, 0));
  CHECK_STATUS(RAET_ESTATE, raet_stack_input(alpha->road, raet_now(), (const uint8_t *)"x", 1, &from));
  CHECK_STATUS(RAET_ESTATE, raet_router_attach(alpha->router, alpha->road));
  CHECK_STATUS(RAET_ESTATE, raet_router_attach(other, alpha->road));
  CHECK_STATUS(RAET_ENOTFOUND, raet_router_detach(other, alpha->road, raet_now()));
  CHECK_OK(raet_remote_get_u64(alpha->road, remote_of(alpha->road, "beta"), RAET_KEY_ALLOWED, &value));
  CHECK_NUMBER(1, value);
  CHECK(raet_router_fd(alpha->router) >= 0);
  CHECK_NUMBER(raet_router_fd(alpha->router), raet_router_fd(alpha->router));
  CHECK(raet_router_fd(alpha->router) != raet_stack_fd(alpha->road));
  /* Detached, it is the host's again; and another router's if it likes. */
  CHECK_OK(raet_router_detach(alpha->router, alpha->road, raet_now()));
  CHECK_STATUS(RAET_ENOTFOUND, raet_router_detach(alpha->router, alpha->road, raet_now()));
  CHECK_OK(raet_stack_service(alpha->road, raet_now(), 0));
  CHECK_STATUS(RAET_ENOTFOUND, say(alpha, "beta//", "{}", 1));
  CHECK_OK(raet_router_attach(other, alpha->road));
  raet_router_free(other);
  CHECK_OK(raet_stack_service(alpha->road, raet_now(), 0));
  CHECK_OK(raet_router_attach(alpha->router, alpha->road));
  CHECK_OK(say(alpha, "beta//", "{}", 2));
  CHECK_OK(wait_for(alpha, RAET_EV_DELIVERED, 2)->status);
  stop_all();
}

static void what_a_stack_tells_comes_with_its_stack(void) {
  build();
  process *late = start_router();
  raet_config *config = NULL;
  CHECK_OK(raet_config_new(RAET_KIND_LANE, &config));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_NAME, "late"));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, alpha_dir));
  CHECK_OK(raet_stack_new(config, raet_now(), &late->lane));
  raet_config_free(config);
  CHECK_OK(raet_router_attach(late->router, late->lane));
  int32_t descriptor = raet_router_fd(late->router);
  CHECK_OK(raet_stack_open(late->lane, raet_now()));
  CHECK_OK(raet_router_set_str(late->router, RAET_ROUTER_MANOR, "manor"));
  CHECK_NUMBER(descriptor, raet_router_fd(late->router));
  CHECK_OK(say(late, "alpha//", "{}", 1));
  told *t = wait_for(alpha, RAET_EV_REMOTE_ADDED, 0);
  CHECK(t->stack == alpha->lane);
  CHECK_TEXT("late", t->name);
  /* A message of the host's own with raet_send() ends as ever. */
  const char *body = "{\"plain\":1}";
  CHECK_OK(raet_send(late->lane, remote_of(late->lane, "manor"), raet_now(), RAET_BODY_JSON, (const uint8_t *)body,
                     strlen(body), 0, 42, NULL));
  CHECK(wait_for(late, RAET_EV_DELIVERED, 42)->stack == late->lane);
  clear();
  wait_for(alpha, RAET_EV_MESSAGE, 0);
  CHECK_OK(raet_stack_close(late->lane, raet_now(), 0));
  CHECK(wait_for(late, RAET_EV_CLOSED, 0)->stack == late->lane);
  CHECK_STATUS(RAET_ECLOSED, say(late, "alpha//", "{}", 2));
  stop_all();
}

static void frees_come_in_any_order(void) {
  /* Road, lane and router of the manor, freed in each order, with messages under way in all directions. */
  const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (int turns = 0; turns < 3; turns++)
    for (size_t i = 0; i < 6; i++) {
      build();
      for (int n = 0; n < 10; n++) {
        CHECK_OK(say(one, "beta//", "{}", 1));
        CHECK_OK(say(alpha, "/one/", "{}", 2));
        CHECK_OK(say_confirmed(alpha, "beta//", "{}", 3, 0));
        CHECK_OK(say(beta, "alpha/one/", "{}", 4));
      }
      for (int n = 0; n < turns; n++) turn(0);
      for (size_t step = 0; step < 3; step++) {
        if (orders[i][step] == 0) raet_stack_free(alpha->road);
        if (orders[i][step] == 1) raet_stack_free(alpha->lane);
        if (orders[i][step] == 2) {
          raet_router_free(alpha->router);
          alpha->router = NULL;
        }
        turn(0);
      }
      alpha->road = alpha->lane = NULL;
      stop_all();
    }
}

static void a_detached_stack_ends_what_it_was_given(void) {
  raet_remote silent;
  build();
  CHECK_OK(raet_remote_add(alpha->road, "silent", "127.0.0.1:9", &silent));
  CHECK_OK(say(alpha, "silent//", "{}", 1));
  CHECK_OK(say_confirmed(alpha, "beta//", "{}", 2, 0));
  CHECK_OK(raet_router_detach(alpha->router, alpha->road, raet_now()));
  CHECK_STATUS(RAET_ECANCELED, wait_for(alpha, RAET_EV_FAILED, 1)->status);
  CHECK(find(alpha, RAET_EV_FAILED, 2) != NULL);
  stop_all();
}

/* What a host does in its callback that it should not, or may. */
static int mischief;
static void callback(void *user, raet_router *router, const raet_event *event) {
  process *p = user;
  const raet_event *next;
  (void)event;
  p->count++;
  CHECK_STATUS(RAET_EREENTRANT, raet_router_service(router, raet_now(), 0));
  CHECK_STATUS(RAET_EREENTRANT, raet_router_next_event(router, &next));
  CHECK_STATUS(RAET_EREENTRANT, raet_router_dispatch(router, callback, user, 0));
  CHECK_OK(say(p, "//loop", "{}", 0));
  if (mischief == 1) raet_router_free(router);
  if (mischief == 2) {
    raet_stack_free(p->road);
    p->road = NULL;
  }
  if (mischief == 3) CHECK_OK(raet_router_detach(router, p->lane, raet_now()));
}

static void callbacks_may_free(void) {
  for (mischief = 0; mischief < 4; mischief++) {
    build();
    CHECK_OK(say(alpha, "//", "{}", 1));
    alpha->count = 0;
    CHECK_OK(raet_router_dispatch(alpha->router, callback, alpha, 1));
    CHECK_NUMBER(1, alpha->count);
    if (mischief == 1) {
      CHECK_STATUS(RAET_EINVAL, raet_router_service(alpha->router, raet_now(), 0));
      alpha->router = NULL;
    }
    turn(0);
    stop_all();
  }
}

static void an_event_can_be_kept(void) {
  const raet_event *event = NULL, *other = NULL;
  build();
  CHECK_OK(say(alpha, "//jobs", "{\"keep\":1}", 1));
  CHECK_OK(raet_router_next_event(alpha->router, &event));
  CHECK_NUMBER(RAET_EV_MESSAGE, event->type);
  CHECK_OK(raet_router_event_detach(alpha->router, event));
  CHECK_STATUS(RAET_EINVAL, raet_router_event_detach(alpha->router, event));
  CHECK_OK(raet_router_next_event(alpha->router, &other));
  CHECK_NUMBER(RAET_EV_DELIVERED, other->type);
  CHECK_STATUS(RAET_EAGAIN, raet_router_next_event(alpha->router, &other));
  CHECK_OK(raet_router_reply(alpha->router, raet_now(), event, NULL, RAET_BODY_JSON, NULL, 0, 0, 0, 2, NULL));
  CHECK(wait_for(alpha, RAET_EV_DELIVERED, 2) != NULL);
  stop_all();
  CHECK_TEXT("alpha/manor/answers", event->source);
  CHECK_TEXT("jobs", event->share);
  CHECK(memcmp(event->body, "{\"keep\":1}", event->body_len) == 0);
  raet_event_free(event);
}

static void wrong_arguments_are_refused(void) {
  char text[300], longest[300];
  size_t need = 0;
  uint64_t value;
  const char *name;
  const raet_event *event;
  raet_txn txn;
  raet_router *router, *no_router = NULL;
  raet_event empty = {0};
  const uint8_t *body = (const uint8_t *)"{}";
  build();
  router = alpha->router;
  raet_router_free(no_router);
  for (int stale = 0; stale < 2; stale++) {
    raet_router *no = no_router;
    if (stale) { /* a router that is gone, and a stack in place of a router */
      CHECK_OK(raet_router_new(&no));
      raet_router_free(no);
      raet_router_free(no);
    }
    CHECK_STATUS(RAET_EINVAL, raet_router_attach(no, alpha->road));
    CHECK_STATUS(RAET_EINVAL, raet_router_detach(no, alpha->road, 0));
    CHECK_STATUS(RAET_EINVAL, raet_router_set_u64(no, RAET_ROUTER_RELAY, 1));
    CHECK_STATUS(RAET_EINVAL, raet_router_set_str(no, RAET_ROUTER_MANOR, "x"));
    CHECK_STATUS(RAET_EINVAL, raet_router_set_rules(no, ""));
    CHECK_STATUS(RAET_EINVAL, raet_router_set_share(no, "x", 1));
    CHECK_TEXT("", raet_router_error(no));
    CHECK_NUMBER(-1, raet_router_fd(no));
    CHECK(raet_router_deadline(no) == RAET_NEVER);
    CHECK_NUMBER(-1, raet_router_timeout_ms(no, 0));
    CHECK_STATUS(RAET_EINVAL, raet_router_service(no, 0, 0));
    CHECK_STATUS(RAET_EINVAL, raet_router_next_event(no, &event));
    CHECK_STATUS(RAET_EINVAL, raet_router_dispatch(no, take, NULL, 0));
    CHECK_STATUS(RAET_EINVAL, raet_router_event_detach(no, &empty));
    CHECK_STATUS(RAET_EINVAL, raet_router_send(no, 0, "//", NULL, RAET_BODY_JSON, body, 2, 0, 0, 0, &txn));
    CHECK_STATUS(RAET_EINVAL, raet_router_reply(no, 0, &empty, NULL, RAET_BODY_JSON, body, 2, 0, 0, 0, &txn));
    CHECK_STATUS(RAET_EINVAL, raet_router_cancel(no, 1, 0));
    CHECK_STATUS(RAET_EINVAL, raet_router_stat_at(no, 0, &name, &value));
    CHECK_STATUS(RAET_EINVAL, raet_router_stat_get(no, "sent", &value));
  }
  CHECK_STATUS(RAET_EINVAL, raet_router_new(NULL));
  CHECK_STATUS(RAET_EINVAL, raet_router_attach(router, NULL));
  CHECK_STATUS(RAET_EINVAL, raet_router_attach(router, (raet_stack *)(void *)router));
  CHECK_STATUS(RAET_EINVAL, raet_router_service((raet_router *)(void *)alpha->road, 0, 0));
  CHECK_STATUS(RAET_EINVAL, raet_router_detach(router, NULL, 0));
  CHECK_STATUS(RAET_EINVAL, raet_router_set_u64(router, RAET_ROUTER_RELAY, 17));
  CHECK_STATUS(RAET_EINVAL, raet_router_set_u64(router, RAET_ROUTER_MANOR, 1));
  CHECK_STATUS(RAET_EINVAL, raet_router_set_u64(router, 99, 1));
  CHECK_STATUS(RAET_EINVAL, raet_router_set_str(router, RAET_ROUTER_RELAY, "1"));
  CHECK_STATUS(RAET_EINVAL, raet_router_set_str(router, RAET_ROUTER_ESTATE, ""));
  CHECK_STATUS(RAET_EINVAL, raet_router_set_str(router, RAET_ROUTER_ESTATE, "\xff"));
  CHECK_OK(raet_router_set_str(router, RAET_ROUTER_ESTATE, NULL));
  CHECK_STATUS(RAET_EINVAL, raet_router_set_share(router, NULL, 1));
  CHECK_STATUS(RAET_EINVAL, raet_router_set_share(router, "x", 2));
  CHECK_STATUS(RAET_EINVAL, raet_router_next_event(router, NULL));
  CHECK_STATUS(RAET_EINVAL, raet_router_dispatch(router, NULL, NULL, 0));
  CHECK_STATUS(RAET_EINVAL, raet_router_event_detach(router, NULL));
  const char *bad[] = {"a/b/c/d", "%", "%g0//", "a,,b//", ",", "color=red", "kind=256", "kind=x", "role=", "\xff//",
                       "a%00b//", NULL};
  for (int i = 0; i < 12; i++)
    CHECK_STATUS(RAET_EINVAL, raet_router_send(router, 0, bad[i], NULL, RAET_BODY_JSON, body, 2, 0, 0, 0, NULL));
  CHECK_STATUS(RAET_EINVAL, raet_router_send(router, 0, "//", "\xff", RAET_BODY_JSON, body, 2, 0, 0, 0, NULL));
  CHECK_STATUS(RAET_EINVAL, raet_router_send(router, 0, "//", NULL, 9, body, 2, 0, 0, 0, NULL));
  CHECK_STATUS(RAET_EINVAL, raet_router_send(router, 0, "//", NULL, RAET_BODY_JSON, NULL, 2, 0, 0, 0, NULL));
  CHECK_STATUS(RAET_EINVAL, raet_router_send(router, 0, "//", NULL, RAET_BODY_JSON, body, 2, 0, 2, 0, NULL));
  CHECK_STATUS(RAET_EMSGSIZE, raet_router_send(router, 0, "//", NULL, RAET_BODY_JSON, body, SIZE_MAX, 0, 0, 0, NULL));
  CHECK_STATUS(RAET_EINVAL, raet_router_reply(router, 0, NULL, NULL, RAET_BODY_JSON, body, 2, 0, 0, 0, NULL));
  CHECK_STATUS(RAET_EINVAL, raet_router_reply(router, 0, &empty, NULL, RAET_BODY_JSON, body, 2, 0, 0, 0, NULL));
  CHECK_STATUS(RAET_ENOTFOUND, raet_router_cancel(router, 1, 0));
  CHECK_STATUS(RAET_EINVAL, raet_router_stat_at(router, 0, NULL, &value));
  CHECK_STATUS(RAET_EINVAL, raet_router_stat_get(router, NULL, &value));
  CHECK_STATUS(RAET_ENOTFOUND, raet_router_stat_get(router, "nothing", &value));
  uint32_t index = 0;
  while (raet_router_stat_at(router, index, &name, &value) == RAET_OK) index++;
  CHECK(index > 15);
  CHECK_STATUS(RAET_ENOTFOUND, raet_router_stat_at(router, index, &name, &value));
  CHECK_OK(raet_route_format("a/b", NULL, "c d", text, sizeof text, &need));
  CHECK_TEXT("a%2Fb//c%20d", text);
  CHECK_NUMBER(strlen(text) + 1, need);
  CHECK_OK(raet_route_part(text, 0, longest, sizeof longest, &need));
  CHECK_TEXT("a/b", longest);
  CHECK_STATUS(RAET_ENOTFOUND, raet_route_part(text, 1, longest, sizeof longest, &need));
  CHECK_STATUS(RAET_ENOTFOUND, raet_route_part("a,b//", 0, longest, sizeof longest, &need));
  CHECK_STATUS(RAET_EINVAL, raet_route_part(text, 3, longest, sizeof longest, &need));
  CHECK_STATUS(RAET_EINVAL, raet_route_part(NULL, 0, longest, sizeof longest, &need));
  CHECK_STATUS(RAET_EINVAL, raet_route_part(text, 0, longest, sizeof longest, NULL));
  CHECK_STATUS(RAET_EBUFSIZE, raet_route_part(text, 0, longest, 2, &need));
  CHECK_STATUS(RAET_EBUFSIZE, raet_route_format("a", "b", "c", NULL, 0, &need));
  CHECK_NUMBER(6, need);
  CHECK_STATUS(RAET_EINVAL, raet_route_format("a", "b", "c", text, sizeof text, NULL));
  memset(longest, 'x', sizeof longest);
  longest[256] = 0;
  CHECK_STATUS(RAET_EINVAL, raet_route_format(longest, NULL, NULL, text, sizeof text, &need));
  CHECK_NUMBER(1, raet_has("router"));
  CHECK_TEXT("UNDELIVERED", raet_event_name(RAET_EV_UNDELIVERED));
  CHECK_TEXT("REFUSED", raet_event_name(RAET_EV_REFUSED));
  stop_all();
}

static void routers_are_bounded(void) {
  raet_stack *lanes[65];
  process *p = start_router();
  for (int i = 0; i < 65; i++) {
    char name[16];
    snprintf(name, sizeof name, "y%d", i);
    lanes[i] = new_lane(alpha_dir, name);
    CHECK_STATUS(i < 64 ? RAET_OK : RAET_ENOMEM, raet_router_attach(p->router, lanes[i]));
  }
  for (int i = 0; i < 65; i++) raet_stack_free(lanes[i]);
  stop_all();
}

int main(void) {
  snprintf(alpha_dir, sizeof alpha_dir, "/tmp/raet-a-XXXXXX");
  snprintf(beta_dir, sizeof beta_dir, "/tmp/raet-b-XXXXXX");
  if (!mkdtemp(alpha_dir) || !mkdtemp(beta_dir)) return 1;
  an_attached_stack_is_serviced_by_its_router();
  what_a_stack_tells_comes_with_its_stack();
  frees_come_in_any_order();
  a_detached_stack_ends_what_it_was_given();
  callbacks_may_free();
  an_event_can_be_kept();
  wrong_arguments_are_refused();
  routers_are_bounded();
  rmdir(alpha_dir);
  rmdir(beta_dir);
  return checks_end("router_life");
}
