/*
 * A process of an estate that does work for others: takes messages to its share "jobs", {"n": NUMBER}, and answers each
 * with the square. It has no road: what is not on its lane goes by the manor.
 *
 *   press ESTATE FOLDER
 *
 * FOLDER is that of the lane's sockets. Ends with SIGINT or SIGTERM.
 *
 *   cc -std=c11 press.c $(pkg-config --cflags --libs raet) -o press
 */
#define _POSIX_C_SOURCE 200809L /* signals and poll() beside C11 */
#include <poll.h>
#include <raet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

typedef struct press {
  const char *estate;
  bool closed;
} press;

/* The program ends where something fails that must not. */
static void must(const char *what, raet_status status) {
  if (status == RAET_OK) return;
  fprintf(stderr, "press: %s: %s\n", what, raet_status_text(status));
  exit(1);
}

/* The number of a job; 0 when it has none. A program of more than this would use a JSON library. */
static long number_of(const raet_event *event) {
  char text[256];
  snprintf(text, sizeof text, "%.*s", (int)event->body_len, event->body_len ? (const char *)event->body : "");
  const char *found = strstr(text, "\"n\":");
  return found ? strtol(found + 4, NULL, 10) : 0;
}

static void take(void *user, raet_router *router, const raet_event *event) {
  press *p = user;
  if (event->type == RAET_EV_CLOSED) p->closed = true;
  if (event->type != RAET_EV_MESSAGE) return;
  char answer[64];
  long n = number_of(event);
  snprintf(answer, sizeof answer, "{\"n\":%ld,\"square\":%ld}", n, n * n);
  printf("%5s press | job %ld from %s\n", p->estate, n, event->source);
  fflush(stdout);
  raet_status status = raet_router_reply(router, raet_now(), event, NULL, RAET_BODY_JSON, (const uint8_t *)answer,
                                         strlen(answer), 0, 0, 0, NULL);
  if (status != RAET_OK) fprintf(stderr, "press: no answer to %s: %s\n", event->source, raet_status_text(status));
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s ESTATE FOLDER\n", argv[0]);
    return 2;
  }
  press p = {.estate = argv[1]};
  raet_config *config = NULL;
  raet_stack *lane = NULL;
  raet_router *router = NULL;
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, NULL);
  int signals = signalfd(-1, &stop, SFD_CLOEXEC);

  must("lane", raet_config_new(RAET_KIND_LANE, &config));
  must("yard", raet_config_set_str(config, RAET_KEY_NAME, "press"));
  must("folder", raet_config_set_str(config, RAET_KEY_DIR, argv[2]));
  must("lane", raet_stack_new(config, raet_now(), &lane));
  raet_config_free(config);
  must("socket", raet_stack_open(lane, raet_now()));

  must("router", raet_router_new(&router));
  must("attach", raet_router_attach(router, lane));
  must("manor", raet_router_set_str(router, RAET_ROUTER_MANOR, "manor"));
  must("share", raet_router_set_share(router, "jobs", 1));
  /* The manor knows a yard when it has heard of it. */
  must("greeting", raet_router_send(router, raet_now(), "/manor/", NULL, RAET_BODY_JSON, NULL, 0, 0, 0, 0, NULL));

  bool closing = false;
  while (!p.closed) {
    struct pollfd ready[] = {{raet_router_fd(router), POLLIN, 0}, {signals, POLLIN, 0}};
    poll(ready, closing ? 1 : 2, raet_router_timeout_ms(router, raet_now()));
    if (!closing && ready[1].revents) {
      closing = true;
      must("close", raet_stack_close(lane, raet_now(), SECOND));
    }
    must("service", raet_router_service(router, raet_now(), 0));
    must("events", raet_router_dispatch(router, take, &p, 0));
  }
  raet_router_free(router);
  raet_stack_free(lane);
  close(signals);
  return 0;
}
