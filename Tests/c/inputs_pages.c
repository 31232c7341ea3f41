/*
 * Pages of a lane that must do no harm, through real sockets: heads wrong in each line, cut, changed in each bit, books
 * that contradict themselves or never end, and floods of pages. Each is dropped with a counter, and messages of others
 * arrive all the while.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "files.h"
#include "net.h"

enum { LINES = 9, PAGE = 65535 };
static char folder[] = "/tmp/raet-pages-XXXXXX";
static raet_stack *yard;
static int sender; /* bound to the path of yard x */

static raet_stack *open_yard(const char *name) {
  raet_config *config = NULL;
  raet_stack *stack = NULL;
  CHECK_OK(raet_config_new(RAET_KIND_LANE, &config));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_NAME, name));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, folder));
  CHECK_OK(raet_stack_new(config, raet_now(), &stack));
  CHECK_OK(raet_stack_open(stack, raet_now()));
  raet_config_free(config);
  return stack;
}

static struct sockaddr_un address_of(const char *name) {
  struct sockaddr_un address = {0};
  size_t need = 0;
  address.sun_family = AF_UNIX;
  CHECK_OK(raet_yard_path(folder, NULL, name, address.sun_path, sizeof address.sun_path, &need));
  return address;
}

static int bound_socket(const char *name) {
  const struct sockaddr_un address = address_of(name);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), room = 8 << 20;
  CHECK(bind(fd, (const struct sockaddr *)&address, sizeof address) == 0);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  return fd;
}

static int send_page(int fd, const void *page, size_t len) {
  static struct sockaddr_un to;
  if (to.sun_family == 0) to = address_of("a");
  return sendto(fd, page, len, 0, (const struct sockaddr *)&to, sizeof to) == (ssize_t)len;
}

static uint64_t counter_of(const char *name) {
  uint64_t value = 0;
  CHECK_OK(raet_stat_get(yard, name, &value));
  return value;
}

/* Services, and counts the messages that came and the body of the last. */
static size_t messages;
static char last_body[64];
static void service(void) {
  const raet_event *event = NULL;
  CHECK_OK(raet_stack_service(yard, raet_now(), 0));
  while (raet_stack_next_event(yard, &event) == RAET_OK) {
    if (event->type != RAET_EV_MESSAGE) continue;
    messages++;
    snprintf(last_body, sizeof last_body, "%.*s", (int)(event->body_len < 60 ? event->body_len : 60),
             event->body ? (const char *)event->body : "");
  }
}

/* The page changes nothing but this counter; NULL: it is a good one. */
static void drops(const void *page, size_t len, const char *counter) {
  const uint64_t before = counter ? counter_of(counter) : 0;
  const size_t had = messages;
  CHECK(send_page(sender, page, len));
  service();
  if (counter) CHECK_NUMBER(before + 1, counter_of(counter));
  CHECK_NUMBER(had + (counter == NULL), messages);
}

/* MARK: Heads. */

static const char *const good_lines[LINES] = {"ri RAET", "vn 0", "pk 0", "sn x", "dn a", "si 0123456789abcdef01",
                                              "bi 1", "pn 0000", "pc 0001"};

static size_t page_of(int line, const char *text, const char *body, char *out) {
  size_t len = 0;
  for (int i = 0; i < LINES; i++) {
    const char *now = i == line ? text : good_lines[i];
    if (now != NULL) len += (size_t)sprintf(out + len, "%s\n", now);
  }
  return len + (size_t)sprintf(out + len, "\n%s", body);
}

