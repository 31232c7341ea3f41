/* What a stack shows of itself, before and after an input: its counters, remotes, roles, transfers and deadline. */
#ifndef WATCH_H
#define WATCH_H
#include "forge.h"

enum { WATCH_ROOM = 160 };

typedef struct watch {
  uint64_t counters[WATCH_ROOM];
  uint64_t state; /* a sum over all that can be asked but counters */
  uint64_t deadline;
  size_t events, answers;
} watch;

static inline void watch_add(uint64_t *sum, const void *bytes, size_t len) {
  *sum = *sum * UINT64_C(0x100000001b3) ^ sum_of((const uint8_t *)bytes, len);
}

static inline uint64_t watch_state(const raet_stack *stack) {
  static const raet_enum numbers[] = {RAET_KEY_NEAR_ID, RAET_KEY_FAR_ID, RAET_KEY_JOINED,   RAET_KEY_ALLOWED,
                                      RAET_KEY_ALIVED,  RAET_KEY_REAPED, RAET_KEY_ACCEPTANCE, RAET_KEY_QUEUED,
                                      RAET_KEY_IN_FLIGHT, RAET_KEY_SESSION};
  static const raet_enum texts[] = {RAET_KEY_NAME, RAET_KEY_ROLE, RAET_KEY_ENDPOINT};
  uint64_t sum = 0, value = 0, total = 0;
  raet_remote remote = 0;
  raet_txn transfer = 0;
  raet_enum acceptance = 0;
  char text[700], after[700] = "";
  uint8_t keys[64];
  size_t need = 0;
  while (raet_remote_next(stack, remote, &remote) == RAET_OK) {
    watch_add(&sum, &remote, sizeof remote);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
      CHECK_OK(raet_remote_get_u64(stack, remote, numbers[i], &value));
      watch_add(&sum, &value, sizeof value);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
      if (raet_remote_get_str(stack, remote, texts[i], text, sizeof text, &need) == RAET_OK)
        watch_add(&sum, text, need);
  }
  while (raet_role_next(stack, after, text, sizeof text, &need) == RAET_OK) {
    memcpy(after, text, need);
    CHECK_OK(raet_role_status(stack, text, &acceptance));
    CHECK_OK(raet_role_keys(stack, text, keys, keys + 32));
    watch_add(&sum, text, need);
    watch_add(&sum, &acceptance, sizeof acceptance);
    watch_add(&sum, keys, sizeof keys);
  }
  while (raet_transfer_next(stack, transfer, &transfer) == RAET_OK) {
    CHECK_OK(raet_transfer_progress(stack, transfer, &remote, NULL, &value, &total));
    watch_add(&sum, &transfer, sizeof transfer);
    watch_add(&sum, &value, sizeof value);
    watch_add(&sum, &total, sizeof total);
  }
  return sum;
}

/* How many remotes, and how many roles, a stack has. */
static inline size_t remotes_of(const raet_stack *stack) {
  size_t count = 0;
  for (raet_remote remote = 0; raet_remote_next(stack, remote, &remote) == RAET_OK;) count++;
  return count;
}

static inline size_t roles_of(const raet_stack *stack) {
  size_t count = 0, need = 0;
  char text[700], after[700] = "";
  while (raet_role_next(stack, after, text, sizeof text, &need) == RAET_OK) {
    memcpy(after, text, need);
    count++;
  }
  return count;
}

static inline uint64_t counter_of(const raet_stack *stack, const char *name) {
  uint64_t value = 0;
  CHECK_OK(raet_stat_get(stack, name, &value));
  return value;
}

static inline void watch_take(watch *watch, const peer *peer) {
  const node *node = &peer->net->nodes[peer->node];
  const char *name = NULL;
  memset(watch, 0, sizeof *watch);
  for (uint32_t i = 0; raet_stat_at(node->stack, i, &name, &watch->counters[i]) == RAET_OK; i++)
    if (!CHECK(i + 1 < WATCH_ROOM)) break;
  watch->state = watch_state(node->stack);
  watch->deadline = raet_stack_deadline(node->stack);
  watch->events = node->count;
  watch->answers = peer->got_count;
}

/* Whether a word stands in a text of words. */
static inline int has_word(const char *text, const char *word) {
  size_t len = strlen(word);
  for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
    if ((at == text || at[-1] == ' ') && (at[len] == 0 || at[len] == ' ')) return 1;
  return 0;
}

/* Checks that of all counters only those of the datagram itself have risen, and those named in `counters` by one. */
static inline void watch_counters(const watch *before, const watch *after, const peer *peer, const char *counters) {
  const raet_stack *stack = peer->net->nodes[peer->node].stack;
  const char *name = NULL;
  uint64_t value = 0;
  int words = 1;
  for (const char *at = counters; *at; at++) words += *at == ' ';
  for (uint32_t i = 0; raet_stat_at(stack, i, &name, &value) == RAET_OK; i++) {
    const int is_named = has_word(counters, name);
    words -= is_named;
    if (has_word("packets_rx bytes_rx", name)) continue;
    if (!CHECK_NUMBER(is_named, after->counters[i] - before->counters[i])) printf("  counter %s\n", name);
  }
  CHECK_NUMBER(0, words);
}

/*
 * Gives the stack a datagram that has to be dropped: the named counters rise by one, and nothing else changes.
 * Nothing is answered, nothing is told, no remote, role or transfer changes, and nothing is due at another time.
 */
static inline void drops(peer *peer, const uint8_t *data, size_t len, const char *counters) {
  watch before, after;
  while (net_carry(peer->net) > 0) {}
  watch_take(&before, peer);
  peer_input(peer, data, len);
  CHECK_NUMBER(0, net_carry(peer->net));
  watch_take(&after, peer);
  CHECK_NUMBER(before.events, after.events);
  CHECK_NUMBER(before.answers, after.answers);
  CHECK(before.state == after.state);
  CHECK_NUMBER(before.deadline, after.deadline);
  watch_counters(&before, &after, peer, counters);
}

static inline void drops_packet(peer *peer, const packet *packet, const char *counters) {
  static uint8_t data[HEAD_ROOM + 2048];
  drops(peer, data, forge(peer, packet, data), counters);
}

/* A message of the peer's arrives and is answered, and one to it is, too: what came before has done no harm. */
static inline void still_works(peer *peer) {
  static uint64_t tag = 1000;
  net *net = peer->net;
  node *node = &net->nodes[peer->node];
  uint8_t body[100];
  raet_remote remote = 0;
  size_t count = 0;
  int silent = peer->silent;
  peer->silent = 0;
  peer->got_count = 0;
  node->count = 0;
  randombytes_buf(body, sizeof body);
  peer_say(peer, RAET_BODY_RAW, body, sizeof body);
  CHECK_OK(raet_remote_find(node->stack, peer->name, &remote));
  CHECK_OK(raet_send(node->stack, remote, net->now, RAET_BODY_RAW, body, sizeof body, 0, ++tag, NULL));
  CHECK(net_until(net, peer->node, RAET_EV_DELIVERED, 1, 10 * SECOND));
  CHECK_NUMBER(1, net_ended(net, peer->node, tag, RAET_OK));
  CHECK_NUMBER(1, peer_got(peer, IN_MESSAGE, DONE));
  for (size_t i = 0; i < node->count; i++)
    count += node->events[i].type == RAET_EV_MESSAGE && node->events[i].sum == sum_of(body, sizeof body);
  CHECK_NUMBER(1, count);
  peer->silent = silent;
}
#endif
