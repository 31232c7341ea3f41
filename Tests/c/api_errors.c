/* Wrong calls: every function answers NULLs, wrong handles, lengths and texts with a code, and changes nothing. */
#include "net.h"

#ifdef __clang__
#pragma clang diagnostic ignored "-Wnonnull"
#endif
#define INVALID(call) CHECK_STATUS(RAET_EINVAL, call)

static void library(void) {
  char version[32];
  snprintf(version, sizeof version, "%u.%u.%u", RAET_VERSION_NUMBER >> 16, RAET_VERSION_NUMBER >> 8 & 255,
           RAET_VERSION_NUMBER & 255);
  CHECK_NUMBER(RAET_VERSION_NUMBER, raet_version());
  CHECK_TEXT(version, raet_version_string());
  CHECK_NUMBER(1, raet_has("road"));
  CHECK_NUMBER(0, raet_has("no such thing"));
  CHECK_NUMBER(0, raet_has(NULL));
  CHECK_TEXT("RAET_OK", raet_status_name(RAET_OK));
  CHECK_TEXT("RAET_ELOCKED", raet_status_name(RAET_ELOCKED));
  CHECK_TEXT("RAET_E?", raet_status_name(-1000));
  CHECK_TEXT("RAET_E?", raet_status_name(INT32_MIN));
  CHECK_TEXT("RAET_E?", raet_status_name(1));
  for (raet_status status = RAET_ELOCKED; status <= RAET_OK; status++) {
    CHECK(strncmp(raet_status_name(status), "RAET_", 5) == 0 && strcmp(raet_status_name(status), "RAET_E?") != 0);
    CHECK(strlen(raet_status_text(status)) > 3);
  }
  CHECK(raet_status_text(-1000) != NULL);
  CHECK_TEXT("MESSAGE", raet_event_name(RAET_EV_MESSAGE));
  for (raet_enum type = RAET_EV_MESSAGE; type <= RAET_EV_CLOSED; type++) CHECK(strlen(raet_event_name(type)) > 3);
  CHECK_TEXT("?", raet_event_name(0));
  CHECK_TEXT("?", raet_event_name(UINT32_MAX));
  uint64_t now = raet_now();
  CHECK(now > 0 && raet_now() >= now);
}

