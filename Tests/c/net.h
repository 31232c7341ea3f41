/*
 * A network in memory: stacks without sockets, their datagrams carried by the test, in a time that the test owns.
 * Runs alike each time: keys aside, chance comes from a seed.
 */
#ifndef NET_H
#define NET_H
#include <stdlib.h>

#include "check.h"

#define SECOND UINT64_C(1000000000)
#define NODES 3

/* An event as it was seen, with a sum in place of its body. */
typedef struct seen {
  raet_enum type;
  raet_status status;
  raet_remote remote;
  raet_txn txn;
  uint64_t tag, sum;
  size_t body_len;
  raet_enum body_kind;
  char name[64];
} seen;

typedef struct node {
  raet_stack *stack; /* NULL: there is none at this address */
  raet_addr address;
  seen *events;
  size_t count, room;
} node;

typedef struct net {
  uint64_t now, chance;
  node nodes[NODES];
  unsigned loss; /* of 1,000 datagrams */
  /* Sees each datagram before it is delivered. */
  void (*tap)(struct net *net, int to, const uint8_t *data, size_t len);
  /* Gets the datagrams to addresses where no stack is. */
  void (*stray)(void *user, const raet_addr *to, const uint8_t *data, size_t len);
  void *stray_user;
} net;

static inline uint64_t next_random(uint64_t *state) { /* splitmix64 */
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline uint64_t sum_of(const uint8_t *bytes, size_t len) { /* FNV-1a */
  uint64_t sum = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < len; i++) sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
  return sum;
}

/* The body that a test sends as number `tag`: bytes that depend on the tag. The caller frees it. */
static inline uint8_t *body_of(uint64_t tag, size_t len) {
  uint8_t *body = (uint8_t *)malloc(len + 1);
  uint64_t state = tag;
  for (size_t i = 0; body != NULL && i < len; i++) body[i] = (uint8_t)(next_random(&state) >> 17);
  return body;
}

/* A configuration of an estate at 127.0.0.1:7530, 7531 or 7532 that accepts keys once; only the first is a main one. */
static inline raet_config *net_config(int index, const char *name) {
  raet_config *config = NULL;
  char endpoint[32];
  snprintf(endpoint, sizeof endpoint, "127.0.0.1:%d", 7530 + index);
  CHECK_OK(raet_config_new(RAET_KIND_ROAD, &config));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_NAME, name));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_ENDPOINT, endpoint));
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_MAIN, index == 0));
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_ACCEPT, RAET_ACCEPT_ONCE));
  return config;
}

/* Puts a stack on the network, and frees its configuration. */
static inline void net_add(net *net, int index, raet_config *config) {
  node *node = &net->nodes[index];
  char endpoint[32];
  if (net->now == 0) net->now = 1000 * SECOND;
  snprintf(endpoint, sizeof endpoint, "127.0.0.1:%d", 7530 + index);
  CHECK_OK(raet_addr_parse(endpoint, &node->address));
  CHECK_OK(raet_stack_new(config, net->now, &node->stack));
  raet_config_free(config);
}

/* Takes a stack off the network and frees it; what it had to tell is kept. */
static inline void net_remove(net *net, int index) {
  raet_stack_free(net->nodes[index].stack);
  net->nodes[index].stack = NULL;
}

static inline void net_end(net *net) {
  for (int i = 0; i < NODES; i++) {
    net_remove(net, i);
    free(net->nodes[i].events);
  }
}

static inline void net_note(node *node, const raet_event *event) {
  if (node->count == node->room) {
    node->room = node->room * 2 + 64;
    node->events = (seen *)realloc(node->events, node->room * sizeof(seen));
  }
  seen *to = &node->events[node->count++];
  memset(to, 0, sizeof *to);
  to->type = event->type;
  to->status = event->status;
  to->remote = event->remote;
  to->txn = event->txn;
  to->tag = event->tag;
  to->sum = sum_of(event->body, event->body_len);
  to->body_len = event->body_len;
  to->body_kind = event->body_kind;
  if (event->name != NULL) snprintf(to->name, sizeof to->name, "%s", event->name);
}

static inline void net_events(node *node) {
  const raet_event *event = NULL;
  while (raet_stack_next_event(node->stack, &event) == RAET_OK) net_note(node, event);
}

static inline int net_at(const net *net, const raet_addr *address) {
  for (int i = 0; i < NODES; i++) {
    const node *node = &net->nodes[i];
    if (node->stack != NULL && node->address.len == address->len &&
        memcmp(node->address.bytes, address->bytes, address->len) == 0)
      return i;
  }
  return -1;
}

