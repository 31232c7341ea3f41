/* Yards on a lane over Unix sockets: messages, pages, full queues, sockets of dead processes, and who is believed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define SECOND 1000000000ull
static char folder[64];

/* What a yard's host has seen. */
typedef struct yard {
  raet_stack *stack;
  unsigned long seen[32]; /* events by type */
  raet_status last_status;
  raet_remote last_remote;
  uint64_t last_tag, bytes;
  int64_t pid;
  uint32_t uid, gid;
  char last_name[128];
  char last_body[256];
} yard;

static void clear(yard *y) {
  memset(y->seen, 0, sizeof y->seen);
  y->bytes = 0;
}

static raet_config *config(const char *name) {
  raet_config *c = NULL;
  CHECK_OK(raet_config_new(RAET_KIND_LANE, &c));
  CHECK_OK(raet_config_set_str(c, RAET_KEY_NAME, name));
  CHECK_OK(raet_config_set_str(c, RAET_KEY_DIR, folder));
  CHECK_OK(raet_config_set_str(c, RAET_KEY_LANE, "cherry"));
  return c;
}

static void make(yard *y, raet_config *c) {
  memset(y, 0, sizeof *y);
  if (!CHECK_OK(raet_stack_new(c, raet_now(), &y->stack))) exit(1);
  raet_config_free(c);
}

static void open_yard(yard *y, const char *name) {
  make(y, config(name));
  if (!CHECK_OK(raet_stack_open(y->stack, raet_now()))) printf("  %s\n", raet_stack_error(y->stack));
}

static void take(void *user, raet_stack *stack, const raet_event *event) {
  yard *y = user;
  (void)stack;
  y->seen[event->type]++;
  y->last_status = event->status;
  y->last_remote = event->remote;
  y->last_tag = event->tag;
  snprintf(y->last_name, sizeof y->last_name, "%s", event->name ? event->name : "");
  if (event->type == RAET_EV_MESSAGE) {
    y->pid = event->pid;
    y->uid = event->uid;
    y->gid = event->gid;
    y->bytes += event->body_len;
    snprintf(y->last_body, sizeof y->last_body, "%.*s", (int)(event->body_len < 200 ? event->body_len : 200),
             event->body ? (const char *)event->body : "");
  } else {
    CHECK_NUMBER(-1, event->pid);
    CHECK(event->uid == UINT32_MAX && event->gid == UINT32_MAX);
  }
}

static void service(yard *y) {
  CHECK_OK(raet_stack_service(y->stack, raet_now(), 0));
  CHECK_OK(raet_stack_dispatch(y->stack, take, y, 0));
}

/* Waits as a host would until a yard has seen so many events of a type; 0 after 20 s. */
static int wait_for(yard **yards, int count, yard *which, int type, unsigned long wanted) {
  uint64_t end = raet_now() + 20 * SECOND;
  while (which->seen[type] < wanted) {
    struct pollfd ready[4];
    int wait = 1000;
    if (raet_now() > end) return 0;
    for (int i = 0; i < count; i++) {
      int32_t limit = raet_stack_timeout_ms(yards[i]->stack, raet_now());
      if (limit >= 0 && limit < wait) wait = limit;
      CHECK_NUMBER(RAET_WANT_READ, raet_stack_interest(yards[i]->stack));
      ready[i] = (struct pollfd){raet_stack_fd(yards[i]->stack), POLLIN, 0};
    }
    if (poll(ready, (nfds_t)count, wait) < 0) return 0;
    for (int i = 0; i < count; i++) service(yards[i]);
  }
  return 1;
}

static raet_remote add(yard *y, const char *name) {
  raet_remote remote = 0;
  CHECK_OK(raet_remote_add(y->stack, name, NULL, &remote));
  return remote;
}

static raet_status say(yard *y, raet_remote to, const char *body, uint64_t tag) {
  return raet_send(y->stack, to, raet_now(), RAET_BODY_JSON, (const uint8_t *)body, strlen(body), 0, tag, NULL);
}

/* A JSON mapping of so many bytes; the caller frees it. */
static char *large(size_t length) {
  char *body = malloc(length + 1);
  memset(body, 'x', length);
  memcpy(body, "{\"x\":\"", 6);
  memcpy(body + length - 2, "\"}", 3);
  return body;
}

