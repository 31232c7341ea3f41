/*
 * What a routed hop adds: messages from a manor's process to another estate on the road, sent by the manor itself or by
 * a worker on its lane, whose messages the manor's router hands on.
 *
 *   route direct FOLDER SECONDS SIZE    direct MESSAGES NANOSECONDS MANOR_CPU_NANOSECONDS WORKER_CPU_NANOSECONDS
 *   route routed FOLDER SECONDS SIZE    routed ...
 *
 * The body on the road is the same in both. So many messages are under way at most: the sender sees in shared memory
 * how many have arrived, at no cost.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raet.h"

#define SECOND 1000000000ull
enum { UNDER_WAY = 512, LONGEST = 60000 };

/* What the processes know of each other. */
static struct {
  _Atomic uint64_t arrived; /* at the other estate */
  _Atomic int listens, joined, ended;
  _Atomic uint64_t cpu[2]; /* of manor and worker, from the first message to the last */
  char endpoint[64];
} *shared;

static const char *folder;
static double seconds;
static size_t size;

static void must(const char *what, raet_status status) {
  if (status == RAET_OK) return;
  printf("failed %s: %s\n", what, raet_status_name(status));
  fflush(stdout);
  kill(0, SIGKILL);
}

static uint64_t cpu(void) {
  struct rusage spent;
  getrusage(RUSAGE_SELF, &spent);
  return ((uint64_t)spent.ru_utime.tv_sec + (uint64_t)spent.ru_stime.tv_sec) * SECOND +
         ((uint64_t)spent.ru_utime.tv_usec + (uint64_t)spent.ru_stime.tv_usec) * 1000;
}

static raet_stack *open_stack(raet_enum kind, const char *name) {
  raet_config *config = NULL;
  raet_stack *stack = NULL;
  must("config", raet_config_new(kind, &config));
  must("name", raet_config_set_str(config, RAET_KEY_NAME, name));
  if (kind == RAET_KIND_ROAD) {
    must("endpoint", raet_config_set_str(config, RAET_KEY_ENDPOINT, "127.0.0.1:0"));
    must("main", raet_config_set_u64(config, RAET_KEY_MAIN, 1));
    must("accept", raet_config_set_u64(config, RAET_KEY_ACCEPT, RAET_ACCEPT_ONCE));
    must("period", raet_config_set_u64(config, RAET_KEY_PERIOD_NS, 0));
  } else {
    must("folder", raet_config_set_str(config, RAET_KEY_DIR, folder));
  }
  must("stack", raet_stack_new(config, raet_now(), &stack));
  must("open", raet_stack_open(stack, raet_now()));
  raet_config_free(config);
  return stack;
}

static raet_router *new_router(void) {
  raet_router *router = NULL;
  must("router", raet_router_new(&router));
  return router;
}

/* One turn of a router's loop; waits if there is nothing to do. */
static void turn(raet_router *router, int most_ms) {
  struct pollfd ready = {raet_router_fd(router), POLLIN, 0};
  int32_t timeout = raet_router_timeout_ms(router, raet_now());
  const raet_event *event;
  if (timeout < 0 || timeout > most_ms) timeout = most_ms;
  if (timeout != 0) poll(&ready, 1, timeout);
  must("service", raet_router_service(router, raet_now(), 0));
  while (raet_router_next_event(router, &event) == RAET_OK) {
    if (event->type == RAET_EV_FAILED || event->type == RAET_EV_UNDELIVERED || event->type == RAET_EV_REFUSED)
      must("message", event->status);
    if (event->type == RAET_EV_ALLOWED) shared->joined = 1;
  }
}

/* The other estate: counts what comes. */
static void other(void) {
  raet_stack *road = open_stack(RAET_KIND_ROAD, "beta");
  size_t need;
  must("endpoint", raet_stack_get_str(road, RAET_KEY_ENDPOINT, shared->endpoint, sizeof shared->endpoint, &need));
  shared->listens = 1;
  uint64_t first = 0, last = 0, count = 0;
  while (!shared->ended || count < shared->arrived) {
    struct pollfd ready = {raet_stack_fd(road), POLLIN, 0};
    const raet_event *event;
    poll(&ready, 1, 10);
    must("service", raet_stack_service(road, raet_now(), 0));
    uint64_t got = 0;
    while (raet_stack_next_event(road, &event) == RAET_OK) got += event->type == RAET_EV_MESSAGE;
    if (got == 0) continue;
    last = raet_now();
    if (count == 0) first = last;
    count += got;
    shared->arrived = count;
  }
  raet_stack_free(road);
  printf("%llu %llu", (unsigned long long)count, (unsigned long long)(last - first));
}

