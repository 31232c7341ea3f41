/* Different stacks in different threads at the same time, from the library's first use on. */
#define _GNU_SOURCE
#include <pthread.h>

#include "net.h"

enum { MAIN = 0, OTHER = 1, THREADS = 4 };

static pthread_barrier_t together;

/* Two stacks of its own, from the making of their keys to their end. */
static void *run_pair(void *argument) {
  const uint64_t count = 20;
  net net = {0};
  uint8_t seed[32], secret[32];
  net.chance = (uint64_t)(size_t)argument;
  pthread_barrier_wait(&together);
  CHECK_OK(raet_keys_generate(seed, secret));
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, net_config(OTHER, "other"));
  raet_remote remote = net_connect(&net, OTHER, MAIN);
  for (uint64_t tag = 0; tag < count; tag++) CHECK_OK(net_send(&net, OTHER, remote, tag, 2000));
  CHECK(net_until(&net, OTHER, RAET_EV_DELIVERED, count, 60 * SECOND));
  for (uint64_t tag = 0; tag < count; tag++) CHECK_NUMBER(1, net_received(&net, MAIN, tag, 2000));
  net_end(&net);
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  CHECK(pthread_barrier_init(&together, NULL, THREADS) == 0);
  for (size_t i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, run_pair, (void *)i) == 0);
  for (size_t i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  pthread_barrier_destroy(&together);
  return checks_end("threads");
}
