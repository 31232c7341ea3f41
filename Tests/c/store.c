/* Identity and remotes over restarts: in a folder, and in a store of the host's own. */
#define _GNU_SOURCE
#include <sys/wait.h>

#include "files.h"
#include "net.h"

enum { MAIN = 0, OTHER = 1 };

static int is_private(const char *path, const struct stat *info, int type, struct FTW *where) {
  (void)path, (void)where;
  CHECK((info->st_mode & 0777) == (type == FTW_D ? 0700 : 0600));
  return 0;
}

static raet_config *kept(int index, const char *name, const char *folder) {
  raet_config *config = net_config(index, name);
  CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, folder));
  return config;
}

static void restarted(const char *folder, uint64_t kind) {
  net net = {0};
  uint8_t verify[2][32], pub[2][32];
  raet_remote remote = 0, back = 0;
  raet_config *config = kept(OTHER, "other", folder);
  uint64_t value = 0;
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_STORE_KIND, kind));
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, config);
  CHECK_OK(raet_stack_keys(net.nodes[OTHER].stack, verify[0], pub[0]));
  net_connect(&net, OTHER, MAIN);
  nftw(folder, is_private, 8, FTW_PHYS);
  net_remove(&net, OTHER);
  net_forget(&net);

  config = net_config(OTHER, "other");
  CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, folder));
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_STORE_KIND, kind));
  net_add(&net, OTHER, config);
  CHECK_OK(raet_stack_keys(net.nodes[OTHER].stack, verify[1], pub[1]));
  CHECK(memcmp(verify[0], verify[1], 32) == 0 && memcmp(pub[0], pub[1], 32) == 0);
  CHECK_OK(raet_remote_find(net.nodes[OTHER].stack, "main", &remote));
  CHECK_OK(raet_remote_get_u64(net.nodes[OTHER].stack, remote, RAET_KEY_JOINED, &value));
  CHECK_NUMBER(1, value);
  CHECK_OK(raet_connect(net.nodes[OTHER].stack, remote, net.now));
  CHECK_OK(net_send(&net, OTHER, remote, 1, 1000));
  CHECK(net_until(&net, OTHER, RAET_EV_DELIVERED, 1, 60 * SECOND));
  CHECK_NUMBER(1, net_received(&net, MAIN, 1, 1000));
  CHECK_OK(raet_remote_find(net.nodes[MAIN].stack, "other", &back));
  CHECK_OK(net_send(&net, MAIN, back, 2, 1000));
  CHECK(net_until(&net, MAIN, RAET_EV_DELIVERED, 1, 60 * SECOND));
  CHECK_NUMBER(1, net_received(&net, OTHER, 2, 1000));
  net_end(&net);
}

/* What another process gets that wants the same folder. */
static int status_elsewhere(const char *folder) {
  pid_t child = fork();
  if (child == 0) {
    raet_config *config = NULL;
    raet_stack *stack = NULL;
    raet_config_new(RAET_KIND_ROAD, &config);
    raet_config_set_str(config, RAET_KEY_NAME, "other");
    raet_config_set_str(config, RAET_KEY_DIR, folder);
    raet_status status = raet_stack_new(config, 1, &stack);
    raet_stack_free(stack);
    raet_config_free(config);
    /* Its copies of the parent's stacks are lost, which valgrind would tell of at its end. */
    char end[20];
    snprintf(end, sizeof end, "exit %d", -status);
    execl("/bin/sh", "sh", "-c", end, (char *)NULL);
    _exit(255);
  }
  int result = 0;
  waitpid(child, &result, 0);
  return WIFEXITED(result) ? -WEXITSTATUS(result) : 1;
}

static void locked(const char *folder) {
  net net = {0};
  net_add(&net, OTHER, kept(OTHER, "other", folder));
  CHECK_STATUS(RAET_ELOCKED, status_elsewhere(folder));
  raet_config *config = kept(OTHER, "other", folder);
  raet_stack *second = NULL;
  CHECK_STATUS(RAET_ELOCKED, raet_stack_new(config, 1, &second));
  CHECK(second == NULL);
  raet_config_free(config);
  net_remove(&net, OTHER);
  CHECK_STATUS(RAET_OK, status_elsewhere(folder));
  net_end(&net);
}

/* A damaged identity is an error, and stays as it is: it is never made anew. */
static void damaged_identity(const char *folder, const char *name) {
  static const char *const damages[] = {"", "{", "[]", "{\"name\": 5}", "\xff\xfe"};
  char path[512], good[65536], found[65536];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  size_t good_len = read_file(path, good, sizeof good);
  CHECK(good_len > 10);
  for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
    raet_config *config = kept(OTHER, "other", folder);
    raet_stack *stack = NULL;
    write_file(path, damages[i], strlen(damages[i]));
    CHECK_STATUS(RAET_ESTORE, raet_stack_new(config, 1, &stack));
    CHECK(stack == NULL);
    CHECK_NUMBER(strlen(damages[i]), read_file(path, found, sizeof found));
    CHECK(memcmp(found, damages[i], strlen(damages[i])) == 0);
    raet_stack_free(stack);
    raet_config_free(config);
  }
  write_file(path, good, good_len);
  CHECK_STATUS(RAET_OK, status_elsewhere(folder));
}

