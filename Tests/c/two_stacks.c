/* Two stacks without sockets: they join, wait for acceptance, allow and exchange messages; each send ends exactly once. */
#include "net.h"

enum { MAIN = 0, OTHER = 1 };

static void join_by_hand(void) {
  net net = {0};
  raet_config *config = net_config(MAIN, "main");
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_ACCEPT, RAET_ACCEPT_NEVER));
  net_add(&net, MAIN, config);
  net_add(&net, OTHER, net_config(OTHER, "other"));
  raet_stack *other = net.nodes[OTHER].stack, *main_stack = net.nodes[MAIN].stack;
  CHECK_NUMBER(-1, raet_stack_fd(other));
  CHECK_NUMBER(RAET_NEVER, raet_stack_deadline(other));

  raet_remote remote = 0, there = 0;
  raet_txn txn = 0;
  uint64_t value = 0;
  raet_enum acceptance = 99;
  const seen *event = NULL;
  CHECK_OK(raet_remote_add(other, NULL, "127.0.0.1:7530", &remote));
  CHECK(remote != 0);
  CHECK_STATUS(RAET_EUNJOINED, raet_allow(other, remote, net.now, 0, NULL));
  CHECK_STATUS(RAET_EUNJOINED, raet_alive(other, remote, net.now, 0, NULL));
  CHECK_OK(raet_join(other, remote, net.now, 30 * SECOND, &txn));
  CHECK(txn != 0);
  CHECK_STATUS(RAET_ESTATE, raet_join(other, remote, net.now, 0, NULL));

  CHECK(net_until(&net, MAIN, RAET_EV_KEY_PENDING, 1, 5 * SECOND));
  net_count(&net, MAIN, RAET_EV_KEY_PENDING, &event);
  CHECK_TEXT("other", event ? event->name : NULL);
  CHECK_OK(raet_role_status(main_stack, "other", &acceptance));
  CHECK_NUMBER(RAET_PENDING, acceptance);
  net_run(&net, 2 * SECOND);
  CHECK_NUMBER(0, net_count(&net, OTHER, RAET_EV_ALLOWED, NULL));
  CHECK_OK(raet_remote_get_u64(other, remote, RAET_KEY_JOINED, &value));
  CHECK_NUMBER(0, value);

  CHECK_OK(raet_role_set_status(main_stack, "other", RAET_ACCEPTED, net.now));
  CHECK(net_until(&net, OTHER, RAET_EV_JOINED, 1, 10 * SECOND));
  net_count(&net, OTHER, RAET_EV_JOINED, &event);
  CHECK_STATUS(RAET_OK, event ? event->status : RAET_ENOTFOUND);
  CHECK_NUMBER(txn, event ? event->txn : 0);
  CHECK_OK(raet_remote_find(other, "main", &there));
  CHECK_NUMBER(remote, there);
  CHECK_OK(raet_remote_get_u64(other, remote, RAET_KEY_JOINED, &value));
  CHECK_NUMBER(1, value);
  CHECK(net_count(&net, MAIN, RAET_EV_REMOTE_ADDED, &event) == 1);
  CHECK_TEXT("other", event ? event->name : NULL);

  CHECK_OK(raet_allow(other, remote, net.now, 0, &txn));
  CHECK_STATUS(RAET_ESTATE, raet_allow(other, remote, net.now, 0, NULL));
  CHECK(net_until(&net, OTHER, RAET_EV_ALLOWED, 1, 5 * SECOND));
  net_count(&net, OTHER, RAET_EV_ALLOWED, &event);
  CHECK_STATUS(RAET_OK, event ? event->status : RAET_ENOTFOUND);
  CHECK_NUMBER(txn, event ? event->txn : 0);
  net_run(&net, SECOND);
  CHECK(net_count(&net, MAIN, RAET_EV_ALLOWED, NULL) >= 1);
  CHECK_OK(raet_alive(other, remote, net.now, 0, &txn));
  CHECK(net_until(&net, OTHER, RAET_EV_ALIVE, 1, 5 * SECOND));
  CHECK_OK(raet_remote_get_u64(other, remote, RAET_KEY_ALIVED, &value));
  CHECK_NUMBER(1, value);
  net_end(&net);
}

