/*
 * Floods over UDP at an estate with a store: joins, hellos, bad signatures and acks of what never was, each datagram from
 * another address. Memory, files, remotes, roles, the time of a service call and that of true messages stay within limits
 * (SECURITY.md). floods [COUNT]; RAET_TEST_COUNT does the same and leaves times unchecked.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include "files.h"
#include "watch.h"

enum { MAIN = 0, OTHER = 1, BURST = 200, MOST_PENDING = 1000, MOST_UNPROVEN = 1024, KEYS = 16 };
/* The limits: of one service call in time of the processor, of a true message, of memory for a whole flood. */
static const uint64_t call_limit = 100 * 1000000, message_limit = SECOND;
static const long memory_limit_kib = 16 * 1024;

static net road;
static peer beta, strangers[KEYS];
static raet_remote to_main;
static int beta_socket, checks_times;
static uint64_t count;

/* What a flood showed. */
static struct {
  uint64_t longest_call, longest_wall, longest_message, messages, sent_at, tag;
  uint32_t most_packets;
} seen_most;

static uint64_t processor_time(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static long resident_kib(void) {
  long pages = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!CHECK(file != NULL)) return 0;
  CHECK_NUMBER(2, fscanf(file, "%ld %ld", &pages, &resident));
  fclose(file);
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* MARK: The loop. */

/* One service call of the flooded stack, measured; at times one that may receive few datagrams. */
static void serve_main(void) {
  static unsigned calls;
  const uint32_t most = calls++ % 8 ? 0 : 32;
  raet_stack *stack = road.nodes[MAIN].stack;
  const uint64_t packets = counter_of(stack, "packets_rx"), start = processor_time(), wall = raet_now();
  CHECK_OK(raet_stack_service(stack, raet_now(), most));
  const uint64_t time = processor_time() - start, wall_time = raet_now() - wall;
  const uint64_t taken = counter_of(stack, "packets_rx") - packets;
  CHECK(taken <= (most ? most : 256));
  if (time > seen_most.longest_call) seen_most.longest_call = time;
  if (wall_time > seen_most.longest_wall) seen_most.longest_wall = wall_time;
  if (taken > seen_most.most_packets) seen_most.most_packets = (uint32_t)taken;
  net_events(&road.nodes[MAIN]);
  road.nodes[MAIN].count = 0;
}

/* The true peer: a message is always under way. */
static void serve_other(void) {
  node *other = &road.nodes[OTHER];
  uint8_t data[2048];
  ssize_t len;
  CHECK_OK(raet_stack_service(other->stack, raet_now(), 0));
  net_events(other);
  if (net_ended(&road, OTHER, seen_most.tag, RAET_OK) == 1) {
    const uint64_t took = raet_now() - seen_most.sent_at;
    if (took > seen_most.longest_message) seen_most.longest_message = took;
    seen_most.messages++;
    seen_most.sent_at = 0;
  }
  CHECK_NUMBER(0, net_count(&road, OTHER, RAET_EV_FAILED, NULL));
  other->count = 0;
  road.now = raet_now();
  if (seen_most.sent_at == 0) {
    seen_most.sent_at = road.now;
    CHECK_OK(net_send(&road, OTHER, to_main, ++seen_most.tag, 300));
    CHECK_OK(raet_stack_service(other->stack, raet_now(), 0));
  }
  while ((len = recv(beta_socket, data, sizeof data, MSG_DONTWAIT)) > 0)
    if (len <= 1024) peer_take(&beta, &beta.address, data, (size_t)len);
}

/* Goes on for some time, or until *done; one round at least. */
static void serve_for(uint64_t time, const int *done) {
  const uint64_t end = raet_now() + time;
  do {
    serve_main();
    serve_other();
    usleep(200);
  } while (raet_now() < end && (done == NULL || !*done));
}

/* MARK: Datagrams. */

static struct sockaddr_in main_address;

/* Sends a datagram from address number `i` of many, which another run of this program does not use meanwhile. */
static void send_from(uint64_t i, const uint8_t *data, size_t len) {
  const uint32_t own = 1 + (uint32_t)getpid() % 120;
  struct sockaddr_in here = {0};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  here.sin_family = AF_INET;
  here.sin_port = htons(7000);
  here.sin_addr.s_addr = htonl(UINT32_C(0x7f000000) + (own << 17) + (uint32_t)i);
  CHECK(bind(fd, (const struct sockaddr *)&here, sizeof here) == 0);
  CHECK(sendto(fd, data, len, 0, (const struct sockaddr *)&main_address, sizeof main_address) == (ssize_t)len);
  close(fd);
}

/* The request of a stranger with a name, and a role, that nobody had before. */
static size_t a_join(uint64_t i, uint8_t *out) {
  static uint64_t round;
  char name[40], body[1024];
  peer *stranger = &strangers[i % KEYS];
  snprintf(name, sizeof name, "stranger-%llu", (unsigned long long)round++);
  stranger->name = stranger->role = name;
  packet packet = peer_packet(stranger, IN_JOIN, REQUEST);
  packet.si = packet.fk = packet.de = 0;
  packet.ti = 1;
  packet.bk = 1;
  packet.coat = (const uint8_t *)body;
  packet.coat_len = join_body(stranger, 0, stranger->pub, body, sizeof body);
  return forge(stranger, &packet, out);
}

/* The ack that completes the join from the same address: whoever has an address can send it. */
static size_t an_ack(uint64_t i, uint8_t *out) {
  packet packet = {0};
  (void)i;
  packet.tk = IN_JOIN;
  packet.pk = ACK;
  packet.se = 77;
  packet.ti = 1;
  packet.bk = 1;
  return forge(&beta, &packet, out);
}

/* What beta could send, every second one without signature, the others signed by another. */
static size_t forged(uint32_t tk, uint32_t pk, uint32_t fg, size_t coat_len, uint64_t i, uint8_t *out) {
  static const uint8_t coat[200] = {'0'};
  packet packet = peer_packet(&beta, tk, pk);
  packet.fg = fg;
  packet.coat = coat;
  packet.coat_len = coat_len;
  packet.fk = i % 2;
  return forge(&strangers[i % KEYS], &packet, out);
}

static size_t a_forged_hello(uint64_t i, uint8_t *out) { return forged(IN_ALLOW, HELLO, 0, 200, i, out); }
static size_t a_forged_packet(uint64_t i, uint8_t *out) {
  return forged(i % 3 ? IN_MESSAGE : IN_ALIVE, i % 3 ? MESSAGE : REQUEST, 0, i % 3 ? 200 : 0, i, out);
}

/* Signed by beta, which has joined: acks of messages that nobody sent it, hellos without end, messages never ended. */
static size_t an_ack_of_nothing(uint64_t i, uint8_t *out) {
  packet packet = peer_packet(&beta, IN_MESSAGE, i % 2 ? ACK : DONE);
  packet.fg = CF;
  packet.si = (uint32_t)i % 5 + 1;
  return forge(&beta, &packet, out);
}

static size_t a_true_hello(uint64_t i, uint8_t *out) {
  uint8_t body[200];
  packet packet = peer_packet(&beta, IN_ALLOW, HELLO);
  (void)i;
  hello_body(&beta, beta.short_pub, body);
  packet.bk = 2;
  packet.coat = body;
  packet.coat_len = sizeof body;
  return forge(&beta, &packet, out);
}

static size_t a_first_segment(uint64_t i, uint8_t *out) {
  static const uint8_t piece[600];
  packet packet = peer_packet(&beta, IN_MESSAGE, MESSAGE);
  packet.fg = SF | WF;
  packet.sn = (uint32_t)i % 2;
  packet.sc = 2;
  packet.ml = 1200;
  packet.bk = RAET_BODY_RAW;
  packet.ck = 1;
  packet.coat = piece;
  packet.coat_len = sizeof piece;
  return forge(&beta, &packet, out);
}

/* MARK: Floods. */

/* Pours datagrams on the main estate, each `then` half a burst after its `make`; gives how much memory that took. */
static long pour(const char *name, size_t (*make)(uint64_t i, uint8_t *out), size_t (*then)(uint64_t i, uint8_t *out),
                 uint64_t datagrams) {
  static uint8_t data[HEAD_ROOM + 2048];
  const raet_stack *stack = road.nodes[MAIN].stack;
  const long memory = resident_kib();
  const uint64_t before = counter_of(stack, "packets_rx"), start = raet_now();
  seen_most.most_packets = 0;
  seen_most.messages = seen_most.longest_call = seen_most.longest_wall = seen_most.longest_message = 0;
  for (uint64_t i = 0; i < datagrams; i++) {
    send_from(i, data, make(i, data));
    if (then != NULL && i >= BURST / 2) send_from(i - BURST / 2, data, then(i, data));
    if (i % (then ? BURST / 2 : BURST) != 0) continue;
    serve_main();
    serve_other();
  }
  serve_for(SECOND / 10, NULL);
  /* What the socket still holds, and a message of the true peer: however slow the machine is. */
  for (int i = 0; i < 500; i++) {
    if (counter_of(stack, "packets_rx") - before >= datagrams && seen_most.messages > 0) break;
    serve_for(SECOND / 100, NULL);
  }
  const uint64_t took = raet_now() - start, taken = counter_of(stack, "packets_rx") - before;
  const long more = resident_kib() - memory;
  printf("%-44s %7llu datagrams in %5.1f s; longest call %6.2f ms (%6.2f by the clock), %u datagrams; %llu messages, "
         "longest %6.1f ms; memory %+ld KiB\n",
         name, (unsigned long long)taken, (double)took / 1e9, (double)seen_most.longest_call / 1e6,
         (double)seen_most.longest_wall / 1e6, seen_most.most_packets, (unsigned long long)seen_most.messages,
         (double)seen_most.longest_message / 1e6, more);
  CHECK(taken >= datagrams * 9 / 10);
  CHECK(seen_most.messages > 0);
  CHECK(remotes_of(stack) <= 2 + MOST_UNPROVEN);
  CHECK(roles_of(stack) <= 2 + MOST_PENDING);
  return more;
}

static int in_time(void) { return seen_most.longest_call <= call_limit && seen_most.longest_message <= message_limit; }

/* A flood that is in time the second time has met a machine that was busy with other things the first time. */
static void flood(const char *name, size_t (*make)(uint64_t i, uint8_t *out), size_t (*then)(uint64_t i, uint8_t *out),
                  uint64_t datagrams) {
  check_row = name;
  long memory = pour(name, make, then, datagrams);
  if (checks_times && !in_time()) memory += pour(name, make, then, datagrams);
  if (!checks_times) return;
  CHECK(in_time());
  CHECK(memory <= memory_limit_kib);
}

/* A main estate with a store, to which a true peer and beta are connected, whatever keys it accepts. */
static void begin(const char *folder, uint64_t accept) {
  raet_config *config = net_config(MAIN, "main");
  uint8_t verify[32], pub[32];
  char endpoint[64];
  size_t need = 0;
  memset(&road, 0, sizeof road);
  memset(&seen_most, 0, sizeof seen_most);
  road.now = raet_now();
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_ACCEPT, accept));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, folder));
  CHECK_OK(raet_config_set_str(config, RAET_KEY_ENDPOINT, "127.0.0.1:0"));
  net_add(&road, MAIN, config);
  config = net_config(OTHER, "other");
  CHECK_OK(raet_config_set_str(config, RAET_KEY_ENDPOINT, "127.0.0.1:0"));
  net_add(&road, OTHER, config);
  for (int i = MAIN; i <= OTHER; i++) CHECK_OK(raet_stack_open(road.nodes[i].stack, raet_now()));
  CHECK_OK(raet_stack_keys(road.nodes[OTHER].stack, verify, pub));
  CHECK_OK(raet_role_set_keys(road.nodes[MAIN].stack, "other", verify, pub, raet_now()));
  CHECK_OK(raet_stack_get_str(road.nodes[MAIN].stack, RAET_KEY_ENDPOINT, endpoint, sizeof endpoint, &need));
  main_address.sin_family = AF_INET;
  main_address.sin_port = htons((uint16_t)atoi(strchr(endpoint, ':') + 1));
  main_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK_OK(raet_remote_add(road.nodes[OTHER].stack, NULL, endpoint, &to_main));
  CHECK_OK(raet_connect(road.nodes[OTHER].stack, to_main, raet_now()));
  for (int i = 0; i < KEYS; i++) peer_init(&strangers[i], &road, MAIN, "stranger", 7000);

  struct sockaddr_in here = {0};
  socklen_t len = sizeof here;
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  beta_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  CHECK(bind(beta_socket, (const struct sockaddr *)&here, sizeof here) == 0);
  CHECK(getsockname(beta_socket, (struct sockaddr *)&here, &len) == 0);
  peer_init(&beta, &road, MAIN, "beta", ntohs(here.sin_port));
  CHECK_OK(raet_role_set_keys(road.nodes[MAIN].stack, "beta", beta.verify, beta.pub, raet_now()));
  char body[1024];
  peer_request(&beta, (const uint8_t *)body, join_body(&beta, 0, beta.pub, body, sizeof body));
  serve_for(5 * SECOND, &beta.joined);
  CHECK(beta.joined);
  peer_hello(&beta, beta.short_pub);
  serve_for(5 * SECOND, &beta.allowed);
  CHECK(beta.allowed);
  for (int i = 0; i < 500 && seen_most.messages == 0; i++) serve_for(SECOND / 100, NULL);
  CHECK(seen_most.messages > 0);
}

