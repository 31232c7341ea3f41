/*
 * One estate of libraet in a process of its own, measured by commands on standard input.
 *
 *   peer NAME main|other [SEND_QUEUE_BYTES]
 *
 * It answers each line of commands with one line, the same as reference_peer.py does:
 *
 *   endpoint                        endpoint 127.0.0.1:PORT
 *   join ENDPOINT                   joined NAME           joins and allows
 *   flood NAME SECONDS SIZE         flood MESSAGES NANOSECONDS FAILED
 *   ping NAME ROUNDS SIZE           ping MEDIAN_NS
 *   bulk NAME SIZE                  bulk NANOSECONDS
 *   usage                           usage CPU_NANOSECONDS MESSAGES_RECEIVED
 *   stats                           stats NAME=VALUE ...  the counters that are not 0
 *   quit
 *
 * A command that cannot be done is answered by "failed" and a reason.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "raet.h"

#define SECOND 1000000000u
#define LIMIT (60ull * SECOND) /* a command may take so long */

static raet_stack *stack;
static struct {
  uint64_t received, delivered, failed, allowed;
  raet_status status; /* of the last failure */
  raet_remote allowed_remote;
  int writable;
} seen;

static int fail(const char *format, ...) {
  va_list values;
  va_start(values, format);
  fputs("failed ", stdout);
  vprintf(format, values);
  putchar('\n');
  va_end(values);
  return -1;
}

static int fail_with(const char *what, raet_status status) {
  return fail("%s: %s %s", what, raet_status_name(status), stack == NULL ? "" : raet_stack_error(stack));
}

static void take_events(void) {
  const raet_event *event;
  while (raet_stack_next_event(stack, &event) == RAET_OK) {
    switch (event->type) {
      case RAET_EV_MESSAGE: seen.received++; break;
      case RAET_EV_DELIVERED: seen.delivered++; break;
      case RAET_EV_WRITABLE: seen.writable = 1; break;
      case RAET_EV_FAILED:
        seen.failed++;
        seen.status = event->status;
        break;
      case RAET_EV_ALLOWED:
        seen.status = event->status;
        seen.allowed += event->status == RAET_OK;
        seen.allowed_remote = event->remote;
        break;
      default: break;
    }
  }
}

/* One turn of the loop: service, take the events. */
static int turn(void) {
  raet_status status = raet_stack_service(stack, raet_now(), 0);
  if (status != RAET_OK) return fail_with("service", status);
  take_events();
  return 0;
}

/* Waits in poll for the stack, and for standard input when `input` is 1; 1 when there is input. */
static int wait_for_work(int input) {
  struct pollfd fds[2] = {{.fd = raet_stack_fd(stack)}, {.fd = input ? STDIN_FILENO : -1, .events = POLLIN}};
  uint32_t interest = raet_stack_interest(stack);
  uint64_t now = raet_now(), deadline = raet_stack_deadline(stack);
  struct timespec timeout = {0};
  fds[0].events = (short)((interest & RAET_WANT_READ ? POLLIN : 0) | (interest & RAET_WANT_WRITE ? POLLOUT : 0));
  if (deadline > now && deadline != RAET_NEVER) {
    timeout.tv_sec = (time_t)((deadline - now) / SECOND);
    timeout.tv_nsec = (long)((deadline - now) % SECOND);
  }
  ppoll(fds, 2, deadline == RAET_NEVER ? NULL : &timeout, NULL);
  return (fds[1].revents & (POLLIN | POLLHUP)) != 0;
}

/* Services the stack until *count has reached `goal`, or a failure is counted. */
static int run_until(const uint64_t *count, uint64_t goal) {
  uint64_t failed = seen.failed, end = raet_now() + LIMIT;
  for (;;) {
    if (turn() != 0) return -1;
    if (*count >= goal) return 0;
    if (seen.failed != failed) return fail_with("message", seen.status);
    if (raet_now() > end) return fail("not done within %llu s, last status %s", LIMIT / SECOND,
                                      raet_status_name(seen.status));
    wait_for_work(0);
  }
}

