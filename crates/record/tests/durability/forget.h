/* The memory of the disk that forgets (forget.c): what is not durable yet of each watched file and name, how syncs make
 * it durable, and what is left of it when the power fails. Knows nothing of how the calls come in. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MOST_FILES = 4096, MOST_PENDING = 1 << 20 };

/* One change of a file's bytes or length that no sync has covered. */
struct write {
    uint64_t serial;
    off_t at, size_before, size_after;
    size_t old_length, new_length;
    char *old, *new; /* what was there, as far as the file reached; what was written */
};
struct file {
    dev_t device;
    ino_t inode;
    int own; /* our own descriptor, never closed: closing would drop SQLite's locks */
    off_t size;
    struct write *writes;
    size_t count, room;
};
/* One change of a name that no sync of its directory has covered. */
struct name {
    enum { CREATED, RENAMED, REMOVED, MADE } what;
    uint64_t serial;
    char *directory, *path, *from, *kept; /* kept: where the attic has the file that was replaced or removed */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[MOST_FILES];
static size_t file_count;
static struct name *names;
static size_t name_count, name_room;
static char *shared[64]; /* -shm files */
static size_t shared_count, attic_count;
static char root[PATH_MAX], attic[PATH_MAX];
static const char *deaf_part;
static int only_lengths;
static uint64_t dice = 1, calls, fail_at, serials;

#define REAL(result, name, ...) static result (*real_##name)(__VA_ARGS__)
REAL(int, open, const char *, int, ...);
REAL(ssize_t, write, int, const void *, size_t);
REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
REAL(int, ftruncate, int, off_t);
REAL(int, rename, const char *, const char *);
REAL(int, unlink, const char *);
REAL(int, mkdir, const char *, mode_t);
REAL(void *, mmap, void *, size_t, int, int, int, off_t);

static void give_up(const char *why) {
    dprintf(2, "forget: %s\n", why);
    _exit(99);
}

static void find(void *place, const char *name) {
    *(void **)place = dlsym(RTLD_NEXT, name);
    if (!*(void **)place) give_up(name);
}

__attribute__((constructor)) static void begin(void) {
    find(&real_open, "open"), find(&real_write, "write"), find(&real_pwrite, "pwrite");
    find(&real_ftruncate, "ftruncate"), find(&real_rename, "rename"), find(&real_unlink, "unlink");
    find(&real_mkdir, "mkdir"), find(&real_mmap, "mmap");
    const char *value = getenv("FORGET_ROOT");
    if (!value || !realpath(value, root)) give_up("FORGET_ROOT is not a folder");
    value = getenv("FORGET_ATTIC");
    if (!value || !realpath(value, attic)) give_up("FORGET_ATTIC is not a folder");
    deaf_part = getenv("FORGET_DEAF");
    only_lengths = (value = getenv("FORGET_BYTES")) && *value;
    if ((value = getenv("FORGET_SEED"))) dice = strtoull(value, NULL, 10) * 0x9e3779b97f4a7c15u | 1;
    if ((value = getenv("FORGET_AT"))) fail_at = strtoull(value, NULL, 10);
}

static uint64_t roll(uint64_t sides) {
    dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
    return (dice >> 11) % sides;
}

static void *need(void *memory) {
    if (!memory) give_up("no memory");
    return memory;
}

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* ---- losing the power ---- */

static void put_all(int to, const char *bytes, size_t length, off_t at) {
    while (length > 0) {
        ssize_t done = real_pwrite(to, bytes, length, at);
        if (done <= 0) give_up("undoing a write failed");
        bytes += done, length -= (size_t)done, at += done;
    }
}

/* Of the unsynced none survive, `mercy` of four, or only names and lengths, as where a file system writes a file's bytes
 * after what it notes of the file. */
enum { NOTHING = 0, ONLY_LENGTHS = 4, MERCIES };

/* All unsynced writes are undone, then those chosen are made again, whole or in part. */
static void forget_writes(struct file *file, uint64_t mercy) {
    for (size_t i = file->count; i-- > 0;) {
        struct write *w = &file->writes[i];
        put_all(file->own, w->old, w->old_length, w->at);
        if (real_ftruncate(file->own, w->size_before)) give_up("undoing a length failed");
    }
    for (size_t i = 0; i < file->count; i++) {
        struct write *w = &file->writes[i];
        if (mercy == ONLY_LENGTHS || roll(4) >= mercy) {
            struct stat now;
            int longer = !fstat(file->own, &now) && now.st_size < w->size_after;
            int keep = mercy == ONLY_LENGTHS || (mercy != NOTHING && roll(8) == 0);
            if (longer && keep && real_ftruncate(file->own, w->size_after)) give_up("lengthening");
            continue;
        }
        size_t length = roll(4) == 0 ? roll(w->new_length + 1) : w->new_length;
        if (w->new_length == 0) {
            if (real_ftruncate(file->own, w->size_after)) give_up("cutting again failed");
        } else {
            put_all(file->own, w->new, length, w->at);
        }
    }
}

/* A name that no process before this one has given in the attic. */
static void attic_name(char *name, size_t room) {
    snprintf(name, room, "%s/%d-%zu", attic, getpid(), attic_count++);
}

static void forget_name(struct name *n) {
    char aside[PATH_MAX + 48];
    attic_name(aside, sizeof aside);
    switch (n->what) {
    case CREATED: real_unlink(n->path); break;
    case MADE: real_rename(n->path, aside); break;
    case RENAMED: real_rename(n->path, n->from); break;
    case REMOVED: break;
    }
    /* The directory itself may be lost already. */
    if (n->kept && link(n->kept, n->path) && errno != ENOENT) give_up("a removed file cannot be brought back");
}

/* Of each directory's unsynced changes the last ones are lost, from a seeded place on. */
static void forget_names(uint64_t mercy) {
    for (size_t i = 0; i < name_count; i++) {
        char *directory = names[i].directory;
        if (!directory) continue;
        size_t count = 0;
        for (size_t k = i; k < name_count; k++) count += names[k].directory && !strcmp(names[k].directory, directory);
        size_t lost = mercy == NOTHING ? count : mercy == ONLY_LENGTHS ? 0 : roll(count + 1);
        for (size_t k = name_count; k-- > i;) {
            if (!names[k].directory || strcmp(names[k].directory, directory)) continue;
            if (lost > 0) forget_name(&names[k]), lost--;
            if (k != i) names[k].directory = NULL;
        }
    }
}

static void lose_power(void) {
    uint64_t mercy = only_lengths ? ONLY_LENGTHS : roll(MERCIES);
    for (size_t i = 0; i < file_count; i++) forget_writes(&files[i], mercy);
    forget_names(mercy);
    for (size_t i = 0; i < shared_count; i++) real_unlink(shared[i]);
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Every call on what is watched comes through here, with the lock held. */
static void count_call(void) {
    if (++calls == fail_at) lose_power();
}

/* ---- what is watched ---- */

/* The absolute path, with its folder resolved; false when it is not below the root. */
static int watched(int folder, const char *path, char *absolute) {
    char joined[PATH_MAX * 2], *slash;
    if (path[0] == '/' || folder == AT_FDCWD) {
        snprintf(joined, sizeof joined, "%s", path);
    } else {
        give_up("a path relative to a descriptor is not modelled");
    }
    if (joined[0] != '/') return 0;
    size_t length = strlen(joined);
    while (length > 1 && joined[length - 1] == '/') joined[--length] = 0;
    slash = strrchr(joined, '/');
    *slash = 0;
    char parent[PATH_MAX];
    if (!realpath(slash == joined ? "/" : joined, parent)) return 0;
    if (snprintf(absolute, PATH_MAX, "%s/%s", parent, slash + 1) >= PATH_MAX) return 0;
    size_t below = strlen(root);
    return strncmp(absolute, root, below) == 0 && (absolute[below] == '/' || absolute[below] == 0);
}

static struct file *file_of(int descriptor) {
    struct stat now;
    if (file_count == 0 || fstat(descriptor, &now)) return NULL;
    for (size_t i = file_count; i-- > 0;)
        if (files[i].inode == now.st_ino && files[i].device == now.st_dev) return &files[i];
    return NULL;
}

static struct write *pend(struct file *file, off_t at, off_t size_after) {
    if (file->count == MOST_PENDING) give_up("too many writes without a sync");
    if (file->count == file->room) {
        file->room = file->room ? file->room * 2 : 16;
        file->writes = need(realloc(file->writes, file->room * sizeof *file->writes));
    }
    struct write *w = &file->writes[file->count++];
    *w = (struct write){.serial = ++serials, .at = at, .size_before = file->size, .size_after = size_after};
    return w;
}

/* The length may have changed without us (fallocate as a bare system call). */
static void notice_length(struct file *file) {
    struct stat now;
    if (fstat(file->own, &now)) give_up("a watched file has no length");
    if (now.st_size > file->size) {
        pend(file, file->size, now.st_size);
        file->size = now.st_size;
    }
}

static void keep_old(struct file *file, struct write *w, size_t length) {
    if (w->at >= file->size) return;
    if ((off_t)length > file->size - w->at) length = (size_t)(file->size - w->at);
    w->old = need(malloc(length));
    ssize_t done = pread(file->own, w->old, length, w->at);
    if (done < 0 || (size_t)done != length) give_up("what was there cannot be read");
    w->old_length = length;
}

static void before_write(struct file *file, const void *bytes, size_t length, off_t at) {
    notice_length(file);
    off_t after = at + (off_t)length > file->size ? at + (off_t)length : file->size;
    struct write *w = pend(file, at, after);
    keep_old(file, w, length);
    w->new = need(malloc(length ? length : 1));
    memcpy(w->new, bytes, length);
    w->new_length = length;
    file->size = after;
}

static void before_cut(struct file *file, off_t length) {
    notice_length(file);
    struct write *w = pend(file, length, length);
    if (length < file->size) keep_old(file, w, (size_t)(file->size - length));
    file->size = length;
}

static struct file *watch(int descriptor) {
    struct stat now;
    struct file *file = file_of(descriptor);
    if (file || fstat(descriptor, &now) || !S_ISREG(now.st_mode)) return file;
    if (file_count == MOST_FILES) give_up("too many files");
    char link_path[64];
    snprintf(link_path, sizeof link_path, "/proc/self/fd/%d", descriptor);
    int own = real_open(link_path, O_RDWR | O_CLOEXEC);
    if (own < 0) give_up("a watched file cannot be opened a second time");
    file = &files[file_count++];
    *file = (struct file){.device = now.st_dev, .inode = now.st_ino, .own = own, .size = now.st_size};
    return file;
}

static void pend_name(int what, const char *path, const char *from, char *kept) {
    if (name_count == name_room) {
        name_room = name_room ? name_room * 2 : 64;
        names = need(realloc(names, name_room * sizeof *names));
    }
    char *directory = need(strdup(path));
    *strrchr(directory, '/') = 0;
    char *old = from ? need(strdup(from)) : NULL;
    names[name_count++] = (struct name){what, ++serials, directory, need(strdup(path)), old, kept};
}

/* A second name for what is about to lose its own; NULL when nothing is there. */
static char *into_attic(const char *path) {
    char kept[PATH_MAX + 48];
    attic_name(kept, sizeof kept);
    if (link(path, kept) == 0) return need(strdup(kept));
    if (errno != ENOENT) give_up("what is about to be replaced cannot be kept");
    return NULL;
}

/* ---- syncs ---- */

static void writes_are_safe(struct file *file, uint64_t covered) {
    size_t left = 0;
    for (size_t i = 0; i < file->count; i++) {
        struct write *w = &file->writes[i];
        if (w->serial > covered) file->writes[left++] = *w;
        else free(w->old), free(w->new);
    }
    file->count = left;
}

/* What a descriptor is called now. */
static void path_of(int descriptor, char path[PATH_MAX]) {
    char link_path[64];
    snprintf(link_path, sizeof link_path, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link_path, path, PATH_MAX - 1);
    if (length < 0) give_up("a descriptor without a path");
    path[length] = 0;
}

static int is_deaf(int descriptor) {
    char path[PATH_MAX];
    if (!deaf_part || !*deaf_part) return 0;
    path_of(descriptor, path);
    return strstr(path, deaf_part) != NULL;
}

static void names_are_safe(int directory, uint64_t covered) {
    char path[PATH_MAX];
    path_of(directory, path);
    size_t left = 0;
    for (size_t i = 0; i < name_count; i++)
        if (names[i].serial > covered || strcmp(names[i].directory, path)) names[left++] = names[i];
    name_count = left;
}
