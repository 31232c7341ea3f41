/*
 * Secrets stay where they belong. All memory of this process is searched for marked keys and bodies, as bytes and as
 * hexadecimal text: keys lie in locked memory that no core dump has, and only there, as long as their stack lives; bodies
 * are gone once they are delivered; nothing of either is left after raet_stack_free(), in the log, or on the wire.
 *
 * The test itself keeps what it looks for masked, else it would find that.
 */
#define _GNU_SOURCE
#include <sys/random.h>
#include <sys/resource.h>

#include "files.h"
#include "net.h"

enum { KEY = 32, BODY_MARK = 64, MAX_NEEDLES = 4096, MAX_RANGES = 4096 };

/* What a secret is; what it may be seen in follows from that. */
typedef enum { KEY_SECRET, BODY_SECRET } secret_kind;

/* A piece of a secret as it would lie in memory: 8 bytes of it, or 16 digits, masked. */
typedef struct needle {
  uint64_t first, second;
  int is_hex;
  secret_kind kind;
  int secret; /* which one */
} needle;

static uint64_t mask;
static needle needles[MAX_NEEDLES];
static int needle_count, secret_count;
/* By the lower 16 bits of a masked word, whether a needle begins so: one look for most words of memory. */
static uint8_t may_begin[1 << 16];

static uint64_t word_at(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word ^ mask;
}

static void add_needle(const uint8_t *bytes, int is_hex, secret_kind kind) {
  CHECK(needle_count < MAX_NEEDLES);
  if (needle_count == MAX_NEEDLES) return;
  needle *new = &needles[needle_count++];
  *new = (needle){word_at(bytes), is_hex ? word_at(bytes + 8) : 0, is_hex, kind, secret_count};
  may_begin[new->first & 0xffff] = 1;
}

/* From now on these bytes are a secret. Each 8 of them count, since a copy may be cut or changed. Its number. */
static int keep_secret(secret_kind kind, const uint8_t *bytes, size_t len) {
  char hex[17];
  for (size_t at = 0; at + 8 <= len; at += 8) {
    add_needle(bytes + at, 0, kind);
    for (int upper = 0; upper < 2; upper++) {
      for (int i = 0; i < 8; i++) snprintf(hex + 2 * i, 3, upper ? "%02X" : "%02x", bytes[at + (size_t)i]);
      add_needle((uint8_t *)hex, 1, kind);
    }
  }
  explicit_bzero(hex, sizeof hex);
  return secret_count++;
}

/* Calls `found` for each piece of a secret in a run of bytes. */
static void search(const uint8_t *from, const uint8_t *to, void (*found)(const needle *needle, const uint8_t *at)) {
  for (const uint8_t *at = from; to - at >= 8; at++) {
    uint64_t first = word_at(at);
    if (!may_begin[first & 0xffff]) continue;
    for (int i = 0; i < needle_count; i++) {
      if (needles[i].first != first) continue;
      if (needles[i].is_hex && (to - at < 16 || word_at(at + 8) != needles[i].second)) continue;
      found(&needles[i], at);
    }
  }
}

/* A run of this process's memory. */
typedef struct range {
  const uint8_t *from, *to;
  int is_readable, is_locked, is_dumped;
  char name[64];
} range;

static range ranges[MAX_RANGES];
static int range_count;

static void read_ranges(void) {
  char line[512];
  range_count = 0;
  FILE *file = fopen("/proc/self/smaps", "r");
  CHECK(file != NULL);
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    unsigned long from, to;
    char rights[8], name[64] = "";
    if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %63[^\n]", &from, &to, rights, name) >= 3) {
      CHECK(range_count < MAX_RANGES);
      if (range_count == MAX_RANGES) break;
      range *new = &ranges[range_count++];
      *new = (range){(const uint8_t *)from, (const uint8_t *)to, rights[0] == 'r' && strncmp(name, "[v", 2) != 0, 0, 1, ""};
      memcpy(new->name, name, sizeof name);
    } else if (strncmp(line, "VmFlags:", 8) == 0 && range_count > 0) {
      ranges[range_count - 1].is_locked = strstr(line, " lo") != NULL;
      ranges[range_count - 1].is_dumped = strstr(line, " dd") == NULL;
    }
  }
  if (file != NULL) fclose(file);
}

