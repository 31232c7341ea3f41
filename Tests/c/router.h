/*
 * Estates of several processes in one: each has a router of its own, with a road, a lane or both, over real sockets,
 * and writes down what its host is told.
 */
#ifndef ROUTER_H
#define ROUTER_H
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

#define SECOND UINT64_C(1000000000)
#define PROCESSES 12
#define KEPT 64

/* What a host was told. */
typedef struct told {
  raet_enum type;
  raet_status status;
  uint64_t tag;
  raet_txn txn;
  raet_stack *stack;
  int64_t pid;
  char source[160], destination[160], share[64], name[160], body[300];
} told;

typedef struct process {
  raet_router *router; /* NULL: there is none here, or it was killed */
  raet_stack *road, *lane;
  const char *reply; /* answers every message that has a share with this body */
  told events[KEPT];
  unsigned long count;
} process;

static process world[PROCESSES];

static void copy(char *to, size_t room, const char *text) { snprintf(to, room, "%s", text ? text : "-"); }

static void take(void *user, raet_router *router, const raet_event *event) {
  process *p = user;
  told *t = &p->events[p->count++ % KEPT];
  memset(t, 0, sizeof *t);
  t->type = event->type;
  t->status = event->status;
  t->tag = event->tag;
  t->txn = event->txn;
  t->stack = event->stack;
  t->pid = event->pid;
  copy(t->source, sizeof t->source, event->source);
  copy(t->destination, sizeof t->destination, event->destination);
  copy(t->share, sizeof t->share, event->share);
  copy(t->name, sizeof t->name, event->name);
  snprintf(t->body, sizeof t->body, "%.*s", (int)(event->body_len < 290 ? event->body_len : 290),
           event->body ? (const char *)event->body : "");
  if (event->type == RAET_EV_MESSAGE && p->reply && event->share && *event->share)
    CHECK_OK(raet_router_reply(router, raet_now(), event, NULL, RAET_BODY_JSON, (const uint8_t *)p->reply,
                               strlen(p->reply), 0, 0, 99, NULL));
}

static void turn(int most_ms) {
  struct pollfd ready[PROCESSES];
  for (int i = 0; i < PROCESSES; i++) {
    if (world[i].router) CHECK_OK(raet_router_dispatch(world[i].router, take, &world[i], 0));
    ready[i] = (struct pollfd){raet_router_fd(world[i].router), POLLIN, 0};
    int32_t limit = raet_router_timeout_ms(world[i].router, raet_now());
    if (world[i].router && limit >= 0 && limit < most_ms) most_ms = limit;
  }
  poll(ready, PROCESSES, most_ms);
  for (int i = 0; i < PROCESSES; i++) {
    if (!world[i].router) continue;
    CHECK_OK(raet_router_service(world[i].router, raet_now(), 0));
    CHECK_OK(raet_router_dispatch(world[i].router, take, &world[i], 0));
  }
}

static told *find(process *p, raet_enum type, uint64_t tag) {
  for (unsigned long i = p->count > KEPT ? p->count - KEPT : 0; i < p->count; i++)
    if (p->events[i % KEPT].type == type && p->events[i % KEPT].tag == tag) return &p->events[i % KEPT];
  return NULL;
}

/* Waits until a process was told of this, with this tag; NULL after a minute. What it was told before counts. */
static inline told *wait_for(process *p, raet_enum type, uint64_t tag) {
  static told none;
  uint64_t end = raet_now() + 60 * SECOND;
  told *found;
  while (!(found = find(p, type, tag)))
    if (raet_now() > end) {
      CHECK(!"waited in vain");
      return &none;
    } else {
      turn(1000);
    }
  return found;
}

/* Lets time pass, for what must not come. */
static inline void idle(unsigned ms) {
  uint64_t end = raet_now() + ms * UINT64_C(1000000);
  while (raet_now() < end) turn(10);
}

/* What was told so far is forgotten. */
static inline void clear(void) {
  for (int i = 0; i < PROCESSES; i++) world[i].count = 0;
}

static inline raet_stack *new_stack(raet_config *config) {
  raet_stack *stack = NULL;
  if (!CHECK_OK(raet_stack_new(config, raet_now(), &stack))) exit(1);
  raet_config_free(config);
  if (!CHECK_OK(raet_stack_open(stack, raet_now()))) printf("  %s\n", raet_stack_error(stack));
  return stack;
}

