/*
 * A main estate with many idle remotes, in one process and without sockets until the last step.
 *
 *   engine REMOTES [BASE]
 *
 * It joins and allows that many remotes to a main estate, each from a stack of its own that is freed again, and prints
 *
 *   joins COUNT NANOSECONDS MAIN_NANOSECONDS      all of it; what was spent in calls of the main estate
 *   memory BYTES HEAP_BYTES                       per remote from the BASE-th on: resident; what malloc handed out
 *   idle NANOSECONDS SOCKET_NANOSECONDS           one service call with nothing to do: by itself; with a socket open
 *
 * or "failed" and a reason. Time is virtual while remotes are added, so that nothing waits for a clock.
 */
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "raet.h"

#define SECOND 1000000000u
enum { DATAGRAM = 1024, STEPS = 1000, CALLS = 100, BATCHES = 201 };

static const char main_address[] = "10.0.0.1:7530";
static uint64_t virtual_now, main_spent;

static void die(const char *what, raet_status status, const raet_stack *stack) {
  printf("failed %s: %s %s\n", what, raet_status_name(status), stack == NULL ? "" : raet_stack_error(stack));
  exit(1);
}

static raet_stack *make_stack(const char *name, const char *address, int is_main) {
  raet_config *config;
  raet_stack *stack = NULL;
  raet_status status = raet_config_new(RAET_KIND_ROAD, &config);
  if (status == RAET_OK) status = raet_config_set_str(config, RAET_KEY_NAME, name);
  if (status == RAET_OK) status = raet_config_set_str(config, RAET_KEY_ENDPOINT, address);
  if (status == RAET_OK) status = raet_config_set_u64(config, RAET_KEY_MAIN, (uint64_t)is_main);
  if (status == RAET_OK) status = raet_config_set_u64(config, RAET_KEY_ACCEPT, RAET_ACCEPT_ONCE);
  /* Heartbeats stay on, so that each remote has its deadline, but none is due while this runs. */
  if (status == RAET_OK) status = raet_config_set_u64(config, RAET_KEY_PERIOD_NS, 1000ull * 3600 * SECOND);
  if (status == RAET_OK) status = raet_stack_new(config, virtual_now, &stack);
  if (status != RAET_OK) die(name, status, stack);
  raet_config_free(config);
  return stack;
}

/* Carries what `from` has to send to `to`; the number of datagrams. */
static int carry(raet_stack *from, raet_stack *to, const raet_addr *source, uint64_t *spent_from, uint64_t *spent_to) {
  uint8_t datagram[DATAGRAM];
  size_t length;
  raet_addr target;
  for (int count = 0;; count++) {
    uint64_t start = raet_now();
    raet_status status = raet_stack_output(from, virtual_now, datagram, sizeof datagram, &length, &target);
    uint64_t middle = raet_now();
    *spent_from += middle - start;
    if (status == RAET_EAGAIN) return count;
    if (status != RAET_OK) die("raet_stack_output", status, from);
    status = raet_stack_input(to, virtual_now, datagram, length, source);
    *spent_to += raet_now() - middle;
    if (status != RAET_OK) die("raet_stack_input", status, to);
  }
}

/* Takes the events; 1 when one of them says that messages can pass. */
static int take_allowed(raet_stack *stack) {
  const raet_event *event;
  int allowed = 0;
  while (raet_stack_next_event(stack, &event) == RAET_OK) {
    if (event->type == RAET_EV_ALLOWED && event->status == RAET_OK) allowed = 1;
  }
  return allowed;
}

/* Lets time pass up to the next deadline of either, and services both. */
static void skip_time(raet_stack *a, raet_stack *b) {
  uint64_t next = raet_stack_deadline(a), other = raet_stack_deadline(b);
  if (other < next) next = other;
  if (next != RAET_NEVER && next > virtual_now) virtual_now = next;
  raet_status status = raet_stack_service(a, virtual_now, 0);
  if (status != RAET_OK) die("raet_stack_service", status, a);
  if ((status = raet_stack_service(b, virtual_now, 0)) != RAET_OK) die("raet_stack_service", status, b);
}