/* A socket of the test's own: bound to a yard's path, or to none. */
static int raw_socket(const char *name) {
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  struct sockaddr_un here = {.sun_family = AF_UNIX};
  size_t need;
  if (!name) return fd;
  CHECK_OK(raet_yard_path(folder, "cherry", name, here.sun_path, sizeof here.sun_path, &need));
  CHECK(bind(fd, (struct sockaddr *)&here, sizeof here) == 0);
  return fd;
}

static int raw_send(int fd, const char *to, const void *page, size_t length) {
  struct sockaddr_un there = {.sun_family = AF_UNIX};
  size_t need;
  CHECK_OK(raet_yard_path(folder, "cherry", to, there.sun_path, sizeof there.sun_path, &need));
  return sendto(fd, page, length, 0, (struct sockaddr *)&there, sizeof there) == (ssize_t)length;
}

static uint64_t stat_of(yard *y, const char *name) {
  uint64_t value = 0;
  CHECK_OK(raet_stat_get(y->stack, name, &value));
  return value;
}

static void messages_both_ways(void) {
  yard a, b, *both[] = {&a, &b};
  raet_remote to_b, to_a = 0;
  uint64_t value = 0;
  char text[128];
  size_t need;
  char *body = large(5000000);
  struct stat there;
  open_yard(&a, "a");
  open_yard(&b, "b");
  CHECK(stat(folder, &there) == 0 && (there.st_mode & 0777) == 0700);
  to_b = add(&a, "b");
  CHECK_STATUS(RAET_ENOTFOUND, raet_remote_get_u64(a.stack, to_b, RAET_KEY_PEER_PID, &value));
  CHECK_OK(say(&a, to_b, "{\"n\":1}", 7));
  CHECK(wait_for(both, 2, &b, RAET_EV_MESSAGE, 1));
  CHECK(wait_for(both, 2, &a, RAET_EV_DELIVERED, 1));
  CHECK_NUMBER(7, a.last_tag);
  CHECK_TEXT("{\"n\":1}", b.last_body);
  CHECK_TEXT("a", b.last_name);
  CHECK_NUMBER(1, b.seen[RAET_EV_REMOTE_ADDED]);
  CHECK_NUMBER(getpid(), b.pid);
  CHECK(b.uid == geteuid() && b.gid == getegid());
  CHECK_OK(raet_remote_find(b.stack, "a", &to_a));
  CHECK_OK(raet_remote_get_u64(b.stack, to_a, RAET_KEY_PEER_PID, &value));
  CHECK_NUMBER(getpid(), value);
  CHECK_OK(raet_remote_get_u64(b.stack, to_a, RAET_KEY_PEER_UID, &value));
  CHECK_NUMBER(geteuid(), value);
  CHECK_OK(raet_remote_get_u64(b.stack, to_a, RAET_KEY_ALIVED, &value));
  CHECK_NUMBER(1, value);
  CHECK_OK(raet_remote_get_str(b.stack, to_a, RAET_KEY_ENDPOINT, text, sizeof text, &need));
  CHECK(strstr(text, "/cherry.a.uxd") != NULL && strncmp(text, folder, strlen(folder)) == 0);
  CHECK_OK(raet_stack_get_str(a.stack, RAET_KEY_ENDPOINT, text, sizeof text, &need));
  CHECK(strstr(text, "/cherry.a.uxd") != NULL);
  /* 77 pages and more than the queue of a socket holds. */
  CHECK_OK(say(&b, to_a, body, 8));
  CHECK(wait_for(both, 2, &a, RAET_EV_MESSAGE, 1));
  CHECK(wait_for(both, 2, &b, RAET_EV_DELIVERED, 1));
  CHECK_NUMBER(5000000, a.bytes);
  /* An empty mapping, and msgpack. */
  CHECK_OK(say(&b, to_a, "", 9));
  CHECK_OK(raet_send(b.stack, to_a, raet_now(), RAET_BODY_MSGPACK, (const uint8_t *)"\x81\xa1n\x01", 4, 0, 0, NULL));
  CHECK(wait_for(both, 2, &a, RAET_EV_MESSAGE, 3));
  CHECK_NUMBER(5000004, a.bytes);
  free(body);
  raet_stack_free(a.stack);
  raet_stack_free(b.stack);
}

