/*
 * Garbage at the socket: random datagrams, and real ones with bytes changed, cut, lengthened or joined. They may count;
 * they must not crash, deliver anything, or hinder the messages beside them. garbage [COUNT [SEED]]
 */
#include "net.h"

enum { MAIN = 0, OTHER = 1, KEPT = 400 };

static struct {
  uint8_t bytes[1024];
  size_t len;
  int to;
} samples[KEPT];
static size_t sample_count;

static void keep_sample(net *net, int to, const uint8_t *data, size_t len) {
  size_t at = sample_count < KEPT ? sample_count++ : (size_t)(next_random(&net->chance) % KEPT);
  memcpy(samples[at].bytes, data, len);
  samples[at].len = len;
  samples[at].to = to;
}

/* Makes a datagram of up to 65,507 bytes in `data`; returns its length. */
static size_t make_garbage(uint64_t *chance, uint8_t *data) {
  const uint64_t way = next_random(chance) % 16;
  const size_t pick = (size_t)(next_random(chance) % sample_count), other = (size_t)(next_random(chance) % sample_count);
  size_t len = samples[pick].len;
  memcpy(data, samples[pick].bytes, len);
  if (way == 0) { /* nothing but noise, at times after a true beginning */
    len = (size_t)(next_random(chance) % (next_random(chance) % 64 == 0 ? 65508 : 1500));
    for (size_t i = next_random(chance) % 2 * 20; i < len; i++) data[i] = (uint8_t)next_random(chance);
  } else if (way < 4) { /* cut or lengthened */
    size_t new_len = (size_t)(next_random(chance) % 1300);
    for (size_t i = len; i < new_len; i++) data[i] = (uint8_t)next_random(chance);
    len = new_len;
  } else if (way < 6) { /* the beginning of one, the end of another */
    size_t cut = (size_t)(next_random(chance) % (len + 1));
    size_t from = (size_t)(next_random(chance) % (samples[other].len + 1));
    memcpy(data + cut, samples[other].bytes + from, samples[other].len - from);
    len = cut + samples[other].len - from;
  } else if (way < 12) { /* digits and letters of the head changed for others of their kind */
    static const char letters[] = "0123456789abcdef\n +-xX_\"{}:,";
    for (uint64_t i = 1 + next_random(chance) % 4; i > 0 && len > 0; i--)
      data[next_random(chance) % (len < 160 ? len : 160)] = (uint8_t)letters[next_random(chance) % (sizeof letters - 1)];
  } else { /* bits */
    for (uint64_t i = 1 + next_random(chance) % 8; i > 0 && len > 0; i--)
      data[next_random(chance) % len] ^= (uint8_t)(1 << next_random(chance) % 8);
  }
  return len;
}

static uint64_t sum_of_counters(const raet_stack *stack) {
  const char *name = NULL;
  uint64_t value = 0, sum = 0, again = 0;
  for (uint32_t i = 0; raet_stat_at(stack, i, &name, &value) == RAET_OK; i++) {
    CHECK_OK(raet_stat_get(stack, name, &again));
    CHECK_NUMBER(value, again);
    sum += value;
  }
  return sum;
}

static void talk(net *net, raet_remote remote, raet_remote back, uint64_t tag) {
  CHECK_OK(net_send(net, OTHER, remote, tag, 200));
  CHECK_OK(net_send(net, MAIN, back, tag, 3000));
  net_until(net, OTHER, RAET_EV_DELIVERED, net_count(net, OTHER, RAET_EV_DELIVERED, NULL) + 1, 60 * SECOND);
  net_until(net, MAIN, RAET_EV_DELIVERED, net_count(net, MAIN, RAET_EV_DELIVERED, NULL) + 1, SECOND);
}

int main(int argc, char **argv) {
  const char *count_text = argc > 1 ? argv[1] : getenv("RAET_TEST_COUNT");
  const uint64_t count = count_text ? strtoull(count_text, NULL, 10) : 20000;
  const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)raet_now();
  static uint8_t data[70000];
  net net = {0};
  raet_remote remote = 0, back = 0;
  uint64_t tag = 1, chance = seed;
  printf("garbage: seed %llu\n", (unsigned long long)seed);
  net.chance = seed;
  net.tap = keep_sample;
  net_add(&net, MAIN, net_config(MAIN, "main"));
  net_add(&net, OTHER, net_config(OTHER, "other"));
  remote = net_connect(&net, OTHER, MAIN);
  CHECK_OK(raet_remote_find(net.nodes[MAIN].stack, "other", &back));
  for (; tag < 6; tag++) talk(&net, remote, back, tag);
  if (!CHECK(sample_count > 0)) return checks_end("garbage");
  const uint64_t counters = sum_of_counters(net.nodes[MAIN].stack);

  for (uint64_t i = 0; i < count; i++) {
    size_t len = make_garbage(&chance, data);
    node *to = &net.nodes[next_random(&chance) % 2];
    raet_addr from = net.nodes[next_random(&chance) % 2].address;
    if (next_random(&chance) % 4 == 0) CHECK_OK(raet_addr_parse("192.0.2.7:999", &from));
    CHECK_OK(raet_stack_input(to->stack, net.now, data, len, &from));
    if (i % 16 == 0) net_carry(&net);
    if (i % 64 == 0) net.now += 30000000;
    if (i % 500 == 0) talk(&net, remote, back, tag++);
  }
  net_run(&net, 30 * SECOND);
  talk(&net, remote, back, tag++);
  net_run(&net, 10 * SECOND);
  for (uint64_t each = 1; each < tag; each++) {
    CHECK_NUMBER(1, net_received(&net, MAIN, each, 200));
    CHECK_NUMBER(1, net_received(&net, OTHER, each, 3000));
    CHECK_NUMBER(1, net_ended(&net, OTHER, each, RAET_OK));
    CHECK_NUMBER(1, net_ended(&net, MAIN, each, RAET_OK));
  }
  CHECK_NUMBER(tag - 1, net_count(&net, MAIN, RAET_EV_MESSAGE, NULL));
  CHECK_NUMBER(tag - 1, net_count(&net, OTHER, RAET_EV_MESSAGE, NULL));
  CHECK(sum_of_counters(net.nodes[MAIN].stack) >= counters + count / 4);
  net_end(&net);
  return checks_end("garbage");
}
