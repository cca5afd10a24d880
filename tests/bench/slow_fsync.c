/* LD_PRELOAD shim: every fsync and fdatasync takes SLOW_FSYNC_MS longer, as on a rented disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void linger(void) {
  const char *ms = getenv("SLOW_FSYNC_MS");
  long wait = ms ? atol(ms) : 0;
  struct timespec pause = {wait / 1000, (wait % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

static int slow(const char *name, int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  linger();
  return real(file);
}

int fsync(int file) { return slow("fsync", file); }
int fdatasync(int file) { return slow("fdatasync", file); }
