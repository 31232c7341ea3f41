/*
 * Messages a second between two processes over Unix sockets: of libraet's lane, and of bare datagrams sent one by one.
 *
 *   lane raet FOLDER SECONDS SIZE     lane MESSAGES NANOSECONDS    messages that arrived, with their reports
 *   lane raw FOLDER SECONDS SIZE      raw MESSAGES NANOSECONDS     sendto() and recv(), both blocking
 *
 * Both send to a bound socket by its path, and both meet the same queue (net.unix.max_dgram_qlen). The receiver is the
 * parent, which counts and measures from the first message to the last.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raet.h"

#define SECOND 1000000000ull
enum { HEAD = 80, LONGEST = 60000 }; /* bytes of a page's head, which the bare datagrams carry, too */

static void die(const char *what) {
  printf("failed %s: %s\n", what, strerror(errno));
  exit(1);
}

static void die_with(const char *what, raet_status status) {
  printf("failed %s: %s\n", what, raet_status_name(status));
  exit(1);
}

static uint64_t first, last, count;

static void arrived(uint64_t number) {
  last = raet_now();
  if (count == 0) first = last;
  count += number;
}

/* Bare datagrams. */

static struct sockaddr_un address(const char *folder, const char *name) {
  struct sockaddr_un out = {.sun_family = AF_UNIX};
  size_t need;
  raet_status status = raet_yard_path(folder, "bench", name, out.sun_path, sizeof out.sun_path, &need);
  if (status != RAET_OK) die_with("path", status);
  return out;
}

static int raw_socket(const char *folder, const char *name) {
  struct sockaddr_un here = address(folder, name);
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  unlink(here.sun_path);
  if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) != 0) die(here.sun_path);
  return fd;
}

static void raw_send(const char *folder, double seconds, size_t size) {
  static char page[LONGEST + HEAD];
  struct sockaddr_un to = address(folder, "to");
  int fd = raw_socket(folder, "from");
  memset(page, 'x', sizeof page);
  for (uint64_t end = raet_now() + (uint64_t)(seconds * SECOND); raet_now() < end;) {
    if (sendto(fd, page, HEAD + size, 0, (struct sockaddr *)&to, sizeof to) < 0) die("sendto");
  }
  while (sendto(fd, page, 1, 0, (struct sockaddr *)&to, sizeof to) < 0) {
  }
}

static void raw_receive(int fd) {
  static char page[LONGEST + HEAD];
  ssize_t length;
  while ((length = recv(fd, page, sizeof page, 0)) > 1) arrived(1);
}

/* libraet. */

static raet_stack *yard(const char *folder, const char *name) {
  raet_config *config;
  raet_stack *stack = NULL;
  raet_status status = raet_config_new(RAET_KIND_LANE, &config);
  if (status == RAET_OK) status = raet_config_set_str(config, RAET_KEY_NAME, name);
  if (status == RAET_OK) status = raet_config_set_str(config, RAET_KEY_LANE, "bench");
  if (status == RAET_OK) status = raet_config_set_str(config, RAET_KEY_DIR, folder);
  if (status == RAET_OK) status = raet_config_set_u64(config, RAET_KEY_SEND_QUEUE, 256 * 1024);
  if (status == RAET_OK) status = raet_stack_new(config, raet_now(), &stack);
  if (status == RAET_OK) status = raet_stack_open(stack, raet_now());
  if (status != RAET_OK) die_with("yard", status);
  raet_config_free(config);
  return stack;
}

static void wait_for(raet_stack *stack) {
  struct pollfd ready = {raet_stack_fd(stack), POLLIN, 0};
  int32_t timeout = raet_stack_timeout_ms(stack, raet_now());
  if (timeout != 0) poll(&ready, 1, timeout);
}

static void service(raet_stack *stack) {
  raet_status status = raet_stack_service(stack, raet_now(), 0);
  if (status != RAET_OK) die_with("service", status);
}

static void raet_send_all(const char *folder, double seconds, size_t size) {
  static uint8_t body[LONGEST];
  raet_stack *stack = yard(folder, "from");
  raet_remote to = 0;
  uint64_t sent = 0, ended = 0, end = raet_now() + (uint64_t)(seconds * SECOND);
  int writable = 1;
  memset(body, 'x', size);
  memcpy(body, "{\"d\":\"", 6);
  memcpy(body + size - 2, "\"}", 2);
  if (raet_remote_add(stack, "to", NULL, &to) != RAET_OK) die("yard to");
  while (raet_now() < end || ended < sent) {
    const raet_event *event;
    for (uint64_t now; writable && (now = raet_now()) < end;) {
      raet_status status = raet_send(stack, to, now, RAET_BODY_JSON, body, size, 0, 0, NULL);
      if (status == RAET_EAGAIN) writable = 0;
      else if (status != RAET_OK) die_with("raet_send", status);
      else sent++;
    }
    service(stack);
    while (raet_stack_next_event(stack, &event) == RAET_OK) {
      if (event->type == RAET_EV_DELIVERED) ended++;
      else if (event->type == RAET_EV_WRITABLE) writable = 1;
      else if (event->type == RAET_EV_FAILED) die_with("message", event->status);
    }
    if (ended < sent && (!writable || raet_now() >= end)) wait_for(stack);
  }
  /* The receiver ends with an empty one, and ends this process. */
  if (raet_send(stack, to, raet_now(), RAET_BODY_JSON, NULL, 0, 0, 0, NULL) != RAET_OK) die("the last message");
  for (;; wait_for(stack)) service(stack);
}

static void raet_receive_all(raet_stack *stack) {
  for (;;) {
    const raet_event *event;
    service(stack);
    uint64_t got = 0;
    while (raet_stack_next_event(stack, &event) == RAET_OK) {
      if (event->type != RAET_EV_MESSAGE) continue;
      if (event->body_len == 0) {
        if (got > 0) arrived(got);
        return;
      }
      got++;
    }
    if (got > 0) arrived(got);
    wait_for(stack);
  }
}

int main(int argc, char **argv) {
  if (argc != 5) {
    printf("failed usage: lane raet|raw FOLDER SECONDS SIZE\n");
    return 2;
  }
  int is_raw = strcmp(argv[1], "raw") == 0;
  const char *folder = argv[2];
  double seconds = atof(argv[3]);
  size_t size = strtoul(argv[4], NULL, 10);
  if (size < 10 || size > LONGEST) die("size");
  raet_stack *stack = is_raw ? NULL : yard(folder, "to");
  int fd = is_raw ? raw_socket(folder, "to") : -1;
  pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (is_raw) raw_send(folder, seconds, size);
    else raet_send_all(folder, seconds, size);
    fflush(stdout);
    _exit(0);
  }
  if (is_raw) raw_receive(fd);
  else raet_receive_all(stack);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  raet_stack_free(stack);
  printf("%s %llu %llu\n", is_raw ? "raw" : "lane", (unsigned long long)count, (unsigned long long)(last - first));
  return 0;
}
