#ifndef RAET_CPOSIX_ATOMIC_H
#define RAET_CPOSIX_ATOMIC_H
/* Words shared by threads, for the table of handles. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/* Zeros in pages of their own, which are zeros again in the child of a fork (Linux 4.14 and later); NULL: none. */
static inline void *rx_map_wiped_on_fork(size_t size) {
  void *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return NULL;
  (void)madvise(room, size, MADV_WIPEONFORK);
  return room;
}

static inline uint64_t rx_atomic_load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void rx_atomic_store(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
/* Replaces `expected` by `value`; false when the word is another. */
static inline bool rx_atomic_replace(uint64_t *word, uint64_t expected, uint64_t value) {
  return __atomic_compare_exchange_n(word, &expected, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
#endif
