/*
 * Records of a store that are not as they were written, each in every way that we could think of. A damaged identity
 * stops the start; a damaged remote or role is set aside and told of; nothing that is damaged is touched.
 */
#define _GNU_SOURCE
#include "kept.h"

/* What a row does to its record: `find` becomes `text`; NULL: the whole of it does. */
typedef struct row {
  const char *name;
  int record;
  const char *find, *text;
  raet_status status;
  int errors, has_remote, has_role;
} row;

#define STOPS RAET_ESTORE, 0, 0, 0
#define IS_FINE RAET_OK, 0, 1, 1
#define NO_REMOTE RAET_OK, 1, 0, 1
#define NO_ROLE RAET_OK, 1, 1, 0
#define FOR_ALL(name, find, text)                                                                               \
  {"estate: " name, ESTATE, find, text, STOPS}, {"keys: " name, KEYS, find, text, STOPS},                       \
      {"remote: " name, REMOTE, find, text, NO_REMOTE}, {"role: " name, ROLE, find, text, NO_ROLE}
static const char depth[] =
    "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],";

static const row rows[] = {
    FOR_ALL("empty", NULL, ""),
    FOR_ALL("a blank", NULL, " "),
    FOR_ALL("one brace", NULL, "{"),
    FOR_ALL("empty mapping", NULL, "{}"),
    FOR_ALL("list", NULL, "[]"),
    FOR_ALL("null", NULL, "null"),
    FOR_ALL("number", NULL, "5"),
    FOR_ALL("not UTF-8", NULL, "\xff\xfe\xfd"),
    FOR_ALL("msgpack", NULL, "\x81\xa4name\xa4main"),
    FOR_ALL("byte order mark", "{", "\xef\xbb\xbf{"),
    FOR_ALL("nested too deep", "{", depth),
    FOR_ALL("a field twice", "{", "{\"role\":\"x\","),
    FOR_ALL("something after it", "\n}", "\n} {}"),
    FOR_ALL("a comma too many", "\n}", ",\n}"),
    FOR_ALL("cut", "\n}", ""),
    {"estate: a field more", ESTATE, "{", "{\"more\":{\"a\":[1]},", IS_FINE},
    {"keys: a field more", KEYS, "{", "{\"more\":{\"a\":[1]},", IS_FINE},
    {"remote: a field more", REMOTE, "{", "{\"more\":{\"a\":[1]},", IS_FINE},
    {"role: a field more", ROLE, "{", "{\"more\":{\"a\":[1]},", IS_FINE},
    {"estate: no name", ESTATE, "\"name\"", "\"nome\"", STOPS},
    {"estate: name a number", ESTATE, "\"name\": \"other\"", "\"name\": 5", STOPS},
    {"estate: name empty", ESTATE, "\"name\": \"other\"", "\"name\": \"\"", STOPS},
    {"estate: another's name", ESTATE, "\"name\": \"other\"", "\"name\": \"another\"", STOPS},
    {"estate: name with a NUL", ESTATE, "\"name\": \"other\"", "\"name\": \"other\\u0000\"", STOPS},
    {"estate: another's role", ESTATE, "\"role\": \"other\"", "\"role\": \"another\"", RAET_OK, 0, 1, 1},
    {"estate: no id", ESTATE, "\"uid\"", "\"uod\"", STOPS},
    {"estate: id a string", ESTATE, "\"uid\": 1", "\"uid\": \"1\"", STOPS},
    {"estate: id null", ESTATE, "\"uid\": 1", "\"uid\": null", STOPS},
    {"estate: id -1", ESTATE, "\"uid\": 1", "\"uid\": -1", STOPS},
    {"estate: id 1.5", ESTATE, "\"uid\": 1", "\"uid\": 1.5", STOPS},
    {"estate: id 2^32", ESTATE, "\"uid\": 1", "\"uid\": 4294967296", STOPS},
    {"estate: id 1e400", ESTATE, "\"uid\": 1", "\"uid\": 1e400", STOPS},
    {"estate: highest id a string", ESTATE, "\"puid\": 2", "\"puid\": \"2\"", IS_FINE},
    {"estate: highest id 2^32 - 1", ESTATE, "\"puid\": 2", "\"puid\": 4294967295", IS_FINE},
    {"estate: address null", ESTATE, "\"aha\"", "\"ohe\"", IS_FINE},
    {"keys: no signing key", KEYS, "sighex", "sighax", STOPS},
    {"keys: no private key", KEYS, "prihex", "prihax", STOPS},
    {"keys: signing key empty", KEYS, "\"sighex\": \"", "\"sighex\": \"\", \"old\": \"", STOPS},
    {"keys: private key empty", KEYS, "\"prihex\": \"", "\"prihex\": \"\", \"old\": \"", STOPS},
    {"keys: signing key null", KEYS, "\"sighex\": \"", "\"sighex\": null, \"old\": \"", STOPS},
    {"keys: private key a number", KEYS, "\"prihex\": \"", "\"prihex\": 0, \"old\": \"", STOPS},
    {"keys: signing key a digit longer", KEYS, "\"sighex\": \"", "\"sighex\": \"0", STOPS},
    {"keys: private key a byte longer", KEYS, "\"prihex\": \"", "\"prihex\": \"00", STOPS},
    {"keys: signing key not hex", KEYS, "\"sighex\": \"", "\"sighex\": \"g", STOPS},
    {"keys: private key with a blank", KEYS, "\"prihex\": \"", "\"prihex\": \" ", STOPS},
    {"keys: signing key within another field", KEYS, "\"sighex\": ", "\"old\": {\"sighex\": 1}, \"sighox\": ", STOPS},
    {"remote: no name", REMOTE, "\"name\"", "\"nome\"", NO_REMOTE},
    {"remote: name of another file", REMOTE, "\"name\": \"main\"", "\"name\": \"moin\"", NO_REMOTE},
    {"remote: name in other case", REMOTE, "\"name\": \"main\"", "\"name\": \"Main\"", NO_REMOTE},
    {"remote: name a list", REMOTE, "\"name\": \"main\"", "\"name\": [\"main\"]", NO_REMOTE},
    {"remote: our own name", REMOTE, "\"name\": \"main\"", "\"name\": \"other\"", NO_REMOTE},
    {"remote: no id", REMOTE, "\"uid\"", "\"uod\"", NO_REMOTE},
    {"remote: id 0", REMOTE, "\"uid\": 2", "\"uid\": 0", NO_REMOTE},
    {"remote: our own id", REMOTE, "\"uid\": 2", "\"uid\": 1", NO_REMOTE},
    {"remote: id a string", REMOTE, "\"uid\": 2", "\"uid\": \"2\"", NO_REMOTE},
    {"remote: id -2", REMOTE, "\"uid\": 2", "\"uid\": -2", NO_REMOTE},
    {"remote: id 2^32", REMOTE, "\"uid\": 2", "\"uid\": 4294967296", NO_REMOTE},
    {"remote: id 2^32 - 1", REMOTE, "\"uid\": 2", "\"uid\": 4294967295", IS_FINE},
    {"remote: no address", REMOTE, "\"ha\"", "\"ho\"", NO_REMOTE},
    {"remote: address null", REMOTE, "\"ha\": [", "\"ha\": null, \"old\": [", NO_REMOTE},
    {"remote: address a string", REMOTE, "\"ha\": [", "\"ha\": \"127.0.0.1:7530\", \"old\": [", NO_REMOTE},
    {"remote: address of three", REMOTE, "7530", "7530, 1", NO_REMOTE},
    {"remote: address of one", REMOTE, ",\n    7530", "", NO_REMOTE},
    {"remote: port 65,536", REMOTE, "7530", "65536", NO_REMOTE},
    {"remote: port -1", REMOTE, "7530", "-1", NO_REMOTE},
    {"remote: port a string", REMOTE, "7530", "\"7530\"", NO_REMOTE},
    {"remote: host's name", REMOTE, "\"ha\": [\n    \"127.0.0.1\"", "\"ha\": [\n    \"nowhere.invalid\"", NO_REMOTE},
    {"remote: host a number", REMOTE, "\"ha\": [\n    \"127.0.0.1\"", "\"ha\": [\n    127", NO_REMOTE},
    {"remote: far id a string", REMOTE, "\"fuid\": ", "\"fuid\": \"x\", \"old\": ", IS_FINE},
    {"remote: far id 0", REMOTE, "\"fuid\": ", "\"fuid\": 0, \"old\": ", IS_FINE},
    {"remote: session -1", REMOTE, "\"sid\": ", "\"sid\": -1, \"old\": ", IS_FINE},
    {"remote: session a string", REMOTE, "\"sid\": ", "\"sid\": \"7\", \"old\": ", IS_FINE},
    {"remote: session 2^32", REMOTE, "\"sid\": ", "\"sid\": 4294967296, \"old\": ", IS_FINE},
    {"remote: main a string", REMOTE, "\"main\": ", "\"main\": \"yes\", \"old\": ", IS_FINE},
    {"remote: kind 256", REMOTE, "\"kind\": 0", "\"kind\": 256", IS_FINE},
    {"remote: joined null", REMOTE, "\"joined\": true", "\"joined\": null", IS_FINE},
    {"remote: a role that nobody has", REMOTE, "\"role\": \"main\"", "\"role\": \"nobody\"", IS_FINE},
    {"remote: role a number", REMOTE, "\"role\": \"main\"", "\"role\": 5", IS_FINE},
    {"role: no acceptance", ROLE, "acceptance", "acceptence", NO_ROLE},
    {"role: acceptance null", ROLE, "\"acceptance\": 1", "\"acceptance\": null", RAET_OK, 0, 1, 0},
    {"role: acceptance 3", ROLE, "\"acceptance\": 1", "\"acceptance\": 3", NO_ROLE},
    {"role: acceptance -1", ROLE, "\"acceptance\": 1", "\"acceptance\": -1", NO_ROLE},
    {"role: acceptance 257", ROLE, "\"acceptance\": 1", "\"acceptance\": 257", NO_ROLE},
    {"role: acceptance true", ROLE, "\"acceptance\": 1", "\"acceptance\": true", NO_ROLE},
    {"role: acceptance a string", ROLE, "\"acceptance\": 1", "\"acceptance\": \"1\"", NO_ROLE},
    {"role: of another file", ROLE, "\"role\": \"main\"", "\"role\": \"moin\"", NO_ROLE},
    {"role: no key", ROLE, "verhex", "verhax", NO_ROLE},
    {"role: key empty", ROLE, "\"pubhex\": \"", "\"pubhex\": \"\", \"old\": \"", NO_ROLE},
    {"role: key null", ROLE, "\"verhex\": \"", "\"verhex\": null, \"old\": \"", NO_ROLE},
    {"role: key a digit longer", ROLE, "\"pubhex\": \"", "\"pubhex\": \"0", NO_ROLE},
    {"role: key not hex", ROLE, "\"verhex\": \"", "\"verhex\": \"x", NO_ROLE},
    {"role: key of low order", ROLE, "\"pubhex\": \"",
     "\"pubhex\": \"0000000000000000000000000000000000000000000000000000000000000000\", \"old\": \"", NO_ROLE},
    {"role: key that cannot verify", ROLE, "\"verhex\": \"",
     "\"verhex\": \"0000000000000000000000000000000000000000000000000000000000000000\", \"old\": \"", NO_ROLE},
};