static void nulls(raet_config *config, raet_stack *stack) {
  raet_config *new_config = NULL;
  raet_stack *new_stack = NULL;
  raet_enum number = 0;
  raet_remote remote = 0;
  raet_txn txn = 0;
  uint64_t value = 0;
  size_t need = 0;
  uint8_t key[32] = {0};
  raet_addr address;
  const char *name = NULL;
  const raet_event *event = NULL;
  char text[64];

  INVALID(raet_config_new(RAET_KIND_ROAD, NULL));
  CHECK_STATUS(RAET_ENOTSUP, raet_config_new(0, &new_config));
  CHECK_STATUS(RAET_ENOTSUP, raet_config_new(UINT32_MAX, &new_config));
  CHECK(new_config == NULL);
  raet_config_free(NULL);
  INVALID(raet_config_set_u64(NULL, RAET_KEY_MAIN, 1));
  INVALID(raet_config_set_str(NULL, RAET_KEY_NAME, "a"));
  INVALID(raet_config_set_bytes(NULL, RAET_KEY_SIGN_SEED, key, 32));
  INVALID(raet_config_set_bytes(config, RAET_KEY_SIGN_SEED, NULL, 32));
  INVALID(raet_config_set_store(NULL, NULL, NULL));
  CHECK_OK(raet_config_set_store(config, NULL, NULL));
  INVALID(raet_config_set_random(NULL, NULL, NULL));
  CHECK_OK(raet_config_set_random(config, NULL, NULL));
  INVALID(raet_config_key(NULL, &number, NULL));
  INVALID(raet_config_key("name", NULL, NULL));
  CHECK_OK(raet_config_key("name", &number, NULL));

  CHECK(raet_config_error(NULL) != NULL);
  INVALID(raet_stack_new(NULL, 0, &new_stack));
  INVALID(raet_stack_new(config, 0, NULL));
  CHECK(new_stack == NULL);
  INVALID(raet_stack_open(NULL, 0));
  INVALID(raet_stack_adopt_fd(NULL, 0, 0));
  INVALID(raet_stack_close(NULL, 0, 0));
  raet_stack_free(NULL);
  CHECK(raet_stack_error(NULL) != NULL);
  INVALID(raet_stack_get_u64(NULL, RAET_KEY_MAIN, &value));
  INVALID(raet_stack_get_u64(stack, RAET_KEY_MAIN, NULL));
  INVALID(raet_stack_get_str(NULL, RAET_KEY_NAME, text, sizeof text, &need));
  INVALID(raet_stack_get_str(stack, RAET_KEY_NAME, text, sizeof text, NULL));
  CHECK(raet_stack_get_str(stack, RAET_KEY_NAME, NULL, 64, &need) != RAET_OK);

  CHECK_NUMBER(-1, raet_stack_fd(NULL));
  CHECK_NUMBER(0, raet_stack_interest(NULL));
  CHECK_NUMBER(RAET_NEVER, raet_stack_deadline(NULL));
  CHECK_NUMBER(-1, raet_stack_timeout_ms(NULL, 0));
  CHECK_NUMBER(-1, raet_stack_timeout_ms(stack, 1000));
  INVALID(raet_stack_service(NULL, 0, 0));
  INVALID(raet_stack_next_event(NULL, &event));
  INVALID(raet_stack_next_event(stack, NULL));
  INVALID(raet_stack_dispatch(NULL, NULL, NULL, 0));
  INVALID(raet_stack_dispatch(stack, NULL, NULL, 0));
  INVALID(raet_event_detach(NULL, NULL));
  INVALID(raet_event_detach(stack, NULL));
  raet_event_free(NULL);
  INVALID(raet_stack_set_wake(NULL, NULL, NULL));
  CHECK_OK(raet_stack_set_wake(stack, NULL, NULL));

  INVALID(raet_remote_add(NULL, "a", "127.0.0.1:7531", &remote));
  INVALID(raet_remote_add(stack, "a", NULL, &remote));
  INVALID(raet_remote_add(stack, "a", "127.0.0.1:7531", NULL));
  INVALID(raet_remote_set_endpoint(NULL, 1, "127.0.0.1:7531", 0));
  INVALID(raet_remote_set_endpoint(stack, 1, NULL, 0));
  INVALID(raet_remote_remove(NULL, 1, 0));
  INVALID(raet_remote_find(NULL, "a", &remote));
  INVALID(raet_remote_find(stack, NULL, &remote));
  INVALID(raet_remote_find(stack, "a", NULL));
  INVALID(raet_remote_next(NULL, 0, &remote));
  INVALID(raet_remote_next(stack, 0, NULL));
  INVALID(raet_remote_get_u64(NULL, 1, RAET_KEY_JOINED, &value));
  INVALID(raet_remote_get_u64(stack, 1, RAET_KEY_JOINED, NULL));
  INVALID(raet_remote_get_str(NULL, 1, RAET_KEY_NAME, text, sizeof text, &need));
  INVALID(raet_remote_get_str(stack, 1, RAET_KEY_NAME, text, sizeof text, NULL));

  INVALID(raet_connect(NULL, 1, 0));
  INVALID(raet_disconnect(NULL, 1, 0));
  INVALID(raet_join(NULL, 1, 0, 0, &txn));
  INVALID(raet_allow(NULL, 1, 0, 0, &txn));
  INVALID(raet_alive(NULL, 1, 0, 0, &txn));
  INVALID(raet_send(NULL, 1, 0, RAET_BODY_RAW, key, 1, 0, 0, &txn));
  INVALID(raet_send_capacity(NULL, 1, &value));
  INVALID(raet_send_capacity(stack, 1, NULL));
  INVALID(raet_txn_cancel(NULL, 1, 0));
  INVALID(raet_transfer_next(NULL, 0, &txn));
  INVALID(raet_transfer_next(stack, 0, NULL));
  INVALID(raet_transfer_progress(NULL, 1, NULL, NULL, NULL, NULL));

  INVALID(raet_keys_generate(NULL, key));
  INVALID(raet_keys_generate(key, NULL));
  INVALID(raet_keys_public(NULL, key, key, key));
  INVALID(raet_keys_public(key, NULL, key, key));
  INVALID(raet_keys_public(key, key, NULL, key));
  INVALID(raet_keys_public(key, key, key, NULL));
  INVALID(raet_stack_keys(NULL, key, key));
  INVALID(raet_stack_keys(stack, NULL, key));
  INVALID(raet_stack_keys(stack, key, NULL));
  INVALID(raet_role_status(NULL, "a", &number));
  INVALID(raet_role_status(stack, NULL, &number));
  INVALID(raet_role_status(stack, "a", NULL));
  INVALID(raet_role_set_status(NULL, "a", RAET_ACCEPTED, 0));
  INVALID(raet_role_set_status(stack, NULL, RAET_ACCEPTED, 0));
  INVALID(raet_role_set_keys(NULL, "a", key, key, 0));
  INVALID(raet_role_set_keys(stack, NULL, key, key, 0));
  INVALID(raet_role_set_keys(stack, "a", NULL, key, 0));
  INVALID(raet_role_set_keys(stack, "a", key, NULL, 0));
  INVALID(raet_role_keys(NULL, "a", key, key));
  INVALID(raet_role_keys(stack, NULL, key, key));
  INVALID(raet_role_forget(NULL, "a", 0));
  INVALID(raet_role_forget(stack, NULL, 0));
  INVALID(raet_role_next(NULL, "", text, sizeof text, &need));
  INVALID(raet_role_next(stack, NULL, text, sizeof text, &need));
  INVALID(raet_role_next(stack, "", text, sizeof text, NULL));

  INVALID(raet_stat_at(NULL, 0, &name, &value));
  INVALID(raet_stat_at(stack, 0, NULL, &value));
  INVALID(raet_stat_at(stack, 0, &name, NULL));
  INVALID(raet_stat_get(NULL, "a", &value));
  INVALID(raet_stat_get(stack, NULL, &value));
  INVALID(raet_stat_get(stack, "a", NULL));
  INVALID(raet_stack_set_log(NULL, RAET_LOG_OFF, NULL, NULL));
  INVALID(raet_stack_set_log(stack, 99, NULL, NULL));
  CHECK_OK(raet_stack_set_log(stack, RAET_LOG_OFF, NULL, NULL));

  INVALID(raet_addr_parse(NULL, &address));
  INVALID(raet_addr_parse("127.0.0.1:1", NULL));
  CHECK_OK(raet_addr_parse("127.0.0.1:1", &address));
  INVALID(raet_addr_format(NULL, text, sizeof text, &need));
  INVALID(raet_addr_format(&address, text, sizeof text, NULL));
  INVALID(raet_stack_input(NULL, 0, key, 32, &address));
  INVALID(raet_stack_input(stack, 0, key, 32, NULL));
  INVALID(raet_stack_input(stack, 0, NULL, 32, &address));
  INVALID(raet_stack_output(NULL, 0, key, 32, &need, &address));
  INVALID(raet_stack_output(stack, 0, key, 32, NULL, &address));
  INVALID(raet_stack_output(stack, 0, key, 32, &need, NULL));
  INVALID(raet_stack_output_failed(NULL, 0, &address, 0));
  INVALID(raet_stack_output_failed(stack, 0, NULL, 0));
  CHECK_STATUS(RAET_EAGAIN, raet_stack_next_event(stack, &event));
}