/* Valgrind's own memory holds copies, and is not ours to read. */
static int is_under_valgrind(void) {
  read_ranges();
  for (int i = 0; i < range_count; i++)
    if (strstr(ranges[i].name, "vgpreload") != NULL) return 1;
  return 0;
}

static int cannot_search, may_lock, quiet;
/* Counts of the pieces found last: in locked memory, and elsewhere. */
static int guarded[2], loose[2];
static const range *range_now;

static void note_in_memory(const needle *needle, const uint8_t *at) {
  int is_guarded = !range_now->is_dumped && (range_now->is_locked || !may_lock) && !needle->is_hex;
  (is_guarded ? guarded : loose)[needle->kind]++;
  if (is_guarded || quiet || loose[needle->kind] > 5) return;
  printf("  %s %d as %s at %p in %s (%s, %s)\n", needle->kind == KEY_SECRET ? "key" : "body", needle->secret,
         needle->is_hex ? "digits" : "bytes", (const void *)at, range_now->name[0] ? range_now->name : "memory",
         range_now->is_locked ? "locked" : "not locked", range_now->is_dumped ? "dumped" : "not dumped");
}

static void search_memory(void) {
  memset(guarded, 0, sizeof guarded);
  memset(loose, 0, sizeof loose);
  if (cannot_search) return;
  read_ranges();
  for (int i = 0; i < range_count; i++) {
    range_now = &ranges[i];
    if (range_now->is_readable) search(range_now->from, range_now->to, note_in_memory);
  }
}

/* While two stacks live: their four long-term keys are there once, in guarded memory; secret keys of handshakes that are
 * over are not, nor is any body. */
static void check_alive(const char *when) {
  search_memory();
  if (cannot_search) return;
  if (!CHECK_NUMBER(4 * KEY / 8, guarded[KEY_SECRET]) || !CHECK_NUMBER(0, loose[KEY_SECRET]) ||
      !CHECK_NUMBER(0, guarded[BODY_SECRET] + loose[BODY_SECRET]))
    printf("  %s\n", when);
}

/* After all are freed: nothing of any secret. */
static void check_gone(const char *when) {
  search_memory();
  if (!CHECK_NUMBER(0, guarded[KEY_SECRET] + loose[KEY_SECRET]) ||
      !CHECK_NUMBER(0, guarded[BODY_SECRET] + loose[BODY_SECRET]))
    printf("  %s\n", when);
}

/* What must show no secret at all: datagrams, log lines. */
static unsigned long shown, datagrams, lines;

static void note_shown(const needle *needle, const uint8_t *at) {
  (void)needle, (void)at;
  shown++;
}

static void see_datagram(net *net, int to, const uint8_t *data, size_t len) {
  (void)net, (void)to;
  datagrams++;
  search(data, data + len, note_shown);
}

static void see_line(void *user, raet_enum level, const char *line, size_t len) {
  (void)user, (void)level;
  lines++;
  search((const uint8_t *)line, (const uint8_t *)line + len, note_shown);
}

/* Randomness whose runs as long as a key are secrets: short-term keys are made of it. */
static raet_status random_secret(void *user, uint8_t *out, size_t len) {
  (void)user;
  if (getrandom(out, len, 0) != (ssize_t)len) return RAET_ECRYPTO;
  if (len == KEY) keep_secret(KEY_SECRET, out, len);
  return RAET_OK;
}

/* A store of the host's that keeps its records masked. */
enum { RECORDS = 16, RECORD = 1024 };

static struct {
  char key[64];
  uint8_t bytes[RECORD];
  size_t len;
} records[RECORDS];

static void copy_masked(uint8_t *to, const uint8_t *from, size_t len) {
  for (size_t i = 0; i < len; i++) to[i] = from[i] ^ 0xa5;
}

static int record_at(const char *key) {
  int at = 0;
  while (at < RECORDS && strcmp(records[at].key, key) != 0) at++;
  return at;
}

static raet_status load_record(void *user, const char *key, uint8_t *buf, size_t cap, size_t *need) {
  (void)user;
  int at = record_at(key);
  if (at == RECORDS) return RAET_ENOTFOUND;
  *need = records[at].len;
  if (cap < *need) return RAET_EBUFSIZE;
  copy_masked(buf, records[at].bytes, *need);
  return RAET_OK;
}

