/* The store as a folder: a key is a path below it. No symbolic link is ever followed; a name appears only after its bytes
 * are on the disk (fsync of the file, rename, fsync of each folder that changed). */
#include "service/store/driver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "common/digest.h"
#include "common/failure.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
#define DEPTH_MAX    16

struct files {
    struct store store;
    char *root;
    int fd;
};

typedef int Descriptor;

static void descriptor_close(int fd)
{
    (void)close(fd); /* nothing was written through it that was not synced before */
}
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(Descriptor, descriptor_close, -1)

static bool fail(GError **error, const char *what, const char *name)
{
    const enum reason reason = errno == ENOSPC || errno == EDQUOT ? REASON_FULL : REASON_IO;

    g_set_error(error, STORE_ERROR, reason, "%s \"%s\": %s", what, name, g_strerror(errno));
    return false;
}

static struct store *open_folder(const struct store_config *config, GError **error)
{
    const char *address = config->address;
    g_auto(Descriptor) fd = -1;

    if (g_mkdir_with_parents(address, 0700) != 0) {
        (void)fail(error, "cannot make the folder", address);
        return NULL;
    }
    /* The root itself may be a link that the administrator set. */
    fd = open(address, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        (void)fail(error, "cannot open the folder", address);
        return NULL;
    }
    struct files *files = g_new0(struct files, 1);
    files->store.driver = &files_driver;
    files->root = g_canonicalize_filename(address, NULL);
    files->fd = fd;
    fd = -1;
    return &files->store;
}

static struct files *files_of(struct store *store)
{
    return (struct files *)(void *)store; /* its first member */
}

static void close_folder(struct store *store)
{
    struct files *files = files_of(store);

    descriptor_close(files->fd);
    g_free(files->root);
    g_free(files);
}

/* The folder that holds the key's last part; *name is that part. With `make`, missing folders are made and the change
 * is durable. -1 with errno. */
static int open_parent(const struct files *files, const char *key, bool make, const char **name)
{
    g_auto(Descriptor) at = fcntl(files->fd, F_DUPFD_CLOEXEC, 0);

    for (const char *slash = strchr(key, '/'); at >= 0 && slash != NULL; slash = strchr(key, '/')) {
        g_autofree char *part = g_strndup(key, (size_t)(slash - key));

        if (make && mkdirat(at, part, 0700) == 0) {
            if (fsync(at) != 0) {
                return -1;
            }
        } else if (make && errno != EEXIST) {
            return -1;
        }
        const int next = openat(at, part, FOLDER_FLAGS);
        descriptor_close(at);
        at = next;
        key = slash + 1;
    }
    *name = key;
    const int parent = at;
    at = -1;
    return parent;
}

/* The bytes of `path` must be on the disk before they get a name; its folder lost one. */
static bool sync_file(const char *path, GError **error)
{
    g_auto(Descriptor) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) != 0 || fsync(fd) != 0) {
        return fail(error, "cannot sync", path);
    }
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL;
        return fail(error, "no regular file", path);
    }
    return true;
}

static bool sync_folder_of(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_auto(Descriptor) fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0) {
        return fail(error, "cannot sync the folder", folder);
    }
    return true;
}

static bool put_file(struct store *store, const char *key, const char *path, GError **error)
{
    const struct files *files = files_of(store);
    const char *name;

    if (!sync_file(path, error)) {
        return false;
    }
    g_auto(Descriptor) parent = open_parent(files, key, true, &name);
    if (parent < 0) {
        return fail(error, "cannot make the folder of", key);
    }
    if (renameat(AT_FDCWD, path, parent, name) != 0) {
        return fail(error, "cannot move into place", key);
    }
    if (fsync(parent) != 0) {
        return fail(error, "cannot sync the folder of", key);
    }
    return sync_folder_of(path, error);
}

static int open_object(struct store *store, const char *key, int64_t *size, GError **error)
{
    const struct files *files = files_of(store);
    const char *name;
    struct stat status;
    g_auto(Descriptor) parent = open_parent(files, key, false, &name);
    g_auto(Descriptor) fd = parent < 0 ? -1 : openat(parent, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        if (fd >= 0 || errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
            g_set_error(error, STORE_ERROR, REASON_NOT_FOUND, "no file \"%s\"", key);
        } else {
            (void)fail(error, "cannot open", key);
        }
        return -1;
    }
    *size = status.st_size;
    const int opened = fd;
    fd = -1;
    return opened;
}