/* Handles of another kind, or of none, are told from true ones. */
static void wrong_handles(raet_config *config, raet_stack *stack) {
  static uint64_t nothing[64];
  uint64_t value = 0;
  raet_stack *out = NULL;
  const raet_event *event = NULL;
  raet_stack *wrong[2];
  wrong[0] = (raet_stack *)(void *)config;
  wrong[1] = (raet_stack *)(void *)nothing;
  for (int i = 0; i < 2; i++) {
    INVALID(raet_stack_get_u64(wrong[i], RAET_KEY_MAIN, &value));
    INVALID(raet_stack_service(wrong[i], 0, 0));
    INVALID(raet_stack_next_event(wrong[i], &event));
    INVALID(raet_send(wrong[i], 1, 0, RAET_BODY_RAW, NULL, 0, 0, 0, NULL));
    CHECK_NUMBER(-1, raet_stack_fd(wrong[i]));
    raet_stack_free(wrong[i]);
  }
  INVALID(raet_config_set_u64((raet_config *)(void *)stack, RAET_KEY_MAIN, 1));
  INVALID(raet_config_set_u64((raet_config *)(void *)nothing, RAET_KEY_MAIN, 1));
  INVALID(raet_stack_new((raet_config *)(void *)stack, 0, &out));
  raet_config_free((raet_config *)(void *)stack);
  INVALID(raet_event_detach(stack, (const raet_event *)(void *)nothing));
  CHECK(out == NULL);
  CHECK_OK(raet_stack_get_u64(stack, RAET_KEY_MAIN, &value));
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_MAIN, 1));
}