static raet_status store_record(void *user, const char *key, const uint8_t *buf, size_t len) {
  (void)user;
  int at = record_at(key);
  if (buf == NULL) {
    if (at < RECORDS) memset(&records[at], 0, sizeof records[at]);
    return RAET_OK;
  }
  if (at == RECORDS) at = record_at("");
  if (at == RECORDS || len > RECORD || strlen(key) >= sizeof records[at].key) return RAET_EIO;
  strcpy(records[at].key, key);
  records[at].len = len;
  copy_masked(records[at].bytes, buf, len);
  return RAET_OK;
}

static raet_status next_record(void *user, const char *after, char *buf, size_t cap, size_t *need) {
  (void)user;
  int at = strcmp(after, "") == 0 ? 0 : record_at(after) + 1;
  while (at < RECORDS && records[at].key[0] == 0) at++;
  if (at >= RECORDS) return RAET_ENOTFOUND;
  *need = strlen(records[at].key) + 1;
  if (cap < *need) return RAET_EBUFSIZE;
  memcpy(buf, records[at].key, *need);
  return RAET_OK;
}

/* Where a stack's keys come from and stay. */
typedef enum { IN_MEMORY, IN_FOLDER, IN_HOST_STORE } place;

/* Another one each time, since its keys are. */
static char other_name[16];

static raet_config *config_at(int index, place place, const char *folder, uint64_t store_kind) {
  static const raet_store_ops ops = {sizeof ops, 0, load_record, store_record, next_record};
  static unsigned others;
  if (index == 1) snprintf(other_name, sizeof other_name, "other%u", others++);
  raet_config *config = net_config(index, index == 0 ? "main" : other_name);
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_STORE_KIND, store_kind));
  CHECK_OK(raet_config_set_random(config, random_secret, NULL));
  if (index == 0 && place == IN_FOLDER) CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, folder));
  if (index == 0 && place == IN_HOST_STORE) CHECK_OK(raet_config_set_store(config, &ops, NULL));
  return config;
}

static void give_key(raet_config *config, raet_enum key) {
  uint8_t bytes[KEY];
  CHECK(getrandom(bytes, KEY, 0) == KEY);
  keep_secret(KEY_SECRET, bytes, KEY);
  CHECK_OK(raet_config_set_bytes(config, key, bytes, KEY));
  explicit_bzero(bytes, sizeof bytes);
}

/* Sends a new marked body, in one datagram or in many. */
static void send_secret(net *net, int from, raet_remote to, uint64_t tag, size_t len) {
  static uint8_t body[60000], sign[BODY_MARK];
  CHECK(getrandom(sign, BODY_MARK, 0) == BODY_MARK);
  keep_secret(BODY_SECRET, sign, BODY_MARK);
  for (size_t at = 0; at < len; at += BODY_MARK) memcpy(body + at, sign, BODY_MARK);
  CHECK_OK(raet_send(net->nodes[from].stack, to, net->now, RAET_BODY_RAW, body, len, 0, tag, NULL));
  explicit_bzero(body, sizeof body);
  explicit_bzero(sign, sizeof sign);
}

/* A body that waits is there: the search finds what there is. */
static void wait_to_be_sent(net *net) {
  raet_remote to_main;
  CHECK_OK(raet_remote_add(net->nodes[1].stack, NULL, "127.0.0.1:7530", &to_main));
  send_secret(net, 1, to_main, 999, 192);
  quiet = 1;
  search_memory();
  quiet = 0;
  CHECK(cannot_search || loose[BODY_SECRET] >= 192 / 8);
  CHECK_OK(raet_remote_remove(net->nodes[1].stack, to_main, net->now));
}

static void exchange(net *net, raet_remote to_main, raet_remote to_other) {
  static uint64_t tag;
  net_forget(net);
  for (int round = 0; round < 2; round++) {
    send_secret(net, 1, to_main, ++tag, round == 0 ? 192 : 57600);
    send_secret(net, 0, to_other, ++tag, round == 0 ? 192 : 57600);
  }
  CHECK(net_until(net, 0, RAET_EV_DELIVERED, 2, 30 * SECOND) && net_until(net, 1, RAET_EV_DELIVERED, 2, 30 * SECOND));
  CHECK_NUMBER(2, net_count(net, 0, RAET_EV_MESSAGE, NULL));
  CHECK_NUMBER(2, net_count(net, 1, RAET_EV_MESSAGE, NULL));
}

