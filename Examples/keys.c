/*
 * Prints the public keys of an estate, and pins those of another: how two estates that never met come to trust each
 * other's keys alone, with nobody between them and nobody to be asked.
 *
 *   keys FOLDER NAME                         prints "NAME VERIFY_KEY PUBLIC_KEY" of the estate whose store is FOLDER
 *   keys FOLDER NAME OTHER VERIFY PUBLIC     accepts these keys, and no others, for the estate OTHER
 *
 * Both make the store, with new keys, if there is none. Run it while the estate itself is not running: a store belongs
 * to one process at a time. Each line that one prints is what the other takes:
 *
 *   line=$(ssh beta.example keys /var/lib/beta beta)
 *   keys /var/lib/alpha alpha $line
 *
 * and the other way round. The keys are public; that they are the right ones rests on the way they come, here on ssh.
 *
 *   cc -std=c11 keys.c $(pkg-config --cflags --libs raet) -o keys
 */
#include <raet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Tells what failed, and why. Gives true when nothing did. */
static bool check(const char *what, raet_status status, const char *detail) {
  if (status == RAET_OK) return true;
  fprintf(stderr, "keys: %s: %s, %s\n", what, raet_status_name(status), detail[0] ? detail : raet_status_text(status));
  return false;
}

/* Loads the estate of a folder, or makes it. Nothing is sent: the stack is never opened. */
static raet_stack *load(const char *folder, const char *name) {
  raet_config *config = NULL;
  raet_stack *stack = NULL;
  if (!check("configuration", raet_config_new(RAET_KIND_ROAD, &config), "")) return NULL;
  bool good = check("name", raet_config_set_str(config, RAET_KEY_NAME, name), raet_config_error(config)) &&
              check("folder", raet_config_set_str(config, RAET_KEY_DIR, folder), raet_config_error(config));
  if (good) {
    raet_status status = raet_stack_new(config, raet_now(), &stack);
    check(folder, status, raet_config_error(config));
  }
  raet_config_free(config);
  return stack;
}

static bool print(const raet_stack *stack, const char *name) {
  uint8_t keys[64]; /* the verifying key, then the public key */
  if (!check("keys", raet_stack_keys(stack, keys, keys + 32), "")) return false;
  printf("%s ", name);
  for (int i = 0; i < 64; i++) printf("%s%02x", i == 32 ? " " : "", keys[i]);
  printf("\n");
  return true;
}

/* Reads a key: 64 hexadecimal digits. */
static bool parse(const char *text, uint8_t key[32]) {
  if (strlen(text) != 64 || strspn(text, "0123456789abcdefABCDEF") != 64) {
    fprintf(stderr, "keys: not a key of 64 hexadecimal digits: %s\n", text);
    return false;
  }
  for (int i = 0; i < 32; i++) {
    unsigned int byte = 0;
    sscanf(text + 2 * i, "%2x", &byte);
    key[i] = (uint8_t)byte;
  }
  return true;
}

/* The role of an estate, whose keys these are, is its name unless it was given another (RAET_KEY_ROLE). */
static bool pin(raet_stack *stack, const char *role, const char *verify_text, const char *public_text) {
  uint8_t verify_key[32], public_key[32];
  if (!parse(verify_text, verify_key) || !parse(public_text, public_key)) return false;
  raet_status status = raet_role_set_keys(stack, role, verify_key, public_key, raet_now());
  if (status == RAET_EEXIST) return check(role, status, "other keys are known already; see raet_role_forget()");
  return check(role, status, raet_stack_error(stack));
}

int main(int argc, char **argv) {
  if (argc != 3 && argc != 6) {
    fprintf(stderr, "usage: %s FOLDER NAME [OTHER VERIFY_KEY PUBLIC_KEY]\n", argv[0]);
    return 2;
  }
  raet_stack *stack = load(argv[1], argv[2]);
  if (stack == NULL) return 1;
  bool good = argc == 3 ? print(stack, argv[2]) : pin(stack, argv[3], argv[4], argv[5]);
  raet_stack_free(stack);
  return good ? 0 : 1;
}