/* A handle that was freed is told from one that lives, also when another took its place. */
static void freed_handles(void) {
  raet_config *config = NULL, *second = NULL;
  raet_stack *stack = NULL, *again = NULL;
  raet_remote remote = 0;
  uint64_t value = 0;
  size_t need = 0;
  const raet_event *event = NULL;
  char text[64];
  CHECK_OK(raet_config_new(RAET_KIND_ROAD, &config));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_NAME, "freed"));
  CHECK_OK(raet_stack_new(config, 1, &stack));
  raet_stack_free(stack);
  CHECK_OK(raet_stack_new(config, 1, &again));
  for (int i = 0; i < 2; i++) {
    raet_stack_free(stack);
    INVALID(raet_stack_get_u64(stack, RAET_KEY_MAIN, &value));
    INVALID(raet_stack_get_str(stack, RAET_KEY_NAME, text, sizeof text, &need));
    INVALID(raet_stack_service(stack, 2, 0));
    INVALID(raet_stack_next_event(stack, &event));
    INVALID(raet_remote_add(stack, NULL, "127.0.0.1:7531", &remote));
    INVALID(raet_stack_close(stack, 2, 0));
    CHECK(raet_stack_error(stack) != NULL);
    CHECK_NUMBER(-1, raet_stack_fd(stack));
    CHECK_OK(raet_stack_get_u64(again, RAET_KEY_MAIN, &value));
  }
  raet_config_free(config);
  CHECK_OK(raet_config_new(RAET_KIND_ROAD, &second));
  raet_config_free(config);
  INVALID(raet_config_set_u64(config, RAET_KEY_MAIN, 1));
  INVALID(raet_stack_new(config, 1, &stack));
  CHECK_OK(raet_config_set_u64(second, RAET_KEY_MAIN, 1));
  raet_config_free(second);
  raet_stack_free(again);
}

/* There may be 65,536 handles; the next is refused until one is freed. */
static void too_many_handles(void) {
  static raet_config *configs[65537];
  size_t count = 0;
  raet_status status = RAET_OK;
  while (count < 65537 && (status = raet_config_new(RAET_KIND_ROAD, &configs[count])) == RAET_OK) count++;
  CHECK_STATUS(RAET_ENOMEM, status);
  CHECK(count > 65000 && configs[count] == NULL);
  raet_config_free(configs[count - 1]);
  CHECK_OK(raet_config_new(RAET_KIND_ROAD, &configs[count - 1]));
  while (count > 0) raet_config_free(configs[--count]);
}