/* A hundred letters and one more. */
#define LONG_NAME "sn xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define HEAD "invalid_page_header"
#define SOURCE "invalid_source_yard"
static const struct {
  const char *name;
  int line;
  const char *text, *counter;
} heads[] = {
    {"no ri", 0, NULL, HEAD},                 {"ri of another", 0, "ri RAEX", HEAD},
    {"ri in lower case", 0, "ri raet", HEAD}, {"a blank before ri", 0, " ri RAET", HEAD},
    {"no vn", 1, NULL, HEAD},                 {"vn 1", 1, "vn 1", HEAD},
    {"vn 00", 1, "vn 00", HEAD},              {"vn -1", 1, "vn -1", HEAD},
    {"no pk", 2, NULL, HEAD},                 {"pk 2", 2, "pk 2", HEAD},
    {"pk ff", 2, "pk ff", HEAD},              {"pk empty", 2, "pk ", HEAD},
    {"no sn", 3, NULL, HEAD},                 {"sn empty", 3, "sn ", HEAD},
    {"sn of another yard", 3, "sn y", SOURCE}, {"sn our own", 3, "sn a", SOURCE},
    {"sn with a slash", 3, "sn ../x", HEAD},  {"sn with a dot", 3, "sn x.y", HEAD},
    {"sn with a blank", 3, "sn x ", HEAD},    {"sn with a tab", 3, "sn x\t", HEAD},
    {"sn with CR", 3, "sn x\r", HEAD},        {"sn not ASCII", 3, "sn \xc3\xbc", HEAD},
    {"sn not UTF-8", 3, "sn \xff", HEAD},     {"sn of 101 letters", 3, LONG_NAME, HEAD},
    {"sn in upper case", 3, "sn X", SOURCE},  {"sn begins like it", 3, "sn xx", SOURCE},
    {"no dn", 4, NULL, HEAD},                 {"dn of another yard", 4, "dn b", "invalid_destination"},
    {"dn in upper case", 4, "dn A", "invalid_destination"}, {"dn empty", 4, "dn ", HEAD},
    {"no si", 5, NULL, HEAD},                 {"si empty", 5, "si ", HEAD},
    {"si of 17 digits", 5, "si 0123456789abcdef0", HEAD}, {"si of 19 digits", 5, "si 0123456789abcdef012", HEAD},
    {"si not hex", 5, "si 0123456789abcdefgh", HEAD},     {"si with 0x", 5, "si 0x23456789abcdef01", HEAD},
    {"si with a sign", 5, "si -123456789abcdef01", HEAD},
    {"no bi", 6, NULL, HEAD},                 {"bi empty", 6, "bi ", HEAD},
    {"bi of 9 digits", 6, "bi 000000001", HEAD}, {"bi -1", 6, "bi -1", HEAD},
    {"bi 0x1", 6, "bi 0x1", HEAD},            {"bi with a blank", 6, "bi 1 ", HEAD},
    {"no pn", 7, NULL, HEAD},                 {"pn of 3 digits", 7, "pn 000", HEAD},
    {"pn of 5 digits", 7, "pn 00000", HEAD},  {"pn -001", 7, "pn -001", HEAD},
    {"pn not hex", 7, "pn 000g", HEAD},       {"pn = pc", 7, "pn 0001", HEAD},
    {"pn ffff", 7, "pn ffff", HEAD},          {"no pc", 8, NULL, HEAD},
    {"pc 0", 8, "pc 0000", HEAD},             {"pc of 5 digits", 8, "pc 00001", HEAD},
    {"pc -001", 8, "pc -001", HEAD},          {"pc 0x01", 8, "pc 0x01", HEAD},
    {"a line more", 8, "pc 0001\nxy 1", HEAD}, {"pn twice", 7, "pn 0000\npn 0000", HEAD},
    {"two lines exchanged", 3, "dn a\nsn x", HEAD}, {"CR LF", 6, "bi 1\r", HEAD},
};

static void wrong_heads(void) {
  char page[4096];
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
    check_row = heads[i].name;
    drops(page, page_of(heads[i].line, heads[i].text, "{}", page), heads[i].counter);
    check_row = "a good page after it";
    drops(page, page_of(-1, NULL, "{\"ok\":1}", page), NULL);
    CHECK_TEXT("{\"ok\":1}", last_body);
  }
  check_row = "each length of a good page";
  size_t len = page_of(-1, NULL, "", page);
  for (size_t cut = 0; cut < len; cut++) drops(page, cut, HEAD);
  check_row = "each bit of a good head";
  len = page_of(-1, NULL, "[]", page); /* even if the head is good by chance, the body is not */
  const size_t had = messages;
  for (size_t bit = 0; bit < (len - 2) * 8; bit++) {
    page[bit / 8] ^= (char)(1 << bit % 8);
    CHECK(send_page(sender, page, len));
    service();
    page[bit / 8] ^= (char)(1 << bit % 8);
  }
  CHECK_NUMBER(had, messages);
}