/* Sends `count` messages each way, of three sizes, over a road that loses some datagrams. */
static void messages(unsigned loss, uint64_t count) {
  static const size_t sizes[] = {0, 100, 100000};
  net net = {0};
  raet_remote to[2];
  net.loss = loss;
  net.chance = 7 + loss;
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, net_config(OTHER, "other"));
  to[OTHER] = net_connect(&net, OTHER, MAIN);
  CHECK_OK(raet_remote_find(net.nodes[MAIN].stack, "other", &to[MAIN]));
  net_forget(&net);
  for (int from = MAIN; from <= OTHER; from++)
    for (uint64_t i = 0; i < count; i++)
      CHECK_OK(net_send(&net, from, to[from], 1000 * (uint64_t)(from + 1) + i, sizes[i % 3]));
  net_until(&net, MAIN, RAET_EV_DELIVERED, count, 120 * SECOND);
  net_until(&net, OTHER, RAET_EV_DELIVERED, count, 120 * SECOND);
  net_run(&net, 30 * SECOND);
  for (int from = MAIN; from <= OTHER; from++) {
    int there = 1 - from;
    CHECK_NUMBER(count, net_count(&net, from, RAET_EV_DELIVERED, NULL));
    CHECK_NUMBER(0, net_count(&net, from, RAET_EV_FAILED, NULL));
    CHECK_NUMBER(count, net_count(&net, there, RAET_EV_MESSAGE, NULL));
    for (uint64_t i = 0; i < count; i++) {
      uint64_t tag = 1000 * (uint64_t)(from + 1) + i;
      CHECK_NUMBER(1, net_ended(&net, from, tag, RAET_OK));
      if (i % 3 != 0) CHECK_NUMBER(1, net_received(&net, there, tag, sizes[i % 3]));
    }
    CHECK_NUMBER((count + 2) / 3, net_received(&net, there, 0, 0));
    uint64_t queued = 99;
    CHECK_OK(raet_remote_get_u64(net.nodes[from].stack, to[from], RAET_KEY_QUEUED, &queued));
    CHECK_NUMBER(0, queued);
  }
  net_end(&net);
}

/* A message sent before the remote is joined waits, and a mapping arrives with its kind and the sender's name. */
static void sent_early(void) {
  net net = {0};
  raet_remote remote = 0;
  const seen *event = NULL;
  const char *json = "{\"say\":\"hello\"}";
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, net_config(OTHER, "other"));
  CHECK_OK(raet_remote_add(net.nodes[OTHER].stack, "main", "127.0.0.1:7530", &remote));
  CHECK_OK(raet_send(net.nodes[OTHER].stack, remote, net.now, RAET_BODY_JSON, (const uint8_t *)json, strlen(json), 0, 5,
                     NULL));
  CHECK_OK(raet_connect(net.nodes[OTHER].stack, remote, net.now));
  CHECK(net_until(&net, OTHER, RAET_EV_DELIVERED, 1, 30 * SECOND));
  CHECK_NUMBER(1, net_ended(&net, OTHER, 5, RAET_OK));
  CHECK_NUMBER(1, net_count(&net, MAIN, RAET_EV_MESSAGE, &event));
  CHECK_NUMBER(RAET_BODY_JSON, event ? event->body_kind : 0);
  CHECK_TEXT("other", event ? event->name : NULL);
  CHECK(event != NULL && event->sum == sum_of((const uint8_t *)json, strlen(json)));
  net_end(&net);
}

static void back_pressure(void) {
  net net = {0};
  raet_config *config = net_config(OTHER, "other");
  uint64_t sent = 0, capacity = 0;
  const size_t size = 8000;
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_SEND_QUEUE, 64 * 1024));
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, config);
  raet_remote remote = net_connect(&net, OTHER, MAIN);
  net_forget(&net);
  CHECK_OK(raet_send_capacity(net.nodes[OTHER].stack, remote, &capacity));
  CHECK_NUMBER(RAET_MESSAGE_MAX, capacity); /* an empty queue takes any message */
  raet_status status = RAET_OK;
  while (sent < 100 && (status = net_send(&net, OTHER, remote, sent, size)) == RAET_OK) sent++;
  CHECK_STATUS(RAET_EAGAIN, status);
  CHECK(sent >= 4 && sent < 20);
  CHECK(net_until(&net, OTHER, RAET_EV_WRITABLE, 1, 30 * SECOND));
  CHECK_OK(net_send(&net, OTHER, remote, sent, size));
  sent++;
  CHECK(net_until(&net, OTHER, RAET_EV_DELIVERED, sent, 30 * SECOND));
  for (uint64_t tag = 0; tag < sent; tag++) {
    CHECK_NUMBER(1, net_ended(&net, OTHER, tag, RAET_OK));
    CHECK_NUMBER(1, net_received(&net, MAIN, tag, size));
  }
  net_end(&net);
}