static void settings(raet_config *config) {
  static char long_name[5001];
  static const char *const bad_names[] = {"", "\xff\xfe", "a\xc0\x80", "\xed\xa0\x80", long_name};
  static const char *const bad_endpoints[] = {"",          "localhost:1",  "127.0.0.1",    "127.0.0.1:",  "127.0.0.1:65536",
                                              "1.2.3:4",   "256.1.1.1:1",  "[::1]",        "::1:7530",    "127.0.0.1:-1",
                                              "[::1:7530", "127.0.0.1:1 ", "127.0.0.1:0x1", "\xff:1",     long_name};
  uint8_t key[33] = {1};
  raet_enum found = 0, type = 0;
  raet_addr address;
  memset(long_name, 'a', sizeof long_name - 1);
  for (size_t i = 0; i < sizeof bad_names / sizeof *bad_names; i++) {
    INVALID(raet_config_set_str(config, RAET_KEY_NAME, bad_names[i]));
    INVALID(raet_config_set_str(config, RAET_KEY_ROLE, bad_names[i]));
    CHECK_STATUS(RAET_ENOTFOUND, raet_config_key(bad_names[i], &found, &type));
  }
  for (size_t i = 0; i < sizeof bad_endpoints / sizeof *bad_endpoints; i++) {
    INVALID(raet_config_set_str(config, RAET_KEY_ENDPOINT, bad_endpoints[i]));
    INVALID(raet_addr_parse(bad_endpoints[i], &address));
  }
  INVALID(raet_config_set_u64(config, RAET_KEY_NAME, 1));
  INVALID(raet_config_set_str(config, RAET_KEY_MAIN, "1"));
  INVALID(raet_config_set_bytes(config, RAET_KEY_MAIN, key, 32));
  INVALID(raet_config_set_u64(config, RAET_KEY_SIGN_SEED, 1));
  INVALID(raet_config_set_u64(config, RAET_KEY_JOINED, 1));
  INVALID(raet_config_set_u64(config, 0, 1));
  INVALID(raet_config_set_u64(config, 39, 1));
  INVALID(raet_config_set_u64(config, UINT32_MAX, 1));
  INVALID(raet_config_set_str(config, UINT32_MAX, "a"));
  INVALID(raet_config_set_bytes(config, RAET_KEY_SIGN_SEED, key, 31));
  INVALID(raet_config_set_bytes(config, RAET_KEY_SIGN_SEED, key, 33));
  INVALID(raet_config_set_bytes(config, RAET_KEY_SIGN_SEED, key, 0));
  INVALID(raet_config_set_bytes(config, RAET_KEY_SIGN_SEED, key, SIZE_MAX));
  CHECK_OK(raet_config_set_bytes(config, RAET_KEY_SIGN_SEED, key, 32));
  CHECK_OK(raet_config_set_bytes(config, RAET_KEY_SIGN_SEED, NULL, 0));
  INVALID(raet_config_set_u64(config, RAET_KEY_ACCEPT, 3));
  INVALID(raet_config_set_u64(config, RAET_KEY_KIND, 256));
  INVALID(raet_config_set_u64(config, RAET_KEY_MAIN, 2));
  INVALID(raet_config_set_u64(config, RAET_KEY_HEAD_KIND, 2));
  INVALID(raet_config_set_u64(config, RAET_KEY_BODY_KIND, RAET_BODY_RAW));
  INVALID(raet_config_set_u64(config, RAET_KEY_STORE_KIND, UINT64_MAX));
  INVALID(raet_config_set_u64(config, RAET_KEY_MAX_MESSAGE, (uint64_t)RAET_MESSAGE_MAX + 1));

  for (raet_enum key_number = 1; key_number <= RAET_KEY_SESSION; key_number++) /* no value of a number brings it down */
    for (int bit = 0; bit <= 64; bit++) {
      raet_config *scratch = NULL;
      raet_stack *stack = NULL;
      CHECK_OK(raet_config_new(RAET_KIND_ROAD, &scratch));
      CHECK_OK(raet_config_set_str(scratch, RAET_KEY_NAME, "scratch"));
      uint64_t value = bit == 64 ? UINT64_MAX : UINT64_C(1) << bit;
      raet_status status = raet_config_set_u64(scratch, key_number, value);
      CHECK(status == RAET_OK || status == RAET_EINVAL);
      if (status == RAET_OK && bit % 8 == 0) raet_stack_new(scratch, UINT64_MAX - 1, &stack);
      raet_stack_free(stack);
      raet_config_free(scratch);
    }

  raet_store_ops ops;
  memset(&ops, 0, sizeof ops);
  INVALID(raet_config_set_store(config, &ops, NULL));
  ops.size = UINT32_MAX;
  raet_config_set_store(config, &ops, NULL);
  CHECK_OK(raet_config_set_store(config, NULL, NULL));
  CHECK_OK(raet_config_key("sign_seed", &found, &type));
  CHECK(found == RAET_KEY_SIGN_SEED && type == RAET_TYPE_BYTES);
  CHECK_OK(raet_config_key("max_message", &found, &type));
  CHECK(found == RAET_KEY_MAX_MESSAGE && type == RAET_TYPE_U64);
}

static raet_status no_randomness(void *user, uint8_t *out, size_t len) {
  (void)out, (void)len;
  ++*(int *)user;
  return RAET_EIO;
}

static void stacks_that_cannot_be(void) {
  raet_config *config = NULL;
  raet_stack *stack = NULL;
  int asked = 0;
  CHECK_OK(raet_config_new(RAET_KIND_ROAD, &config));
  CHECK_TEXT("", raet_config_error(config));
  INVALID(raet_stack_new(config, 0, &stack)); /* it has no name */
  CHECK(strlen(raet_config_error(config)) > 0);
  CHECK_OK(raet_config_set_str(config, RAET_KEY_NAME, "a"));
  CHECK_OK(raet_config_set_random(config, no_randomness, &asked));
  CHECK(raet_stack_new(config, 0, &stack) < 0);
  CHECK(asked > 0);
  CHECK(strlen(raet_config_error(config)) > 0);
  CHECK_OK(raet_config_set_random(config, NULL, NULL));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, "/dev/null/nowhere"));
  CHECK(raet_stack_new(config, 0, &stack) < 0);
  CHECK(stack == NULL);
  raet_config_free(config);
}