/* A mapping that takes `size` bytes as JSON. The caller frees it. */
static uint8_t *make_body(size_t size) {
  static const char head[] = "{\"d\":\"", tail[] = "\"}";
  uint8_t *body = size < sizeof head + sizeof tail ? NULL : malloc(size);
  if (body == NULL) {
    fail("body of %zu bytes", size);
    return NULL;
  }
  memset(body, 'x', size);
  memcpy(body, head, sizeof head - 1);
  memcpy(body + size - (sizeof tail - 1), tail, sizeof tail - 1);
  return body;
}

static raet_status send_body(raet_remote remote, const uint8_t *body, size_t size) {
  return raet_send(stack, remote, raet_now(), RAET_BODY_JSON, body, size, 0, 0, NULL);
}

static int find(const char *name, raet_remote *remote) {
  raet_status status = raet_remote_find(stack, name, remote);
  return status == RAET_OK ? 0 : fail_with(name, status);
}

static int join(const char *endpoint) {
  raet_remote remote;
  char name[256];
  size_t need;
  raet_status status = raet_remote_add(stack, NULL, endpoint, &remote);
  if (status != RAET_OK) return fail_with("raet_remote_add", status);
  if ((status = raet_connect(stack, remote, raet_now())) != RAET_OK) return fail_with("raet_connect", status);
  if (run_until(&seen.allowed, seen.allowed + 1) != 0) return -1;
  status = raet_remote_get_str(stack, seen.allowed_remote, RAET_KEY_NAME, name, sizeof name, &need);
  if (status != RAET_OK) return fail_with("name", status);
  printf("joined %s\n", name);
  return 0;
}

/* Sends as fast as the queue takes it: fills it, waits for RAET_EV_WRITABLE, fills it again. */
static int flood(const char *name, double seconds, size_t size) {
  raet_remote remote;
  uint8_t *body = make_body(size);
  if (body == NULL || find(name, &remote) != 0) return -1;
  uint64_t delivered = seen.delivered, failed = seen.failed, sent = 0, counted = 0, now;
  uint64_t start = raet_now(), end = start + (uint64_t)(seconds * SECOND), late = end + LIMIT, elapsed = 0;
  seen.writable = 1;
  for (;;) {
    now = raet_now();
    while (seen.writable && now < end) {
      raet_status status = send_body(remote, body, size);
      if (status == RAET_EAGAIN) {
        seen.writable = 0;
      } else if (status != RAET_OK) {
        free(body);
        return fail_with("raet_send", status);
      } else {
        sent++;
      }
    }
    if (turn() != 0) return -1;
    if (now >= end && elapsed == 0) {
      elapsed = raet_now() - start;
      counted = seen.delivered - delivered;
    }
    if (elapsed != 0 && seen.delivered - delivered + seen.failed - failed == sent) break;
    if (now > late) return fail("%llu messages without a report", (unsigned long long)(sent - counted));
    if (!seen.writable || now >= end) wait_for_work(0);
  }
  free(body);
  printf("flood %llu %llu %llu\n", (unsigned long long)counted, (unsigned long long)elapsed,
         (unsigned long long)(seen.failed - failed));
  return 0;
}

/* Sends one message; the nanoseconds until it was reported as delivered, or -1. */
static int64_t deliver(raet_remote remote, const uint8_t *body, size_t size) {
  uint64_t start = raet_now();
  raet_status status = send_body(remote, body, size);
  if (status != RAET_OK) return fail_with("raet_send", status);
  if (run_until(&seen.delivered, seen.delivered + 1) != 0) return -1;
  return (int64_t)(raet_now() - start);
}