/* A damaged remote is set aside and reported; the others and the identity are there. */
static void damaged_remote(const char *folder) {
  net net = {0};
  raet_remote remote = 0;
  char path[512];
  const seen *error = NULL;
  snprintf(path, sizeof path, "%s/remote/estate.main.json", folder);
  write_file(path, "{\"name\"", 7);
  net_add(&net, OTHER, kept(OTHER, "other", folder));
  net_events(&net.nodes[OTHER]);
  CHECK(net_count(&net, OTHER, RAET_EV_ERROR, &error) >= 1);
  CHECK_STATUS(RAET_ESTORE, error ? error->status : RAET_OK);
  CHECK(error != NULL && error->name[0] != 0);
  CHECK_STATUS(RAET_ENOTFOUND, raet_remote_find(net.nodes[OTHER].stack, "main", &remote));
  net_end(&net);
}

/* A store in memory. */
typedef struct memory {
  struct {
    char key[128];
    uint8_t bytes[4096];
    size_t len;
  } records[16];
  size_t count;
  raet_status storing; /* what it answers when asked to store */
} memory;

static raet_status memory_load(void *user, const char *key, uint8_t *buf, size_t cap, size_t *need) {
  memory *store = (memory *)user;
  for (size_t i = 0; i < store->count; i++) {
    if (strcmp(store->records[i].key, key) != 0) continue;
    *need = store->records[i].len;
    if (cap < *need) return RAET_EBUFSIZE;
    memcpy(buf, store->records[i].bytes, *need);
    return RAET_OK;
  }
  return RAET_ENOTFOUND;
}

static raet_status memory_store(void *user, const char *key, const uint8_t *buf, size_t len) {
  memory *store = (memory *)user;
  size_t i = 0;
  if (store->storing != RAET_OK) return store->storing;
  while (i < store->count && strcmp(store->records[i].key, key) != 0) i++;
  if (buf == NULL) {
    if (i < store->count) store->records[i] = store->records[--store->count];
    return RAET_OK;
  }
  if (i == 16 || len > sizeof store->records[i].bytes) return RAET_EIO;
  if (i == store->count) store->count++;
  snprintf(store->records[i].key, sizeof store->records[i].key, "%s", key);
  memcpy(store->records[i].bytes, buf, len);
  store->records[i].len = len;
  return RAET_OK;
}

static raet_status memory_next(void *user, const char *after, char *buf, size_t cap, size_t *need) {
  memory *store = (memory *)user;
  const char *next = NULL;
  for (size_t i = 0; i < store->count; i++) {
    const char *key = store->records[i].key;
    if (strcmp(key, after) > 0 && (next == NULL || strcmp(key, next) < 0)) next = key;
  }
  if (next == NULL) return RAET_ENOTFOUND;
  *need = strlen(next) + 1;
  if (cap < *need) return RAET_EBUFSIZE;
  memcpy(buf, next, *need);
  return RAET_OK;
}

static raet_config *in_memory(memory *store) {
  raet_store_ops ops;
  raet_config *config = net_config(OTHER, "other");
  memset(&ops, 0, sizeof ops);
  ops.size = sizeof ops;
  ops.load = memory_load;
  ops.store = memory_store;
  ops.next = memory_next;
  CHECK_OK(raet_config_set_store(config, &ops, store));
  return config;
}

static void host_store(void) {
  static memory store;
  net net = {0};
  uint8_t verify[2][32], pub[2][32], record[4096];
  size_t need = 0;
  raet_remote remote = 0;
  raet_stack *stack = NULL;
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, in_memory(&store));
  CHECK_OK(memory_load(&store, "local/estate.json", record, sizeof record, &need));
  CHECK_OK(memory_load(&store, "role/local/role.json", record, sizeof record, &need));
  CHECK_OK(raet_stack_keys(net.nodes[OTHER].stack, verify[0], pub[0]));
  remote = net_connect(&net, OTHER, MAIN);
  CHECK_OK(memory_load(&store, "remote/estate.main.json", record, sizeof record, &need));
  CHECK_OK(memory_load(&store, "role/remote/role.main.json", record, sizeof record, &need));
  net_remove(&net, OTHER);
  net_add(&net, OTHER, in_memory(&store));
  CHECK_OK(raet_stack_keys(net.nodes[OTHER].stack, verify[1], pub[1]));
  CHECK(memcmp(verify[0], verify[1], 32) == 0 && memcmp(pub[0], pub[1], 32) == 0);
  CHECK_OK(raet_remote_find(net.nodes[OTHER].stack, "main", &remote));
  CHECK_OK(raet_remote_remove(net.nodes[OTHER].stack, remote, net.now));
  net_run(&net, SECOND);
  CHECK_STATUS(RAET_ENOTFOUND, memory_load(&store, "remote/estate.main.json", record, sizeof record, &need));

  store.storing = RAET_EIO; /* a full disk: the calls say so, and nothing breaks */
  net_forget(&net);
  net_run(&net, SECOND);
  net_end(&net);
  memset(&store, 0, sizeof store);
  store.storing = RAET_EIO;
  raet_config *config = in_memory(&store);
  CHECK_STATUS(RAET_EIO, raet_stack_new(config, 1, &stack));
  CHECK(stack == NULL);
  raet_config_free(config);
}

int main(void) {
  char folder[] = "/tmp/raet-store-XXXXXX", packed[64];
  if (!CHECK(mkdtemp(folder) != NULL)) return checks_end("store");
  snprintf(packed, sizeof packed, "%s/packed", folder);
  restarted(packed, RAET_BODY_MSGPACK);
  remove_folder(packed);
  restarted(folder, RAET_BODY_JSON);
  locked(folder);
  damaged_identity(folder, "local/estate.json");
  damaged_identity(folder, "role/local/role.json");
  damaged_remote(folder);
  host_store();
  remove_folder(folder);
  return checks_end("store");
}