/* A buffer that is too small is not touched, and *need tells what it takes. */
static void small_buffers(raet_stack *stack, raet_remote remote) {
  char text[64], before[64];
  size_t need = 0;
  raet_addr address;
  CHECK_OK(raet_addr_parse("127.0.0.1:7530", &address));
  memset(before, 'x', sizeof before);
#define TOO_SMALL(text_expected, call)             \
  do {                                             \
    for (size_t cap = 0; cap < sizeof text_expected; cap++) { \
      memset(text, 'x', sizeof text);              \
      need = 0;                                    \
      CHECK_STATUS(RAET_EBUFSIZE, call);           \
      CHECK_NUMBER(sizeof text_expected, need);    \
      CHECK(memcmp(text, before, sizeof text) == 0); \
    }                                              \
    size_t cap = sizeof text_expected;             \
    CHECK_OK(call);                                \
    CHECK_TEXT(text_expected, text);               \
    CHECK_NUMBER(sizeof text_expected, need);      \
    cap = SIZE_MAX;                                \
    CHECK_OK(call);                                \
  } while (0)
  TOO_SMALL("main", raet_stack_get_str(stack, RAET_KEY_NAME, text, cap, &need));
  TOO_SMALL("main", raet_stack_get_str(stack, RAET_KEY_ROLE, text, cap, &need));
  TOO_SMALL("127.0.0.1:7530", raet_stack_get_str(stack, RAET_KEY_ENDPOINT, text, cap, &need));
  TOO_SMALL("there", raet_remote_get_str(stack, remote, RAET_KEY_NAME, text, cap, &need));
  TOO_SMALL("127.0.0.1:7531", raet_remote_get_str(stack, remote, RAET_KEY_ENDPOINT, text, cap, &need));
  TOO_SMALL("127.0.0.1:7530", raet_addr_format(&address, text, cap, &need));
  TOO_SMALL("keys", raet_role_next(stack, "", text, cap, &need));
  CHECK_STATUS(RAET_EBUFSIZE, raet_addr_format(&address, NULL, 0, &need));
  CHECK_STATUS(RAET_EBUFSIZE, raet_stack_get_str(stack, RAET_KEY_NAME, NULL, 0, &need));
  CHECK_STATUS(RAET_ENOTFOUND, raet_stack_get_str(stack, RAET_KEY_MAIN, text, sizeof text, &need));
  CHECK_STATUS(RAET_ENOTFOUND, raet_stack_get_str(stack, RAET_KEY_SIGN_SEED, text, sizeof text, &need));
  CHECK_STATUS(RAET_ENOTFOUND, raet_role_next(stack, "keys", text, sizeof text, &need));

  /* A datagram that waits does not get lost in a buffer that is too small. */
  uint8_t data[1024];
  size_t len = 0, again = 0;
  CHECK_OK(raet_join(stack, remote, 1000, 0, NULL));
  CHECK_STATUS(RAET_EBUFSIZE, raet_stack_output(stack, 1000, data, 10, &len, &address));
  CHECK(len > 10 && len <= sizeof data);
  CHECK_STATUS(RAET_EBUFSIZE, raet_stack_output(stack, 1000, NULL, 0, &again, &address));
  CHECK_NUMBER(len, again);
  CHECK_OK(raet_stack_output(stack, 1000, data, sizeof data, &again, &address));
  CHECK_NUMBER(len, again);
  CHECK_OK(raet_stack_output_failed(stack, 1000, &address, 111));
  CHECK_STATUS(RAET_EAGAIN, raet_stack_output(stack, 1000, data, sizeof data, &again, &address));
}