/* More messages than any queue holds arrive all and in order, and a yard that does not read holds nobody up. */
static void full_queues(void) {
  yard a, b, slow, *reading[] = {&a, &b};
  raet_remote to_b, to_slow;
  const unsigned long count = 2000;
  open_yard(&a, "a");
  open_yard(&b, "b");
  open_yard(&slow, "slow");
  to_b = add(&a, "b");
  to_slow = add(&a, "slow");
  for (unsigned long n = 0; n < count; n++) {
    char body[64];
    snprintf(body, sizeof body, "{\"n\":%lu}", n);
    CHECK_OK(say(&a, to_slow, body, n));
    CHECK_OK(say(&a, to_b, body, n));
  }
  CHECK(wait_for(reading, 2, &b, RAET_EV_MESSAGE, count));
  CHECK_TEXT("{\"n\":1999}", b.last_body);
  CHECK(a.seen[RAET_EV_DELIVERED] < 2 * count);
  /* It does not keep the host busy while it waits. */
  unsigned long turns = 0;
  for (uint64_t end = raet_now() + SECOND / 2; raet_now() < end; turns++) {
    struct pollfd ready = {raet_stack_fd(a.stack), POLLIN, 0};
    int32_t wait = raet_stack_timeout_ms(a.stack, raet_now());
    poll(&ready, 1, wait < 0 || wait > 500 ? 500 : wait);
    service(&a);
  }
  CHECK(turns < 100);
  yard *all[] = {&a, &b, &slow};
  CHECK(wait_for(all, 3, &slow, RAET_EV_MESSAGE, count));
  CHECK(wait_for(all, 3, &a, RAET_EV_DELIVERED, 2 * count));
  CHECK_TEXT("{\"n\":1999}", slow.last_body);
  raet_stack_free(a.stack);
  raet_stack_free(b.stack);
  raet_stack_free(slow.stack);
}

static void queue_limits(void) {
  yard a, b, *both[] = {&a, &b};
  raet_config *c = config("a");
  raet_remote to;
  raet_txn txn = 0;
  uint64_t room = 0, done = 1, total = 0;
  char *body = large(20000);
  unsigned long sent = 0;
  CHECK_OK(raet_config_set_u64(c, RAET_KEY_SEND_QUEUE, 100000));
  CHECK_OK(raet_config_set_u64(c, RAET_KEY_MAX_MESSAGE, 25000));
  make(&a, c);
  CHECK_OK(raet_stack_open(a.stack, raet_now()));
  to = add(&a, "b");
  open_yard(&b, "b");
  while (say(&a, to, body, sent) == RAET_OK && sent < 100) sent++;
  CHECK_NUMBER(4, sent);
  CHECK_OK(raet_send_capacity(a.stack, to, &room));
  CHECK(room < 20000);
  CHECK_OK(raet_transfer_next(a.stack, 0, &txn));
  CHECK_OK(raet_transfer_progress(a.stack, txn, NULL, NULL, &done, &total));
  CHECK(done == 0 && total == 20000);
  CHECK(wait_for(both, 2, &a, RAET_EV_WRITABLE, 1));
  CHECK_OK(say(&a, to, body, 0));
  CHECK(wait_for(both, 2, &b, RAET_EV_MESSAGE, 5));
  free(body);
  body = large(25001);
  CHECK_STATUS(RAET_EMSGSIZE, say(&a, to, body, 0));
  CHECK_STATUS(RAET_EENCODE, say(&a, to, "[1]", 0));
  CHECK_STATUS(RAET_ENOTSUP, raet_send(a.stack, to, raet_now(), RAET_BODY_RAW, (const uint8_t *)"x", 1, 0, 0, NULL));
  CHECK_STATUS(RAET_ENOTSUP, raet_send(a.stack, to, raet_now(), RAET_BODY_NONE, NULL, 0, 0, 0, NULL));
  CHECK_STATUS(RAET_ENOTFOUND, say(&a, 99, "{}", 0));
  free(body);
  raet_stack_free(a.stack);
  raet_stack_free(b.stack);
}