/* The record with its first `find` become `text`. */
static size_t damage(const row *row, char *out, size_t cap) {
  const char *record = good[row->record], *at = row->find ? strstr(record, row->find) : NULL;
  if (row->find == NULL) return (size_t)snprintf(out, cap, "%s", row->text);
  if (!CHECK(at != NULL)) return 0;
  return (size_t)snprintf(out, cap, "%.*s%s%s", (int)(at - record), record, row->text, at + strlen(row->find));
}

static void damaged_records(void) {
  char bad[2 * RECORD], found[2 * RECORD];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const row *row = &rows[i];
    const char *path = path_of(names[row->record]);
    size_t len = damage(row, bad, sizeof bad), errors = 0;
    int has_remote = 0, has_role = 0;
    check_row = row->name;
    write_file(path, bad, len);
    const size_t files = files_of(folder);
    CHECK_STATUS(row->status, start(&errors, &has_remote, &has_role));
    CHECK_NUMBER(row->errors, errors);
    CHECK_NUMBER(row->has_remote, has_remote);
    CHECK_NUMBER(row->has_role, has_role);
    CHECK_NUMBER(files, files_of(folder));
    path = path_of(names[row->record]);
    CHECK_NUMBER(len, read_file(path, found, sizeof found)); /* it is as it was */
    CHECK(memcmp(found, bad, len) == 0);
    write_file(path, good[row->record], good_len[row->record]);
  }
  check_row = "after all these";
  still_starts();
}