static void wrong_numbers(raet_stack *stack, raet_remote remote) {
  static const uint64_t remotes[] = {0, 999, UINT64_MAX, UINT64_C(1) << 63};
  uint64_t value = 0;
  raet_remote out = 0;
  raet_txn txn = 0;
  raet_enum acceptance = 0;
  raet_addr address;
  char text[64];
  size_t need;
  uint8_t bytes[40] = {0}, low_order[32] = {0};
  const char *name;
  for (size_t i = 0; i < sizeof remotes / sizeof *remotes; i++) {
    uint64_t none = remotes[i];
    CHECK_STATUS(RAET_ENOTFOUND, raet_remote_remove(stack, none, 0));
    CHECK_STATUS(RAET_ENOTFOUND, raet_remote_set_endpoint(stack, none, "127.0.0.1:7531", 0));
    CHECK_STATUS(RAET_ENOTFOUND, raet_remote_get_u64(stack, none, RAET_KEY_JOINED, &value));
    CHECK_STATUS(RAET_ENOTFOUND, raet_remote_get_str(stack, none, RAET_KEY_NAME, text, sizeof text, &need));
    CHECK_STATUS(RAET_ENOTFOUND, raet_connect(stack, none, 0));
    CHECK_STATUS(RAET_ENOTFOUND, raet_disconnect(stack, none, 0));
    CHECK_STATUS(RAET_ENOTFOUND, raet_join(stack, none, 0, 0, NULL));
    CHECK_STATUS(RAET_ENOTFOUND, raet_allow(stack, none, 0, 0, NULL));
    CHECK_STATUS(RAET_ENOTFOUND, raet_alive(stack, none, 0, 0, NULL));
    CHECK_STATUS(RAET_ENOTFOUND, raet_send(stack, none, 0, RAET_BODY_RAW, bytes, 1, 0, 0, NULL));
    CHECK_STATUS(RAET_ENOTFOUND, raet_send_capacity(stack, none, &value));
    CHECK_STATUS(RAET_ENOTFOUND, raet_txn_cancel(stack, none, 0));
    CHECK_STATUS(RAET_ENOTFOUND, raet_transfer_progress(stack, none, NULL, NULL, NULL, NULL));
  }
  CHECK_STATUS(RAET_ENOTFOUND, raet_transfer_next(stack, 0, &txn));
  CHECK_STATUS(RAET_ENOTFOUND, raet_remote_find(stack, "nobody", &out));
  CHECK_STATUS(RAET_ENOTFOUND, raet_remote_next(stack, remote, &out));
  CHECK_STATUS(RAET_EEXIST, raet_remote_add(stack, "there", "127.0.0.1:7532", &out));
  CHECK_NUMBER(remote, out);
  out = 0;
  CHECK_STATUS(RAET_EEXIST, raet_remote_add(stack, NULL, "127.0.0.1:7531", &out));
  CHECK_NUMBER(remote, out);
  INVALID(raet_remote_add(stack, "b", "127.0.0.1:0", &out));
  INVALID(raet_remote_add(stack, "\xff", "127.0.0.1:7532", &out));
  INVALID(raet_remote_add(stack, "b", "nowhere", &out));
  INVALID(raet_remote_set_endpoint(stack, remote, "nowhere", 0));
  CHECK_STATUS(RAET_ENOTFOUND, raet_remote_get_u64(stack, remote, 0, &value));
  CHECK_STATUS(RAET_ENOTFOUND, raet_remote_get_u64(stack, remote, RAET_KEY_NAME, &value));
  CHECK_STATUS(RAET_ENOTFOUND, raet_stack_get_u64(stack, RAET_KEY_JOINED, &value));
  CHECK_STATUS(RAET_ENOTFOUND, raet_stack_get_u64(stack, UINT32_MAX, &value));

  CHECK_STATUS(RAET_EMSGSIZE, raet_send(stack, remote, 0, RAET_BODY_RAW, bytes, SIZE_MAX, 0, 0, NULL));
  CHECK_STATUS(RAET_EMSGSIZE, raet_send(stack, remote, 0, RAET_BODY_RAW, bytes, RAET_MESSAGE_MAX + 1u, 0, 0, NULL));
  CHECK_STATUS(RAET_EMSGSIZE, raet_send(stack, remote, 0, RAET_BODY_JSON, bytes, SIZE_MAX, 0, 0, NULL));
  INVALID(raet_send(stack, remote, 0, RAET_BODY_RAW, NULL, 1, 0, 0, NULL));
  INVALID(raet_send(stack, remote, 0, 4, bytes, 1, 0, 0, NULL));
  INVALID(raet_send(stack, remote, 0, UINT32_MAX, bytes, 1, 0, 0, NULL));
  static const char *const not_mappings[] = {"[1]", "{", "{\"a\":1}x", "1", "\"a\"", "null", "{\"a\":\"\xff\"}", "{1:2}"};
  for (size_t i = 0; i < sizeof not_mappings / sizeof *not_mappings; i++)
    CHECK_STATUS(RAET_EENCODE, raet_send(stack, remote, 0, RAET_BODY_JSON, (const uint8_t *)not_mappings[i],
                                         strlen(not_mappings[i]), 0, 0, NULL));
  static const uint8_t packed[][4] = {{0x91, 1}, {0x81, 1}, {0xdf, 255, 255, 255}, {0xc1}, {0x80, 0x80}};
  for (size_t i = 0; i < sizeof packed / sizeof *packed; i++)
    CHECK_STATUS(RAET_EENCODE, raet_send(stack, remote, 0, RAET_BODY_MSGPACK, packed[i], 2, 0, 0, NULL));
  CHECK_OK(raet_remote_get_u64(stack, remote, RAET_KEY_QUEUED, &value));
  CHECK_NUMBER(0, value);

  INVALID(raet_role_set_status(stack, "keys", 3, 0));
  INVALID(raet_role_set_status(stack, "\xff", RAET_ACCEPTED, 0));
  CHECK_STATUS(RAET_ENOTFOUND, raet_role_set_status(stack, "nobody", RAET_ACCEPTED, 0));
  CHECK_STATUS(RAET_ENOTFOUND, raet_role_status(stack, "nobody", &acceptance));
  CHECK_STATUS(RAET_ENOTFOUND, raet_role_keys(stack, "nobody", bytes, low_order));
  CHECK_STATUS(RAET_ENOTFOUND, raet_role_forget(stack, "nobody", 0));
  memset(low_order, 0, sizeof low_order);
  CHECK_STATUS(RAET_ECRYPTO, raet_role_set_keys(stack, "bad", bytes, low_order, 0));
  CHECK_STATUS(RAET_ENOTFOUND, raet_role_status(stack, "bad", &acceptance));
  CHECK_STATUS(RAET_ENOTFOUND, raet_stat_get(stack, "nothing", &value));
  CHECK_STATUS(RAET_ENOTFOUND, raet_stat_at(stack, UINT32_MAX, &name, &value));

  CHECK_OK(raet_addr_parse("127.0.0.1:7531", &address));
  CHECK_OK(raet_stack_input(stack, 0, NULL, 0, &address));
  CHECK(raet_stack_input(stack, 0, bytes, SIZE_MAX, &address) <= RAET_OK);
  for (uint32_t len = 0; len < 200; len += 3) {
    raet_addr wrong = address;
    wrong.len = len;
    if (len < address.len || len > sizeof address.bytes) INVALID(raet_addr_format(&wrong, text, sizeof text, &need));
    CHECK(raet_stack_input(stack, 0, bytes, sizeof bytes, &wrong) <= RAET_OK);
    CHECK(raet_stack_output_failed(stack, 0, &wrong, 0) <= RAET_OK);
  }
  memset(&address, 0xff, sizeof address);
  INVALID(raet_addr_format(&address, text, sizeof text, &need));
  INVALID(raet_stack_adopt_fd(stack, -1, 0));
  INVALID(raet_stack_adopt_fd(stack, INT32_MAX, 0));
  INVALID(raet_stack_adopt_fd(stack, 0, 0));
  CHECK(strlen(raet_stack_error(stack)) > 0);
  CHECK_NUMBER(-1, raet_stack_fd(stack));
}