static int ascending(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static int ping(const char *name, size_t rounds, size_t size) {
  raet_remote remote;
  uint8_t *body = make_body(size);
  int64_t *times = calloc(rounds, sizeof *times);
  if (body == NULL || times == NULL || rounds == 0 || find(name, &remote) != 0) return -1;
  for (size_t i = 0; i < rounds; i++) {
    if ((times[i] = deliver(remote, body, size)) < 0) return -1;
  }
  qsort(times, rounds, sizeof *times, ascending);
  printf("ping %lld\n", (long long)times[rounds / 2]);
  free(times);
  free(body);
  return 0;
}

static int bulk(const char *name, size_t size) {
  raet_remote remote;
  uint8_t *body = make_body(size);
  if (body == NULL || find(name, &remote) != 0) return -1;
  int64_t elapsed = deliver(remote, body, size);
  free(body);
  if (elapsed < 0) return -1;
  printf("bulk %lld\n", (long long)elapsed);
  return 0;
}

static void usage(void) {
  struct rusage spent;
  getrusage(RUSAGE_SELF, &spent);
  uint64_t cpu = ((uint64_t)spent.ru_utime.tv_sec + (uint64_t)spent.ru_stime.tv_sec) * SECOND +
                 ((uint64_t)spent.ru_utime.tv_usec + (uint64_t)spent.ru_stime.tv_usec) * 1000;
  printf("usage %llu %llu\n", (unsigned long long)cpu, (unsigned long long)seen.received);
}

static void stats(void) {
  const char *name;
  uint64_t value;
  fputs("stats", stdout);
  for (uint32_t i = 0; raet_stat_at(stack, i, &name, &value) == RAET_OK; i++) {
    if (value != 0) printf(" %s=%llu", name, (unsigned long long)value);
  }
  putchar('\n');
}

static void endpoint(void) {
  char text[80];
  size_t need;
  raet_status status = raet_stack_get_str(stack, RAET_KEY_ENDPOINT, text, sizeof text, &need);
  if (status == RAET_OK) printf("endpoint %s\n", text);
  else fail_with("endpoint", status);
}

/* Does one command; 0 when it was the last. */
static int obey(const char *line) {
  char name[256];
  double seconds;
  size_t rounds, size;
  if (strcmp(line, "quit") == 0) return 0;
  if (strcmp(line, "endpoint") == 0) endpoint();
  else if (strcmp(line, "usage") == 0) usage();
  else if (strcmp(line, "stats") == 0) stats();
  else if (sscanf(line, "join %255s", name) == 1) join(name);
  else if (sscanf(line, "flood %255s %lf %zu", name, &seconds, &size) == 3) flood(name, seconds, size);
  else if (sscanf(line, "ping %255s %zu %zu", name, &rounds, &size) == 3) ping(name, rounds, size);
  else if (sscanf(line, "bulk %255s %zu", name, &size) == 2) bulk(name, size);
  else fail("no such command: %s", line);
  fflush(stdout);
  return 1;
}

static int start(const char *name, int is_main, const char *queue) {
  raet_config *config;
  raet_status status = raet_config_new(RAET_KIND_ROAD, &config);
  if (status == RAET_OK) status = raet_config_set_str(config, RAET_KEY_NAME, name);
  if (status == RAET_OK) status = raet_config_set_str(config, RAET_KEY_ENDPOINT, "127.0.0.1:0");
  if (status == RAET_OK) status = raet_config_set_u64(config, RAET_KEY_MAIN, (uint64_t)is_main);
  if (status == RAET_OK) status = raet_config_set_u64(config, RAET_KEY_ACCEPT, RAET_ACCEPT_ONCE);
  if (status == RAET_OK) status = raet_config_set_u64(config, RAET_KEY_PERIOD_NS, 0);
  if (status == RAET_OK && queue != NULL) {
    status = raet_config_set_u64(config, RAET_KEY_SEND_QUEUE, strtoull(queue, NULL, 10));
  }
  if (status == RAET_OK) status = raet_stack_new(config, raet_now(), &stack);
  if (status == RAET_OK) status = raet_stack_open(stack, raet_now());
  raet_config_free(config);
  return status == RAET_OK ? 0 : fail_with("start", status);
}

int main(int argc, char **argv) {
  char line[512];
  size_t used = 0;
  if (argc < 3 || argc > 4) {
    fail("usage: peer NAME main|other [SEND_QUEUE_BYTES]");
    return 2;
  }
  if (start(argv[1], strcmp(argv[2], "main") == 0, argv[3]) != 0) return 1;
  for (;;) {
    if (turn() != 0) return 1;
    if (!wait_for_work(1)) continue;
    ssize_t count = read(STDIN_FILENO, line + used, sizeof line - 1 - used);
    if (count <= 0) break;
    used += (size_t)count;
    line[used] = 0;
    for (char *end; (end = strchr(line, '\n')) != NULL;) {
      *end = 0;
      if (!obey(line)) goto done;
      used -= (size_t)(end + 1 - line);
      memmove(line, end + 1, used + 1);
    }
  }
done:
  raet_stack_free(stack);
  return 0;
}
