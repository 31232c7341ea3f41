/* Two stacks over UDP on loopback, each waiting by epoll as a host would. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

enum { MAIN = 0, OTHER = 1 };

/* Milliseconds until one of the stacks has something to do, at most 1,000. */
static int wait_for(const net *net, uint64_t now) {
  int first = 1000;
  for (int i = MAIN; i <= OTHER; i++) {
    int32_t wait_ms = raet_stack_timeout_ms(net->nodes[i].stack, now);
    if (wait_ms >= 0 && wait_ms < first) first = wait_ms;
  }
  return first;
}

/* Waits for the stacks' sockets and deadlines, until there are so many events of a type; 0 after `limit` nanoseconds. */
static int loop(net *net, int poll, int index, raet_enum type, size_t count, uint64_t limit) {
  uint64_t end = raet_now() + limit;
  while (net_count(net, index, type, NULL) < count) {
    struct epoll_event ready[NODES];
    uint64_t now = raet_now();
    int wait_ms = wait_for(net, now);
    if (now > end) return 0;
    for (int i = MAIN; i <= OTHER; i++) { /* level-triggered: what to wait for may have changed */
      uint32_t interest = raet_stack_interest(net->nodes[i].stack);
      struct epoll_event wanted = {0};
      wanted.events = (interest & RAET_WANT_READ ? EPOLLIN : 0u) | (interest & RAET_WANT_WRITE ? EPOLLOUT : 0u);
      CHECK(interest & RAET_WANT_READ);
      epoll_ctl(poll, EPOLL_CTL_MOD, raet_stack_fd(net->nodes[i].stack), &wanted);
    }
    if (epoll_wait(poll, ready, NODES, wait_ms) < 0 && errno != EINTR) return 0;
    for (int i = MAIN; i <= OTHER; i++) {
      raet_status status = raet_stack_service(net->nodes[i].stack, raet_now(), 0);
      CHECK(status == RAET_OK || (status == RAET_ECLOSED && type == RAET_EV_CLOSED));
      net_events(&net->nodes[i]);
    }
  }
  return 1;
}

static int udp_socket(int family) {
  int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in here = {0};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(fd, (const struct sockaddr *)&here, sizeof here) == 0);
  return fd;
}

static void open_stack(net *net, int index, const char *name, const char *endpoint) {
  raet_config *config = net_config(index, name);
  CHECK_OK(raet_config_set_str(config, RAET_KEY_ENDPOINT, endpoint));
  net->now = raet_now();
  net_add(net, index, config);
}

/* Joins over these endpoints, and sends small messages both ways and a large one. */
static void talk(const char *endpoint, int adopt) {
  net net = {0};
  char address[64];
  size_t need;
  raet_remote remote = 0, back = 0;
  const uint64_t count = 200;
  int poll = epoll_create1(EPOLL_CLOEXEC);
  open_stack(&net, MAIN, "main", endpoint);
  open_stack(&net, OTHER, "other", endpoint);
  CHECK_OK(raet_stack_open(net.nodes[MAIN].stack, raet_now()));
  CHECK_STATUS(RAET_ESTATE, raet_stack_open(net.nodes[MAIN].stack, raet_now()));
  CHECK_OK(adopt ? raet_stack_adopt_fd(net.nodes[OTHER].stack, udp_socket(AF_INET), raet_now())
                 : raet_stack_open(net.nodes[OTHER].stack, raet_now()));
  for (int i = MAIN; i <= OTHER; i++) {
    struct epoll_event wanted = {0};
    CHECK(epoll_ctl(poll, EPOLL_CTL_ADD, raet_stack_fd(net.nodes[i].stack), &wanted) == 0);
  }
  CHECK_OK(raet_stack_get_str(net.nodes[MAIN].stack, RAET_KEY_ENDPOINT, address, sizeof address, &need));
  CHECK(strcmp(address, endpoint) != 0); /* it has a port now */
  CHECK_OK(raet_remote_add(net.nodes[OTHER].stack, NULL, address, &remote));
  CHECK_OK(raet_connect(net.nodes[OTHER].stack, remote, raet_now()));
  CHECK(loop(&net, poll, OTHER, RAET_EV_ALLOWED, 1, 10 * SECOND));
  CHECK(loop(&net, poll, MAIN, RAET_EV_ALLOWED, 1, 10 * SECOND));
  CHECK_OK(raet_remote_find(net.nodes[MAIN].stack, "other", &back));
  net.now = raet_now();
  for (uint64_t tag = 0; tag < count; tag++) {
    CHECK_OK(net_send(&net, OTHER, remote, tag, 100));
    CHECK_OK(net_send(&net, MAIN, back, tag, 100));
  }
  CHECK_OK(net_send(&net, OTHER, remote, count, 1000000));
  CHECK(loop(&net, poll, OTHER, RAET_EV_DELIVERED, count + 1, 60 * SECOND));
  CHECK(loop(&net, poll, MAIN, RAET_EV_DELIVERED, count, 60 * SECOND));
  CHECK(loop(&net, poll, OTHER, RAET_EV_MESSAGE, count, 10 * SECOND));
  CHECK_NUMBER(count + 1, net_count(&net, MAIN, RAET_EV_MESSAGE, NULL));
  CHECK_NUMBER(1, net_received(&net, MAIN, count, 1000000));
  for (uint64_t tag = 0; tag < count; tag++) {
    CHECK_NUMBER(1, net_received(&net, MAIN, tag, 100));
    CHECK_NUMBER(1, net_received(&net, OTHER, tag, 100));
  }
  CHECK_OK(raet_stack_close(net.nodes[OTHER].stack, raet_now(), SECOND));
  CHECK(loop(&net, poll, OTHER, RAET_EV_CLOSED, 1, 10 * SECOND));
  close(poll);
  net_end(&net);
}