static void end(void) {
  net_end(&road);
  close(beta_socket);
}

int main(int argc, char **argv) {
  char folder[] = "/tmp/raet-floods-XXXXXX";
  const char *less = getenv("RAET_TEST_COUNT");
  count = argc > 1 ? strtoull(argv[1], NULL, 10) : less ? strtoull(less, NULL, 10) : 100000;
  checks_times = less == NULL;
  if (!CHECK(mkdtemp(folder) != NULL)) return checks_end("floods");
  begin(folder, RAET_ACCEPT_NEVER);
  const size_t files = files_of(folder);
  flood("joins; keys wait for a person", a_join, NULL, count);
  CHECK(files_of(folder) <= files + MOST_PENDING);
  CHECK_NUMBER(2, remotes_of(road.nodes[MAIN].stack));
  end();
  remove_folder(folder);

  begin(folder, RAET_ACCEPT_ONCE);
  const size_t few = files_of(folder);
  flood("joins; first keys are accepted", a_join, NULL, count / 5);
  flood("joins that are completed", a_join, an_ack, count / 5);
  flood("hellos, forged", a_forged_hello, NULL, count);
  flood("alives and messages, forged", a_forged_packet, NULL, count / 5);
  flood("acks of nothing, by a joined peer", an_ack_of_nothing, NULL, count / 5);
  flood("half messages without end, by a joined peer", a_first_segment, NULL, count / 5);
  flood("hellos, by a joined peer", a_true_hello, NULL, count / 20);
  CHECK_NUMBER(few, files_of(folder));
  CHECK_NUMBER(2, roles_of(road.nodes[MAIN].stack));
  check_row = "";
  end();
  remove_folder(folder);
  return checks_end("floods");
}