/* A record cut at each byte: the start says so, or has what there was. */
static void cut_records(void) {
  for (int record = 0; record < RECORDS; record++) {
    check_row = names[record];
    for (size_t len = 0; len < good_len[record] - 2; len += getenv("RAET_TEST_COUNT") ? 37 : 1) {
      size_t errors = 0;
      int has_remote = 0, has_role = 0;
      write_file(path_of(names[record]), good[record], len);
      CHECK_STATUS(record <= KEYS ? RAET_ESTORE : RAET_OK, start(&errors, &has_remote, &has_role));
      CHECK_NUMBER(record > KEYS, errors);
    }
    write_file(path_of(names[record]), good[record], good_len[record]);
  }
}

/* MARK: Records that contradict each other. */

static void contradictions(void) {
  char twin[RECORD];
  size_t errors = 0;
  int has_remote = 0, has_role = 0;
  check_row = "two remotes with one id";
  const char *at = strstr(good[REMOTE], "\"main\"");
  if (!CHECK(at != NULL)) return;
  size_t len = (size_t)snprintf(twin, sizeof twin, "%.*s\"twin\"%s", (int)(at - good[REMOTE]), good[REMOTE], at + 6);
  write_file(path_of("remote/estate.twin.json"), twin, len);
  CHECK_OK(start(&errors, &has_remote, &has_role));
  CHECK_NUMBER(1, errors);
  CHECK(has_remote && has_role); /* the first in order of their names counts */
  CHECK(remove(path_of("remote/estate.twin.json")) == 0);

  check_row = "two remotes with one name";
  write_file(path_of("remote/estate.twin.json"), good[REMOTE], good_len[REMOTE]);
  CHECK_OK(start(&errors, &has_remote, &has_role));
  CHECK_NUMBER(1, errors);
  CHECK(has_remote && has_role);
  CHECK(remove(path_of("remote/estate.twin.json")) == 0);

  check_row = "an identity without its keys";
  CHECK(remove(path_of(names[KEYS])) == 0);
  CHECK_STATUS(RAET_ESTORE, start(&errors, &has_remote, &has_role));
  CHECK(!is_there(path_of(names[KEYS])));
  check_row = "another's settings";
  put_all_back();
  static const struct {
    raet_enum key;
    const char *text;
  } settings[] = {{RAET_KEY_NAME, "another"}, {RAET_KEY_ROLE, "another"}, {RAET_KEY_SIGN_SEED, NULL},
                  {RAET_KEY_PRIVATE, NULL}};
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    static const uint8_t key[32] = {7};
    raet_config *config = kept();
    raet_stack *stack = NULL;
    if (settings[i].text) CHECK_OK(raet_config_set_str(config, settings[i].key, settings[i].text));
    else CHECK_OK(raet_config_set_bytes(config, settings[i].key, key, 32));
    CHECK_STATUS(RAET_ESTORE, raet_stack_new(config, road.now, &stack));
    CHECK(stack == NULL);
    raet_config_free(config);
  }
  still_starts();
}

