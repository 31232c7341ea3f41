/* Calls from inside callbacks: what would run the stack again is refused, all else works, and free takes effect after. */
#include "net.h"

enum { MAIN = 0, OTHER = 1 };

static void on_event(void *user, raet_stack *stack, const raet_event *event);

static struct {
  net *net;
  raet_remote remote;
  int events, logs, wakes, randoms, depth;
  int free_at_once;
} heard;

/* Tries all that is refused inside a callback, and some of what is not. */
static void inside(raet_stack *stack) {
  uint8_t data[1024];
  size_t need = 0;
  uint64_t value = 0;
  char text[64];
  raet_remote remote = 0;
  const raet_event *event = NULL;
  CHECK_STATUS(RAET_EREENTRANT, raet_stack_service(stack, heard.net->now, 0));
  CHECK_STATUS(RAET_EREENTRANT, raet_stack_input(stack, heard.net->now, data, 0, &heard.net->nodes[MAIN].address));
  CHECK_STATUS(RAET_EREENTRANT, raet_stack_close(stack, heard.net->now, 0));
  CHECK_STATUS(RAET_EREENTRANT, raet_stack_next_event(stack, &event));
  CHECK_OK(raet_stack_get_str(stack, RAET_KEY_NAME, text, sizeof text, &need));
  CHECK_OK(raet_stack_get_u64(stack, RAET_KEY_MAIN, &value));
  CHECK_OK(raet_remote_next(stack, 0, &remote));
  CHECK_NUMBER(heard.remote, remote);
}

/* Inside the log, the store and the source of randomness: nothing may change the stack, all may look. */
static void in_the_middle(raet_stack *stack) {
  uint64_t now = heard.net->now, value = 0;
  raet_remote remote = 0;
  inside(stack);
  CHECK_STATUS(RAET_EREENTRANT, raet_stack_dispatch(stack, on_event, &heard, 0));
  CHECK_STATUS(RAET_EREENTRANT, raet_remote_add(stack, NULL, "127.0.0.1:7532", &remote));
  CHECK_STATUS(RAET_EREENTRANT, raet_connect(stack, heard.remote, now));
  CHECK_STATUS(RAET_EREENTRANT, raet_join(stack, heard.remote, now, 0, NULL));
  CHECK_STATUS(RAET_EREENTRANT, raet_remote_remove(stack, heard.remote, now));
  CHECK_STATUS(RAET_EREENTRANT, net_send(heard.net, OTHER, heard.remote, 99, 10));
  CHECK_STATUS(RAET_EREENTRANT, raet_role_set_status(stack, "main", RAET_REJECTED, now));
  CHECK_OK(raet_stack_get_u64(stack, RAET_KEY_MAIN, &value));
  CHECK_OK(raet_send_capacity(stack, heard.remote, &value));
}

static raet_status on_random(void *user, uint8_t *out, size_t len) {
  static uint64_t state = 5; /* for a test: nobody listens */
  CHECK(user == &heard);
  for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(next_random(&state) >> 23);
  if (heard.net->nodes[OTHER].stack != NULL && heard.randoms++ == 0) in_the_middle(heard.net->nodes[OTHER].stack);
  return RAET_OK;
}

static void on_event(void *user, raet_stack *stack, const raet_event *event) {
  CHECK(user == &heard);
  CHECK_NUMBER(sizeof(raet_event), event->size);
  CHECK(++heard.depth == 1);
  heard.events++;
  inside(stack);
  CHECK_STATUS(RAET_EREENTRANT, raet_stack_dispatch(stack, on_event, user, 0));
  if (event->type == RAET_EV_DELIVERED && event->tag < 5) {
    CHECK_OK(net_send(heard.net, OTHER, heard.remote, event->tag + 1, 100));
    CHECK_NUMBER(sizeof(raet_event), event->size); /* the event is still there */
  }
  if (heard.free_at_once) {
    raet_stack_free(stack);
    heard.net->nodes[OTHER].stack = NULL;
    CHECK_TEXT("main", event->name); /* as long as the callback runs */
  }
  heard.depth--;
}

static void on_log(void *user, raet_enum level, const char *line, size_t len) {
  CHECK(user == &heard);
  CHECK(level >= RAET_LOG_ERROR && level <= RAET_LOG_DEBUG);
  CHECK_NUMBER(strlen(line), len);
  CHECK(strchr(line, '\n') == NULL);
  if (heard.logs++ == 0) in_the_middle(heard.net->nodes[OTHER].stack);
}