static void cancelled(void) {
  net net = {0};
  raet_txn txn = 0, found = 0;
  raet_remote of = 0;
  raet_enum direction = 0;
  uint64_t done = 0, total = 0;
  const size_t size = 3000000;
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, net_config(OTHER, "other"));
  raet_remote remote = net_connect(&net, OTHER, MAIN);
  raet_stack *other = net.nodes[OTHER].stack, *main_stack = net.nodes[MAIN].stack;
  net_forget(&net);
  uint8_t *body = body_of(1, size);
  CHECK_OK(raet_send(other, remote, net.now, RAET_BODY_RAW, body, size, 0, 1, &txn));
  free(body);
  for (int i = 0; i < 8; i++) {
    net_carry(&net);
    net.now += 1000000;
  }
  CHECK_OK(raet_transfer_next(other, 0, &found));
  CHECK_NUMBER(txn, found);
  CHECK_OK(raet_transfer_progress(other, txn, &of, &direction, &done, &total));
  CHECK_NUMBER(remote, of);
  CHECK_NUMBER(RAET_SENDING, direction);
  CHECK(done > 0 && done < total && total >= size);
  CHECK_STATUS(RAET_ENOTFOUND, raet_transfer_next(other, txn, &found));
  CHECK_OK(raet_transfer_next(main_stack, 0, &found));
  CHECK_OK(raet_transfer_progress(main_stack, found, NULL, &direction, &done, NULL));
  CHECK_NUMBER(RAET_RECEIVING, direction);
  CHECK(done > 0);

  CHECK_OK(raet_txn_cancel(other, txn, net.now));
  net_run(&net, SECOND);
  CHECK_NUMBER(1, net_ended(&net, OTHER, 1, RAET_ECANCELED) + net_ended(&net, OTHER, 1, RAET_EUNKNOWN));
  CHECK_STATUS(RAET_ENOTFOUND, raet_txn_cancel(other, txn, net.now));
  CHECK_STATUS(RAET_ENOTFOUND, raet_transfer_next(other, 0, &found));
  CHECK_NUMBER(0, net_count(&net, MAIN, RAET_EV_MESSAGE, NULL));
  CHECK_OK(net_send(&net, OTHER, remote, 2, 100));
  CHECK(net_until(&net, OTHER, RAET_EV_DELIVERED, 1, 10 * SECOND));
  net_end(&net);
}

/* A remote that was looked for in the wrong place is found when its endpoint is set. */
static void moved(void) {
  net net = {0};
  raet_remote remote = 0;
  char text[64];
  size_t need = 0;
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, net_config(OTHER, "other"));
  raet_stack *other = net.nodes[OTHER].stack;
  CHECK_OK(raet_remote_add(other, "main", "127.0.0.1:9999", &remote));
  CHECK_OK(raet_connect(other, remote, net.now));
  CHECK_OK(net_send(&net, OTHER, remote, 1, 500));
  net_run(&net, 10 * SECOND);
  CHECK_NUMBER(0, net_count(&net, OTHER, RAET_EV_ALLOWED, NULL));
  CHECK_OK(raet_remote_set_endpoint(other, remote, "127.0.0.1:7530", net.now));
  CHECK_OK(raet_remote_get_str(other, remote, RAET_KEY_ENDPOINT, text, sizeof text, &need));
  CHECK_TEXT("127.0.0.1:7530", text);
  CHECK(net_until(&net, OTHER, RAET_EV_DELIVERED, 1, 120 * SECOND));
  CHECK_NUMBER(1, net_received(&net, MAIN, 1, 500));
  net_end(&net);
}

/* What waits longer than its time limit fails with it. */
static void timed_out(void) {
  net net = {0};
  raet_remote remote = 0;
  net_add(&net, OTHER, net_config(OTHER, "other"));
  CHECK_OK(raet_remote_add(net.nodes[OTHER].stack, NULL, "127.0.0.1:7530", &remote));
  CHECK_OK(raet_send(net.nodes[OTHER].stack, remote, net.now, RAET_BODY_RAW, NULL, 0, 2 * SECOND, 3, NULL));
  CHECK_OK(raet_join(net.nodes[OTHER].stack, remote, net.now, 0, NULL));
  net_run(&net, SECOND);
  CHECK_NUMBER(0, net_count(&net, OTHER, RAET_EV_FAILED, NULL));
  net_run(&net, 10 * SECOND);
  CHECK_NUMBER(1, net_ended(&net, OTHER, 3, RAET_ETIMEDOUT));
  const seen *joined = NULL;
  CHECK_NUMBER(1, net_count(&net, OTHER, RAET_EV_JOINED, &joined));
  CHECK_STATUS(RAET_ETIMEDOUT, joined ? joined->status : RAET_OK);
  net_end(&net);
}

