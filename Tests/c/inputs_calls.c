/*
 * Calls of a host that come at the wrong time: on a stack that is closed or freed, from the middle of another call, in
 * the child of a fork, with lengths that nothing has, when queues or memory are full. Each gives an error code, and
 * the stack is as it was.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "watch.h"

enum { MAIN = 0, OTHER = 1 };

static net road;
static peer beta;
static raet_remote remote;

/* MARK: Every function that takes a stack. */

static struct {
  uint64_t number;
  char text[256];
  size_t need;
  raet_remote remote;
  raet_txn txn;
  raet_enum word;
  const raet_event *event;
  const char *name;
  uint8_t keys[64], data[2048];
  raet_addr address;
} out;

static void no_event(void *user, raet_stack *stack, const raet_event *event) { (void)user, (void)stack, (void)event; }

#define CALL(name, expression) \
  static raet_status call_##name(raet_stack *stack) { return expression; }
CALL(open, raet_stack_open(stack, road.now))
CALL(adopt, raet_stack_adopt_fd(stack, -1, road.now))
CALL(close, raet_stack_close(stack, road.now, 0))
CALL(number, raet_stack_get_u64(stack, RAET_KEY_MAIN, &out.number))
CALL(text, raet_stack_get_str(stack, RAET_KEY_NAME, out.text, sizeof out.text, &out.need))
CALL(service, raet_stack_service(stack, road.now, 0))
CALL(next_event, raet_stack_next_event(stack, &out.event))
CALL(dispatch, raet_stack_dispatch(stack, no_event, NULL, 0))
CALL(detach, raet_event_detach(stack, (const raet_event *)(const void *)&out))
CALL(wake, raet_stack_set_wake(stack, NULL, NULL))
CALL(add, raet_remote_add(stack, "new", "127.0.0.1:7999", &out.remote))
CALL(set_endpoint, raet_remote_set_endpoint(stack, remote, "127.0.0.1:7530", road.now))
CALL(find, raet_remote_find(stack, "main", &out.remote))
CALL(next, raet_remote_next(stack, 0, &out.remote))
CALL(remote_number, raet_remote_get_u64(stack, remote, RAET_KEY_JOINED, &out.number))
CALL(remote_text, raet_remote_get_str(stack, remote, RAET_KEY_NAME, out.text, sizeof out.text, &out.need))
CALL(connect, raet_connect(stack, remote, road.now))
CALL(join, raet_join(stack, remote, road.now, 0, &out.txn))
CALL(allow, raet_allow(stack, remote, road.now, 0, &out.txn))
CALL(alive, raet_alive(stack, remote, road.now, 0, &out.txn))
CALL(send, raet_send(stack, remote, road.now, RAET_BODY_RAW, out.data, 9, 0, 1, &out.txn))
CALL(capacity, raet_send_capacity(stack, remote, &out.number))
CALL(cancel, raet_txn_cancel(stack, 999999, road.now))
CALL(transfers, raet_transfer_next(stack, 0, &out.txn))
CALL(progress, raet_transfer_progress(stack, 999999, NULL, NULL, NULL, NULL))
CALL(keys, raet_stack_keys(stack, out.keys, out.keys + 32))
CALL(role, raet_role_status(stack, "main", &out.word))
CALL(role_keys, raet_role_keys(stack, "main", out.keys, out.keys + 32))
CALL(role_next, raet_role_next(stack, "", out.text, sizeof out.text, &out.need))
CALL(set_role, raet_role_set_status(stack, "main", RAET_ACCEPTED, road.now))
CALL(forget, raet_role_forget(stack, "main", road.now))
CALL(statistic, raet_stat_get(stack, "packets_rx", &out.number))
CALL(statistic_at, raet_stat_at(stack, 0, &out.name, &out.number))
CALL(input, raet_stack_input(stack, road.now, out.data, 100, &out.address))
CALL(output, raet_stack_output(stack, road.now, out.data, sizeof out.data, &out.need, &out.address))
CALL(output_failed, raet_stack_output_failed(stack, road.now, &out.address, 111))
CALL(disconnect, raet_disconnect(stack, remote, road.now))