/* Messages to a yard that does not read end at their limit, or when they are cancelled; the others go on. */
static void time_limits(void) {
  yard a, b, *alone[] = {&a}, *both[] = {&a, &b};
  raet_remote to;
  raet_txn txn = 0;
  unsigned long sent = 0;
  open_yard(&a, "a");
  open_yard(&b, "b");
  to = add(&a, "b");
  for (; sent < 100; sent++) {
    CHECK_OK(raet_send(a.stack, to, raet_now(), RAET_BODY_JSON, (const uint8_t *)"{}", 2, SECOND, 0, NULL));
  }
  service(&a);
  CHECK_OK(raet_send(a.stack, to, raet_now(), RAET_BODY_JSON, (const uint8_t *)"{}", 2, 0, 55, &txn));
  CHECK_OK(say(&a, to, "{\"last\":1}", 0));
  CHECK(a.seen[RAET_EV_DELIVERED] < 100);
  CHECK(wait_for(alone, 1, &a, RAET_EV_FAILED, 100 - a.seen[RAET_EV_DELIVERED]));
  CHECK_STATUS(RAET_ETIMEDOUT, a.last_status);
  sent = a.seen[RAET_EV_DELIVERED];
  CHECK(sent > 0 && sent + a.seen[RAET_EV_FAILED] == 100);
  CHECK_OK(raet_txn_cancel(a.stack, txn, raet_now()));
  CHECK_STATUS(RAET_ENOTFOUND, raet_txn_cancel(a.stack, txn, raet_now()));
  service(&a);
  CHECK_STATUS(RAET_ECANCELED, a.last_status);
  CHECK_NUMBER(55, a.last_tag);
  CHECK(wait_for(both, 2, &b, RAET_EV_MESSAGE, sent + 1));
  CHECK_TEXT("{\"last\":1}", b.last_body);
  /* What waits when it closes is told, too. */
  for (int n = 0; n < 100; n++) CHECK_OK(say(&a, to, "{}", 0));
  clear(&a);
  CHECK_OK(raet_stack_close(a.stack, raet_now(), 0));
  CHECK_STATUS(RAET_ECLOSED, say(&a, to, "{}", 0));
  CHECK_OK(raet_stack_service(a.stack, raet_now(), 0));
  CHECK_OK(raet_stack_dispatch(a.stack, take, &a, 0));
  CHECK_NUMBER(100, a.seen[RAET_EV_FAILED]);
  CHECK_NUMBER(1, a.seen[RAET_EV_CLOSED]);
  CHECK_STATUS(RAET_ECLOSED, raet_stack_service(a.stack, raet_now(), 0));
  raet_stack_free(a.stack);
  raet_stack_free(b.stack);
}

