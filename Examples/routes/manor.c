/*
 * The manor of an estate: the process that holds the road to other estates and the main yard of the lane, and leads
 * messages between both. Which of them it lets pass, rules say; what they refuse is printed.
 *
 *   manor ESTATE ENDPOINT FOLDER RULES [ENDPOINT-OF-ANOTHER-ESTATE]
 *
 * FOLDER is that of the lane's sockets. Ends with SIGINT or SIGTERM.
 *
 *   cc -std=c11 manor.c $(pkg-config --cflags --libs raet) -o manor
 */
#define _POSIX_C_SOURCE 200809L /* signals and poll() beside C11 */
#include <poll.h>
#include <raet.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

typedef struct manor {
  const char *estate;
  raet_router *router;
  raet_stack *road, *lane;
  int open; /* stacks that are not closed */
} manor;

static void say(const manor *m, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("%5s manor | ", m->estate);
  vprintf(format, arguments);
  putchar('\n');
  fflush(stdout);
  va_end(arguments);
}

/* The program ends where something fails that must not. */
static void must(const manor *m, const char *what, raet_status status) {
  if (status == RAET_OK) return;
  const char *detail = m->router ? raet_router_error(m->router) : "";
  say(m, "%s: %s", what, *detail ? detail : raet_status_text(status));
  exit(1);
}

static raet_stack *open_stack(const manor *m, raet_config *config) {
  raet_stack *stack = NULL;
  must(m, "stack", raet_stack_new(config, raet_now(), &stack));
  raet_config_free(config);
  raet_status status = raet_stack_open(stack, raet_now());
  if (status != RAET_OK) say(m, "%s", raet_stack_error(stack));
  must(m, "socket", status);
  must(m, "attach", raet_router_attach(m->router, stack));
  return stack;
}

static raet_stack *open_road(const manor *m, const char *endpoint) {
  raet_config *config = NULL;
  must(m, "road", raet_config_new(RAET_KIND_ROAD, &config));
  must(m, "name", raet_config_set_str(config, RAET_KEY_NAME, m->estate));
  must(m, "endpoint", raet_config_set_str(config, RAET_KEY_ENDPOINT, endpoint));
  must(m, "main", raet_config_set_u64(config, RAET_KEY_MAIN, 1));
  must(m, "accept", raet_config_set_u64(config, RAET_KEY_ACCEPT, RAET_ACCEPT_ONCE));
  must(m, "period", raet_config_set_u64(config, RAET_KEY_PERIOD_NS, SECOND / 4)); /* to find out soon who is dead */
  return open_stack(m, config);
}

static raet_stack *open_lane(const manor *m, const char *folder) {
  raet_config *config = NULL;
  must(m, "lane", raet_config_new(RAET_KIND_LANE, &config));
  must(m, "yard", raet_config_set_str(config, RAET_KEY_NAME, "manor"));
  must(m, "folder", raet_config_set_str(config, RAET_KEY_DIR, folder));
  return open_stack(m, config);
}

static void take(void *user, raet_router *router, const raet_event *event) {
  manor *m = user;
  (void)router;
  switch (event->type) {
    case RAET_EV_MESSAGE: /* the only ones for the manor itself: processes of the estate that say where they are */
      say(m, "%s is here, process %ld of user %u", event->source, (long)event->pid, (unsigned)event->uid);
      break;
    case RAET_EV_REFUSED:
      say(m, "REFUSED: %s to %s: %s", event->source, event->destination ? event->destination : "?", event->name);
      break;
    case RAET_EV_ALLOWED:
      say(m, "estate %s: messages can pass", event->name);
      break;
    case RAET_EV_DEAD:
      say(m, "%s %s is dead", event->stack == m->road ? "estate" : "yard", event->name);
      break;
    case RAET_EV_CLOSED:
      m->open--;
      break;
    default:
      break;
  }
}

int main(int argc, char **argv) {
  if (argc < 5 || argc > 6) {
    fprintf(stderr, "usage: %s ESTATE ENDPOINT FOLDER RULES [ENDPOINT-OF-ANOTHER-ESTATE]\n", argv[0]);
    return 2;
  }
  manor m = {.estate = argv[1]};
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, NULL);
  int signals = signalfd(-1, &stop, SFD_CLOEXEC);

  must(&m, "router", raet_router_new(&m.router));
  m.road = open_road(&m, argv[2]);
  m.lane = open_lane(&m, argv[3]);
  m.open = 2;
  must(&m, "rules", raet_router_set_rules(m.router, argv[4]));
  char endpoint[64];
  size_t need;
  must(&m, "endpoint", raet_stack_get_str(m.road, RAET_KEY_ENDPOINT, endpoint, sizeof endpoint, &need));
  say(&m, "listens on %s", endpoint);
  if (argc == 6) {
    raet_remote other = 0;
    must(&m, "other estate", raet_remote_add(m.road, NULL, argv[5], &other));
    must(&m, "connect", raet_connect(m.road, other, raet_now()));
  }

  bool closing = false;
  while (m.open > 0) {
    struct pollfd ready[] = {{raet_router_fd(m.router), POLLIN, 0}, {signals, POLLIN, 0}};
    poll(ready, closing ? 1 : 2, raet_router_timeout_ms(m.router, raet_now()));
    if (!closing && ready[1].revents) {
      closing = true;
      must(&m, "close", raet_stack_close(m.road, raet_now(), SECOND));
      must(&m, "close", raet_stack_close(m.lane, raet_now(), SECOND));
    }
    must(&m, "service", raet_router_service(m.router, raet_now(), 0));
    must(&m, "events", raet_router_dispatch(m.router, take, &m, 0));
  }
  raet_router_free(m.router);
  raet_stack_free(m.road);
  raet_stack_free(m.lane);
  close(signals);
  say(&m, "is closed");
  return 0;
}