static void on_wake(void *user, raet_stack *stack) {
  CHECK(user == &heard);
  heard.wakes++;
  CHECK_STATUS(RAET_EREENTRANT, raet_stack_service(stack, heard.net->now, 0));
  CHECK(raet_stack_deadline(stack) > 0);
}

/* As net_carry(), with the other stack's events dispatched. */
static void carry_and_dispatch(net *net) {
  uint8_t data[1024];
  size_t len;
  raet_addr to;
  for (int i = MAIN; i <= OTHER; i++)
    while (net->nodes[i].stack != NULL &&
           raet_stack_output(net->nodes[i].stack, net->now, data, sizeof data, &len, &to) == RAET_OK)
      if (net->nodes[1 - i].stack != NULL)
        CHECK_OK(raet_stack_input(net->nodes[1 - i].stack, net->now, data, len, &net->nodes[i].address));
  if (net->nodes[OTHER].stack != NULL) CHECK_OK(raet_stack_dispatch(net->nodes[OTHER].stack, on_event, &heard, 0));
  net->now += 1000000;
}

static void from_callbacks(void) {
  net net = {0};
  heard.net = &net;
  net_add(&net, MAIN, net_config(MAIN, "main"));
  raet_config *config = net_config(OTHER, "other");
  CHECK_OK(raet_config_set_random(config, on_random, &heard));
  net_add(&net, OTHER, config);
  raet_stack *other = net.nodes[OTHER].stack;
  CHECK_OK(raet_stack_set_log(other, RAET_LOG_DEBUG, on_log, &heard));
  CHECK_OK(raet_stack_set_wake(other, on_wake, &heard));
  CHECK_OK(raet_remote_add(other, NULL, "127.0.0.1:7530", &heard.remote));
  CHECK_OK(raet_connect(other, heard.remote, net.now));
  CHECK(heard.wakes > 0);
  CHECK(raet_stack_deadline(other) <= net.now);
  CHECK_NUMBER(0, raet_stack_timeout_ms(other, net.now));
  CHECK_OK(net_send(&net, OTHER, heard.remote, 0, 100));
  for (int i = 0; i < 3000; i++) carry_and_dispatch(&net);
  net_events(&net.nodes[MAIN]);
  CHECK_NUMBER(6, net_count(&net, MAIN, RAET_EV_MESSAGE, NULL));
  CHECK(heard.events >= 8);
  CHECK(heard.logs > 0);
  CHECK(heard.randoms > 0);

  heard.free_at_once = 1;
  heard.events = 0;
  raet_remote back = 0;
  CHECK_OK(raet_remote_find(net.nodes[MAIN].stack, "other", &back));
  for (uint64_t tag = 0; tag < 3; tag++) CHECK_OK(net_send(&net, MAIN, back, tag, 10));
  for (int i = 0; i < 1000 && net.nodes[OTHER].stack != NULL; i++) carry_and_dispatch(&net);
  CHECK(net.nodes[OTHER].stack == NULL);
  CHECK_NUMBER(1, heard.events);
  net_end(&net);
}

/* A limit of events is kept to; the rest stay. */
static void some_at_a_time(void) {
  net net = {0};
  heard.net = &net;
  heard.free_at_once = 0;
  heard.events = 0;
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, net_config(OTHER, "other"));
  heard.remote = net_connect(&net, OTHER, MAIN);
  for (uint64_t tag = 10; tag < 13; tag++)
    CHECK_OK(raet_send(net.nodes[OTHER].stack, heard.remote, net.now, RAET_BODY_JSON, NULL, 0, 0, tag, NULL));
  CHECK_OK(raet_stack_close(net.nodes[OTHER].stack, net.now, 0));
  CHECK_OK(raet_stack_dispatch(net.nodes[OTHER].stack, on_event, &heard, 2));
  CHECK_NUMBER(2, heard.events);
  CHECK_OK(raet_stack_dispatch(net.nodes[OTHER].stack, on_event, &heard, 0));
  CHECK(heard.events >= 4);
  net_end(&net);
}

int main(void) {
  from_callbacks();
  some_at_a_time();
  return checks_end("callbacks");
}