#define BUSY RAET_EREENTRANT
#define NONE RAET_ENOTFOUND
/* What each gives on a closed stack, and from the middle of another call; with a handle that is none, RAET_EINVAL. */
static const struct {
  const char *name;
  raet_status (*call)(raet_stack *stack);
  raet_status closed, inside;
} calls[] = {
    {"open", call_open, RAET_ESTATE, BUSY},
    {"adopt_fd", call_adopt, RAET_ESTATE, BUSY},
    {"close", call_close, RAET_ECLOSED, BUSY},
    {"get_u64", call_number, RAET_OK, RAET_OK},
    {"get_str", call_text, RAET_OK, RAET_OK},
    {"service", call_service, RAET_ECLOSED, BUSY},
    {"next_event", call_next_event, RAET_EAGAIN, BUSY},
    {"dispatch", call_dispatch, RAET_OK, BUSY},
    {"event_detach", call_detach, RAET_EINVAL, RAET_EINVAL},
    {"remote_add", call_add, RAET_ECLOSED, BUSY},
    {"remote_set_endpoint", call_set_endpoint, RAET_ECLOSED, BUSY},
    {"remote_find", call_find, RAET_OK, RAET_OK},
    {"remote_next", call_next, RAET_OK, RAET_OK},
    {"remote_get_u64", call_remote_number, RAET_OK, RAET_OK},
    {"remote_get_str", call_remote_text, RAET_OK, RAET_OK},
    {"connect", call_connect, RAET_ECLOSED, BUSY},
    {"join", call_join, RAET_ECLOSED, BUSY},
    {"allow", call_allow, RAET_ECLOSED, BUSY},
    {"alive", call_alive, RAET_ECLOSED, BUSY},
    {"send", call_send, RAET_ECLOSED, BUSY},
    {"send_capacity", call_capacity, RAET_OK, RAET_OK},
    {"txn_cancel", call_cancel, NONE, BUSY},
    {"transfer_next", call_transfers, NONE, NONE},
    {"transfer_progress", call_progress, NONE, NONE},
    {"stack_keys", call_keys, RAET_OK, RAET_OK},
    {"role_status", call_role, RAET_OK, RAET_OK},
    {"role_keys", call_role_keys, RAET_OK, RAET_OK},
    {"role_next", call_role_next, RAET_OK, RAET_OK},
    {"role_set_status", call_set_role, RAET_OK, BUSY},
    {"role_forget", call_forget, RAET_ESTATE, BUSY},
    {"stat_get", call_statistic, RAET_OK, RAET_OK},
    {"stat_at", call_statistic_at, RAET_OK, RAET_OK},
    {"input", call_input, RAET_ECLOSED, BUSY},
    {"output", call_output, RAET_EAGAIN, BUSY},
    {"output_failed", call_output_failed, RAET_OK, BUSY},
    {"disconnect", call_disconnect, RAET_OK, BUSY},
    {"set_wake", call_wake, RAET_OK, RAET_OK},
};
enum { CALLS = sizeof calls / sizeof *calls };

/* Each call in turn; what the stack shows of itself stays the same. */
static void try_all(raet_stack *stack, int inside) {
  for (size_t i = 0; i < CALLS; i++) {
    const uint64_t state = watch_state(stack);
    check_row = calls[i].name;
    CHECK_STATUS(inside ? calls[i].inside : calls[i].closed, calls[i].call(stack));
    CHECK(state == watch_state(stack));
  }
  check_row = "";
}

static void none_is_valid(raet_stack *stack) {
  for (size_t i = 0; i < CALLS; i++) {
    check_row = calls[i].name;
    CHECK_STATUS(RAET_EINVAL, calls[i].call(stack));
  }
  CHECK_NUMBER(-1, raet_stack_fd(stack));
  CHECK_NUMBER(0, raet_stack_interest(stack));
  CHECK_NUMBER(RAET_NEVER, raet_stack_deadline(stack));
  CHECK_TEXT("", raet_stack_error(stack));
  raet_stack_free(stack);
  check_row = "";
}

/* MARK: At the wrong time. */

static void begin(void) {
  memset(&road, 0, sizeof road);
  net_add(&road, MAIN, net_config(MAIN, "main"));
  net_add(&road, OTHER, net_config(OTHER, "other"));
  CHECK_OK(raet_addr_parse("127.0.0.1:7530", &out.address));
  remote = net_connect(&road, OTHER, MAIN);
}

