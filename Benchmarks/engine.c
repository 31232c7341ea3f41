/*
 * A main estate with many idle remotes, without sockets until the last step.
 *
 *   engine REMOTES [BASE]
 *
 * It joins and allows that many remotes to a main estate, each from a stack of its own that is freed again. It prints
 *
 *   joins COUNT NANOSECONDS MAIN_NANOSECONDS      all of it; what was spent in calls of the main estate
 *   memory BYTES HEAP_BYTES                       per remote from the BASE-th on: resident; what malloc handed out
 *   idle NANOSECONDS SOCKET_NANOSECONDS           a service call with nothing to do: by itself; with a socket open
 *
 * or "failed" and a reason. The stacks of the remotes live in a process of their own: the memory is the main estate's;
 * a pair of sockets carries the datagrams. Time is virtual while remotes are added: nothing waits for a clock.
 */
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raet.h"

#define SECOND 1000000000u
enum { DATAGRAM = 1024, TURNS = 1000, CALLS = 100, BATCHES = 201 };

static const char main_address[] = "10.0.0.1:7530";

/* What one process tells the other: datagrams, then that it is the other's turn. */
struct note {
  uint64_t now;
  uint64_t spent;  /* nanoseconds in calls for this remote so far */
  uint32_t number; /* of the remote */
  uint16_t length; /* of the datagram; 0: your turn */
  uint8_t allowed; /* messages can pass */
  uint8_t carried; /* there were datagrams in this turn */
  uint8_t datagram[DATAGRAM];
};
#define NOTE_HEAD offsetof(struct note, datagram)

/* One side of the conversation. */
struct side {
  raet_stack *stack;
  int channel;
  uint64_t now, spent;
  uint32_t number;
  uint8_t allowed, carried;
};

static void die(const char *what, raet_status status, const raet_stack *stack) {
  printf("failed %s: %s %s\n", what, raet_status_name(status), stack == NULL ? "" : raet_stack_error(stack));
  exit(1);
}

static raet_stack *make_stack(const char *name, const char *address, int is_main, uint64_t now) {
  raet_config *config;
  raet_stack *stack = NULL;
  raet_status status = raet_config_new(RAET_KIND_ROAD, &config);
  if (status == RAET_OK) status = raet_config_set_str(config, RAET_KEY_NAME, name);
  if (status == RAET_OK) status = raet_config_set_str(config, RAET_KEY_ENDPOINT, address);
  if (status == RAET_OK) status = raet_config_set_u64(config, RAET_KEY_MAIN, (uint64_t)is_main);
  if (status == RAET_OK) status = raet_config_set_u64(config, RAET_KEY_ACCEPT, RAET_ACCEPT_ONCE);
  /* Heartbeats stay on, so that each remote has its deadline, but none is due while this runs. */
  if (status == RAET_OK) status = raet_config_set_u64(config, RAET_KEY_PERIOD_NS, 1000ull * 3600 * SECOND);
  if (status == RAET_OK) status = raet_stack_new(config, now, &stack);
  if (status != RAET_OK) die(name, status, stack);
  raet_config_free(config);
  return stack;
}