/* MARK: Books. */

static size_t book_page(int book, int number, int count, const char *body, char *page) {
  return (size_t)sprintf(page, "ri RAET\nvn 0\npk 0\nsn x\ndn a\nsi 0123456789abcdef01\nbi %x\npn %04x\npc %04x\n\n%s", book,
                         number, count, body);
}

static void give(int book, int number, int count, const char *body) {
  char page[512];
  CHECK(send_page(sender, page, book_page(book, number, count, body, page)));
  service();
}

static void wrong_books(void) {
  static const struct {
    const char *name, *pieces[4];
    int numbers[4], counts[4], arrives;
  } rows[] = {
      {"in order", {"{\"a\":", "11111", "1}"}, {0, 1, 2}, {3, 3, 3}, 1},
      {"in another order", {"{\"a\":", "1}", "11111"}, {0, 2, 1}, {3, 3, 3}, 1},
      {"a page twice with other bytes", {"{\"a\":", "11111", "22222", "1}"}, {0, 1, 1, 2}, {3, 3, 3, 3}, 1},
      {"the first page is not first", {"11111", "{\"a\":", "1}"}, {1, 0, 2}, {3, 3, 3}, 0},
      {"a longer page in the middle", {"{\"a\":", "111111", "1}"}, {0, 1, 2}, {3, 3, 3}, 0},
      {"a shorter page in the middle", {"{\"a\":", "1111", "1}"}, {0, 1, 2}, {3, 3, 3}, 0},
      {"a longer last page", {"{\"a\":", "11111", "11111}"}, {0, 1, 2}, {3, 3, 3}, 0},
      {"an empty last page", {"{\"a\":", "1}   ", ""}, {0, 1, 2}, {3, 3, 3}, 0},
      {"an empty first page", {"", "{\"a\":", "1}"}, {0, 1, 2}, {3, 3, 3}, 0},
      {"another count on the way", {"{\"a\":", "11111", "1}"}, {0, 1, 2}, {3, 4, 3}, 0},
      {"no mapping in the end", {"[1,2,", "3,4,5", "]"}, {0, 1, 2}, {3, 3, 3}, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const size_t had = messages;
    check_row = rows[i].name;
    for (int k = 0; k < 4 && rows[i].pieces[k] != NULL; k++)
      give(0x100 + (int)i, rows[i].numbers[k], rows[i].counts[k], rows[i].pieces[k]);
    CHECK_NUMBER(rows[i].arrives, messages - had);
    if (rows[i].arrives) CHECK_TEXT("{\"a\":111111}", last_body);
  }
  check_row = "a message of 65,535 pages"; /* 65,534 * 2,000 bytes are more than any message may have */
  char page[4096];
  memset(page, 0, sizeof page);
  size_t len = book_page(0x200, 0, 0xffff, "{", page);
  memset(page + len, ' ', 2000);
  drops(page, len + 2000, HEAD);
  check_row = "a thousand books that never end";
  const size_t had = messages;
  for (int book = 0; book < 1000; book++) give(0x1000 + book, 0, 3, "{\"a\":");
  raet_txn transfer = 0;
  size_t half = 0;
  while (raet_transfer_next(yard, transfer, &transfer) == RAET_OK) half++;
  CHECK(half <= 8);
  CHECK_NUMBER(had, messages);
  check_row = "a new session ends the books of the old one";
  give(0x3000, 0, 2, "{\"a\":");
  len = (size_t)sprintf(page, "%s", "ri RAET\nvn 0\npk 0\nsn x\ndn a\nsi 0123456789abcdef02\nbi 1\npn 0000\npc 0001\n\n{}");
  drops(page, len, NULL);
  half = 0;
  for (transfer = 0; raet_transfer_next(yard, transfer, &transfer) == RAET_OK;) half++;
  CHECK_NUMBER(0, half);
  check_row = "";
}

/* MARK: Floods. */

static uint64_t processor_time(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

/* Makes the page begin another book: one number of eight digits in its head. */
static void next_book(char *page) {
  static unsigned book = 0x10000000;
  char digits[9];
  snprintf(digits, sizeof digits, "%x", ++book);
  memcpy(strstr(page, "\nbi ") + 4, digits, 8);
}

/* A yard sends as fast as it can; no service call takes more than this, and another's messages arrive each time. `next`,
 * unless NULL, changes the page each time. */
static void flood(const char *name, char *page, size_t len, size_t count, void (*next)(char *page)) {
  static const uint64_t call_limit = 100 * 1000000;
  raet_stack *other = open_yard("other");
  raet_remote to = 0;
  uint64_t longest = 0, taken = counter_of("packets_rx");
  size_t sent = 0, told = 0;
  const uint64_t start = raet_now();
  check_row = name;
  CHECK_OK(raet_remote_add(other, "a", NULL, &to));
  while (sent < count) {
    const raet_event *event = NULL;
    size_t had = messages;
    for (int i = 0; i < 300 && send_page(sender, page, len); i++) {
      sent++;
      if (next != NULL) next(page);
    }
    CHECK_OK(raet_send(other, to, raet_now(), RAET_BODY_JSON, (const uint8_t *)"{\"b\":2}", 7, 0, 1, NULL));
    for (int tries = 0, arrived = 0; !arrived; tries++) {
      if (!CHECK(tries < 1000)) break;
      CHECK_OK(raet_stack_service(other, raet_now(), 0));
      const uint64_t begin = processor_time();
      CHECK_OK(raet_stack_service(yard, raet_now(), 0));
      if (processor_time() - begin > longest) longest = processor_time() - begin;
      while (raet_stack_next_event(yard, &event) == RAET_OK)
        if (event->type == RAET_EV_MESSAGE && event->body_len == 7 && memcmp(event->body, "{\"b\":2}", 7) == 0) arrived = 1;
    }
    messages = had;
    told += 1;
    while (raet_stack_next_event(other, &event) == RAET_OK)
      CHECK(event->type == RAET_EV_DELIVERED || event->type == RAET_EV_ALIVE || event->type == RAET_EV_WRITABLE);
  }
  taken = counter_of("packets_rx") - taken;
  printf("%-36s %7llu pages in %4.1f s; longest call %6.2f ms; %zu messages of another\n", name,
         (unsigned long long)taken, (double)(raet_now() - start) / 1e9, (double)longest / 1e6, told);
  CHECK(taken >= sent);
  if (getenv("RAET_TEST_COUNT") == NULL) CHECK(longest <= call_limit);
  raet_stack_free(other);
  service();
  check_row = "";
}

static void floods(void) {
  static char page[PAGE + 1], body[PAGE];
  const char *less = getenv("RAET_TEST_COUNT");
  const size_t count = less ? strtoull(less, NULL, 10) : 20000;
  flood("flood of pages without a head", page, (size_t)sprintf(page, "garbage"), count, NULL);
  flood("flood of small messages", page, page_of(-1, NULL, "{}", page), count, NULL);
  flood("flood of pages of no book", page, book_page(7, 2, 3, "{}", page), count, NULL);
  flood("flood of first pages", page, book_page(8, 0, 3, "{}", page), count, NULL);
  /* Each of a book of its own, of 64 MB of which no more comes, and which another makes give way. */
  size_t len = book_page(0x10000000, 0, 0xffff, "{\"a\":\"", page);
  memset(page + len, ' ', 1000);
  flood("flood of long books", page, len + 1000, count / 4, next_book);
  /* What takes longest to check for its length: lists of empty lists. */
  len = (size_t)sprintf(body, "{\"a\":[[]");
  while (len < 65000) len += (size_t)sprintf(body + len, ",[]");
  sprintf(body + len, "]}");
  flood("flood of the largest messages", page, page_of(-1, NULL, body, page), count / 40, NULL);
}

int main(void) {
  if (!CHECK(mkdtemp(folder) != NULL)) return checks_end("inputs_pages");
  yard = open_yard("a");
  sender = bound_socket("x");
  wrong_heads();
  wrong_books();
  floods();
  close(sender);
  raet_stack_free(yard);
  remove_folder(folder);
  return checks_end("inputs_pages");
}
