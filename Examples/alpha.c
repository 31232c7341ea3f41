/*
 * A main estate with an epoll loop: others may join it once a person has accepted their keys, and each message is
 * answered. Prints what happens, as it happens.
 *
 *   alpha [--name NAME] [--endpoint ADDRESS:PORT] [--dir FOLDER] [--accept-after SECONDS] [--messages COUNT]
 *
 * Commands on standard input: "accept ROLE", "reject ROLE", "send NAME TEXT", "quit". Ends after COUNT messages, when
 * their answers are delivered, on "quit", SIGINT or SIGTERM.
 *
 *   cc -std=c11 alpha.c $(pkg-config --cflags --libs raet) -o alpha
 */
#define _POSIX_C_SOURCE 200809L /* signals and timers beside C11 */
#include <errno.h>
#include <inttypes.h>
#include <raet.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

typedef struct settings {
  const char *name, *endpoint, *dir;
  double accept_after; /* seconds; negative: only when a person says so */
  uint64_t messages;   /* 0: no limit */
} settings;

typedef struct app {
  settings settings;
  raet_stack *stack;
  int epoll, timer, signals;
  uint32_t interest;   /* what epoll watches the stack's descriptor for now */
  uint64_t received;   /* messages */
  uint64_t unreported; /* messages sent that have not ended */
  char pending[256];   /* role to accept after a while */
  uint64_t accept_at;
  bool closing, closed;
  char input[512]; /* a line of commands that is not complete */
  size_t input_len;
} app;

static void say(const app *app, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("%-5s | ", app->settings.name);
  vprintf(format, arguments);
  putchar('\n');
  fflush(stdout);
  va_end(arguments);
}

/* Tells what failed. Gives true when nothing did. */
static bool check(const app *app, const char *what, raet_status status) {
  if (status == RAET_OK) return true;
  const char *detail = app->stack == NULL ? "" : raet_stack_error(app->stack);
  say(app, "%s: %s, %s", what, raet_status_name(status), detail[0] ? detail : raet_status_text(status));
  return false;
}

/* Messages */

static void send_text(app *app, raet_remote remote, const char *name, const char *json) {
  raet_txn txn = 0;
  const uint8_t *body = (const uint8_t *)json;
  uint64_t tag = app->received;
  if (!check(app, "send", raet_send(app->stack, remote, raet_now(), RAET_BODY_JSON, body, strlen(json), 0, tag, &txn)))
    return;
  app->unreported++;
  say(app, "sent message %" PRIu64 " to %s: %s", txn, name, json);
}

static void answer(app *app, const raet_event *event) {
  char json[128];
  snprintf(json, sizeof json, "{\"answer\":%" PRIu64 ",\"bytes\":%zu}", ++app->received, event->body_len);
  send_text(app, event->remote, event->name, json);
}

/* What a person says */

static void set_acceptance(app *app, const char *role, raet_enum acceptance) {
  if (check(app, role, raet_role_set_status(app->stack, role, acceptance, raet_now())))
    say(app, "role %s is %s", role, acceptance == RAET_ACCEPTED ? "accepted" : "rejected");
}

static void begin_close(app *app) {
  if (app->closing) return;
  app->closing = true;
  say(app, "closes");
  if (!check(app, "close", raet_stack_close(app->stack, raet_now(), 2 * SECOND))) app->closed = true;
}

static void obey(app *app, char *line) {
  char *command = strtok(line, " \t\r");
  char *subject = strtok(NULL, " \t\r");
  char *rest = strtok(NULL, "\r");
  if (command == NULL) return;
  if (strcmp(command, "quit") == 0) {
    begin_close(app);
  } else if (strcmp(command, "accept") == 0 && subject != NULL) {
    set_acceptance(app, subject, RAET_ACCEPTED);
  } else if (strcmp(command, "reject") == 0 && subject != NULL) {
    set_acceptance(app, subject, RAET_REJECTED);
  } else if (strcmp(command, "send") == 0 && rest != NULL && strpbrk(rest, "\"\\") == NULL) {
    raet_remote remote = 0;
    char json[600];
    snprintf(json, sizeof json, "{\"text\":\"%s\"}", rest);
    if (check(app, subject, raet_remote_find(app->stack, subject, &remote))) send_text(app, remote, subject, json);
  } else {
    say(app, "commands: accept ROLE, reject ROLE, send NAME TEXT (without quotes), quit");
  }
}