/* Joins and allows one more remote; the nanoseconds it took both sides, without making the remote's keys. */
static uint64_t add_remote(raet_stack *estate, uint32_t number) {
  char name[32], address[32];
  raet_addr source, target;
  raet_remote remote;
  uint64_t other_spent = 0;
  snprintf(name, sizeof name, "remote%u", number);
  snprintf(address, sizeof address, "10.%u.%u.%u:7530", 1 + (number >> 16), number >> 8 & 255, number & 255);
  raet_stack *other = make_stack(name, address, 0);
  if (raet_addr_parse(address, &source) != RAET_OK || raet_addr_parse(main_address, &target) != RAET_OK) {
    die("raet_addr_parse", RAET_EINVAL, NULL);
  }
  uint64_t start = raet_now();
  raet_status status = raet_remote_add(other, NULL, main_address, &remote);
  if (status != RAET_OK) die("raet_remote_add", status, other);
  if ((status = raet_connect(other, remote, virtual_now)) != RAET_OK) die("raet_connect", status, other);
  int allowed_there = 0, allowed_here = 0;
  for (int step = 0; !(allowed_there && allowed_here); step++) {
    if (step == STEPS) die(name, RAET_ETIMEDOUT, other);
    int carried = carry(other, estate, &source, &other_spent, &main_spent);
    carried += carry(estate, other, &target, &main_spent, &other_spent);
    allowed_there |= take_allowed(other);
    allowed_here |= take_allowed(estate);
    if (carried == 0) skip_time(other, estate);
  }
  uint64_t elapsed = raet_now() - start;
  carry(other, estate, &source, &other_spent, &main_spent);
  raet_stack_free(other);
  virtual_now += 1000000;
  return elapsed;
}

static uint64_t resident_bytes(void) {
  unsigned long long pages, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%llu %llu", &pages, &resident) != 2) die("/proc/self/statm", RAET_EIO, NULL);
  fclose(file);
  return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void measure_memory(uint64_t out[2]) {
  malloc_trim(0);
  struct mallinfo2 info = mallinfo2();
  out[0] = resident_bytes();
  out[1] = info.uordblks + info.hblkhd;
}

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* What a service call costs that finds nothing to do: the median of many batches. */
static uint64_t measure_idle(raet_stack *stack) {
  uint64_t times[BATCHES];
  for (int batch = 0; batch < BATCHES; batch++) {
    uint64_t start = raet_now();
    for (int call = 0; call < CALLS; call++) {
      raet_status status = raet_stack_service(stack, ++virtual_now, 0);
      if (status != RAET_OK) die("raet_stack_service", status, stack);
    }
    times[batch] = raet_now() - start;
    take_allowed(stack);
  }
  qsort(times, BATCHES, sizeof *times, ascending);
  return times[BATCHES / 2] / CALLS;
}

int main(int argc, char **argv) {
  uint32_t remotes = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
  uint32_t base = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
  uint64_t elapsed = 0, before[2], after[2];
  if (remotes == 0 || base >= remotes) {
    puts("failed usage: engine REMOTES [BASE]");
    return 2;
  }
  virtual_now = raet_now();
  raet_stack *estate = make_stack("main", "127.0.0.1:0", 1);
  measure_memory(before);
  for (uint32_t i = 0; i < remotes; i++) {
    if (i == base) measure_memory(before);
    elapsed += add_remote(estate, i);
  }
  measure_memory(after);
  printf("joins %u %llu %llu\n", remotes, (unsigned long long)elapsed, (unsigned long long)main_spent);
  printf("memory %lld %lld\n", (long long)(after[0] - before[0]) / (long long)(remotes - base),
         (long long)(after[1] - before[1]) / (long long)(remotes - base));
  uint64_t alone = measure_idle(estate);
  raet_status status = raet_stack_open(estate, virtual_now);
  if (status != RAET_OK) die("raet_stack_open", status, estate);
  printf("idle %llu %llu\n", (unsigned long long)alone, (unsigned long long)measure_idle(estate));
  raet_stack_free(estate);
  return 0;
}
