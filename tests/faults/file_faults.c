/* A file layer that fails: preloaded into the program by crates/tadoru/tests/it/file_faults.rs, it stands between the
 * program (Rust and SQLite alike) and the C library, and looks at calls on files below one folder only.
 *
 * TADORU_TEST_FAULT_ROOT    the folder
 * TADORU_TEST_FAULT         kind:n, what happens at the n-th call that the kind is about:
 *                             full   from then on nothing can be written (ENOSPC; the first write is cut short before)
 *                             error  one write fails (EIO)
 *                             short  one write takes half of its bytes
 *                             sync   one fsync fails (EIO)
 *                             kill   the process dies before the call, of any sort
 * TADORU_TEST_FAULT_COUNTS  file that is told at the end how many writes, fsyncs and calls of any sort there were
 * TADORU_TEST_FAULT_SHADOW  folder that keeps what a power cut cannot take: the content of each file as of its last
 *                           fsync, and the entries of each folder as of its own. What is there at the start is safe.
 *
 * No fsync reaches the disk, so that thousands of runs take no longer than they must. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum sort { WRITE, SYNC, OTHER };

static const char *root, *kind, *shadow, *counts_path;
static unsigned long strike, writes, syncs, calls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_below_root(const char *path) {
    size_t length = root ? strlen(root) : 0;
    return length && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int is_ours(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below_root(path);
}

/* What a file is, whatever it is called: an inode's number alone is given again. */
static int key_of(int fd, const char *path, char *key, size_t size) {
    struct statx s;
    int flags = fd < 0 ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;
    if (statx(fd < 0 ? AT_FDCWD : fd, fd < 0 ? path : "", flags, STATX_INO | STATX_BTIME, &s)) return -1;
    snprintf(key, size, "%llu-%lld.%09u", (unsigned long long)s.stx_ino, (long long)s.stx_btime.tv_sec, s.stx_btime.tv_nsec);
    return 0;
}

static FILE *shadow_file(const char *mark, const char *key) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", shadow, mark, key);
    return fopen(path, "w");
}

static void keep_content(const char *key, int fd) {
    char buffer[65536];
    FILE *to = shadow_file("file-", key);
    off_t at = 0;
    ssize_t length;
    while (to && (length = REAL(pread64)(fd, buffer, sizeof buffer, at)) > 0) {
        fwrite(buffer, 1, length, to);
        at += length;
    }
    if (to) fclose(to);
}

static void keep_entries(const char *key, const char *path) {
    DIR *folder = opendir(path);
    FILE *to = folder ? shadow_file("folder-", key) : NULL;
    struct dirent *entry;
    while (to && (entry = readdir(folder))) {
        char inner[4096], inner_key[64];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (key_of(-1, inner, inner_key, sizeof inner_key) == 0) fprintf(to, "%s %s\n", inner_key, entry->d_name);
    }
    if (to) fclose(to);
    if (folder) closedir(folder);
}

static void keep_path(const char *path) {
    char key[64];
    struct stat s;
    if (lstat(path, &s) || key_of(-1, path, key, sizeof key)) return;
    if (S_ISREG(s.st_mode)) {
        int fd = REAL(open)(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            keep_content(key, fd);
            close(fd);
        }
        return;
    }
    if (!S_ISDIR(s.st_mode)) return;
    keep_entries(key, path);
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        char inner[4096];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        keep_path(inner);
    }
    if (folder) closedir(folder);
}

static void keep_synced(int fd) {
    char key[64], link[64], path[4096];
    struct stat s;
    if (!shadow || fstat(fd, &s) || key_of(fd, NULL, key, sizeof key)) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (S_ISDIR(s.st_mode)) keep_entries(key, path);
    else {
        /* The caller may have opened it for writing alone. */
        int readable = REAL(open)(link, O_RDONLY | O_CLOEXEC);
        if (readable >= 0) {
            keep_content(key, readable);
            close(readable);
        }
    }
}