/* A main estate that accepts all keys, and finds out soon who is dead. */
static inline raet_stack *new_road(const char *name, const char *role, unsigned kind) {
  raet_config *config = NULL;
  CHECK_OK(raet_config_new(RAET_KIND_ROAD, &config));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_NAME, name));
  if (role) { /* who has the same role has the same keys */
    uint8_t key[32];
    memset(key, role[0], sizeof key);
    CHECK_OK(raet_config_set_str(config, RAET_KEY_ROLE, role));
    CHECK_OK(raet_config_set_bytes(config, RAET_KEY_SIGN_SEED, key, sizeof key));
    CHECK_OK(raet_config_set_bytes(config, RAET_KEY_PRIVATE, key, sizeof key));
  }
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_KIND, kind));
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_PERIOD_NS, SECOND / 5));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_ENDPOINT, "127.0.0.1:0"));
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_MAIN, 1));
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_ACCEPT, RAET_ACCEPT_ALWAYS));
  return new_stack(config);
}

static inline raet_stack *new_lane(const char *folder, const char *yard) {
  raet_config *config = NULL;
  CHECK_OK(raet_config_new(RAET_KIND_LANE, &config));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_NAME, yard));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, folder));
  return new_stack(config);
}

static inline process *start_router(void) {
  process *p = world;
  while (p->router) p++;
  memset(p, 0, sizeof *p);
  CHECK_OK(raet_router_new(&p->router));
  return p;
}

/* A process with a road of this name, if any, and a yard on the lane in this folder, if any. */
static inline process *start(const char *road, const char *folder, const char *yard) {
  process *p = start_router();
  if (road) CHECK_OK(raet_router_attach(p->router, p->road = new_road(road, NULL, 0)));
  if (yard) CHECK_OK(raet_router_attach(p->router, p->lane = new_lane(folder, yard)));
  if (yard && !road) CHECK_OK(raet_router_set_str(p->router, RAET_ROUTER_MANOR, "manor"));
  return p;
}

static inline void stop(process *p) {
  raet_router_free(p->router);
  raet_stack_free(p->road);
  raet_stack_free(p->lane);
  p->router = NULL;
  p->road = p->lane = NULL;
}

static inline void stop_all(void) {
  for (int i = 0; i < PROCESSES; i++) stop(&world[i]);
}

static inline raet_remote remote_of(raet_stack *stack, const char *name) {
  raet_remote remote = 0;
  CHECK_OK(raet_remote_find(stack, name, &remote));
  return remote;
}

static inline void know_yard(process *p, const char *name) {
  raet_remote remote;
  CHECK_OK(raet_remote_add(p->lane, name, NULL, &remote));
}

/* Joins two roads, and waits until messages can pass. */
static inline void meet(process *from, process *to) {
  char endpoint[64];
  size_t need;
  raet_remote remote = 0;
  uint64_t allowed = 0, end = raet_now() + 60 * SECOND;
  CHECK_OK(raet_stack_get_str(to->road, RAET_KEY_ENDPOINT, endpoint, sizeof endpoint, &need));
  CHECK_OK(raet_remote_add(from->road, NULL, endpoint, &remote));
  CHECK_OK(raet_connect(from->road, remote, raet_now()));
  while (!allowed && raet_now() < end) {
    turn(100);
    CHECK_OK(raet_remote_get_u64(from->road, remote, RAET_KEY_ALLOWED, &allowed));
  }
  CHECK(allowed);
}

static inline void rules(process *p, const char *text) {
  if (!CHECK_OK(raet_router_set_rules(p->router, text))) printf("  %s\n", raet_router_error(p->router));
}

static inline raet_status say(process *p, const char *to, const char *body, uint64_t tag) {
  return raet_router_send(p->router, raet_now(), to, "answers", RAET_BODY_JSON, (const uint8_t *)body, strlen(body), 0,
                          0, tag, NULL);
}

static inline raet_status say_confirmed(process *p, const char *to, const char *body, uint64_t tag, uint64_t limit) {
  return raet_router_send(p->router, raet_now(), to, "answers", RAET_BODY_JSON, (const uint8_t *)body, strlen(body),
                          limit, RAET_ROUTE_CONFIRM, tag, NULL);
}

static inline uint64_t counter(process *p, const char *name) {
  uint64_t value = 0;
  CHECK_OK(raet_router_stat_get(p->router, name, &value));
  return value;
}
#endif