/* An older session: the other side says that it is one, and both go on; no message is lost or comes twice. */
static void older_sessions(void) {
  char zero[RECORD];
  const char *at = strstr(good[REMOTE], "\"sid\": ");
  check_row = "an older session";
  if (!CHECK(at != NULL)) return;
  const char *end = at + 7 + strspn(at + 7, "0123456789");
  const uint32_t session = (uint32_t)strtoul(at + 7, NULL, 10);
  for (int i = 0; i < 3; i++) {
    const uint32_t older = session - (i == 0 ? 1 : i == 1 ? 100000 : UINT32_C(1) << 31);
    int len = snprintf(zero, sizeof zero, "%.*s%u%s", (int)(at + 7 - good[REMOTE]), good[REMOTE], older, end);
    char kept_record[RECORD];
    memcpy(kept_record, good[REMOTE], good_len[REMOTE]);
    size_t kept_len = good_len[REMOTE];
    memcpy(good[REMOTE], zero, (size_t)len + 1);
    good_len[REMOTE] = (size_t)len;
    still_starts();
    memcpy(good[REMOTE], kept_record, kept_len);
    good[REMOTE][kept_len] = 0;
    good_len[REMOTE] = kept_len;
  }
}

int main(void) {
  begin();
  damaged_records();
  cut_records();
  contradictions();
  older_sessions();
  return end("inputs_records");
}