/* The address of a remote; number 0 is the main estate. */
static raet_addr address_of(uint32_t number, char text[32]) {
  raet_addr address;
  if (number == 0) strcpy(text, main_address);
  else snprintf(text, 32, "10.%u.%u.%u:7530", 1 + (number >> 16), number >> 8 & 255, number & 255);
  if (raet_addr_parse(text, &address) != RAET_OK) die("raet_addr_parse", RAET_EINVAL, NULL);
  return address;
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

static void tell(struct side *side, const uint8_t *datagram, size_t length) {
  struct note note = {.now = side->now, .spent = side->spent, .number = side->number, .length = (uint16_t)length,
                      .allowed = side->allowed, .carried = side->carried};
  if (length > 0) memcpy(note.datagram, datagram, length);
  if (send(side->channel, &note, NOTE_HEAD + length, 0) < 0) die("send", RAET_EIO, NULL);
}

/* Sends all that the stack has to send, and that it is the other's turn. */
static void speak(struct side *side) {
  uint8_t datagram[DATAGRAM];
  size_t length;
  raet_addr target;
  side->carried = 0;
  for (;;) {
    uint64_t start = raet_now();
    raet_status status = raet_stack_output(side->stack, side->now, datagram, sizeof datagram, &length, &target);
    side->spent += raet_now() - start;
    if (status == RAET_EAGAIN) break;
    if (status != RAET_OK) die("raet_stack_output", status, side->stack);
    side->carried = 1;
    tell(side, datagram, length);
  }
  side->allowed |= (uint8_t)take_allowed(side->stack);
  tell(side, NULL, 0);
}

/* Takes the other's datagrams until it is our turn; 0 when it is gone. */
static int listen_to(struct side *side, const raet_addr *other, struct note *note) {
  for (;;) {
    ssize_t count = recv(side->channel, note, sizeof *note, 0);
    if (count < (ssize_t)NOTE_HEAD) return 0;
    if (note->now > side->now) side->now = note->now;
    if (note->length == 0) return 1;
    char text[32];
    raet_addr source = other == NULL ? address_of(note->number, text) : *other;
    uint64_t start = raet_now();
    raet_status status = raet_stack_input(side->stack, side->now, note->datagram, note->length, &source);
    side->spent += raet_now() - start;
    if (status != RAET_OK) die("raet_stack_input", status, side->stack);
  }
}

static void service(struct side *side) {
  uint64_t start = raet_now();
  raet_status status = raet_stack_service(side->stack, side->now, 0);
  side->spent += raet_now() - start;
  if (status != RAET_OK) die("raet_stack_service", status, side->stack);
}

/* The other process: joins one remote after the other. A remote is done when both sides are allowed and a turn of each
 * has brought nothing more. */
static void run_remotes(int channel, uint32_t remotes, uint64_t now) {
  struct note note;
  char name[32], text[32];
  raet_addr target = address_of(0, text);
  for (uint32_t number = 1; number <= remotes; number++) {
    struct side side = {.channel = channel, .now = now, .number = number};
    raet_remote remote;
    snprintf(name, sizeof name, "remote%u", number);
    address_of(number, text);
    side.stack = make_stack(name, text, 0, now);
    uint64_t start = raet_now();
    raet_status status = raet_remote_add(side.stack, NULL, main_address, &remote);
    if (status == RAET_OK) status = raet_connect(side.stack, remote, now);
    side.spent += raet_now() - start;
    if (status != RAET_OK) die("raet_connect", status, side.stack);
    for (int turn = 0;; turn++) {
      if (turn == TURNS) die(name, RAET_ETIMEDOUT, side.stack);
      speak(&side);
      if (!listen_to(&side, &target, &note)) exit(1);
      if (side.carried || note.carried) continue;
      if (side.allowed && note.allowed) break;
      side.now += SECOND / 100;
      service(&side);
    }
    now = side.now + SECOND / 1000;
    raet_stack_free(side.stack);
  }
}

/* Answers the other process until one more remote is allowed; the nanoseconds that this took there. */
static uint64_t add_remote(struct side *side) {
  struct note note;
  side->allowed = 0;
  for (;;) {
    uint64_t before = side->now;
    if (!listen_to(side, NULL, &note)) die("the other process has ended", RAET_EINTERNAL, NULL);
    if (side->now != before) service(side);
    speak(side);
    if (note.allowed && side->allowed && !note.carried && !side->carried) return note.spent;
  }
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
static uint64_t measure_idle(struct side *side) {
  uint64_t times[BATCHES];
  for (int batch = 0; batch < BATCHES; batch++) {
    uint64_t start = raet_now();
    for (int call = 0; call < CALLS; call++) {
      raet_status status = raet_stack_service(side->stack, ++side->now, 0);
      if (status != RAET_OK) die("raet_stack_service", status, side->stack);
    }
    times[batch] = raet_now() - start;
    take_allowed(side->stack);
  }
  qsort(times, BATCHES, sizeof *times, ascending);
  return times[BATCHES / 2] / CALLS;
}

int main(int argc, char **argv) {
  uint32_t remotes = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
  uint32_t base = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
  uint64_t there = 0, before[2], after[2];
  int ends[2];
  struct side side = {.now = raet_now()};
  if (remotes == 0 || base >= remotes) {
    puts("failed usage: engine REMOTES [BASE]");
    return 2;
  }
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) die("socketpair", RAET_EIO, NULL);
  pid_t child = fork();
  if (child < 0) die("fork", RAET_EIO, NULL);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ends[0]);
    run_remotes(ends[1], remotes, side.now);
    _exit(0);
  }
  close(ends[1]);
  side.channel = ends[0];
  side.stack = make_stack("main", "127.0.0.1:0", 1, side.now);
  for (uint32_t i = 0; i < remotes; i++) {
    if (i == base) measure_memory(before);
    there += add_remote(&side);
  }
  measure_memory(after);
  waitpid(child, NULL, 0);
  printf("joins %u %llu %llu\n", remotes, (unsigned long long)(there + side.spent), (unsigned long long)side.spent);
  printf("memory %lld %lld\n", (long long)(after[0] - before[0]) / (long long)(remotes - base),
         (long long)(after[1] - before[1]) / (long long)(remotes - base));
  uint64_t alone = measure_idle(&side);
  raet_status status = raet_stack_open(side.stack, side.now);
  if (status != RAET_OK) die("raet_stack_open", status, side.stack);
  printf("idle %llu %llu\n", (unsigned long long)alone, (unsigned long long)measure_idle(&side));
  raet_stack_free(side.stack);
  return 0;
}