/* Closes a stack with messages under way: each ends, and RAET_EV_CLOSED is the last event. */
static void closed(uint64_t linger) {
  net net = {0};
  const uint64_t count = 10;
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, net_config(OTHER, "other"));
  raet_remote remote = net_connect(&net, OTHER, MAIN);
  raet_stack *other = net.nodes[OTHER].stack;
  net_forget(&net);
  for (uint64_t tag = 0; tag < count; tag++) CHECK_OK(net_send(&net, OTHER, remote, tag, 5000));
  CHECK_OK(raet_stack_close(other, net.now, linger));
  CHECK_STATUS(RAET_ECLOSED, net_send(&net, OTHER, remote, 99, 10));
  CHECK(net_until(&net, OTHER, RAET_EV_CLOSED, 1, 20 * SECOND));
  size_t events = net.nodes[OTHER].count;
  CHECK(events > 0 && net.nodes[OTHER].events[events - 1].type == RAET_EV_CLOSED);
  for (uint64_t tag = 0; tag < count; tag++) {
    size_t delivered = net_ended(&net, OTHER, tag, RAET_OK);
    size_t given_up = net_ended(&net, OTHER, tag, RAET_ECANCELED) + net_ended(&net, OTHER, tag, RAET_EUNKNOWN);
    CHECK_NUMBER(linger > 0 ? 1 : 0, delivered);
    CHECK_NUMBER(1, delivered + given_up);
  }
  CHECK_STATUS(RAET_ECLOSED, raet_stack_service(other, net.now, 0));
  net_end(&net);
}

/* A detached event outlives its stack. */
static void detached(void) {
  net net = {0};
  const raet_event *event = NULL;
  raet_remote remote;
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, net_config(OTHER, "other"));
  net_connect(&net, OTHER, MAIN);
  CHECK_OK(raet_remote_find(net.nodes[MAIN].stack, "other", &remote));
  CHECK_OK(net_send(&net, MAIN, remote, 4, 50000));
  raet_stack *other = net.nodes[OTHER].stack;
  for (int i = 0; i < 2000 && event == NULL; i++) {
    /* As net_carry(), but this stack's events are taken here. */
    uint8_t data[1024];
    size_t len;
    raet_addr to;
    while (raet_stack_output(net.nodes[MAIN].stack, net.now, data, sizeof data, &len, &to) == RAET_OK)
      CHECK_OK(raet_stack_input(other, net.now, data, len, &net.nodes[MAIN].address));
    while (raet_stack_output(other, net.now, data, sizeof data, &len, &to) == RAET_OK)
      CHECK_OK(raet_stack_input(net.nodes[MAIN].stack, net.now, data, len, &net.nodes[OTHER].address));
    while (raet_stack_next_event(other, &event) == RAET_OK && event->type != RAET_EV_MESSAGE) event = NULL;
    net.now += 1000000;
  }
  if (CHECK(event != NULL)) {
    CHECK_OK(raet_event_detach(other, event));
    CHECK_STATUS(RAET_EINVAL, raet_event_detach(other, event));
    net_end(&net);
    uint8_t *body = body_of(4, 50000);
    CHECK(event->body_len == 50000 && memcmp(event->body, body, 50000) == 0);
    CHECK_TEXT("main", event->name);
    free(body);
    raet_event_free(event);
  } else {
    net_end(&net);
  }
}

/* A remote that is gone counts as dead after a while, and comes alive again. A clock that goes back does no harm. */
static void presence(void) {
  net net = {0};
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, net_config(OTHER, "other"));
  raet_remote remote = net_connect(&net, OTHER, MAIN);
  net_forget(&net);
  net.loss = 1000;
  CHECK(net_until(&net, OTHER, RAET_EV_DEAD, 1, 60 * SECOND));
  CHECK(net_until(&net, MAIN, RAET_EV_DEAD, 1, 60 * SECOND));
  net.loss = 0;
  CHECK(net_until(&net, OTHER, RAET_EV_ALIVE, 1, 60 * SECOND));
  net_run(&net, 5 * SECOND);
  net.now -= 100 * SECOND;
  CHECK_OK(net_send(&net, OTHER, remote, 1, 100));
  net.now += 100 * SECOND;
  CHECK(net_until(&net, OTHER, RAET_EV_DELIVERED, 1, 10 * SECOND));
  CHECK_OK(raet_remote_remove(net.nodes[OTHER].stack, remote, net.now));
  net_run(&net, SECOND);
  CHECK_NUMBER(1, net_count(&net, OTHER, RAET_EV_REMOTE_GONE, NULL));
  CHECK_STATUS(RAET_ENOTFOUND, net_send(&net, OTHER, remote, 2, 100));
  net_end(&net);
}

int main(void) {
  join_by_hand();
  messages(0, 30);
  messages(150, 30);
  sent_early();
  back_pressure();
  cancelled();
  moved();
  timed_out();
  closed(10 * SECOND);
  closed(0);
  detached();
  presence();
  return checks_end("two_stacks");
}