static struct store_reader *open_read(struct store *store, const char *key, GError **error)
{
    int64_t size = 0;
    const int fd = open_object(store, key, &size, error);

    return fd < 0 ? NULL : store_reader_new(store, key, size, fd);
}

static bool verify(struct store *store, const char *key, int64_t bytes, const char *sha256, GError **error)
{
    char found[DIGEST_HEX + 1];
    int64_t size = 0;
    g_auto(Descriptor) fd = open_object(store, key, &size, error);

    if (fd < 0 || !digest_descriptor(fd, found, error)) {
        return false;
    }
    if (size != bytes || strcmp(found, sha256) != 0) {
        g_set_error(error, STORE_ERROR, REASON_CONFLICT, "\"%s\" is not what was put", key);
        return false;
    }
    return true;
}

static bool remove_file(struct store *store, const char *key, GError **error)
{
    const struct files *files = files_of(store);
    const char *name;
    g_auto(Descriptor) parent = open_parent(files, key, false, &name);

    if (parent < 0) {
        return errno == ENOENT || errno == ENOTDIR || fail(error, "cannot open the folder of", key);
    }
    if (unlinkat(parent, name, 0) != 0 && errno != ENOENT) {
        return fail(error, "cannot remove", key);
    }
    return fsync(parent) == 0 || fail(error, "cannot sync the folder of", key);
}

struct walk {
    store_visit *visit;
    void *context;
    bool is_over;
};

static void walk_folder(struct walk *walk, int folder, const char *prefix, int depth);

static void walk_entry(struct walk *walk, int folder, const char *key, const char *name, int depth)
{
    struct stat status;

    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return; /* removed meanwhile */
    }
    if (S_ISREG(status.st_mode)) {
        const int64_t modified_ms = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
        walk->is_over = !walk->visit(walk->context, key, status.st_size, modified_ms);
    } else if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX) {
        g_auto(Descriptor) below = openat(folder, name, FOLDER_FLAGS);
        if (below >= 0) {
            walk_folder(walk, below, key, depth + 1);
        }
    }
}

/* Does not take `folder`. What vanishes while we walk is passed over. */
static void walk_folder(struct walk *walk, int folder, const char *prefix, int depth)
{
    const int copy = openat(folder, ".", FOLDER_FLAGS);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);

    if (entries == NULL) {
        if (copy >= 0) {
            descriptor_close(copy);
        }
        return;
    }
    for (const struct dirent *entry = readdir(entries); entry != NULL && !walk->is_over; entry = readdir(entries)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        g_autofree char *key =
            prefix[0] == '\0' ? g_strdup(entry->d_name) : g_strconcat(prefix, "/", entry->d_name, NULL);
        walk_entry(walk, folder, key, entry->d_name, depth);
    }
    (void)closedir(entries); /* was only read */
}

static bool each(struct store *store, const char *prefix, store_visit *visit, void *context, GError **error)
{
    const struct files *files = files_of(store);
    struct walk walk = {.visit = visit, .context = context};
    const char *name;

    if (prefix[0] == '\0') {
        walk_folder(&walk, files->fd, "", 0);
        return true;
    }
    g_auto(Descriptor) parent = open_parent(files, prefix, false, &name);
    if (parent < 0) {
        return errno == ENOENT || errno == ENOTDIR || fail(error, "cannot open", prefix);
    }
    walk_entry(&walk, parent, prefix, name, 0);
    return true;
}

static char *local_path(struct store *store, const char *key)
{
    return g_build_filename(files_of(store)->root, key, NULL);
}

static bool space(struct store *store, int64_t *free_bytes, int64_t *total_bytes, GError **error)
{
    struct statvfs status;

    if (fstatvfs(files_of(store)->fd, &status) != 0) {
        return fail(error, "cannot ask for space", files_of(store)->root);
    }
    *free_bytes = (int64_t)(status.f_bavail * status.f_frsize);
    *total_bytes = (int64_t)(status.f_blocks * status.f_frsize);
    return true;
}

const struct store_driver files_driver = {
    .scheme = "",
    .open = open_folder,
    .close = close_folder,
    .put_file = put_file,
    .open_read = open_read,
    .verify = verify,
    .remove = remove_file,
    .each = each,
    .local_path = local_path,
    .space = space,
};
