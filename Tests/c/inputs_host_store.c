/*
 * Stores of the host's that answer nonsense, and disks that are full: at each call in turn, from the first on. A start
 * then fails with a code, or goes on without what cannot be read; a stack that runs tells of it, and goes on.
 */
#include "watch.h"

enum { MAIN = 0, OTHER = 1, RECORDS = 16, ROOM = 4096 };

static net road;

/* MARK: A store in memory that can be told to go wrong. */

typedef enum { LOADS, STORES, NEXTS, KINDS } call_kind;
typedef struct answer {
  const char *name;
  call_kind kind;
  raet_status status; /* in place of the true one */
  size_t need;        /* KEEP: the true one */
  const char *text;   /* the key, of `next` */
} answer;
enum { FINE = 1 }; /* as a status: the true one */
#define KEEP ((size_t)-7)

static struct {
  struct {
    char key[128];
    uint8_t bytes[ROOM];
    size_t len;
  } records[RECORDS], kept[RECORDS];
  size_t count, kept_count;
  const answer *wrong; /* NULL: all is well */
  unsigned long from, until, calls[KINDS];
} store;

/* Whether this call is one of those that go wrong. */
static int goes_wrong(call_kind kind) {
  const unsigned long number = store.calls[kind]++;
  return store.wrong != NULL && store.wrong->kind == kind && number >= store.from && number < store.until;
}

static raet_status on_load(void *user, const char *key, uint8_t *buf, size_t cap, size_t *need) {
  const int is_wrong = goes_wrong(LOADS);
  raet_status status = RAET_ENOTFOUND;
  CHECK(user == &store && cap <= RAET_MESSAGE_MAX && need != NULL);
  for (size_t i = 0; i < store.count; i++) {
    if (strcmp(store.records[i].key, key) != 0) continue;
    *need = store.records[i].len;
    status = cap < *need ? RAET_EBUFSIZE : RAET_OK;
    if (status == RAET_OK) memcpy(buf, store.records[i].bytes, *need);
  }
  if (!is_wrong) return status;
  if (store.wrong->need != KEEP) *need = store.wrong->need;
  return store.wrong->status == FINE ? status : store.wrong->status;
}

static raet_status on_store(void *user, const char *key, const uint8_t *buf, size_t len) {
  size_t i = 0;
  CHECK(user == &store && len <= 65536 && (buf != NULL || len == 0));
  if (goes_wrong(STORES)) return store.wrong->status;
  while (i < store.count && strcmp(store.records[i].key, key) != 0) i++;
  if (buf == NULL) {
    if (i < store.count) store.records[i] = store.records[--store.count];
    return RAET_OK;
  }
  if (!CHECK(i < RECORDS && len <= ROOM)) return RAET_EIO;
  if (i == store.count) store.count++;
  snprintf(store.records[i].key, sizeof store.records[i].key, "%s", key);
  memcpy(store.records[i].bytes, buf, len);
  store.records[i].len = len;
  return RAET_OK;
}

static raet_status on_next(void *user, const char *after, char *buf, size_t cap, size_t *need) {
  const char *next = NULL;
  const int is_wrong = goes_wrong(NEXTS);
  CHECK(user == &store && cap > 0 && need != NULL);
  for (size_t i = 0; i < store.count; i++)
    if (strcmp(store.records[i].key, after) > 0 && (next == NULL || strcmp(store.records[i].key, next) < 0))
      next = store.records[i].key;
  if (is_wrong && store.wrong->text != NULL) next = store.wrong->text;
  raet_status status = next ? RAET_OK : RAET_ENOTFOUND;
  if (next != NULL) {
    *need = strlen(next) + 1;
    if (cap < *need) status = RAET_EBUFSIZE;
    else memcpy(buf, next, *need);
  }
  if (!is_wrong) return status;
  if (store.wrong->need != KEEP) *need = store.wrong->need;
  return store.wrong->status == FINE ? status : store.wrong->status;
}

static raet_config *kept(void) {
  raet_store_ops ops;
  raet_config *config = net_config(OTHER, "other");
  memset(&ops, 0, sizeof ops);
  ops.size = sizeof ops;
  ops.load = on_load;
  ops.store = on_store;
  ops.next = on_next;
  CHECK_OK(raet_config_set_store(config, &ops, &store));
  return config;
}