static void messages_pass(void) {
  static uint64_t tag = 100;
  net_forget(&road);
  CHECK_OK(net_send(&road, OTHER, remote, ++tag, 700));
  CHECK(net_until(&road, OTHER, RAET_EV_DELIVERED, 1, 30 * SECOND));
  CHECK_NUMBER(1, net_received(&road, MAIN, tag, 700));
}

static int tried;
static void from_the_log(void *user, raet_enum level, const char *line, size_t len) {
  (void)user, (void)level, (void)line, (void)len;
  if (tried++ == 0) try_all(road.nodes[OTHER].stack, 1);
}

static void in_the_middle(void) {
  tried = 0;
  CHECK_OK(raet_stack_set_log(road.nodes[OTHER].stack, RAET_LOG_DEBUG, from_the_log, NULL));
  CHECK_OK(raet_allow(road.nodes[OTHER].stack, remote, road.now, 0, NULL));
  CHECK(net_until(&road, OTHER, RAET_EV_ALLOWED, 1, 10 * SECOND));
  CHECK(tried > 0);
  CHECK_OK(raet_stack_set_log(road.nodes[OTHER].stack, RAET_LOG_OFF, NULL, NULL));
  messages_pass();
}

/* A child cannot use its parent's handles, nor free them; it can make its own. The parent notices nothing. */
static void after_fork(void) {
  raet_config *config = net_config(OTHER, "child");
  pid_t child = fork();
  if (child == 0) {
    raet_stack *own = NULL;
    checks_failed = 0;
    none_is_valid(road.nodes[OTHER].stack);
    CHECK_STATUS(RAET_EINVAL, raet_config_set_u64(config, RAET_KEY_MAIN, 1));
    raet_config_free(config);
    for (int i = 0; i < 100; i++) {
      raet_config *again = net_config(OTHER, "child");
      CHECK_OK(raet_stack_new(again, 1, &own));
      CHECK(own != road.nodes[OTHER].stack && own != road.nodes[MAIN].stack && again != config);
      raet_config_free(again);
      raet_stack_free(own);
    }
    none_is_valid(road.nodes[MAIN].stack);
    fflush(stdout);
    /* Its copies of the parent's stacks are lost, which valgrind would tell of at its end. */
    if (checks_failed == 0) execl("/bin/true", "true", (char *)NULL);
    _exit(1);
  }
  int result = 0;
  CHECK(child > 0 && waitpid(child, &result, 0) == child);
  CHECK_NUMBER(0, result);
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_MAIN, 1));
  raet_config_free(config);
  messages_pass();
}

static void when_closed_and_freed(void) {
  raet_stack *stack = road.nodes[OTHER].stack;
  CHECK_OK(raet_stack_close(stack, road.now, 0));
  net_run(&road, SECOND);
  CHECK_NUMBER(1, net_count(&road, OTHER, RAET_EV_CLOSED, NULL));
  CHECK_NUMBER(RAET_NEVER, raet_stack_deadline(stack));
  try_all(stack, 0);
  CHECK_NUMBER(RAET_NEVER, raet_stack_deadline(stack));
  net_remove(&road, OTHER);
  none_is_valid(stack);
  none_is_valid(NULL);
}

/* MARK: Lengths and queues. */

static void lengths(void) {
  static const size_t lens[] = {(size_t)1 << 32, ((size_t)1 << 32) + 9, (size_t)1 << 31, SIZE_MAX / 2, SIZE_MAX - 1,
                                SIZE_MAX};
  raet_stack *stack = road.nodes[OTHER].stack;
  raet_config *config = NULL;
  CHECK_OK(raet_config_new(RAET_KIND_ROAD, &config));
  for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
    const uint64_t state = watch_state(stack);
    check_row = "a length that nothing has";
    for (raet_enum kind = RAET_BODY_JSON; kind <= RAET_BODY_MSGPACK; kind++)
      CHECK_STATUS(RAET_EMSGSIZE, raet_send(stack, remote, road.now, kind, out.data, lens[i], 0, 0, NULL));
    CHECK_OK(raet_stack_input(stack, road.now, out.data, lens[i], &out.address));
    CHECK_STATUS(RAET_EINVAL, raet_config_set_bytes(config, RAET_KEY_PRIVATE, out.data, lens[i]));
    CHECK_STATUS(RAET_EINVAL, raet_config_set_bytes(config, RAET_KEY_PRIVATE, NULL, lens[i]));
    CHECK_STATUS(RAET_EINVAL, raet_send(stack, remote, road.now, RAET_BODY_RAW, NULL, 1, 0, 0, NULL));
    CHECK(state == watch_state(stack));
  }
  CHECK_NUMBER(sizeof lens / sizeof *lens, counter_of(stack, "receive_truncated"));
  raet_config_free(config);
  messages_pass();
}