/* A process that ends leaves its socket behind: senders are told, and the next one takes the place. */
static void dead_processes(void) {
  yard a, b, c, *one[] = {&a}, *both[] = {&a, &b};
  raet_remote to;
  uint64_t value = 1;
  char path[128];
  size_t need;
  int status;
  open_yard(&a, "a");
  pid_t child = fork();
  if (child == 0) {
    int fd = raw_socket("b");
    const char page[] = "ri RAET\nvn 0\npk 0\nsn b\ndn a\nsi 0123456789abcdef01\nbi 1\npn 0000\npc 0001\n\n{}";
    /* Its copy of the parent's yard is lost, which valgrind would tell of at its end. */
    if (raw_send(fd, "a", page, sizeof page - 1)) execl("/bin/true", "true", (char *)NULL);
    _exit(1);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(wait_for(one, 1, &a, RAET_EV_MESSAGE, 1));
  CHECK_NUMBER(child, a.pid);
  /* It was met by the way: it is forgotten. */
  to = a.last_remote;
  CHECK_OK(say(&a, to, "{}", 3));
  CHECK(wait_for(one, 1, &a, RAET_EV_REMOTE_GONE, 1));
  CHECK_NUMBER(1, a.seen[RAET_EV_FAILED]);
  CHECK_STATUS(RAET_ENOTFOUND, say(&a, to, "{}", 3));
  /* One of the host's stays known. */
  clear(&a);
  to = add(&a, "b");
  CHECK_OK(say(&a, to, "{}", 4));
  CHECK(wait_for(one, 1, &a, RAET_EV_DEAD, 1));
  CHECK_NUMBER(1, a.seen[RAET_EV_FAILED]);
  CHECK_OK(raet_remote_get_u64(a.stack, to, RAET_KEY_ALIVED, &value));
  CHECK_NUMBER(0, value);
  /* The dead process's socket gives way to a living one's, and that to nobody. */
  open_yard(&b, "b");
  make(&c, config("b"));
  CHECK_STATUS(RAET_EEXIST, raet_stack_open(c.stack, raet_now()));
  CHECK(strlen(raet_stack_error(c.stack)) > 0);
  CHECK_OK(say(&a, to, "{}", 5));
  CHECK(wait_for(both, 2, &b, RAET_EV_MESSAGE, 1));
  CHECK(wait_for(both, 2, &a, RAET_EV_ALIVE, 1));
  /* The socket's path goes with the stack, but not when another socket lies there. */
  CHECK_OK(raet_yard_path(folder, "cherry", "b", path, sizeof path, &need));
  raet_stack_free(b.stack);
  CHECK(access(path, F_OK) != 0);
  open_yard(&b, "b");
  CHECK(unlink(path) == 0);
  CHECK_OK(raet_stack_open(c.stack, raet_now()));
  raet_stack_free(b.stack);
  CHECK(access(path, F_OK) == 0);
  CHECK_OK(say(&a, to, "{\"c\":1}", 6));
  yard *with_c[] = {&a, &c};
  CHECK(wait_for(with_c, 2, &c, RAET_EV_MESSAGE, 1));
  raet_stack_free(a.stack);
  raet_stack_free(c.stack);
  CHECK(access(path, F_OK) != 0);
}

/* A page is believed only from the socket of the yard that it names. */
static void who_is_believed(void) {
  static const struct { const char *what, *page, *counter; } pages[] = {
    {"the name of another yard", "ri RAET\nvn 0\npk 0\nsn b\ndn a\nsi 0123456789abcdef01\nbi 1\npn 0000\npc 0001\n\n{}",
     "invalid_source_yard"},
    {"our own name", "ri RAET\nvn 0\npk 0\nsn a\ndn a\nsi 0123456789abcdef01\nbi 1\npn 0000\npc 0001\n\n{}",
     "invalid_source_yard"},
    {"for another yard", "ri RAET\nvn 0\npk 0\nsn x\ndn b\nsi 0123456789abcdef01\nbi 1\npn 0000\npc 0001\n\n{}",
     "invalid_destination"},
    {"a count of 0", "ri RAET\nvn 0\npk 0\nsn x\ndn a\nsi 0123456789abcdef01\nbi 1\npn 0000\npc 0000\n\n{}",
     "invalid_page_header"},
    {"a number beyond the count", "ri RAET\nvn 0\npk 0\nsn x\ndn a\nsi 0123456789abcdef01\nbi 1\npn 0001\npc 0001\n\n{}",
     "invalid_page_header"},
    {"a page in the middle", "ri RAET\nvn 0\npk 0\nsn x\ndn a\nsi 0123456789abcdef01\nbi 1\npn 0001\npc 0003\n\n{}",
     "missed_page"},
    {"no mapping", "ri RAET\nvn 0\npk 0\nsn x\ndn a\nsi 0123456789abcdef01\nbi 1\npn 0000\npc 0001\n\n[]",
     "parsing_message_error"},
    {"no head", "{}", "invalid_page_header"},
    {"nothing", "", "invalid_page_header"},
  };
  yard a, *one[] = {&a};
  raet_config *c;
  char path[128];
  size_t need;
  int x, unbound;
  const char *good = "ri RAET\nvn 0\npk 0\nsn x\ndn a\nsi 0123456789abcdef01\nbi 2\npn 0000\npc 0001\n\n{\"ok\":1}";
  open_yard(&a, "a");
  x = raw_socket("x");
  unbound = raw_socket(NULL);
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    check_row = pages[i].what;
    uint64_t before = stat_of(&a, pages[i].counter);
    CHECK(raw_send(x, "a", pages[i].page, strlen(pages[i].page)));
    service(&a);
    CHECK_NUMBER(before + 1, stat_of(&a, pages[i].counter));
    CHECK_NUMBER(0, a.seen[RAET_EV_MESSAGE]);
  }
  check_row = "";
  CHECK(raw_send(unbound, "a", good, strlen(good)));
  service(&a);
  CHECK_NUMBER(0, a.seen[RAET_EV_MESSAGE]);
  CHECK(raw_send(x, "a", good, strlen(good)));
  CHECK(wait_for(one, 1, &a, RAET_EV_MESSAGE, 1));
  CHECK_TEXT("x", a.last_name);
  raet_stack_free(a.stack);
  /* Strangers may be kept out. */
  c = config("a");
  CHECK_OK(raet_config_set_u64(c, RAET_KEY_ACCEPT_STRANGERS, 0));
  make(&a, c);
  CHECK_OK(raet_stack_open(a.stack, raet_now()));
  CHECK(raw_send(x, "a", good, strlen(good)));
  service(&a);
  CHECK_NUMBER(1, stat_of(&a, "unaccepted_source_yard"));
  add(&a, "x");
  CHECK(raw_send(x, "a", good, strlen(good)));
  CHECK(wait_for(one, 1, &a, RAET_EV_MESSAGE, 1));
  CHECK_NUMBER(0, a.seen[RAET_EV_REMOTE_ADDED]);
  raet_stack_free(a.stack);
  close(x);
  close(unbound);
  CHECK_OK(raet_yard_path(folder, "cherry", "x", path, sizeof path, &need));
  CHECK(unlink(path) == 0);
}