/* Two stacks meet and talk. With `gives_keys` the keys of both are given, else those of the main one are as stored. */
static void live(place place, const char *folder, uint64_t store_kind, int gives_keys) {
  net net = {.tap = see_datagram};
  raet_remote to_main, to_other;
  int first_secret = secret_count;
  for (int i = 0; i < 2; i++) {
    raet_config *config = config_at(i, place, folder, store_kind);
    if (i == 1 || gives_keys) {
      give_key(config, RAET_KEY_SIGN_SEED);
      give_key(config, RAET_KEY_PRIVATE);
    }
    if (i == 1) check_alive("configured");
    net_add(&net, i, config);
    CHECK_OK(raet_stack_set_log(net.nodes[i].stack, RAET_LOG_DEBUG, see_line, NULL));
  }
  check_alive("made");
  wait_to_be_sent(&net);
  check_alive("taken back");
  to_main = net_connect(&net, 1, 0);
  CHECK_OK(raet_remote_find(net.nodes[0].stack, other_name, &to_other));
  CHECK(secret_count > first_secret + 2);
  exchange(&net, to_main, to_other);
  check_alive("messages are delivered");
  /* Another handshake, after which the short-term keys of the first one are not needed any more. */
  CHECK_OK(raet_allow(net.nodes[1].stack, to_main, net.now, 0, NULL));
  CHECK(net_until(&net, 1, RAET_EV_ALLOWED, 1, 30 * SECOND));
  exchange(&net, to_main, to_other);
  check_alive("short-term keys are new");
  /* Some end while a body is under way. */
  send_secret(&net, 1, to_main, 1000, 57600);
  net_carry(&net);
  net_end(&net);
}

/* A record that is damaged beside a key is refused, and its keys are not left lying about. */
static void refuse_damaged(uint64_t store_kind) {
  const char *key = store_kind == RAET_BODY_JSON ? "role/local/role.json" : "role/local/role.msgpack";
  raet_config *config = config_at(0, IN_HOST_STORE, NULL, store_kind);
  raet_stack *stack = NULL;
  int at = record_at(key);
  if (!CHECK(at < RECORDS)) return;
  uint8_t name[6], *end = records[at].bytes + records[at].len;
  copy_masked(name, (const uint8_t *)"prihex", sizeof name);
  uint8_t *digit = (uint8_t *)memmem(records[at].bytes, records[at].len, name, sizeof name);
  if (!CHECK(digit != NULL && end - digit > 60)) return;
  digit[50] = 'g' ^ 0xa5;
  CHECK_STATUS(RAET_ESTORE, raet_stack_new(config, SECOND, &stack));
  raet_config_free(config);
}

int main(void) {
  char folder[] = "/tmp/raet-secrets-XXXXXX";
  struct rlimit lockable = {0, 0};
  CHECK(getrandom(&mask, sizeof mask, 0) == sizeof mask);
  CHECK(mkdtemp(folder) != NULL);
  getrlimit(RLIMIT_MEMLOCK, &lockable);
  may_lock = lockable.rlim_cur >= 64 << 10;
  cannot_search = is_under_valgrind();
  if (cannot_search) printf("secrets: valgrind's memory is not searched\n");
  live(IN_MEMORY, folder, RAET_BODY_JSON, 1);
  check_gone("freed");
  static const uint64_t kinds[] = {RAET_BODY_JSON, RAET_BODY_MSGPACK};
  for (int i = 0; i < 2; i++) {
    for (place place = IN_FOLDER; place <= IN_HOST_STORE; place++) {
      live(place, folder, kinds[i], 1);
      check_gone("keys were stored");
      live(place, folder, kinds[i], 0);
      check_gone("keys were loaded");
      if (place == IN_HOST_STORE) refuse_damaged(kinds[i]);
      check_gone("keys were damaged");
      remove_folder(folder);
      memset(records, 0, sizeof records);
    }
  }
  CHECK_NUMBER(0, shown);
  CHECK(datagrams > 500 && lines > 20);
  return checks_end("secrets");
}
