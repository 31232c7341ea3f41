/*
 * Two estates in one program, without sockets and without waiting: this program carries the datagrams, in a time of its
 * own. So a host can put RAET over any carrier, and test what it does without a network.
 *
 *   cc -std=c11 minimal.c $(pkg-config --cflags --libs raet) -o minimal
 */
#include <raet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct estate {
  const char *name, *endpoint;
  raet_stack *stack;
} estate;

static void need(raet_status status, const char *what) {
  if (status == RAET_OK) return;
  fprintf(stderr, "%s: %s, %s\n", what, raet_status_name(status), raet_status_text(status));
  exit(1);
}

static raet_stack *start(const estate *estate, int is_main, uint64_t now) {
  raet_config *config = NULL;
  raet_stack *stack = NULL;
  need(raet_config_new(RAET_KIND_ROAD, &config), "configuration");
  need(raet_config_set_str(config, RAET_KEY_NAME, estate->name), "name");
  need(raet_config_set_str(config, RAET_KEY_ENDPOINT, estate->endpoint), "endpoint");
  need(raet_config_set_u64(config, RAET_KEY_MAIN, (uint64_t)is_main), "main");
  need(raet_config_set_u64(config, RAET_KEY_ACCEPT, RAET_ACCEPT_ONCE), "accept");
  need(raet_stack_new(config, now, &stack), "stack");
  raet_config_free(config);
  return stack;
}

/* Carries the datagrams that an estate has to send over to the other one. Gives how many. */
static int carry(const estate *from, const estate *to, uint64_t now) {
  uint8_t datagram[1024];
  size_t len = 0;
  raet_addr source, target;
  int count = 0;
  need(raet_addr_parse(from->endpoint, &source), "address");
  while (raet_stack_output(from->stack, now, datagram, sizeof datagram, &len, &target) == RAET_OK) {
    need(raet_stack_input(to->stack, now, datagram, len, &source), "input");
    count++;
  }
  return count;
}

/* Prints what happened at an estate. Gives true when a message that it sent is delivered. */
static int report(const estate *estate, uint64_t now) {
  const raet_event *event = NULL;
  int delivered = 0;
  while (raet_stack_next_event(estate->stack, &event) == RAET_OK) {
    printf("%4llu ms  %-5s  %-12s %s", (unsigned long long)(now / 1000000), estate->name,
           raet_event_name(event->type), event->name == NULL ? "" : event->name);
    if (event->type == RAET_EV_MESSAGE) printf(": %.*s", (int)event->body_len, (const char *)event->body);
    if (event->status != RAET_OK) printf(": %s", raet_status_text(event->status));
    putchar('\n');
    if (event->type == RAET_EV_DELIVERED) delivered = 1;
  }
  return delivered;
}

int main(void) {
  const char *body = "{\"hello\":\"world\"}";
  uint64_t now = 0;
  estate alpha = {"alpha", "10.0.0.1:7530", NULL}, beta = {"beta", "10.0.0.2:7530", NULL};
  alpha.stack = start(&alpha, 1, now);
  beta.stack = start(&beta, 0, now);

  raet_remote remote = 0;
  need(raet_remote_add(beta.stack, NULL, alpha.endpoint, &remote), "remote");
  need(raet_connect(beta.stack, remote, now), "connect");
  need(raet_send(beta.stack, remote, now, RAET_BODY_JSON, (const uint8_t *)body, strlen(body), 0, 0, NULL), "send");

  /* Carry what there is; when nothing moves any more, let time go on to the next deadline. */
  int delivered = 0;
  while (!delivered) {
    int moved = carry(&beta, &alpha, now) + carry(&alpha, &beta, now);
    report(&alpha, now);
    delivered = report(&beta, now);
    if (moved > 0) continue;
    uint64_t next = raet_stack_deadline(alpha.stack), other = raet_stack_deadline(beta.stack);
    if (other < next) next = other;
    now = next > now ? next : now + 1000000;
    need(raet_stack_service(alpha.stack, now, 0), "service");
    need(raet_stack_service(beta.stack, now, 0), "service");
    if (now > UINT64_C(60000000000)) need(RAET_ETIMEDOUT, "delivery");
  }
  raet_stack_free(alpha.stack);
  raet_stack_free(beta.stack);
  return 0;
}