/* Sockets that are none, or not of the right kind, and a port that is taken. */
static void refused(void) {
  net net = {0};
  char address[64];
  size_t need;
  open_stack(&net, MAIN, "main", "127.0.0.1:0");
  int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int ends[2];
  CHECK(pipe(ends) == 0);
  CHECK_STATUS(RAET_EINVAL, raet_stack_adopt_fd(net.nodes[MAIN].stack, stream, raet_now()));
  CHECK_STATUS(RAET_EINVAL, raet_stack_adopt_fd(net.nodes[MAIN].stack, ends[0], raet_now()));
  CHECK(close(stream) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0); /* they are still the host's */
  CHECK_OK(raet_stack_open(net.nodes[MAIN].stack, raet_now()));
  CHECK_OK(raet_stack_get_str(net.nodes[MAIN].stack, RAET_KEY_ENDPOINT, address, sizeof address, &need));
  open_stack(&net, OTHER, "other", address);
  CHECK_STATUS(RAET_EIO, raet_stack_open(net.nodes[OTHER].stack, raet_now()));
  CHECK(strlen(raet_stack_error(net.nodes[OTHER].stack)) > 0);
  CHECK_NUMBER(-1, raet_stack_fd(net.nodes[OTHER].stack));
  net_end(&net);
}

/* Nobody listens there: the join times out, and the stack lives on. */
static void nobody_there(void) {
  net net = {0};
  int poll = epoll_create1(EPOLL_CLOEXEC);
  raet_remote remote = 0;
  open_stack(&net, MAIN, "main", "127.0.0.1:0");
  open_stack(&net, OTHER, "other", "127.0.0.1:0");
  for (int i = MAIN; i <= OTHER; i++) {
    struct epoll_event wanted = {0};
    CHECK_OK(raet_stack_open(net.nodes[i].stack, raet_now()));
    CHECK(epoll_ctl(poll, EPOLL_CTL_ADD, raet_stack_fd(net.nodes[i].stack), &wanted) == 0);
  }
  CHECK_OK(raet_remote_add(net.nodes[OTHER].stack, NULL, "127.0.0.1:9", &remote));
  CHECK_OK(raet_join(net.nodes[OTHER].stack, remote, raet_now(), SECOND, NULL));
  CHECK(loop(&net, poll, OTHER, RAET_EV_JOINED, 1, 5 * SECOND));
  const seen *joined = NULL;
  net_count(&net, OTHER, RAET_EV_JOINED, &joined);
  CHECK_STATUS(RAET_ETIMEDOUT, joined ? joined->status : RAET_OK);
  close(poll);
  net_end(&net);
}

static int has_ipv6(void) {
  struct sockaddr_in6 here = {0};
  int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  here.sin6_family = AF_INET6;
  here.sin6_addr.s6_addr[15] = 1;
  int has = fd >= 0 && bind(fd, (const struct sockaddr *)&here, sizeof here) == 0;
  if (fd >= 0) close(fd);
  return has;
}

int main(void) {
  talk("127.0.0.1:0", 0);
  talk("127.0.0.1:0", 1);
  if (has_ipv6()) talk("[::1]:0", 0);
  refused();
  nobody_there();
  return checks_end("sockets");
}
