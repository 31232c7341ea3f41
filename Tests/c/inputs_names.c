/*
 * Names and roles that could do harm in the name of a file, in a log or on a screen: each is refused, or kept under a
 * file's name of its own within the store, and is the same after a restart. The host gives them, and peers in joins.
 */
#define _GNU_SOURCE
#include "files.h"
#include "watch.h"

enum { MAIN = 0, JOINER = 1 };

/* 10 and 50 signs, to make long names of. */
#define A10 "aaaaaaaaaa"
#define A50 A10 A10 A10 A10 A10
#define U10 "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
#define A100 A50 A50

typedef struct row {
  const char *name;
  const char *text; /* as the host has it; NULL: no string can hold it */
  const char *json; /* as a join has it; NULL: the text in quotes */
  const char *file; /* the part of the file's name; NULL: refused */
} row;

static const row rows[] = {
    {"plain", "alpha", NULL, "alpha"},
    {"upper case", "Alpha", NULL, "Alpha"},
    {"other case only", "ALPHA", NULL, "ALPHA"},
    {"all plain signs", "a-b_c.d@e:f+g=h,i", NULL, "a-b_c.d@e:f+g=h,i"},
    {"one letter", "x", NULL, "x"},
    {"200 bytes", A100 A100, NULL, A100 A100},
    {"66 bytes of two each", U10 U10 U10 U10 U10 U10 "\xc3\xbc\xc3\xbc\xc3\xbc", NULL,
     "%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC"
     "%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC"},
    {"slash", "a/b", NULL, "a%2Fb"},
    {"a slash alone", "/", NULL, "%2F"},
    {"slash at the end", "a/", NULL, "a%2F"},
    {"absolute path", "/etc/passwd", NULL, "%2Fetc%2Fpasswd"},
    {"dot", ".", NULL, "%2E"},
    {"two dots", "..", NULL, "%2E."},
    {"way out of the folder", "../../../out", NULL, "%2E.%2F..%2F..%2Fout"},
    {"way out within", "a/../../out", NULL, "a%2F..%2F..%2Fout"},
    {"dot at the start", ".raet-lock", NULL, "%2Eraet-lock"},
    {"dot at the end", "a.", NULL, "a."},
    {"name of a record", "estate.json", NULL, "estate.json"},
    {"ending of a record", "a.msgpack", NULL, "a.msgpack"},
    {"backslash", "a\\b", "\"a\\\\b\"", "a%5Cb"},
    {"blank", "a b", NULL, "a%20b"},
    {"a blank alone", " ", NULL, "%20"},
    {"blank at the end", "a ", NULL, "a%20"},
    {"line end", "a\nb", "\"a\\nb\"", "a%0Ab"},
    {"carriage return", "a\rb", "\"a\\rb\"", "a%0Db"},
    {"tab", "a\tb", "\"a\\tb\"", "a%09b"},
    {"codes that clear a screen", "\x1b[2J\x07", "\"\\u001b[2J\\u0007\"", "%1B%5B2J%07"},
    {"byte 1", "\x01", "\"\\u0001\"", "%01"},
    {"byte 127", "\x7f", NULL, "%7F"},
    {"as another's file name", "a%2Fb", NULL, "a%252Fb"},
    {"percent", "%", NULL, "%25"},
    {"format", "%s%n", NULL, "%25s%25n"},
    {"quotes", "\"'`", "\"\\\"'`\"", "%22%27%60"},
    {"for a shell", "$(reboot);*?~", NULL, "%24%28reboot%29%3B%2A%3F%7E"},
    {"option", "-rf", NULL, "-rf"},
    {"umlaut", "\xc3\xbc", NULL, "%C3%BC"},
    {"umlaut in two parts", "o\xcc\x88", NULL, "o%CC%88"},
    {"umlaut escaped, twice encoded", "\xc3\x83\xc2\xbc", "\"\\u00c3\\u00bc\"", "%C3%83%C2%BC"},
    {"surrogates", "\xf0\x9f\x98\x80", "\"\\ud83d\\ude00\"", "%F0%9F%98%80"},
    {"from right to left", "\xe2\x80\xae" "gpj", NULL, "%E2%80%AEgpj"},
    {"byte order mark", "\xef\xbb\xbf" "a", NULL, "%EF%BB%BFa"},
    {"a line of two", "\xe2\x80\xa8", NULL, "%E2%80%A8"},
    {"true", "true", NULL, "true"},
    {"number in a string", "1", NULL, "1"},
    {"empty", "", NULL, NULL},
    {"201 bytes", A100 A100 "a", NULL, NULL},
    {"67 bytes that are not plain", U10 U10 U10 U10 U10 U10 "\xc3\xbc\xc3\xbc\xc3\xbc/", NULL, NULL},
    {"255 bytes", A100 A100 A50 "aaaaa", NULL, NULL},
    {"256 bytes", A100 A100 A50 "aaaaaa", NULL, NULL},
    {"300 bytes", A100 A100 A100, NULL, NULL},
    {"not UTF-8", "\xff\xfe", NULL, NULL},
    {"half a sign", "a\xc3", NULL, NULL},
    {"second half of a sign", "\xbc", NULL, NULL},
    {"overlong slash", "a\xc0\xaf", NULL, NULL},
    {"overlong NUL", "a\xc0\x80", NULL, NULL},
    {"surrogate in UTF-8", "\xed\xa0\x80", NULL, NULL},
    {"beyond Unicode", "\xf4\x90\x80\x80", NULL, NULL},
    {"NUL", NULL, "\"a\\u0000b\"", NULL},
    {"a NUL alone", NULL, "\"\\u0000\"", NULL},
    {"NUL as a byte", NULL, "\"a\\u0000\"", NULL},
    {"lone surrogate", NULL, "\"\\ud800\"", NULL},
    {"line end, not escaped", NULL, "\"a\nb\"", NULL},
    {"number", NULL, "1", NULL},
    {"null", NULL, "null", NULL},
    {"false", NULL, "false", NULL},
    {"list", NULL, "[\"a\"]", NULL},
    {"mapping", NULL, "{\"a\":\"b\"}", NULL},
    {"nothing", NULL, "", NULL},
    {"twice", NULL, "\"a\",\"name\":\"b\",\"role\":\"b\"", NULL},
};
enum { ROWS = sizeof rows / sizeof *rows };