/* Takes what there is on standard input, line by line. At its end the program goes on without a person. */
static void read_commands(app *app) {
  ssize_t got = read(STDIN_FILENO, app->input + app->input_len, sizeof app->input - 1 - app->input_len);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) {
    epoll_ctl(app->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
    return;
  }
  app->input_len += (size_t)got;
  app->input[app->input_len] = 0;
  char *line = app->input;
  for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = 0;
    obey(app, line);
  }
  app->input_len = strlen(line);
  memmove(app->input, line, app->input_len + 1);
  if (app->input_len == sizeof app->input - 1) app->input_len = 0; /* a line too long to be a command */
}

/* What happens on the road */

static void take(app *app, const raet_event *event) {
  const char *name = event->name == NULL ? "" : event->name;
  switch (event->type) {
    case RAET_EV_MESSAGE:
      say(app, "message from %s: %.*s", name, (int)event->body_len, event->body_len ? (const char *)event->body : "");
      answer(app, event);
      break;
    case RAET_EV_DELIVERED:
      app->unreported--;
      say(app, "message %" PRIu64 " to %s is delivered", event->txn, name);
      break;
    case RAET_EV_FAILED:
      app->unreported--;
      say(app, "message %" PRIu64 " to %s failed: %s", event->txn, name, raet_status_text(event->status));
      break;
    case RAET_EV_KEY_PENDING:
      say(app, "role %s is pending; a person has to say: accept %s", name, name);
      if (app->settings.accept_after >= 0) {
        snprintf(app->pending, sizeof app->pending, "%s", name);
        app->accept_at = raet_now() + (uint64_t)(app->settings.accept_after * 1e9);
      }
      break;
    case RAET_EV_CLOSED:
      say(app, "is closed");
      app->closed = true;
      break;
    default:
      say(app, "%s %s%s%s", raet_event_name(event->type), name, event->status == RAET_OK ? "" : ": ",
          event->status == RAET_OK ? "" : raet_status_text(event->status));
  }
}

static void take_events(app *app) {
  const raet_event *event = NULL;
  while (raet_stack_next_event(app->stack, &event) == RAET_OK) take(app, event);
  bool enough = app->settings.messages > 0 && app->received >= app->settings.messages && app->unreported == 0;
  if (!enough || app->closing) return;
  begin_close(app);
  take_events(app); /* closing may have made more */
}

/* The loop */

/* Makes epoll wait for what the stack wants: its descriptor, and its deadline by the timer. */
static void watch(app *app) {
  int fd = raet_stack_fd(app->stack);
  uint32_t interest = raet_stack_interest(app->stack);
  if (fd >= 0 && interest != app->interest) {
    struct epoll_event watched = {.data.fd = fd};
    if (interest & RAET_WANT_READ) watched.events |= EPOLLIN;
    if (interest & RAET_WANT_WRITE) watched.events |= EPOLLOUT;
    epoll_ctl(app->epoll, app->interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &watched);
    app->interest = interest;
  }
  uint64_t deadline = raet_stack_deadline(app->stack);
  if (app->pending[0] && app->accept_at < deadline) deadline = app->accept_at;
  struct itimerspec timer = {0}; /* zero: no alarm */
  if (deadline != RAET_NEVER) {
    timer.it_value.tv_sec = (time_t)(deadline / SECOND);
    timer.it_value.tv_nsec = (long)(deadline % SECOND) | 1; /* never zero, also when the deadline is */
  }
  timerfd_settime(app->timer, TFD_TIMER_ABSTIME, &timer, NULL);
}

