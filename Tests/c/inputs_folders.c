/*
 * Folders of a store that are not as they were made: links and other things in place of files and folders, files of
 * others, wrong owners and modes. No link is followed, nothing blocks, and what is not ours is left alone.
 */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/un.h>

#include "kept.h"

enum { HUGE_RECORD = 65537 };

static void make_link(const char *path) { CHECK(symlink("/etc/hostname", path) == 0); }
static void make_link_to_nothing(const char *path) { CHECK(symlink("nothing", path) == 0); }
static void make_link_to_itself(const char *path) { CHECK(symlink(path, path) == 0); }
static void make_folder(const char *path) { CHECK(mkdir(path, 0700) == 0); }
static void make_pipe(const char *path) { CHECK(mkfifo(path, 0600) == 0); }
static void make_huge(const char *path) {
  static char bytes[HUGE_RECORD];
  memset(bytes, ' ', sizeof bytes);
  memcpy(bytes, "{}", 2);
  write_file(path, bytes, sizeof bytes);
}
static void make_sparse(const char *path) {
  write_file(path, "{", 1);
  CHECK(truncate(path, (off_t)1 << 40) == 0);
}
static void make_socket(const char *path) {
  struct sockaddr_un address = {0};
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  CHECK(bind(fd, (const struct sockaddr *)&address, sizeof address) == 0);
  close(fd);
}

static const struct {
  const char *name;
  void (*make)(const char *path);
} things[] = {
    {"a link to a file", make_link},       {"a link to nothing", make_link_to_nothing},
    {"a link to itself", make_link_to_itself}, {"a folder", make_folder},
    {"a pipe that nobody fills", make_pipe},   {"a socket", make_socket},
    {"65,537 bytes", make_huge},           {"a terabyte of zeros", make_sparse},
};

static void no_files(void) {
  for (int record = 0; record < RECORDS; record++)
    for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
      char path[512];
      size_t errors = 0;
      int has_remote = 0, has_role = 0;
      struct stat before, after;
      check_row = things[i].name;
      snprintf(path, sizeof path, "%s", path_of(names[record]));
      CHECK(remove(path) == 0);
      things[i].make(path);
      CHECK(lstat(path, &before) == 0);
      raet_status status = start(&errors, &has_remote, &has_role);
      if (record <= KEYS) CHECK(status == RAET_ESTORE || status == RAET_EIO);
      else CHECK_OK(status);
      CHECK_NUMBER(record > KEYS, errors);
      CHECK_NUMBER(record == ROLE, has_remote);
      CHECK_NUMBER(record == REMOTE, has_role);
      CHECK(lstat(path, &after) == 0 && before.st_ino == after.st_ino && before.st_size == after.st_size);
      CHECK(remove(path) == 0);
      put_all_back();
    }
  check_row = "after all these";
  still_starts();
}

/* Files that are none of a store's are passed over, and left alone. */
static void other_files(void) {
  static const char *const others[] = {"remote/README",       "remote/estate.json",       "remote/estate.main.json~",
                                       "remote/estate.main",  "remote/.estate.x.json",    "remote/estate..json",
                                       "role/remote/role.json", "role/remote/estate.x.json", "local/estate.main.json",
                                       "local/estate.yaml",   "remote/\xff\xfe",          "remote/estate.\xff.json"};
  size_t errors = 0;
  int has_remote = 0, has_role = 0;
  check_row = "files of others";
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) write_file(path_of(others[i]), "garbage", 7);
  const size_t files = files_of(folder);
  CHECK_OK(start(&errors, &has_remote, &has_role));
  CHECK_NUMBER(0, errors);
  CHECK(has_remote && has_role);
  CHECK_NUMBER(files, files_of(folder));
  still_starts();
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) CHECK(remove(path_of(others[i])) == 0);
}

/* MARK: Folders. */

