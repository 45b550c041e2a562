#include "service/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>

#include "common/failure.h"

/* The two kinds of packs. */
struct pack_kind {
    bool (*begin)(struct pack *pack, int64_t bytes);
    bool (*write)(struct pack *pack, const void *piece, size_t length);
    bool (*end)(struct pack *pack);
    bool (*close)(struct pack *pack);
};

struct pack {
    const struct pack_kind *kind;
    char *folder; /* of a folder */
    int fd;       /* the same: the file that is being written; -1 */
    struct archive *archive;
    char *name; /* of the file that is being written */
    GChecksum *sum;
    GString *sums;
};

/* --- a folder -------------------------------------------------------------------------------------------------- */

static bool folder_begin(struct pack *pack, int64_t bytes)
{
    g_autofree char *path = g_build_filename(pack->folder, pack->name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);

    (void)bytes;
    pack->fd = g_mkdir_with_parents(parent, 0755) == 0
                   ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)
                   : -1;
    return pack->fd >= 0;
}

static bool folder_write(struct pack *pack, const void *piece, size_t length)
{
    const char *bytes = piece;

    while (length > 0) {
        const ssize_t written = write(pack->fd, bytes, length);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        bytes += MAX(written, 0);
        length -= (size_t)MAX(written, 0);
    }
    return true;
}

static bool folder_end(struct pack *pack)
{
    const int fd = pack->fd;

    pack->fd = -1;
    return close(fd) == 0;
}

static bool folder_close(struct pack *pack)
{
    (void)pack; /* all of it is there */
    return true;
}

static const struct pack_kind FOLDER = {folder_begin, folder_write, folder_end, folder_close};

struct pack *pack_folder(const char *folder, GError **error)
{
    g_autoptr(GDir) there = g_dir_open(folder, 0, NULL);

    if ((there != NULL && g_dir_read_name(there) != NULL) || g_mkdir_with_parents(folder, 0755) != 0) {
        g_set_error(error, SETTINGS_ERROR, REASON_IO, "%s: the folder must be absent or empty", folder);
        return NULL;
    }
    struct pack *pack = g_new0(struct pack, 1);
    *pack = (struct pack){.kind = &FOLDER, .folder = g_strdup(folder), .fd = -1, .sums = g_string_new(NULL)};
    return pack;
}

/* --- a zip file ------------------------------------------------------------------------------------------------ */

static bool zip_begin(struct pack *pack, int64_t bytes)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname_utf8(entry, pack->name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, bytes);
    archive_entry_set_mtime(entry, time(NULL), 0);
    const bool good = archive_write_header(pack->archive, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    return good;
}

static bool zip_write(struct pack *pack, const void *piece, size_t length)
{
    return archive_write_data(pack->archive, piece, length) == (la_ssize_t)length;
}

static bool zip_end(struct pack *pack)
{
    return archive_write_finish_entry(pack->archive) == ARCHIVE_OK;
}

static bool zip_close(struct pack *pack)
{
    return archive_write_close(pack->archive) == ARCHIVE_OK;
}

static const struct pack_kind ZIP = {zip_begin, zip_write, zip_end, zip_close};

struct pack *pack_zip(int fd, GError **error)
{
    struct archive *archive = archive_write_new();

    if (archive == NULL || archive_write_set_format_zip(archive) != ARCHIVE_OK ||
        archive_write_zip_set_compression_store(archive) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(archive, 1) != ARCHIVE_OK ||
        archive_write_open_fd(archive, fd) != ARCHIVE_OK) {
        (void)archive_write_free(archive); /* nothing was written */
        g_set_error_literal(error, SETTINGS_ERROR, REASON_IO, "a zip file cannot be begun");
        return NULL;
    }
    struct pack *pack = g_new0(struct pack, 1);
    *pack = (struct pack){.kind = &ZIP, .fd = -1, .archive = archive, .sums = g_string_new(NULL)};
    return pack;
}

/* --- both ------------------------------------------------------------------------------------------------------ */

void pack_free(struct pack *pack)
{
    if (pack == NULL) {
        return;
    }
    if (pack->fd >= 0) {
        (void)close(pack->fd); /* given up */
    }
    (void)archive_write_free(pack->archive); /* closed, or given up; NULL is fine */
    g_clear_pointer(&pack->sum, g_checksum_free);
    g_string_free(pack->sums, TRUE);
    g_free(pack->folder);
    g_free(pack->name);
    g_free(pack);
}

static bool said(const struct pack *pack, bool is_good, GError **error)
{
    if (!is_good) {
        const char *cause = pack->archive == NULL ? NULL : archive_error_string(pack->archive);
        g_set_error(error, SETTINGS_ERROR, REASON_IO, "%s: %s", pack->name, cause == NULL ? g_strerror(errno) : cause);
    }
    return is_good;
}

bool pack_begin(struct pack *pack, const char *name, int64_t bytes, GError **error)
{
    g_free(pack->name);
    pack->name = g_strdup(name);
    g_clear_pointer(&pack->sum, g_checksum_free);
    pack->sum = g_checksum_new(G_CHECKSUM_SHA256);
    return said(pack, pack->kind->begin(pack, bytes), error);
}

bool pack_write(struct pack *pack, const void *piece, size_t length, GError **error)
{
    g_checksum_update(pack->sum, piece, (gssize)length);
    return said(pack, pack->kind->write(pack, piece, length), error);
}

bool pack_end(struct pack *pack, GError **error)
{
    g_string_append_printf(pack->sums, "%s  %s\n", g_checksum_get_string(pack->sum), pack->name);
    return said(pack, pack->kind->end(pack), error);
}

bool pack_add(struct pack *pack, const char *name, const char *text, size_t length, GError **error)
{
    return pack_begin(pack, name, (int64_t)length, error) && pack_write(pack, text, length, error) &&
           pack_end(pack, error);
}

bool pack_close(struct pack *pack, GError **error)
{
    g_autofree char *sums = g_strdup(pack->sums->str);

    return pack_add(pack, "SHA256SUMS", sums, strlen(sums), error) && said(pack, pack->kind->close(pack), error);
}