static void go_wrong(const answer *answer, unsigned long from, unsigned long count) {
  store.wrong = answer;
  store.from = from;
  store.until = from + count;
  memset(store.calls, 0, sizeof store.calls);
}

/* MARK: Starts. */

static void still_starts(void) {
  static uint64_t tag = 100;
  raet_remote remote = 0;
  go_wrong(NULL, 0, 0);
  memcpy(store.records, store.kept, sizeof store.records);
  store.count = store.kept_count;
  net_add(&road, OTHER, kept());
  net_forget(&road);
  CHECK_OK(raet_remote_find(road.nodes[OTHER].stack, "main", &remote));
  CHECK_OK(raet_connect(road.nodes[OTHER].stack, remote, road.now));
  CHECK_OK(net_send(&road, OTHER, remote, ++tag, 500));
  CHECK(net_until(&road, OTHER, RAET_EV_DELIVERED, 1, 60 * SECOND));
  net_remove(&road, OTHER);
}

static const answer answers[] = {
    {"load: RAET_EIO", LOADS, RAET_EIO, KEEP, NULL},
    {"load: a status that is none", LOADS, -12345, KEEP, NULL},
    {"load: a positive status", LOADS, 77, KEEP, NULL},
    {"load: always more room", LOADS, RAET_EBUFSIZE, 5000, NULL},
    {"load: no more room than it had", LOADS, RAET_EBUFSIZE, 10, NULL},
    {"load: room for 0", LOADS, RAET_EBUFSIZE, 0, NULL},
    {"load: room for 64 KiB and a byte", LOADS, RAET_EBUFSIZE, 65537, NULL},
    {"load: room for 4 GiB", LOADS, RAET_EBUFSIZE, (size_t)1 << 32, NULL},
    {"load: room for SIZE_MAX", LOADS, RAET_EBUFSIZE, SIZE_MAX, NULL},
    {"load: well, and more than there was room", LOADS, RAET_OK, 1 << 20, NULL},
    {"load: well, SIZE_MAX bytes", LOADS, RAET_OK, SIZE_MAX, NULL},
    {"load: well, and nothing", LOADS, RAET_OK, 0, NULL},
    {"load: well, and less", LOADS, FINE, 20, NULL},
    {"store: RAET_EIO", STORES, RAET_EIO, KEEP, NULL},
    {"store: RAET_ENOTFOUND", STORES, RAET_ENOTFOUND, KEEP, NULL},
    {"store: a positive status", STORES, 1, KEEP, NULL},
    {"next: RAET_EIO", NEXTS, RAET_EIO, KEEP, NULL},
    {"next: a positive status", NEXTS, 3, KEEP, NULL},
    {"next: more room", NEXTS, RAET_EBUFSIZE, 5000, NULL},
    {"next: well, SIZE_MAX bytes", NEXTS, RAET_OK, SIZE_MAX, NULL},
    {"next: well, and nothing", NEXTS, RAET_OK, 0, NULL},
    {"next: empty", NEXTS, RAET_OK, KEEP, ""},
    {"next: always the same", NEXTS, RAET_OK, KEEP, "remote/estate.main.json"},
    {"next: a way out", NEXTS, FINE, KEEP, "../../etc/passwd"},
    {"next: not UTF-8", NEXTS, FINE, KEEP, "remote/estate.\xff.json"},
    {"next: a record that is not there", NEXTS, FINE, KEEP, "remote/estate.nobody.json"},
};