static net road;
static char folder[64], base[] = "/tmp/raet-names-XXXXXX";

/* MARK: From peers. */

/* The text of a row in a join, by default its text in quotes. */
static const char *json_of(const row *row, char *room, size_t cap) {
  if (row->json != NULL) return row->json;
  snprintf(room, cap, "\"%s\"", row->text);
  return room;
}

/* The body of a join with this name and role, each as JSON. */
static size_t body_with(const peer *peer, uint32_t uid, const char *name, const char *role, char *out, size_t cap) {
  char verhex[65], pubhex[65], id[32] = "";
  sodium_bin2hex(verhex, sizeof verhex, peer->verify, 32);
  sodium_bin2hex(pubhex, sizeof pubhex, peer->pub, 32);
  if (uid != 0) snprintf(id, sizeof id, "\"uid\":%u,", uid);
  return (size_t)snprintf(out, cap,
                          "{\"name\":%s,\"mode\":1,\"kind\":0,%s\"verhex\":\"%s\",\"pubhex\":\"%s\",\"role\":%s}", name,
                          id, verhex, pubhex, role);
}

static packet join_packet(peer *peer, const char *body, size_t len) {
  packet packet = peer_packet(peer, IN_JOIN, REQUEST);
  packet.si = packet.fk = packet.de = 0;
  packet.bk = 1;
  packet.coat = (const uint8_t *)body;
  packet.coat_len = len;
  return packet;
}

static int has_file(const char *place, const char *file) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s.%s.json", folder, place, file);
  return is_there(path);
}

/* A peer with the row's name and role joins, or is dropped: with the name, with the role, with both. */
static void joins(const row *row, int number) {
  char text[400], body[1024];
  const char *json = json_of(row, text, sizeof text);
  const size_t files = files_of(base);
  peer stranger;
  peer_init(&stranger, &road, MAIN, row->file ? row->text : "stranger", 8000 + number);
  check_row = row->name;
  if (row->file == NULL) {
    for (int which = 0; which < 3; which++) {
      size_t len = body_with(&stranger, 0, which == 1 ? "\"good\"" : json, which == 0 ? "\"good\"" : json, body,
                             sizeof body);
      packet packet = join_packet(&stranger, body, len);
      drops_packet(&stranger, &packet, "joinent_rx_request invalid_join");
    }
    CHECK_NUMBER(files, files_of(base));
    return;
  }
  packet packet = join_packet(&stranger, body, body_with(&stranger, 0, json, json, body, sizeof body));
  peer_send(&stranger, &packet);
  net_run(&road, SECOND / 100);
  if (!CHECK(stranger.joined)) return;
  peer_hello(&stranger, stranger.short_pub);
  net_run(&road, SECOND / 100);
  CHECK(stranger.allowed);
  still_works(&stranger);
  CHECK_NUMBER(files + 2, files_of(base));
  CHECK(has_file("remote/estate", row->file));
  CHECK(has_file("role/remote/role", row->file));
}