/* The folder guards the lane: a doubtful one is refused, and what lies at the path is left alone. */
static void doubtful_folders(void) {
  char other[128], path[160], kept[64];
  size_t need;
  yard a;
  snprintf(kept, sizeof kept, "%s", folder);
  snprintf(other, sizeof other, "%.40s/link", kept);
  CHECK(symlink("/tmp", other) == 0);
  snprintf(folder, sizeof folder, "%.40s/link", kept);
  make(&a, config("a"));
  CHECK_STATUS(RAET_ESTORE, raet_stack_open(a.stack, raet_now()));
  raet_stack_free(a.stack);
  CHECK(unlink(other) == 0);
  snprintf(folder, sizeof folder, "%.40s/open", kept);
  CHECK(mkdir(folder, 0700) == 0 && chmod(folder, 0770) == 0);
  make(&a, config("a"));
  CHECK_STATUS(RAET_ESTORE, raet_stack_open(a.stack, raet_now()));
  CHECK(chmod(folder, 0755) == 0);
  CHECK_OK(raet_yard_path(folder, "cherry", "a", path, sizeof path, &need));
  int file = open(path, O_CREAT | O_WRONLY, 0600);
  CHECK_STATUS(RAET_ESTORE, raet_stack_open(a.stack, raet_now()));
  CHECK(access(path, F_OK) == 0);
  close(file);
  CHECK(unlink(path) == 0 && symlink("/tmp/nothing", path) == 0);
  CHECK_STATUS(RAET_ESTORE, raet_stack_open(a.stack, raet_now()));
  CHECK(unlink(path) == 0);
  CHECK_OK(raet_stack_open(a.stack, raet_now()));
  CHECK_STATUS(RAET_ESTATE, raet_stack_open(a.stack, raet_now()));
  raet_stack_free(a.stack);
  CHECK(rmdir(folder) == 0);
  snprintf(folder, sizeof folder, "%s", kept);
}

