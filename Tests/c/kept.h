/* A store with one remote, whose four records are known when they are good, and what a start with it gives. */
#ifndef KEPT_H
#define KEPT_H
#include "files.h"
#include "watch.h"

enum { MAIN = 0, OTHER = 1, RECORD = 4096 };

static net road;
static char base[] = "/tmp/raet-kept-XXXXXX", folder[64];

enum { ESTATE, KEYS, REMOTE, ROLE, RECORDS };
static const char *const names[RECORDS] = {"local/estate.json", "role/local/role.json", "remote/estate.main.json",
                                           "role/remote/role.main.json"};
static char good[RECORDS][RECORD];
static size_t good_len[RECORDS];

static inline const char *path_of(const char *name) {
  static char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static inline raet_config *kept(void) {
  raet_config *config = net_config(OTHER, "other");
  CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, folder));
  return config;
}

/* What a start gives: its status, how many errors it tells of, and whether the remote and its role are there. */
static inline raet_status start(size_t *errors, int *has_remote, int *has_role) {
  raet_config *config = kept();
  raet_stack *stack = NULL;
  const raet_event *event = NULL;
  raet_remote remote = 0;
  raet_enum acceptance = 0;
  *errors = 0;
  *has_remote = *has_role = 0;
  raet_status status = raet_stack_new(config, road.now, &stack);
  CHECK((status == RAET_OK) == (stack != NULL));
  if (status != RAET_OK) CHECK(strlen(raet_config_error(config)) > 0);
  raet_config_free(config);
  if (stack == NULL) return status;
  while (raet_stack_next_event(stack, &event) == RAET_OK)
    if (CHECK_NUMBER(RAET_EV_ERROR, event->type)) {
      CHECK(event->status == RAET_ESTORE || event->status == RAET_EIO);
      CHECK(event->name != NULL && strlen(event->name) > 10);
      ++*errors;
    }
  CHECK_NUMBER(*errors, counter_of(stack, "store_error"));
  *has_remote = raet_remote_find(stack, "main", &remote) == RAET_OK;
  *has_role = raet_role_status(stack, "main", &acceptance) == RAET_OK;
  raet_stack_free(stack);
  return RAET_OK;
}

static inline void put_all_back(void) {
  for (int i = 0; i < RECORDS; i++) write_file(path_of(names[i]), good[i], good_len[i]);
}

/* With the good records all is as it was: a message passes. */
static inline void still_starts(void) {
  static uint64_t tag = 100;
  raet_remote remote = 0;
  put_all_back();
  net_add(&road, OTHER, kept());
  net_forget(&road);
  CHECK_OK(raet_remote_find(road.nodes[OTHER].stack, "main", &remote));
  CHECK_OK(raet_connect(road.nodes[OTHER].stack, remote, road.now));
  CHECK_OK(net_send(&road, OTHER, remote, ++tag, 500));
  CHECK(net_until(&road, OTHER, RAET_EV_DELIVERED, 1, 60 * SECOND));
  CHECK_NUMBER(1, net_received(&road, MAIN, tag, 500));
  net_remove(&road, OTHER);
}

/* Makes a store of an estate that is connected to a main one, and keeps its records. */
static inline void begin(void) {
  if (!CHECK(mkdtemp(base) != NULL)) return;
  snprintf(folder, sizeof folder, "%s/store", base);
  net_add(&road, MAIN, net_config(MAIN, "main"));
  net_add(&road, OTHER, kept());
  net_connect(&road, OTHER, MAIN);
  net_remove(&road, OTHER);
  for (int i = 0; i < RECORDS; i++) {
    good_len[i] = read_file(path_of(names[i]), good[i], RECORD - 1);
    CHECK(good_len[i] > 50);
  }
  check_row = "nothing wrong";
  still_starts();
}

static inline int end(const char *program) {
  check_row = "";
  net_end(&road);
  remove_folder(base);
  return checks_end(program);
}
#endif