/* All that joined is there after a restart, under the same names, and with the same keys. */
static void all_are_kept(void) {
  raet_remote remote = 0;
  raet_enum acceptance = 0;
  char text[256];
  size_t need = 0, count = 0;
  raet_config *config = net_config(MAIN, "main");
  CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, folder));
  net_remove(&road, MAIN);
  net_forget(&road);
  net_add(&road, MAIN, config);
  net_events(&road.nodes[MAIN]);
  CHECK_NUMBER(0, net_count(&road, MAIN, RAET_EV_ERROR, NULL));
  for (size_t i = 0; i < ROWS; i++) {
    if (rows[i].file == NULL) continue;
    check_row = rows[i].name;
    count++;
    CHECK_OK(raet_remote_find(road.nodes[MAIN].stack, rows[i].text, &remote));
    CHECK_OK(raet_remote_get_str(road.nodes[MAIN].stack, remote, RAET_KEY_NAME, text, sizeof text, &need));
    CHECK_TEXT(rows[i].text, text);
    CHECK_OK(raet_role_status(road.nodes[MAIN].stack, rows[i].text, &acceptance));
    CHECK_NUMBER(RAET_ACCEPTED, acceptance);
  }
  check_row = "all names";
  CHECK_NUMBER(count, remotes_of(road.nodes[MAIN].stack));
  CHECK_NUMBER(count, roles_of(road.nodes[MAIN].stack));
  CHECK_NUMBER(3 + 2 * count, files_of(base)); /* the lock, the estate and its keys, two for each remote */
}

/* Another peer under a name that is known: it is rejected, told of once, and changes nothing. */
static void a_name_that_is_taken(const char *row, const char *name) {
  char body[1024], text[64];
  peer thief;
  check_row = row;
  snprintf(text, sizeof text, "\"%s\"", name);
  peer_init(&thief, &road, MAIN, name, 7999);
  for (int which = 0; which < 2; which++) {
    const uint64_t state = watch_state(road.nodes[MAIN].stack);
    const size_t files = files_of(base);
    size_t len = body_with(&thief, 0, text, which ? "\"another\"" : text, body, sizeof body);
    packet packet = join_packet(&thief, body, len);
    net_forget(&road);
    thief.got_count = 0;
    peer_send(&thief, &packet);
    net_carry(&road);
    CHECK_NUMBER(1, thief.got_count);
    CHECK_NUMBER(1, peer_got(&thief, IN_JOIN, REJECT));
    CHECK(state == watch_state(road.nodes[MAIN].stack));
    CHECK_NUMBER(which ? 0 : 1, net_count(&road, MAIN, RAET_EV_KEY_CHANGED, NULL));
    CHECK_NUMBER(files, files_of(base));
  }
}

/* The other way: a main estate that answers a join with such a name. */
static void answers(void) {
  char text[400], body[1024];
  uint8_t request[1024];
  size_t len = 0;
  peer host;
  raet_remote remote = 0;
  net_add(&road, JOINER, net_config(JOINER, "joiner"));
  peer_init(&host, &road, JOINER, "../host", 7937);
  host.silent = 1;
  CHECK_OK(raet_remote_add(road.nodes[JOINER].stack, NULL, "127.0.0.1:7937", &remote));
  CHECK_OK(raet_join(road.nodes[JOINER].stack, remote, road.now, 0, NULL));
  net_carry(&road);
  const uint8_t *found = peer_last(&host, IN_JOIN, REQUEST, &len);
  if (!CHECK(found != NULL)) return;
  memcpy(request, found, len);
  for (size_t i = 0; i <= ROWS; i++) {
    if (i < ROWS && rows[i].file != NULL) continue;
    const char *name = i < ROWS ? json_of(&rows[i], text, sizeof text) : "\"../host\"";
    packet packet = peer_answer(request, len, RESPONSE);
    check_row = i < ROWS ? rows[i].name : "the good response after all these";
    packet.bk = 1;
    packet.coat = (const uint8_t *)body;
    packet.coat_len = body_with(&host, host.near, name, name, body, sizeof body);
    if (i < ROWS) drops_packet(&host, &packet, "joiner_rx_response invalid_accept");
    else peer_send(&host, &packet);
  }
  CHECK(net_until(&road, JOINER, RAET_EV_JOINED, 1, SECOND));
  CHECK_OK(raet_remote_find(road.nodes[JOINER].stack, "../host", &remote));
  net_remove(&road, JOINER);
}

