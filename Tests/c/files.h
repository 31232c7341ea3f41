/* Folders and files of the tests. Needs _GNU_SOURCE before the first header. */
#ifndef FILES_H
#define FILES_H
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static inline int remove_one(const char *path, const struct stat *info, int type, struct FTW *where) {
  (void)info, (void)type, (void)where;
  return remove(path);
}

/* Removes a folder with all that is in it; links in it are not followed. */
static inline void remove_folder(const char *folder) { nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

static size_t files_counted;
static inline int count_one(const char *path, const struct stat *info, int type, struct FTW *where) {
  (void)path, (void)info, (void)where;
  files_counted += type == FTW_F;
  return 0;
}

/* How many files there are in a folder and below. */
static inline size_t files_of(const char *folder) {
  files_counted = 0;
  nftw(folder, count_one, 8, FTW_PHYS);
  return files_counted;
}

/* What a file holds, at most `cap` bytes; 0 bytes also when there is none. */
static inline size_t read_file(const char *path, char *bytes, size_t cap) {
  FILE *file = fopen(path, "rb");
  if (!CHECK(file != NULL)) return 0;
  size_t len = fread(bytes, 1, cap, file);
  fclose(file);
  return len;
}

static inline void write_file(const char *path, const char *bytes, size_t len) {
  FILE *file = fopen(path, "wb");
  if (!CHECK(file != NULL)) return;
  CHECK(fwrite(bytes, 1, len, file) == len);
  fclose(file);
}

static inline int is_there(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0;
}
#endif