/* Carries the datagrams that are there to their stacks, and takes the events. How many there were. */
static inline int net_carry(net *net) {
  int carried = 0;
  for (int i = 0; i < NODES; i++) {
    node *from = &net->nodes[i];
    uint8_t data[1024];
    size_t len = 0;
    raet_addr to;
    if (from->stack == NULL) continue;
    while (raet_stack_output(from->stack, net->now, data, sizeof data, &len, &to) == RAET_OK) {
      int index = net_at(net, &to);
      carried++;
      if (index < 0 && net->stray != NULL) net->stray(net->stray_user, &to, data, len);
      if (next_random(&net->chance) % 1000 < net->loss || index < 0) continue;
      if (net->tap != NULL) net->tap(net, index, data, len);
      raet_stack_input(net->nodes[index].stack, net->now, data, len, &from->address);
    }
    net_events(from);
  }
  for (int i = 0; i < NODES; i++)
    if (net->nodes[i].stack != NULL) net_events(&net->nodes[i]);
  return carried;
}

/* Goes on to the time when something is due, at most to `end`. */
static inline void net_wait(net *net, uint64_t end) {
  uint64_t next = end;
  for (int i = 0; i < NODES; i++) {
    if (net->nodes[i].stack == NULL) continue;
    uint64_t deadline = raet_stack_deadline(net->nodes[i].stack);
    if (deadline < next) next = deadline;
  }
  net->now = next > net->now + 100000 ? next : net->now + 100000;
}

/* How many events of a type a stack had, of any status; the last of them in *last. */
static inline size_t net_count(const net *net, int index, raet_enum type, const seen **last) {
  size_t count = 0;
  for (size_t i = 0; i < net->nodes[index].count; i++)
    if (net->nodes[index].events[i].type == type) {
      count++;
      if (last != NULL) *last = &net->nodes[index].events[i];
    }
  return count;
}

/* Runs until a stack has had `count` events of a type; 0 when they did not come within `limit` nanoseconds. */
static inline int net_until(net *net, int index, raet_enum type, size_t count, uint64_t limit) {
  uint64_t end = net->now + limit;
  for (;;) {
    int carried = net_carry(net);
    if (net_count(net, index, type, NULL) >= count) return 1;
    if (net->now >= end) return 0;
    if (carried == 0) net_wait(net, end);
    else net->now += 20000;
  }
}

/* Runs for some time. */
static inline void net_run(net *net, uint64_t time) { net_until(net, 0, UINT32_MAX, 1, time); }

/* Forgets the events so far. */
static inline void net_forget(net *net) {
  for (int i = 0; i < NODES; i++) net->nodes[i].count = 0;
}

/* Connects stack `from` to stack `to` and waits until messages can pass. The remote's name in `from`. */
static inline raet_remote net_connect(net *net, int from, int to) {
  raet_remote remote = 0;
  char endpoint[32];
  snprintf(endpoint, sizeof endpoint, "127.0.0.1:%d", 7530 + to);
  CHECK_OK(raet_remote_add(net->nodes[from].stack, NULL, endpoint, &remote));
  CHECK_OK(raet_connect(net->nodes[from].stack, remote, net->now));
  const seen *allowed = NULL;
  CHECK(net_until(net, from, RAET_EV_ALLOWED, 1, 30 * SECOND));
  net_count(net, from, RAET_EV_ALLOWED, &allowed);
  CHECK_STATUS(RAET_OK, allowed ? allowed->status : RAET_ENOTFOUND);
  net_run(net, SECOND);
  return remote;
}

/* Sends the body of a tag, raw. */
static inline raet_status net_send(net *net, int from, raet_remote to, uint64_t tag, size_t len) {
  uint8_t *body = body_of(tag, len);
  raet_status status = raet_send(net->nodes[from].stack, to, net->now, RAET_BODY_RAW, body, len, 0, tag, NULL);
  free(body);
  return status;
}

/* How many messages with this tag's body came to a stack. */
static inline size_t net_received(const net *net, int index, uint64_t tag, size_t len) {
  uint8_t *body = body_of(tag, len);
  uint64_t sum = sum_of(body, len);
  size_t count = 0;
  for (size_t i = 0; i < net->nodes[index].count; i++) {
    const seen *event = &net->nodes[index].events[i];
    count += event->type == RAET_EV_MESSAGE && event->body_len == len && event->sum == sum;
  }
  free(body);
  return count;
}

/* How many terminal events a tag had, of a status; of RAET_OK means delivered. */
static inline size_t net_ended(const net *net, int index, uint64_t tag, raet_status status) {
  size_t count = 0;
  for (size_t i = 0; i < net->nodes[index].count; i++) {
    const seen *event = &net->nodes[index].events[i];
    if (event->type != RAET_EV_DELIVERED && event->type != RAET_EV_FAILED) continue;
    count += event->tag == tag && event->status == status;
  }
  return count;
}
#endif