__attribute__((constructor)) static void begin(void) {
    const char *fault = getenv("TADORU_TEST_FAULT");
    static char name[16];
    root = getenv("TADORU_TEST_FAULT_ROOT");
    shadow = getenv("TADORU_TEST_FAULT_SHADOW");
    counts_path = getenv("TADORU_TEST_FAULT_COUNTS");
    if (fault && sscanf(fault, "%15[a-z]:%lu", name, &strike) == 2) kind = name;
    if (shadow && root) keep_path(root);
}

__attribute__((destructor)) static void end(void) {
    FILE *to = counts_path ? fopen(counts_path, "w") : NULL;
    if (to) {
        fprintf(to, "%lu %lu %lu\n", writes, syncs, calls);
        fclose(to);
    }
}

static int is(const char *name) { return kind && !strcmp(kind, name); }

/* Counts a call and says whether it fails: 0 no, 1 wholly, 2 after half of its bytes. */
static int struck(enum sort sort) {
    pthread_mutex_lock(&lock);
    calls++;
    if (sort == WRITE) writes++;
    if (sort == SYNC) syncs++;
    int hit = 0;
    if (is("kill") && calls == strike) kill(getpid(), SIGKILL);
    if (sort == SYNC && is("sync") && syncs == strike) errno = EIO, hit = 1;
    if (sort == WRITE && is("error") && writes == strike) errno = EIO, hit = 1;
    if (sort == WRITE && is("short") && writes == strike) hit = 2;
    if (sort == WRITE && is("full") && writes >= strike) errno = ENOSPC, hit = writes == strike ? 2 : 1;
    if (sort == OTHER && is("full") && writes >= strike) errno = ENOSPC, hit = 1;
    pthread_mutex_unlock(&lock);
    return hit;
}

static size_t cut(int hit, size_t length) { return hit == 2 && length > 1 ? length / 2 : length; }

ssize_t write(int fd, const void *bytes, size_t length) {
    int hit = is_ours(fd) ? struck(WRITE) : 0;
    return hit == 1 ? -1 : REAL(write)(fd, bytes, cut(hit, length));
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    int hit = is_ours(fd) ? struck(WRITE) : 0;
    return hit == 1 ? -1 : REAL(pwrite)(fd, bytes, cut(hit, length), at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    int hit = is_ours(fd) ? struck(WRITE) : 0;
    return hit == 1 ? -1 : REAL(pwrite64)(fd, bytes, cut(hit, length), at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    int hit = is_ours(fd) ? struck(WRITE) : 0;
    if (hit == 1) return -1;
    return hit == 2 && count > 0 ? REAL(write)(fd, parts[0].iov_base, cut(hit, parts[0].iov_len)) : REAL(writev)(fd, parts, count);
}

static int synced(int fd, int (*real)(int)) {
    if (!is_ours(fd)) return real(fd);
    if (struck(SYNC)) return -1;
    pthread_mutex_lock(&lock);
    keep_synced(fd);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

int ftruncate(int fd, off_t length) { return is_ours(fd) && struck(OTHER) ? -1 : REAL(ftruncate)(fd, length); }
int ftruncate64(int fd, off64_t length) { return is_ours(fd) && struck(OTHER) ? -1 : REAL(ftruncate64)(fd, length); }
int mkdir(const char *path, mode_t mode) { return is_below_root(path) && struck(OTHER) ? -1 : REAL(mkdir)(path, mode); }

/* Taking away needs no room. */
static void passed(const char *path) {
    if (is_below_root(path) && is("kill")) struck(OTHER);
    else if (is_below_root(path)) calls++;
}

int unlink(const char *path) {
    passed(path);
    return REAL(unlink)(path);
}

int rename(const char *from, const char *to) {
    passed(to);
    return REAL(rename)(from, to);
}

static int opened(const char *path, int flags) {
    return (flags & O_CREAT) && is_below_root(path) && access(path, F_OK) && struck(OTHER);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(path, flags) ? -1 : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(path, flags) ? -1 : REAL(open64)(path, flags, mode);
}