/* Sends for a while, never more under way than may be; to the router, or past it to a remote. */
static void send_all(raet_router *router, raet_stack *road, raet_remote remote) {
  static uint8_t body[LONGEST + 256];
  static const char route[] = "{\"route\":{\"src\":[\"alpha\",\"worker\",null],\"dst\":[\"beta\",null,\"jobs\"],"
                              "\"hops\":1},\"d\":\"";
  const char *head = road ? route : "{\"d\":\"";
  size_t length = size + strlen(head) - 6;
  memset(body, 'x', length);
  memcpy(body, head, strlen(head));
  memcpy(body + length - 2, "\"}", 2);
  uint64_t sent = 0, end = raet_now() + (uint64_t)(seconds * SECOND), before = cpu();
  while (raet_now() < end || shared->arrived < sent) {
    while (raet_now() < end && sent - shared->arrived < UNDER_WAY) {
      if (road) must("send", raet_send(road, remote, raet_now(), RAET_BODY_JSON, body, length, 0, 0, NULL));
      else must("send", raet_router_send(router, raet_now(), "beta//jobs", NULL, RAET_BODY_JSON, body, length, 0, 0, 0,
                                         NULL));
      if (++sent % 16 == 0) turn(router, 0);
    }
    turn(router, 2);
  }
  shared->cpu[road == NULL] = cpu() - before;
  shared->ended = 1;
}

static void worker(void) {
  raet_router *router = new_router();
  raet_stack *lane = open_stack(RAET_KIND_LANE, "worker");
  must("attach", raet_router_attach(router, lane));
  must("manor", raet_router_set_str(router, RAET_ROUTER_MANOR, "manor"));
  while (!shared->joined) usleep(1000);
  send_all(router, NULL, 0);
  raet_router_free(router);
  raet_stack_free(lane);
}

static void manor(int is_routed) {
  raet_router *router = new_router();
  raet_stack *road = open_stack(RAET_KIND_ROAD, "alpha"), *lane = open_stack(RAET_KIND_LANE, "manor");
  raet_remote remote = 0;
  must("attach", raet_router_attach(router, road));
  must("attach", raet_router_attach(router, lane));
  while (!shared->listens) usleep(1000);
  must("remote", raet_remote_add(road, "beta", shared->endpoint, &remote));
  must("connect", raet_connect(road, remote, raet_now()));
  while (!shared->joined) turn(router, 10);
  if (is_routed) {
    uint64_t before = cpu();
    while (!shared->ended) turn(router, 10);
    shared->cpu[0] = cpu() - before;
  } else {
    send_all(router, road, remote);
  }
  raet_router_free(router);
  raet_stack_free(road);
  raet_stack_free(lane);
}

static pid_t start(void (*run)(void)) {
  pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  run();
  fflush(stdout);
  _exit(0);
}

static void manor_direct(void) { manor(0); }
static void manor_routed(void) { manor(1); }

int main(int argc, char **argv) {
  int is_routed = argc == 5 && strcmp(argv[1], "routed") == 0;
  if (argc != 5 || (!is_routed && strcmp(argv[1], "direct") != 0)) {
    printf("failed usage: route direct|routed FOLDER SECONDS SIZE\n");
    return 2;
  }
  folder = argv[2];
  seconds = atof(argv[3]);
  size = strtoul(argv[4], NULL, 10);
  if (size < 10 || size > LONGEST) size = 100;
  setpgid(0, 0);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 1;
  pid_t children[] = {start(is_routed ? manor_routed : manor_direct), is_routed ? start(worker) : 0};
  printf("%s ", argv[1]);
  other();
  for (int i = 0; i < 2; i++)
    if (children[i] > 0) waitpid(children[i], NULL, 0);
  printf(" %llu %llu\n", (unsigned long long)shared->cpu[0], (unsigned long long)shared->cpu[1]);
  return 0;
}
