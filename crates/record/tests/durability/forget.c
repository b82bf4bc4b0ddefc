/* A disk that forgets: loaded into the client before the C library (LD_PRELOAD), it lets every write through and keeps
 * what it would take to undo those that were not synced. At the call it was told (FORGET_AT) the power fails: of what
 * no sync has covered, a seeded choice is undone, whole or torn, and the process is killed.
 *
 * The model. A file's bytes and length are durable once fsync or fdatasync on it, begun after the write, has returned.
 * A name (created, renamed, removed, a new directory) is durable once the directory that holds it was synced; names of
 * one directory are lost latest first. SQLite's -shm files do not outlive the power. Syncs are only remembered, not
 * carried out, and take a seeded moment, so that writers overlap them.
 *
 * Variables: FORGET_ROOT the folder that is watched, FORGET_ATTIC a folder on the same file system for removed files,
 * FORGET_SEED, FORGET_AT (0: never), FORGET_DEAF a part of the paths of files whose syncs are ignored (for mutation checks),
 * FORGET_BYTES not empty: unsynced bytes are lost, names and lengths are not.
 * Knows nothing of records; a call it cannot model on a watched file ends the process with a word on standard error. */
#include "forget.h"

static int open_watched(const char *path, const char *absolute, int flags, mode_t mode) {
    if (ends_with(absolute, "-shm")) {
        if (shared_count < 64) shared[shared_count++] = need(strdup(absolute));
        return real_open(path, flags, mode);
    }
    pthread_mutex_lock(&lock);
    int there = access(absolute, F_OK) == 0;
    int result = real_open(path, flags & ~O_TRUNC, mode);
    if (result >= 0) {
        if (!there) {
            count_call();
            pend_name(CREATED, absolute, NULL, NULL);
        }
        struct file *file = watch(result);
        if (file && (flags & O_TRUNC)) {
            count_call();
            before_cut(file, 0);
            if (real_ftruncate(result, 0)) give_up("cutting a file failed");
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static int any_open(int folder, const char *path, int flags, mode_t mode) {
    char absolute[PATH_MAX];
    if (folder != AT_FDCWD && path[0] != '/') give_up("openat below a descriptor is not modelled");
    if (watched(folder, path, absolute)) return open_watched(path, absolute, flags, mode);
    return real_open(path, flags, mode);
}

#define MODE(flags, last) mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, last); mode = va_arg(rest, mode_t); va_end(rest); }
int open(const char *path, int flags, ...) { MODE(flags, flags) return any_open(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags, flags) return any_open(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags, flags) return any_open(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags, flags) return any_open(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return any_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

/* at < 0: where the descriptor stands. */
static ssize_t any_write(int descriptor, const void *bytes, size_t length, off_t at) {
    pthread_mutex_lock(&lock);
    struct file *file = file_of(descriptor);
    if (!file) {
        pthread_mutex_unlock(&lock);
        return at < 0 ? real_write(descriptor, bytes, length) : real_pwrite(descriptor, bytes, length, at);
    }
    int appends = fcntl(descriptor, F_GETFL) & O_APPEND;
    notice_length(file);
    off_t place = at >= 0 ? at : appends ? file->size : lseek(descriptor, 0, SEEK_CUR);
    before_write(file, bytes, length, place);
    count_call();
    ssize_t result = at < 0 ? real_write(descriptor, bytes, length) : real_pwrite(descriptor, bytes, length, at);
    if (result != (ssize_t)length) give_up("a write was cut short");
    pthread_mutex_unlock(&lock);
    return result;
}
ssize_t write(int descriptor, const void *bytes, size_t length) { return any_write(descriptor, bytes, length, -1); }
ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t at) { return any_write(descriptor, bytes, length, at); }
ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off_t at) { return any_write(descriptor, bytes, length, at); }
/* A gathered write may end after its first part, so only that is written. */
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    int first = 0;
    while (first + 1 < count && parts[first].iov_len == 0) first++;
    return count > 0 ? any_write(descriptor, parts[first].iov_base, parts[first].iov_len, -1) : 0;
}

int ftruncate(int descriptor, off_t length) {
    pthread_mutex_lock(&lock);
    struct file *file = file_of(descriptor);
    if (file) {
        before_cut(file, length);
        count_call();
    }
    int result = real_ftruncate(descriptor, length);
    pthread_mutex_unlock(&lock);
    return result;
}
int ftruncate64(int descriptor, off_t length) { return ftruncate(descriptor, length); }

/* What was changed before the sync began is durable when it returns; the disk takes a moment. */
static int any_sync(int descriptor) {
    struct stat now;
    pthread_mutex_lock(&lock);
    if (fstat(descriptor, &now)) give_up("a sync of nothing");
    struct file *file = file_of(descriptor);
    if (file) notice_length(file);
    uint64_t covered = serials;
    useconds_t moment = (useconds_t)roll(300);
    count_call();
    pthread_mutex_unlock(&lock);
    usleep(moment);
    pthread_mutex_lock(&lock);
    count_call();
    if (file && !is_deaf(descriptor)) writes_are_safe(file, covered);
    if (!file && S_ISDIR(now.st_mode)) names_are_safe(descriptor, covered);
    pthread_mutex_unlock(&lock);
    return 0;
}
int fsync(int descriptor) { return any_sync(descriptor); }
int fdatasync(int descriptor) { return any_sync(descriptor); }

int rename(const char *from, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    if (!watched(AT_FDCWD, from, old) || !watched(AT_FDCWD, to, new)) return real_rename(from, to);
    pthread_mutex_lock(&lock);
    char *kept = into_attic(new);
    count_call();
    int result = real_rename(from, to);
    if (result == 0) pend_name(RENAMED, new, old, kept);
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *path) {
    char absolute[PATH_MAX];
    if (!watched(AT_FDCWD, path, absolute) || ends_with(absolute, "-shm")) return real_unlink(path);
    pthread_mutex_lock(&lock);
    char *kept = into_attic(absolute);
    count_call();
    int result = real_unlink(path);
    if (result == 0) pend_name(REMOVED, absolute, NULL, kept);
    pthread_mutex_unlock(&lock);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    char absolute[PATH_MAX];
    if (!watched(AT_FDCWD, path, absolute)) return real_mkdir(path, mode);
    pthread_mutex_lock(&lock);
    count_call();
    int result = real_mkdir(path, mode);
    if (result == 0) pend_name(MADE, absolute, NULL, NULL);
    pthread_mutex_unlock(&lock);
    return result;
}

/* A file that is written through memory would escape us; -shm files are not watched. */
static void *any_mmap(void *where, size_t length, int rights, int flags, int descriptor, off_t at) {
    if ((flags & MAP_SHARED) && (rights & PROT_WRITE) && descriptor >= 0) {
        pthread_mutex_lock(&lock);
        if (file_of(descriptor)) give_up("a watched file is written through memory");
        pthread_mutex_unlock(&lock);
    }
    return real_mmap(where, length, rights, flags, descriptor, at);
}
void *mmap(void *where, size_t length, int rights, int flags, int descriptor, off_t at) {
    return any_mmap(where, length, rights, flags, descriptor, at);
}
void *mmap64(void *where, size_t length, int rights, int flags, int descriptor, off_t at) {
    return any_mmap(where, length, rights, flags, descriptor, at);
}