/* Each answer at each call of a start; it ends, and what it left lets the next one start. */
static void starts(void) {
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
    for (int lasts = 0; lasts < 2; lasts++)
      for (unsigned long from = 0; from < 8; from++) {
        raet_stack *stack = NULL;
        raet_config *config = kept();
        const raet_event *event = NULL;
        check_row = answers[i].name;
        go_wrong(&answers[i], from, lasts ? 1 << 20 : 1);
        const raet_status status = raet_stack_new(config, road.now, &stack);
        CHECK((status == RAET_OK) == (stack != NULL));
        CHECK(status == RAET_OK || status == RAET_EIO || status == RAET_ESTORE);
        if (status != RAET_OK) CHECK(strlen(raet_config_error(config)) > 0);
        while (stack != NULL && raet_stack_next_event(stack, &event) == RAET_OK)
          CHECK_NUMBER(RAET_EV_ERROR, event->type);
        raet_stack_free(stack);
        raet_config_free(config);
        for (size_t k = 0; k < store.kept_count; k++) { /* the identity is never made anew */
          if (strncmp(store.kept[k].key, "role/local", 10) != 0) continue;
          for (size_t n = 0; n < store.count; n++)
            if (strcmp(store.records[n].key, store.kept[k].key) == 0)
              CHECK(memcmp(store.records[n].bytes, store.kept[k].bytes, store.kept[k].len) == 0);
        }
        memcpy(store.records, store.kept, sizeof store.records);
        store.count = store.kept_count;
      }
  check_row = "after all these";
  still_starts();
}

/* MARK: Full disks. */

/* The disk is full from the n-th write on, before there is an identity: nothing of it is left half. */
static void full_from_the_start(void) {
  static const answer full = {"a full disk", STORES, RAET_EIO, KEEP, NULL};
  check_row = full.name;
  for (unsigned long writes = 0; writes < 6; writes++) {
    raet_stack *stack = NULL;
    store.count = 0;
    go_wrong(&full, writes, 1 << 20);
    raet_config *config = kept();
    raet_status status = raet_stack_new(config, road.now, &stack);
    CHECK(status == RAET_OK || status == RAET_EIO);
    raet_stack_free(stack);
    stack = NULL;
    go_wrong(NULL, 0, 0); /* room again: it starts, whatever was written */
    CHECK_OK(raet_stack_new(config, road.now, &stack));
    raet_stack_free(stack);
    raet_config_free(config);
  }
}

/* The disk is full from the n-th write on, while two connect and talk; then there is room, and all is well by itself. */
static void full_on_the_way(void) {
  static const answer full = {"a disk that fills up", STORES, RAET_EIO, KEEP, NULL};
  for (unsigned long writes = 0; writes < 8; writes++) {
    raet_remote remote = 0;
    const seen *error = NULL;
    memset(&road, 0, sizeof road);
    store.count = 0;
    go_wrong(NULL, 0, 0);
    net_add(&road, MAIN, net_config(MAIN, "main"));
    net_add(&road, OTHER, kept());
    check_row = full.name;
    go_wrong(&full, writes, 1 << 20);
    CHECK_OK(raet_remote_add(road.nodes[OTHER].stack, NULL, "127.0.0.1:7530", &remote));
    CHECK_OK(raet_connect(road.nodes[OTHER].stack, remote, road.now));
    CHECK_OK(net_send(&road, OTHER, remote, 1, 3000));
    net_run(&road, 20 * SECOND);
    if (store.calls[STORES] > writes) {
      CHECK(net_count(&road, OTHER, RAET_EV_ERROR, &error) >= 1);
      CHECK_STATUS(RAET_EIO, error ? error->status : RAET_OK);
      const raet_status decided = raet_role_set_status(road.nodes[OTHER].stack, "main", RAET_ACCEPTED, road.now);
      CHECK(decided == RAET_OK || decided == RAET_EIO || decided == RAET_ENOTFOUND);
    }
    go_wrong(NULL, 0, 0);
    net_run(&road, 40 * SECOND);
    CHECK_NUMBER(1, net_ended(&road, OTHER, 1, RAET_OK));
    CHECK_NUMBER(1, net_received(&road, MAIN, 1, 3000));
    net_end(&road);
  }
  check_row = "";
}

int main(void) {
  net_add(&road, MAIN, net_config(MAIN, "main"));
  net_add(&road, OTHER, kept());
  net_connect(&road, OTHER, MAIN);
  net_remove(&road, OTHER);
  memcpy(store.kept, store.records, sizeof store.kept);
  store.kept_count = store.count;
  CHECK_NUMBER(4, store.count);
  still_starts();
  starts();
  net_end(&road);
  memset(&road, 0, sizeof road);
  road.now = SECOND;
  full_from_the_start();
  full_on_the_way();
  return checks_end("inputs_host_store");
}
