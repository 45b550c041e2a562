#include "service/anchor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/database/database.h"

enum { HASH_CHARACTERS = 64 };

static char *anchor_path(const struct app *app)
{
    const char *set = app->settings->ledger_anchor;

    return set[0] == '\0' ? g_build_filename(app->data, "ledger.anchor", NULL) : g_strdup(set);
}

static bool fail(GError **error, const char *path)
{
    g_set_error(error, MODEL_ERROR, REASON_IO, "%s: %s", path, g_strerror(errno));
    return false;
}

static bool parse(const char *line, struct ledger_anchor *anchor)
{
    g_auto(GStrv) cells = g_strsplit(line, " ", -1);
    gint64 at_ms;
    gint64 seq;

    if (g_strv_length(cells) != 3 || !g_ascii_string_to_signed(cells[0], 10, 0, G_MAXINT64, &at_ms, NULL) ||
        !g_ascii_string_to_signed(cells[1], 10, 1, G_MAXINT64, &seq, NULL) || strlen(cells[2]) != HASH_CHARACTERS) {
        return false;
    }
    anchor->seq = seq;
    (void)g_strlcpy(anchor->hash, cells[2], sizeof anchor->hash); /* fits: its length was judged */
    return true;
}

GArray *anchors_read(const struct app *app, GError **error)
{
    g_autofree char *path = anchor_path(app);
    g_autofree char *text = NULL;
    g_autoptr(GError) cause = NULL;
    g_autoptr(GArray) anchors = g_array_new(FALSE, FALSE, sizeof(struct ledger_anchor));

    if (!g_file_get_contents(path, &text, NULL, &cause)) {
        if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
            return g_steal_pointer(&anchors);
        }
        g_set_error(error, MODEL_ERROR, REASON_IO, "%s", cause->message);
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    int64_t last = 0;
    for (char **line = lines; *line != NULL; line++) {
        struct ledger_anchor anchor = {0};
        if ((*line)[0] == '\0' && line[1] == NULL) {
            break;
        }
        if (!parse(*line, &anchor) || anchor.seq < last) {
            g_set_error(error, MODEL_ERROR, REASON_INPUT, "%s: line %d is no anchor", path, (int)(line - lines) + 1);
            return NULL;
        }
        last = anchor.seq;
        g_array_append_val(anchors, anchor);
    }
    return g_steal_pointer(&anchors);
}

static bool append(const char *path, const char *line, GError **error)
{
    const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    const size_t length = strlen(line);

    if (fd < 0) {
        return fail(error, path);
    }
    const bool good = (write(fd, line, length) == (ssize_t)length && fsync(fd) == 0) || fail(error, path);
    close(fd);
    return good;
}

static bool look_head(struct sql *sql, void *context, GError **error)
{
    return ledger_head(sql, context, error);
}

bool anchor_write(struct app *app, int64_t now_ms, GError **error)
{
    struct ledger_anchor head = {0};
    g_autoptr(GArray) known = anchors_read(app, error);

    if (known == NULL || !database_read(app->database, "ledger.head", look_head, &head, error)) {
        return false;
    }
    /* A ledger that ends before its last anchor was cut or restored: nothing is written over that evidence. */
    if (head.seq == 0 ||
        (known->len > 0 && g_array_index(known, struct ledger_anchor, known->len - 1).seq >= head.seq)) {
        return true;
    }
    g_autofree char *path = anchor_path(app);
    g_autofree char *line =
        g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s\n", now_ms, head.seq, head.hash);
    if (!append(path, line, error)) {
        return false;
    }
    log_info(&app->log, "ledger.anchored", "seq=%" G_GINT64_FORMAT " hash=%s", head.seq, head.hash);
    return true;
}

struct check {
    struct ledger_anchors anchors;
    struct ledger_verdict verdict;
};

static bool check_all(struct sql *sql, void *context, GError **error)
{
    struct check *check = context;

    return ledger_verify(sql, &check->anchors, &check->verdict, error);
}

static struct database *open_to_read(const struct app *app, GError **error)
{
    const char *address = app->settings->database;
    const bool is_embedded = g_str_has_prefix(address, "sqlite:");
    g_autofree char *path = strcmp(address, "sqlite:") == 0 ? g_build_filename(app->data, "xuepai.db", NULL)
                                                            : g_strdup(is_embedded ? address + strlen("sqlite:") : "");
    g_autofree char *read_only = g_strdup_printf("sqlite:%s?mode=ro", path);

    return database_open(is_embedded ? read_only : address, error);
}

bool anchor_verify_command(struct app *app, bool *whole, GError **error)
{
    g_autoptr(GArray) known = anchors_read(app, error);
    g_autoptr(Database) database = known == NULL ? NULL : open_to_read(app, error);
    struct check check = {0};

    if (database == NULL) {
        return false;
    }
    check.anchors = (struct ledger_anchors){(const struct ledger_anchor *)(const void *)known->data, known->len};
    if (!database_read(database, "ledger.verify", check_all, &check, error)) {
        return false;
    }
    *whole = check.verdict.fault == LEDGER_WHOLE;
    if (*whole) {
        printf("ledger whole: %" G_GINT64_FORMAT " records, %u anchors, last hash %s\n", check.verdict.records,
               known->len, check.verdict.hash);
    } else {
        printf("ledger broken: first bad record %" G_GINT64_FORMAT " (%s); %" G_GINT64_FORMAT
               " records before it fit\n",
               check.verdict.bad, ledger_fault_name(check.verdict.fault), check.verdict.records);
    }
    return true;
}