static bool run(app *app) {
  while (!app->closed) {
    watch(app);
    struct epoll_event ready[4];
    int count = epoll_wait(app->epoll, ready, 4, -1);
    for (int i = 0; i < count; i++) {
      if (ready[i].data.fd == STDIN_FILENO) read_commands(app);
      if (ready[i].data.fd == app->signals) begin_close(app);
    }
    if (app->pending[0] && raet_now() >= app->accept_at) {
      set_acceptance(app, app->pending, RAET_ACCEPTED);
      app->pending[0] = 0;
    }
    raet_status status = raet_stack_service(app->stack, raet_now(), 0);
    if (status != RAET_ECLOSED && !check(app, "service", status)) return false;
    take_events(app);
  }
  return true;
}

/* Beginning and end */

static bool start_stack(app *app) {
  const settings *settings = &app->settings;
  raet_config *config = NULL;
  bool good = check(app, "configuration", raet_config_new(RAET_KIND_ROAD, &config)) &&
              check(app, "name", raet_config_set_str(config, RAET_KEY_NAME, settings->name)) &&
              check(app, "endpoint", raet_config_set_str(config, RAET_KEY_ENDPOINT, settings->endpoint)) &&
              check(app, "dir", raet_config_set_str(config, RAET_KEY_DIR, settings->dir)) &&
              check(app, "main", raet_config_set_u64(config, RAET_KEY_MAIN, 1)) &&
              check(app, "stack", raet_stack_new(config, raet_now(), &app->stack)) &&
              check(app, "socket", raet_stack_open(app->stack, raet_now()));
  raet_config_free(config);
  if (!good) return false;
  char endpoint[128];
  size_t need = 0;
  good = check(app, "endpoint", raet_stack_get_str(app->stack, RAET_KEY_ENDPOINT, endpoint, sizeof endpoint, &need));
  if (good) say(app, "listens on %s", endpoint);
  return good;
}

static bool start_loop(app *app) {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, NULL);
  app->epoll = epoll_create1(EPOLL_CLOEXEC);
  app->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC); /* the clock of raet_now() */
  app->signals = signalfd(-1, &stop, SFD_CLOEXEC);
  int watched[] = {app->timer, app->signals, STDIN_FILENO};
  for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
    struct epoll_event readable = {.events = EPOLLIN, .data.fd = watched[i]};
    int failed = epoll_ctl(app->epoll, EPOLL_CTL_ADD, watched[i], &readable);
    if (failed && watched[i] != STDIN_FILENO) return false; /* standard input may be a file, or nothing */
  }
  return true;
}

static bool parse(int argc, char **argv, settings *settings) {
  for (int i = 1; i < argc; i += 2) {
    const char *value = argv[i + 1];
    if (value == NULL) return false;
    if (strcmp(argv[i], "--name") == 0) settings->name = value;
    else if (strcmp(argv[i], "--endpoint") == 0) settings->endpoint = value;
    else if (strcmp(argv[i], "--dir") == 0) settings->dir = value;
    else if (strcmp(argv[i], "--accept-after") == 0) settings->accept_after = strtod(value, NULL);
    else if (strcmp(argv[i], "--messages") == 0) settings->messages = strtoull(value, NULL, 10);
    else return false;
  }
  return true;
}

int main(int argc, char **argv) {
  app app = {.settings = {.name = "alpha", .endpoint = "0.0.0.0:7530", .accept_after = -1}};
  if (!parse(argc, argv, &app.settings)) {
    fprintf(stderr, "usage: %s [--name NAME] [--endpoint ADDRESS:PORT] [--dir FOLDER] [--accept-after SECONDS]"
                    " [--messages COUNT]\n", argv[0]);
    return 2;
  }
  bool good = start_loop(&app) && start_stack(&app) && run(&app);
  raet_stack_free(app.stack);
  close(app.epoll);
  close(app.timer);
  close(app.signals);
  return good ? 0 : 1;
}
