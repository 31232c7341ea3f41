/*
 * Packets that are well formed and yet must change nothing: without or with a wrong signature, of another session, of
 * transactions that never were, and the stack's own, sent back.
 */
#include "watch.h"

enum { MAIN = 0, JOINER = 1 };

static net road;
static peer beta;

/* MARK: Signatures. */

/* Every kind of packet of every transaction, in both directions. */
static void each_kind(void (*check)(packet *packet)) {
  static const uint32_t transactions[] = {IN_MESSAGE, IN_ALLOW, IN_ALIVE};
  static const uint8_t body[200] = {'0'};
  for (size_t i = 0; i < 3; i++)
    for (uint32_t pk = MESSAGE; pk <= DONE; pk++)
      for (uint32_t fg = 0; fg <= CF; fg += CF) {
        packet packet = peer_packet(&beta, transactions[i], pk);
        packet.fg = fg;
        packet.coat = body;
        packet.coat_len = pk == HELLO ? 200 : pk == COOKIE ? 104 : 0;
        check(&packet);
        still_works(&beta);
      }
}

static void unsigned_one(packet *packet) {
  packet->fk = 0;
  drops_packet(&beta, packet, "drop_unsigned");
}

static void signed_by_another(packet *packet) {
  static struct peer other;
  if (other.net == NULL) {
    other = beta;
    crypto_sign_keypair(other.verify, other.signing);
  }
  uint8_t data[1500];
  drops(&beta, data, forge(&other, packet, data), "drop_signature");
  size_t len = forge(&beta, packet, data);
  memset(data + len - FOOT, 0, FOOT);
  drops(&beta, data, len, "drop_signature");
}

/* Nothing that the peer answers belongs to anything: at most it is told so, and nothing changes. */
static void signed_out_of_turn(packet *packet) {
  watch before, after;
  if (packet->fg == 0 && (packet->pk == HELLO || packet->pk == REQUEST || packet->pk == MESSAGE)) return;
  beta.silent = 1;
  watch_take(&before, &beta);
  peer_send(&beta, packet);
  net_carry(&road);
  watch_take(&after, &beta);
  CHECK(before.state == after.state);
  CHECK_NUMBER(before.events, after.events);
  CHECK(after.answers - before.answers <= 1);
  beta.silent = 0;
}

/* MARK: Join packets, which nobody signs. */

