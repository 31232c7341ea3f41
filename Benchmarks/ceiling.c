/*
 * What the figures of libraet are measured against: the cost of the cryptography alone and of UDP alone.
 *
 *   ceiling crypto SECONDS          crypto SIGN_NS VERIFY_NS SIGN_NS VERIFY_NS
 *                                                                       means, then medians, of two processes at once
 *   ceiling udp ROUNDS SIZE         udp MEDIAN_NS                       round trip of a datagram between two processes
 *   ceiling signed ROUNDS SIZE      udp MEDIAN_NS                       the same, each way signed and verified
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE = 250, BATCH = 5, BATCHES = 100000, DATAGRAM = 1024 };

static unsigned char public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];

static void die(const char *what) {
  printf("failed %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static uint64_t median(uint64_t *values, size_t count) {
  qsort(values, count, sizeof *values, ascending);
  return count == 0 ? 0 : values[count / 2];
}

/* Signs and verifies batches in turns for so long: the means, then the medians, which interruptions do not touch. */
static void measure_crypto(double seconds, uint64_t out[4]) {
  static uint64_t sign[BATCHES], verify[BATCHES];
  unsigned char message[MESSAGE], signature[crypto_sign_BYTES];
  size_t count = 0;
  out[0] = out[1] = 0;
  randombytes_buf(message, sizeof message);
  for (uint64_t end = now_ns() + (uint64_t)(seconds * 1e9); now_ns() < end && count < BATCHES; count++) {
    uint64_t start = now_ns();
    for (int i = 0; i < BATCH; i++) crypto_sign_detached(signature, NULL, message, sizeof message, secret_key);
    uint64_t middle = now_ns();
    for (int i = 0; i < BATCH; i++) {
      if (crypto_sign_verify_detached(signature, message, sizeof message, public_key) != 0) die("verify");
    }
    verify[count] = now_ns() - middle;
    sign[count] = middle - start;
    out[0] += sign[count];
    out[1] += verify[count];
  }
  if (count == 0) die("time");
  out[0] /= count * BATCH;
  out[1] /= count * BATCH;
  out[2] = median(sign, count) / BATCH;
  out[3] = median(verify, count) / BATCH;
}

/* Two processes at the same time, as two peers that exchange messages are. */
static void crypto(double seconds) {
  uint64_t mine[4], other[4];
  int ends[2];
  pid_t child = -1;
  if (pipe(ends) != 0 || (child = fork()) < 0) die("fork");
  if (child == 0) {
    measure_crypto(seconds, other);
    _exit(write(ends[1], other, sizeof other) == sizeof other ? 0 : 1);
  }
  measure_crypto(seconds, mine);
  if (read(ends[0], other, sizeof other) != sizeof other) die("read");
  waitpid(child, NULL, 0);
  for (int i = 0; i < 4; i++) mine[i] = (mine[i] + other[i]) / 2;
  printf("crypto %llu %llu %llu %llu\n", (unsigned long long)mine[0], (unsigned long long)mine[1],
         (unsigned long long)mine[2], (unsigned long long)mine[3]);
}

static int open_socket(struct sockaddr_in *address) {
  socklen_t length = sizeof *address;
  memset(address, 0, sizeof *address);
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof *address) != 0) die("socket");
  if (getsockname(fd, (struct sockaddr *)address, &length) != 0) die("getsockname");
  return fd;
}

static void seal(unsigned char *datagram, size_t size) {
  crypto_sign_detached(datagram + size - crypto_sign_BYTES, NULL, datagram, size - crypto_sign_BYTES, secret_key);
}

static void check(const unsigned char *datagram, size_t size) {
  const unsigned char *signature = datagram + size - crypto_sign_BYTES;
  if (crypto_sign_verify_detached(signature, datagram, size - crypto_sign_BYTES, public_key) != 0) die("verify");
}

static ssize_t wait_and_receive(int fd, unsigned char *buffer, struct sockaddr_in *from) {
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  socklen_t length = sizeof *from;
  if (poll(&wait, 1, 10000) != 1) die("poll");
  return recvfrom(fd, buffer, DATAGRAM, 0, (struct sockaddr *)from, &length);
}

static void echo(int fd, int is_signed) {
  unsigned char buffer[DATAGRAM];
  struct sockaddr_in from;
  for (;;) {
    ssize_t size = wait_and_receive(fd, buffer, &from);
    if (size <= 0) die("recvfrom");
    if (is_signed) {
      check(buffer, (size_t)size);
      seal(buffer, (size_t)size);
    }
    if (sendto(fd, buffer, (size_t)size, 0, (struct sockaddr *)&from, sizeof from) != size) die("sendto");
  }
}

static void round_trips(size_t rounds, size_t size, int is_signed) {
  struct sockaddr_in there, here;
  int there_fd = open_socket(&there), here_fd = open_socket(&here);
  unsigned char buffer[DATAGRAM];
  uint64_t *times = calloc(rounds, sizeof *times);
  if (times == NULL || size > DATAGRAM || size < 2 * crypto_sign_BYTES) die("size");
  pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    echo(there_fd, is_signed);
  }
  randombytes_buf(buffer, size);
  for (size_t i = 0; i < rounds; i++) {
    uint64_t start = now_ns();
    if (is_signed) seal(buffer, size);
    if (sendto(here_fd, buffer, size, 0, (struct sockaddr *)&there, sizeof there) != (ssize_t)size) die("sendto");
    if (wait_and_receive(here_fd, buffer, &(struct sockaddr_in){0}) != (ssize_t)size) die("recvfrom");
    if (is_signed) check(buffer, size);
    times[i] = now_ns() - start;
  }
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  printf("udp %llu\n", (unsigned long long)median(times, rounds));
  free(times);
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (sodium_init() < 0) die("sodium_init");
  crypto_sign_keypair(public_key, secret_key);
  if (argc == 3 && strcmp(what, "crypto") == 0) {
    crypto(atof(argv[2]));
  } else if (argc == 4 && strcmp(what, "udp") == 0) {
    round_trips(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), 0);
  } else if (argc == 4 && strcmp(what, "signed") == 0) {
    round_trips(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), 1);
  } else {
    puts("failed usage: ceiling crypto SECONDS, ceiling udp|signed ROUNDS SIZE");
    return 2;
  }
  return 0;
}