/* A queue that is full: RAET_EAGAIN and nothing else, until there is room, which an event tells. */
static void full_queue(void) {
  uint64_t room = 0;
  size_t taken = 0;
  raet_status status = RAET_OK;
  raet_config *config = net_config(2, "third");
  raet_remote away = 0;
  check_row = "a queue that is full";
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_SEND_QUEUE, 65536));
  net_add(&road, 2, config);
  raet_stack *stack = road.nodes[2].stack;
  CHECK_OK(raet_remote_add(stack, "away", "127.0.0.1:7777", &away));
  while ((status = net_send(&road, 2, away, taken, 1000)) == RAET_OK && taken < 1000) taken++;
  CHECK_STATUS(RAET_EAGAIN, status);
  CHECK(taken > 50 && taken <= 65);
  const uint64_t state = watch_state(stack), deadline = raet_stack_deadline(stack);
  for (int i = 0; i < 1000; i++) CHECK_STATUS(RAET_EAGAIN, net_send(&road, 2, away, 1000, 1000));
  CHECK(state == watch_state(stack));
  CHECK_NUMBER(deadline, raet_stack_deadline(stack));
  CHECK_OK(raet_send_capacity(stack, away, &room));
  CHECK(room < 1000);
  CHECK_OK(raet_remote_remove(stack, away, road.now));
  net_events(&road.nodes[2]);
  for (size_t tag = 0; tag < taken; tag++) CHECK_NUMBER(1, net_ended(&road, 2, tag, RAET_ECANCELED));
  net_remove(&road, 2);
  check_row = "";
}

/* MARK: Memory. */

/* The first segment of a message of 60 MB. */
static void begin_large(peer *peer) {
  static const uint8_t piece[600];
  packet packet = peer_packet(peer, IN_MESSAGE, MESSAGE);
  packet.fg = SF | WF;
  packet.sc = 100000;
  packet.ml = 100000 * sizeof piece;
  packet.bk = RAET_BODY_RAW;
  packet.ck = 1;
  packet.coat = piece;
  packet.coat_len = sizeof piece;
  peer_send(peer, &packet);
}

/* A process that has hardly any memory left: what needs much is refused, what needs little goes on. */
static int in_little_memory(void) {
  enum { LARGE = 48 << 20 };
  struct rlimit limit = {0, 0};
  long pages = 0;
  checks_failed = 0;
  begin();
  peer_init(&beta, &road, MAIN, "beta", 7539);
  peer_connect(&beta);
  uint8_t *body = (uint8_t *)calloc(1, LARGE);
  FILE *file = fopen("/proc/self/statm", "r");
  if (!CHECK(file != NULL) || !CHECK(fscanf(file, "%ld", &pages) == 1)) return 1;
  fclose(file);
  limit.rlim_cur = limit.rlim_max = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (32 << 20);
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
  for (int i = 0; i < 3; i++) {
    const uint64_t state = watch_state(road.nodes[OTHER].stack);
    CHECK_STATUS(RAET_ENOMEM,
                 raet_send(road.nodes[OTHER].stack, remote, road.now, RAET_BODY_RAW, body, LARGE, 0, 7, NULL));
    CHECK(state == watch_state(road.nodes[OTHER].stack));
    messages_pass();
    const uint64_t main_state = watch_state(road.nodes[MAIN].stack);
    begin_large(&beta);
    CHECK(main_state == watch_state(road.nodes[MAIN].stack));
    messages_pass();
  }
  free(body);
  net_end(&road);
  fflush(stdout);
  return checks_failed != 0;
}

static void little_memory(void) {
  if (getenv("RAET_TEST_COUNT") != NULL) return; /* valgrind needs its own */
  pid_t child = fork();
  if (child == 0) _exit(in_little_memory());
  int result = 0;
  CHECK(child > 0 && waitpid(child, &result, 0) == child);
  CHECK_NUMBER(0, result);
}

int main(void) {
  begin();
  lengths();
  full_queue();
  in_the_middle();
  after_fork();
  when_closed_and_freed();
  net_end(&road);
  little_memory();
  return checks_end("inputs_calls");
}