int main(void) {
  raet_config *config = NULL;
  raet_stack *stack = NULL;
  raet_remote remote = 0;
  uint8_t seed[32], secret[32], verify[32], pub[32], verify2[32], pub2[32], back[32], back2[32];
  library();
  CHECK_OK(raet_config_new(RAET_KIND_ROAD, &config));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_NAME, "main"));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_ENDPOINT, "127.0.0.1:7530"));
  CHECK_OK(raet_stack_new(config, 1000, &stack));
  CHECK_TEXT("", raet_stack_error(stack));
  nulls(config, stack);
  wrong_handles(config, stack);
  freed_handles();
  too_many_handles();
  settings(config);
  raet_config_free(config);
  stacks_that_cannot_be();
  CHECK_OK(raet_remote_add(stack, "there", "127.0.0.1:7531", &remote));
  CHECK_OK(raet_keys_generate(seed, secret));
  CHECK_OK(raet_keys_public(seed, secret, verify, pub));
  CHECK_OK(raet_role_set_keys(stack, "keys", verify, pub, 1000));
  CHECK_OK(raet_role_set_keys(stack, "keys", verify, pub, 1000));
  CHECK_OK(raet_keys_generate(seed, secret));
  CHECK_OK(raet_keys_public(seed, secret, verify2, pub2));
  CHECK_STATUS(RAET_EEXIST, raet_role_set_keys(stack, "keys", verify2, pub2, 1000));
  CHECK_OK(raet_role_keys(stack, "keys", back, back2));
  CHECK(memcmp(back, verify, 32) == 0 && memcmp(back2, pub, 32) == 0);
  wrong_numbers(stack, remote);
  small_buffers(stack, remote);
  CHECK_OK(raet_role_forget(stack, "keys", 1000));
  CHECK_STATUS(RAET_ENOTFOUND, raet_role_keys(stack, "keys", back, back2));
  raet_stack_free(stack);
  return checks_end("api_errors");
}