static void other_folders(void) {
  static const char *const places[] = {"local", "remote", "role", "role/local", "role/remote"};
  char path[512], aside[520];
  size_t errors = 0;
  int has_remote = 0, has_role = 0;
  struct stat info;
  for (size_t i = 0; i < 5; i++) {
    snprintf(path, sizeof path, "%s", path_of(places[i]));
    snprintf(aside, sizeof aside, "%s.aside", path);
    CHECK(rename(path, aside) == 0);
    check_row = "a link in place of a folder";
    CHECK(symlink(aside, path) == 0);
    CHECK_STATUS(RAET_ESTORE, start(&errors, &has_remote, &has_role));
    CHECK(remove(path) == 0);
    check_row = "a file in place of a folder";
    write_file(path, "", 0);
    raet_status status = start(&errors, &has_remote, &has_role);
    CHECK(status == RAET_EIO || status == RAET_ESTORE);
    CHECK(remove(path) == 0 && rename(aside, path) == 0);
  }
  check_row = "a link in place of the store";
  snprintf(aside, sizeof aside, "%s.aside", folder);
  CHECK(rename(folder, aside) == 0 && symlink(aside, folder) == 0);
  CHECK_STATUS(RAET_ESTORE, start(&errors, &has_remote, &has_role));
  CHECK(remove(folder) == 0 && rename(aside, folder) == 0);
  check_row = "a file where the store is to be";
  CHECK(rename(folder, aside) == 0);
  write_file(folder, "", 0);
  CHECK(start(&errors, &has_remote, &has_role) < 0);
  CHECK(remove(folder) == 0 && rename(aside, folder) == 0);
  check_row = "open to all";
  for (int i = 0; i < RECORDS; i++) CHECK(chmod(path_of(names[i]), 0666) == 0);
  for (size_t i = 0; i < 5; i++) CHECK(chmod(path_of(places[i]), 0777) == 0);
  CHECK_OK(start(&errors, &has_remote, &has_role));
  CHECK(stat(path_of(names[KEYS]), &info) == 0 && (info.st_mode & 0777) == 0600);
  for (size_t i = 0; i < 5; i++) CHECK(stat(path_of(places[i]), &info) == 0 && (info.st_mode & 0777) == 0700);
  for (int i = 0; i < RECORDS; i++) CHECK(chmod(path_of(names[i]), 0600) == 0);
  still_starts();
}

/* Another user's files and folders, and such as cannot be written; the first needs a test run by root, the other not. */
static void owners_and_modes(void) {
  size_t errors = 0;
  int has_remote = 0, has_role = 0;
  const uid_t nobody = 65534;
  if (geteuid() == 0) {
    check_row = "another user's file";
    for (int i = 0; i < RECORDS; i++) {
      CHECK(chown(path_of(names[i]), nobody, nobody) == 0);
      CHECK_STATUS(i <= KEYS ? RAET_ESTORE : RAET_OK, start(&errors, &has_remote, &has_role));
      CHECK_NUMBER(i > KEYS, errors);
      CHECK(chown(path_of(names[i]), 0, 0) == 0);
    }
    check_row = "another user's folder";
    CHECK(chown(folder, nobody, nobody) == 0);
    CHECK_STATUS(RAET_ESTORE, start(&errors, &has_remote, &has_role));
    CHECK(chown(folder, 0, 0) == 0);
  } else {
    check_row = "a folder that cannot be written";
    CHECK(chmod(folder, 0500) == 0 && remove(path_of(".raet-lock")) != 0);
    CHECK(chmod(folder, 0700) == 0);
  }
  check_row = "a folder where nothing can be made";
  raet_config *config = net_config(OTHER, "other");
  raet_stack *stack = NULL;
  CHECK_OK(raet_config_set_str(config, RAET_KEY_DIR, "/proc/1/raet"));
  CHECK_STATUS(RAET_EIO, raet_stack_new(config, road.now, &stack));
  CHECK(stack == NULL);
  raet_config_free(config);
  still_starts();
}

int main(void) {
  begin();
  no_files();
  other_files();
  other_folders();
  owners_and_modes();
  return end("inputs_folders");
}
