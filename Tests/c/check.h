/* Checks for the test programs: each counts, a failed one is printed, and the program's end tells how many there were. */
#ifndef CHECK_H
#define CHECK_H
#include <stdio.h>
#include <string.h>

#include "raet.h"

static unsigned long checks_done, checks_failed;
/* Which row of a table is being checked; "" for none. */
static const char *check_row = "";

static inline int check_note(int good, const char *what, const char *file, int line) {
  __atomic_fetch_add(&checks_done, 1, __ATOMIC_RELAXED); /* some tests have threads */
  if (good) return 1;
  __atomic_fetch_add(&checks_failed, 1, __ATOMIC_RELAXED);
  if (checks_failed <= 20) printf("%s:%d: %s%s%s\n", file, line, check_row, *check_row ? ": " : "", what);
  fflush(stdout);
  return 0;
}

static inline int check_number(long long expected, long long found, const char *what, const char *file, int line) {
  if (check_note(expected == found, what, file, line)) return 1;
  if (checks_failed <= 20) printf("  expected %lld, found %lld\n", expected, found);
  return 0;
}

static inline int check_status(raet_status expected, raet_status found, const char *what, const char *file, int line) {
  if (check_note(expected == found, what, file, line)) return 1;
  if (checks_failed <= 20) printf("  expected %s, found %s\n", raet_status_name(expected), raet_status_name(found));
  return 0;
}

static inline int check_text(const char *expected, const char *found, const char *what, const char *file, int line) {
  if (check_note(found != NULL && strcmp(expected, found) == 0, what, file, line)) return 1;
  if (checks_failed <= 20) printf("  expected \"%s\", found \"%s\"\n", expected, found ? found : "NULL");
  return 0;
}

#define CHECK(condition) check_note(!!(condition), #condition, __FILE__, __LINE__)
#define CHECK_NUMBER(expected, call) \
  check_number((long long)(expected), (long long)(call), #call, __FILE__, __LINE__)
#define CHECK_STATUS(expected, call) check_status((expected), (call), #call, __FILE__, __LINE__)
#define CHECK_OK(call) CHECK_STATUS(RAET_OK, call)
#define CHECK_TEXT(expected, call) check_text((expected), (call), #call, __FILE__, __LINE__)

/* The status that the program ends with. */
static inline int checks_end(const char *program) {
  printf("%s: %lu checks, %lu failed\n", program, checks_done, checks_failed);
  return checks_failed == 0 ? 0 : 1;
}
#endif