/* MARK: From the host. */

/* The row's text as the name and role of the estate itself, in a folder of its own, twice. */
static void own_name(const row *row) {
  char own[128], text[256];
  uint8_t keys[2][64];
  size_t need = 0;
  snprintf(own, sizeof own, "%s/own", base);
  for (int start = 0; start < 2; start++) {
    raet_config *config = NULL;
    raet_stack *stack = NULL;
    CHECK_OK(raet_config_new(RAET_KIND_ROAD, &config));
    CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, own));
    raet_status status = raet_config_set_str(config, RAET_KEY_NAME, row->text);
    if (status == RAET_OK) status = raet_config_set_str(config, RAET_KEY_ROLE, row->text);
    if (status == RAET_OK) status = raet_stack_new(config, 1, &stack);
    CHECK_STATUS(row->file ? RAET_OK : RAET_EINVAL, status);
    if (status == RAET_OK) {
      CHECK_OK(raet_stack_get_str(stack, RAET_KEY_NAME, text, sizeof text, &need));
      CHECK_TEXT(row->text, text);
      CHECK_OK(raet_stack_get_str(stack, RAET_KEY_ROLE, text, sizeof text, &need));
      CHECK_TEXT(row->text, text);
      CHECK_OK(raet_stack_keys(stack, keys[start], keys[start] + 32));
      CHECK_NUMBER(3, files_of(own));
    }
    raet_stack_free(stack);
    raet_config_free(config);
  }
  if (row->file != NULL) CHECK(memcmp(keys[0], keys[1], sizeof keys[0]) == 0);
  remove_folder(own);
}

/* The row's text as the name of a remote that the host adds, and as a role that it pins. */
static void hosts_names(raet_stack *stack, const row *row, int number) {
  char endpoint[32], text[256];
  uint8_t seed[32], secret[32], verify[32], pub[32];
  const raet_status expected = row->file ? RAET_OK : RAET_EINVAL;
  raet_remote remote = 0, found = 0;
  size_t need = 0;
  snprintf(endpoint, sizeof endpoint, "127.0.0.1:%d", 9000 + number);
  CHECK_OK(raet_keys_generate(seed, secret));
  CHECK_OK(raet_keys_public(seed, secret, verify, pub));
  CHECK_STATUS(expected, raet_remote_add(stack, row->text, endpoint, &remote));
  CHECK_STATUS(expected, raet_role_set_keys(stack, row->text, verify, pub, 1));
  if (row->file == NULL) return;
  CHECK_OK(raet_remote_find(stack, row->text, &found));
  CHECK_NUMBER(remote, found);
  CHECK_OK(raet_remote_get_str(stack, remote, RAET_KEY_NAME, text, sizeof text, &need));
  CHECK_TEXT(row->text, text);
  CHECK_OK(raet_role_set_status(stack, row->text, RAET_REJECTED, 1));
  CHECK_OK(raet_role_keys(stack, row->text, seed, secret));
  CHECK(memcmp(seed, verify, 32) == 0);
}

int main(void) {
  if (!CHECK(mkdtemp(base) != NULL)) return checks_end("inputs_names");
  snprintf(folder, sizeof folder, "%s/store", base);
  raet_config *config = net_config(MAIN, "main");
  CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, folder));
  net_add(&road, MAIN, config);
  for (int i = 0; i < ROWS; i++) joins(&rows[i], i);
  all_are_kept();
  a_name_that_is_taken("a name that is taken", "alpha");
  a_name_that_is_taken("a name that is taken, in two parts", "u\xcc\x88");
  answers();
  net_end(&road);

  memset(&road, 0, sizeof road);
  net_add(&road, MAIN, net_config(MAIN, "main"));
  for (int i = 0; i < ROWS; i++) {
    if (rows[i].text == NULL) continue;
    check_row = rows[i].name;
    own_name(&rows[i]);
    hosts_names(road.nodes[MAIN].stack, &rows[i], i);
  }
  check_row = "";
  net_end(&road);
  remove_folder(base);
  return checks_end("inputs_names");
}