static void wrong_joins(void) {
  static const struct {
    const char *name, *counter;
    uint32_t pk, fg, se, de, si, fk;
  } rows[] = {
      {"join: si not 0", "invalid_sid", REQUEST, 0, 77, 0, 1, 0},
      {"join: se 0 of the initiator", "invalid_uid", REQUEST, 0, 0, 0, 0, 0},
      {"join: de 0 of the responder", "invalid_uid", RESPONSE, CF, 1, 0, 0, 0},
      {"join: signed", "drop_signature", REQUEST, 0, 77, 0, 0, 1},
      {"join: request without a body", "joinent_rx_request invalid_join", REQUEST, 0, 77, 0, 0, 0},
      {"join: ack of a join that never was", "join_stale", ACK, 0, 77, 0, 0, 0},
      {"join: pend", "join_stale", PEND, 0, 77, 0, 0, 0},
      {"join: nack", "join_stale", NACK, 0, 77, 0, 0, 0},
      {"join: reject", "join_stale", REJECT, 0, 77, 0, 0, 0},
      {"join: refuse", "join_stale", REFUSE, 0, 77, 0, 0, 0},
      {"join: hello", "join_stale", HELLO, 0, 77, 0, 0, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    packet packet = {0};
    packet.tk = IN_JOIN;
    packet.pk = rows[i].pk;
    packet.fg = rows[i].fg;
    packet.se = rows[i].se;
    packet.de = rows[i].de;
    packet.si = rows[i].si;
    packet.fk = rows[i].fk;
    packet.ti = 4000;
    packet.bk = 1;
    check_row = rows[i].name;
    drops_packet(&beta, &packet, rows[i].counter);
    still_works(&beta);
  }
}

/* Answers to a join that was never asked, and forged ones that reject it: nothing is deleted, nothing changes. */
static void forged_join_answers(void) {
  static const uint32_t kinds[] = {ACK, NACK, RENEW, REFUSE, REJECT, PEND, DONE, RESPONSE};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    for (uint32_t se = 0; se < 2; se++) {
      watch before, after;
      packet packet = {0};
      packet.tk = IN_JOIN;
      packet.pk = kinds[i];
      packet.fg = CF;
      packet.se = se ? beta.near : 0;
      packet.de = beta.far;
      packet.ti = 1;
      packet.bk = 1;
      watch_take(&before, &beta);
      peer_send(&beta, &packet);
      net_carry(&road);
      watch_take(&after, &beta);
      CHECK(before.state == after.state);
      CHECK_NUMBER(before.events, after.events);
      still_works(&beta);
    }
}

/* MARK: Sessions. */

static void other_sessions(void) {
  static const struct {
    const char *name;
    uint32_t ahead;
  } rows[] = {
      {"si 2^31 ahead", UINT32_C(1) << 31},         {"si 2^31 - 1 ahead", (UINT32_C(1) << 31) - 1},
      {"si 2^31 + 1 ahead", (UINT32_C(1) << 31) + 1}, {"si 17 ahead", 17},
      {"si 1 behind", UINT32_MAX},
  };
  uint8_t coat[64];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (uint32_t tk = IN_MESSAGE; tk <= IN_ALIVE; tk += IN_ALIVE) {
      size_t len = 0, answers = beta.got_count, events = road.nodes[MAIN].count;
      const uint64_t state = watch_state(road.nodes[MAIN].stack);
      packet packet = peer_packet(&beta, tk, tk == IN_ALIVE ? REQUEST : MESSAGE);
      packet.si = beta.si + rows[i].ahead;
      packet.fg = tk == IN_ALIVE ? 0 : WF;
      packet.ck = 1;
      packet.bk = RAET_BODY_RAW;
      packet.coat = coat;
      packet.coat_len = tk == IN_ALIVE ? 0 : peer_seal(&beta, (const uint8_t *)"x", 1, coat);
      check_row = rows[i].name;
      peer_send(&beta, &packet);
      net_carry(&road);
      CHECK_NUMBER(answers + 1, beta.got_count);
      CHECK(peer_last(&beta, tk, tk == IN_ALIVE && packet.si - beta.si < UINT32_C(1) << 31 ? UNALLOWED : NACK, &len));
      CHECK_NUMBER(events, road.nodes[MAIN].count);
      CHECK(state == watch_state(road.nodes[MAIN].stack));
      still_works(&beta);
    }
}

/* A peer whose sessions come round: after ffffffff comes 1. The same for its transactions. */
static void numbers_come_round(void) {
  net net = {0};
  peer peer;
  check_row = "si ffffffff, then 1";
  net_add(&net, MAIN, net_config(MAIN, "main"));
  peer_init(&peer, &net, MAIN, "beta", 7539);
  peer.si = UINT32_MAX - 1;
  peer_connect(&peer);
  CHECK_NUMBER(UINT32_MAX, peer.si);
  still_works(&peer);
  peer.allowed = 0;
  peer_hello(&peer, peer.short_pub);
  net_run(&net, SECOND / 100);
  CHECK_NUMBER(1, peer.si);
  still_works(&peer);
  CHECK_NUMBER(0, counter_of(net.nodes[MAIN].stack, "stale_sid"));
  check_row = "ti ffffffff, then 1";
  peer.ti = UINT32_MAX - 2;
  for (int i = 0; i < 5; i++) {
    if (peer.ti == UINT32_MAX) peer.ti = 0;
    still_works(&peer);
  }
  net_end(&net);
}

/* MARK: Reflections. */

static net *mirrored;
static size_t reflected;

/* Sends back what a stack sends, from where it was sent to. */
static void mirror(void *user, const raet_addr *to, const uint8_t *data, size_t len) {
  (void)user;
  reflected++;
  if (reflected < 1000) CHECK_OK(raet_stack_input(mirrored->nodes[MAIN].stack, mirrored->now, data, len, to));
}

/* All that the stack has ever sent to a peer, the ids alike on both sides, comes back to it. */
static void reflected_to_main(void) {
  check_row = "own packets reflected";
  net net = {0};
  peer peer;
  net_add(&net, MAIN, net_config(MAIN, "main"));
  peer_init(&peer, &net, MAIN, "beta", 7539);
  peer.near = 2;
  peer_connect(&peer);
  CHECK_NUMBER(2, peer.far);
  still_works(&peer);
  CHECK_OK(raet_stack_set_log(net.nodes[MAIN].stack, RAET_LOG_OFF, NULL, NULL));
  for (size_t i = 0; i < peer.got_count && i < PEER_ROOM; i++) {
    uint8_t copy[1024];
    size_t len = peer.got[i].len;
    memcpy(copy, peer.got[i].bytes, len);
    if (head_number(copy, len, "tk") == IN_JOIN) continue; /* unsigned: see below */
    drops(&peer, copy, len, "drop_signature");
  }
  still_works(&peer);
  net_end(&net);
}

/* A stack that joins an address from where all that it sends comes back to it: no remote joins, and it ends. */
static void reflected_join(uint64_t is_main) {
  check_row = "own join reflected";
  net net = {0};
  raet_config *config = net_config(MAIN, "main");
  raet_remote remote = 0;
  uint64_t value = 0;
  CHECK_OK(raet_config_set_u64(config, RAET_KEY_MAIN, is_main));
  net_add(&net, MAIN, config);
  mirrored = &net;
  reflected = 0;
  net.stray = mirror;
  CHECK_OK(raet_remote_add(net.nodes[MAIN].stack, NULL, "127.0.0.1:7539", &remote));
  CHECK_OK(raet_connect(net.nodes[MAIN].stack, remote, net.now));
  net_run(&net, 60 * SECOND);
  CHECK(reflected > 0 && reflected < 200);
  CHECK_NUMBER(1, remotes_of(net.nodes[MAIN].stack));
  CHECK_NUMBER(0, roles_of(net.nodes[MAIN].stack));
  CHECK_OK(raet_remote_get_u64(net.nodes[MAIN].stack, remote, RAET_KEY_JOINED, &value));
  CHECK_NUMBER(0, value);
  net_end(&net);
}

int main(void) {
  net_add(&road, MAIN, net_config(MAIN, "main"));
  peer_init(&beta, &road, MAIN, "beta", 7539);
  peer_connect(&beta);
  still_works(&beta);
  check_row = "unsigned";
  each_kind(unsigned_one);
  check_row = "signed by another, or by none";
  each_kind(signed_by_another);
  check_row = "signed, out of turn";
  each_kind(signed_out_of_turn);
  wrong_joins();
  check_row = "forged answer to a join";
  forged_join_answers();
  other_sessions();
  numbers_come_round();
  reflected_to_main();
  reflected_join(0);
  reflected_join(1);
  check_row = "";
  net_end(&road);
  return checks_end("inputs_trust");
}
