/*
 * Preloaded into Redis, Sentinel and the wardens: makes fsync slow or fail, and steps the wall clock of one process.
 * What it does stands in a small file that the tests write while the process runs (HOLDFAST_SHIM names it):
 *   int64 microseconds that each fsync takes longer; int64 error number of each fsync, 0 for none;
 *   int64 microseconds that the wall clock is ahead; int64 error number of each write to a regular file, 0 for none.
 * The monotonic clock is never touched.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
  volatile int64_t fsync_delay_us;
  volatile int64_t fsync_errno;
  volatile int64_t wall_ahead_us;
  volatile int64_t write_errno;
};

static struct control none;
static struct control *control = &none;

static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void open_control(void) {
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_write = dlsym(RTLD_NEXT, "write");
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  const char *path = getenv("HOLDFAST_SHIM");
  int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void *at = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) control = at;
}

static int before_sync(void) {
  int64_t delay = control->fsync_delay_us;
  if (delay > 0) {
    struct timespec wait = {delay / 1000000, (delay % 1000000) * 1000};
    while (nanosleep(&wait, &wait) == -1 && errno == EINTR) {
    }
  }
  return (int)control->fsync_errno;
}

int fsync(int fd) {
  int error = before_sync();
  if (error != 0) {
    errno = error;
    return -1;
  }
  return real_fsync(fd);
}

int fdatasync(int fd) {
  int error = before_sync();
  if (error != 0) {
    errno = error;
    return -1;
  }
  return real_fdatasync(fd);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  int error = (int)control->write_errno;
  struct stat about;
  if (error != 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
    errno = error;
    return -1;
  }
  return real_write(fd, bytes, count);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  int said = real_clock_gettime == NULL ? -1 : real_clock_gettime(clock, at);
  int64_t ahead = control->wall_ahead_us;
  if (said == 0 && ahead != 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t all = (int64_t)at->tv_sec * 1000000000 + at->tv_nsec + ahead * 1000;
    at->tv_sec = all / 1000000000;
    at->tv_nsec = all % 1000000000;
  }
  return said;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  (void)zone;
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *at) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  if (at != NULL) *at = now.tv_sec;
  return now.tv_sec;
}