static void settings(void) {
  raet_config *c = NULL;
  yard a;
  char text[128];
  size_t need;
  uint64_t value;
  raet_remote remote = 0, again = 0;
  static const char *const bad[] = {"", "a b", "a/b", "a.b", "\xc3\xa9", "a\n"};
  CHECK_NUMBER(1, raet_has("lane"));
  CHECK_OK(raet_config_new(RAET_KIND_LANE, &c));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    CHECK_STATUS(RAET_EINVAL, raet_config_set_str(c, RAET_KEY_NAME, bad[i]));
    CHECK_STATUS(RAET_EINVAL, raet_yard_path(NULL, NULL, bad[i], text, sizeof text, &need));
  }
  CHECK_STATUS(RAET_EINVAL, raet_stack_new(c, 0, &a.stack));
  CHECK_STATUS(RAET_EINVAL, raet_config_set_str(c, RAET_KEY_DIR, "relative"));
  CHECK_STATUS(RAET_EINVAL, raet_config_set_str(c, RAET_KEY_ROLE, "x"));
  CHECK_STATUS(RAET_EINVAL, raet_config_set_u64(c, RAET_KEY_MAIN, 1));
  CHECK_STATUS(RAET_EINVAL, raet_config_set_u64(c, RAET_KEY_ACCEPT_STRANGERS, 2));
  CHECK_STATUS(RAET_EINVAL, raet_config_set_bytes(c, RAET_KEY_PRIVATE, (const uint8_t *)folder, 32));
  CHECK_STATUS(RAET_ENOTSUP, raet_config_set_store(c, NULL, NULL));
  raet_config_free(c);
  CHECK_OK(raet_yard_path(NULL, NULL, "main", text, sizeof text, &need));
  CHECK_TEXT("/var/cache/raet/lane.main.uxd", text);
  CHECK_STATUS(RAET_EBUFSIZE, raet_yard_path("/d/", "l.m", "y", text, 5, &need));
  CHECK_NUMBER(sizeof "/d/l.m.y.uxd", need);
  c = config("a");
  CHECK_OK(raet_config_set_u64(c, RAET_KEY_MAX_REMOTES, 2));
  make(&a, c);
  CHECK_NUMBER(-1, raet_stack_fd(a.stack));
  CHECK_OK(raet_stack_get_str(a.stack, RAET_KEY_LANE, text, sizeof text, &need));
  CHECK_TEXT("cherry", text);
  CHECK_OK(raet_stack_get_u64(a.stack, RAET_KEY_ACCEPT_STRANGERS, &value));
  CHECK_NUMBER(1, value);
  remote = add(&a, "b");
  CHECK_STATUS(RAET_EEXIST, raet_remote_add(a.stack, "b", NULL, &again));
  CHECK(remote != 0 && remote == again);
  CHECK_STATUS(RAET_EINVAL, raet_remote_add(a.stack, "a", NULL, &again));
  CHECK_STATUS(RAET_EINVAL, raet_remote_add(a.stack, NULL, NULL, &again));
  CHECK_STATUS(RAET_EINVAL, raet_remote_add(a.stack, "c", "127.0.0.1:7530", &again));
  add(&a, "c");
  CHECK_STATUS(RAET_EAGAIN, raet_remote_add(a.stack, "d", NULL, &again));
  CHECK_OK(raet_remote_next(a.stack, remote, &again));
  CHECK_STATUS(RAET_ENOTFOUND, raet_remote_next(a.stack, again, &again));
  CHECK_STATUS(RAET_ENOTSUP, raet_connect(a.stack, remote, 0));
  CHECK_STATUS(RAET_ENOTSUP, raet_disconnect(a.stack, remote, 0));
  CHECK_STATUS(RAET_ENOTSUP, raet_join(a.stack, remote, 0, 0, NULL));
  CHECK_STATUS(RAET_ENOTSUP, raet_allow(a.stack, remote, 0, 0, NULL));
  CHECK_STATUS(RAET_ENOTSUP, raet_alive(a.stack, remote, 0, 0, NULL));
  CHECK_STATUS(RAET_ENOTSUP, raet_remote_set_endpoint(a.stack, remote, "127.0.0.1:1", 0));
  CHECK_STATUS(RAET_ENOTSUP, raet_stack_adopt_fd(a.stack, 0, 0));
  CHECK_STATUS(RAET_ENOTSUP, raet_role_forget(a.stack, "b", 0));
  CHECK_STATUS(RAET_ENOTSUP, raet_role_next(a.stack, "", text, sizeof text, &need));
  uint8_t keys[64];
  CHECK_STATUS(RAET_ENOTSUP, raet_stack_keys(a.stack, keys, keys + 32));
  raet_addr address = {0};
  CHECK_OK(raet_addr_parse("127.0.0.1:1", &address));
  CHECK_STATUS(RAET_ENOTSUP, raet_stack_input(a.stack, 0, keys, 1, &address));
  CHECK_STATUS(RAET_ENOTSUP, raet_stack_output(a.stack, 0, keys, sizeof keys, &need, &address));
  CHECK_STATUS(RAET_ENOTSUP, raet_stack_output_failed(a.stack, 0, &address, ENOENT));
  CHECK_OK(raet_remote_remove(a.stack, remote, raet_now()));
  CHECK_OK(raet_stack_dispatch(a.stack, take, &a, 0));
  CHECK_NUMBER(1, a.seen[RAET_EV_REMOTE_GONE]);
  raet_stack_free(a.stack);
}

int main(void) {
  char base[] = "/tmp/raet-lane-XXXXXX";
  if (!mkdtemp(base)) return 1;
  snprintf(folder, sizeof folder, "%s/made/here", base);
  messages_both_ways();
  full_queues();
  queue_limits();
  time_limits();
  dead_processes();
  who_is_believed();
  doubtful_folders();
  settings();
  CHECK(rmdir(folder) == 0); /* no socket is left */
  snprintf(folder, sizeof folder, "%s/made", base);
  CHECK(rmdir(folder) == 0 && rmdir(base) == 0);
  return checks_end("lane");
}
