#include "common/settings.h"

#include <stddef.h>
#include <string.h>

#include "common/failure.h"

enum setting_type {
    TYPE_TEXT,
    TYPE_INT64,
    TYPE_BOOL,
};

struct setting {
    const char *group;
    const char *key;
    enum setting_type type;
    size_t offset;
    const char *fallback;
    int64_t low;
    int64_t high; /* numbers only */
    bool secret;
    const char *help;
};

#define TEXT(field)  TYPE_TEXT, offsetof(struct settings, field)
#define INT64(field) TYPE_INT64, offsetof(struct settings, field)
#define BOOL(field)  TYPE_BOOL, offsetof(struct settings, field)

/* clang-format off */
static const struct setting SETTINGS[] = {
    { "http",   "listen",          TEXT(listen),           "127.0.0.1:8080", 0, 0, false, "address and port; port 0 picks a free one" },
    { "http",   "base_url",        TEXT(base_url),         "", 0, 0, false, "public address, e.g. https://xuepai.example.cn; empty: as the visitor asked" },
    { "http",   "trusted_proxies", TEXT(trusted_proxies),  "", 0, 0, false, "addresses of proxies whose X-Forwarded-For and -Proto count, by comma" },
    { "http",   "disk_threads",    INT64(disk_threads),    "8", 1, 256, false, "threads that wait for database and disk" },
    { "data",   "data",            TEXT(data),             "./data", 0, 0, false, "folder of the database, the media and the uploads" },
    { "data",   "database",        TEXT(database),         "sqlite:", 0, 0, false, "sqlite: (in the data folder), sqlite:/path/file.db, or postgresql://user@host1,host2/name?target_session_attrs=read-write (password: PGPASSFILE)" },
    { "data",   "secret_key",      TEXT(secret_key),       "", 0, 0, true,  "key of the installation, 64 hex digits, the same on all services of one database; empty: secret.key in the data folder" },
    { "data",   "store",           TEXT(store),            "", 0, 0, false, "folder of the media; empty: in the data folder; or s3://BUCKET?endpoint=URL&region=NAME[&style=path|virtual][&worker=URL|none][&part=BYTES]" },
    { "data",   "store_key",       TEXT(store_key),        "", 0, 0, true,  "access key of the object store; never as a flag" },
    { "data",   "store_secret",    TEXT(store_secret),     "", 0, 0, true,  "its secret; never as a flag" },
    { "data",   "store_threads",   INT64(store_threads),   "16", 2, 256, false, "threads that wait for an object store" },
    { "data",   "reserve_bytes",   INT64(reserve_bytes),   "2147483648", 0, INT64_MAX, false, "new uploads are refused when less than this (or 5 % of the disk, if that is less) would stay free" },
    { "data",   "upload_interim",  BOOL(upload_interim),   "false", 0, 0, false, "tell iOS uploads by an interim answer (104) where to go on; only where no proxy stands before the service that does not know 1xx (nginx 1.22)" },
    { "data",   "upload_idle_ms",  INT64(upload_idle_ms),  "259200000", 1000, INT64_MAX, false, "an unfinished upload is kept this long (72 h)" },
    { "site",   "config",          TEXT(config),           "", 0, 0, false, "folder of rules.conf, regions.tsv and ladder.conf; empty: as installed" },
    { "site",   "web",             TEXT(web),              "", 0, 0, false, "folder of templates and built pages; empty: as installed" },
    { "site",   "site_name",       TEXT(site_name),        "山东省全民终身学习活动周", 0, 0, false, "name in the header of every page" },
    { "site",   "help_phone",      TEXT(help_phone),       "", 0, 0, false, "telephone number for people who need help" },
    { "site",   "icp",             TEXT(icp),              "", 0, 0, false, "ICP filing number for the footer" },
    { "site",   "police",          TEXT(police),           "", 0, 0, false, "public security filing (公安备案) for the footer, e.g. 鲁公网安备 37010202000001号" },
    { "site",   "site_code",       TEXT(site_code),        "", 0, 0, false, "identifier of a government site (网站标识码) for the footer" },
    { "site",   "embed_access",    TEXT(embed_access),     "open", 0, 0, false, "who may show works in frames: open (everybody), or keys (sites that the administrator gave a key)" },
    { "site",   "webhook_hosts",   TEXT(webhook_hosts),    "", 0, 0, false, "hosts in the own network that webhooks may call, also by http: host or host:port, by comma; all others must be public and https" },
    { "site",   "webhook_retry_ms", INT64(webhook_retry_ms), "10000", 10, 600000, false, "a webhook that did not answer is tried again after this long, then after growing times, for 8640 times this long (24 h)" },
    { "site",   "submit_quota_percent", INT64(submit_quota_percent), "100", 0, 100000, false, "how many works one device, telephone, address block or link may send, in percent of the built-in quotas; 0 turns them off" },
    { "hooks",  "sms_url",         TEXT(sms_url),          "", 0, 0, false, "SMS gateway: gets a signed POST for each message, see docs/HOOKS.md; empty: no SMS, telephone numbers are not verified" },
    { "hooks",  "sms_secret",      TEXT(sms_secret),       "", 0, 0, true,  "key of the signature (HMAC-SHA-256); never as a flag" },
    { "hooks",  "sms_status",      BOOL(sms_status),       "true", 0, 0, false, "also tell by SMS that a work was returned or published" },
    { "hooks",  "wechat_appid",    TEXT(wechat_appid),     "", 0, 0, false, "AppID of a certified WeChat service account; empty: nothing is asked of or loaded from WeChat" },
    { "hooks",  "wechat_secret",   TEXT(wechat_secret),    "", 0, 0, true,  "its AppSecret; never as a flag" },
    { "hooks",  "wechat_api",      TEXT(wechat_api),       "https://api.weixin.qq.com", 0, 0, false, "where WeChat answers the service" },
    { "hooks",  "wechat_open",     TEXT(wechat_open),      "https://open.weixin.qq.com", 0, 0, false, "where WeChat asks the visitor's browser" },
    { "review", "undo_seconds",    INT64(undo_seconds),    "10", 0, 600, false, "a decision can be taken back this long, and takes effect after it" },
    { "review", "lease_seconds",   INT64(lease_seconds),   "90", 5, 3600, false, "a work opened by a reviewer is held for him this long after his last sign of life" },
    { "review", "preview_seconds", INT64(preview_seconds), "600", 30, 600, false, "life of a signed preview address" },
    { "review", "admin_password",  TEXT(admin_password),   "", 0, 0, true,  "the first administrator's password, at the first start only; empty: a random one is printed once" },
    { "review", "password_mib",    INT64(password_mib),    "64", 19, 1024, false, "MiB of memory that checking a password takes, so that guessing is dear; two are checked at once. What is kept of a password follows at the next sign-in" },
    { "review", "require_otp",     TEXT(require_otp),      "auto", 0, 0, false, "staff needs one-time codes: true, false, or auto (over TLS)" },
    { "review", "oidc_issuer",     TEXT(oidc_issuer),      "", 0, 0, false, "identity provider (OpenID Connect) by which staff may sign in beside the password, e.g. https://id.example.cn/realm; register base_url/login/oidc/callback there; empty: none" },
    { "review", "oidc_client_id",  TEXT(oidc_client_id),   "", 0, 0, false, "what the provider calls this service" },
    { "review", "oidc_client_secret", TEXT(oidc_client_secret), "", 0, 0, true, "its secret at the provider" },
    { "review", "oidc_name",       TEXT(oidc_name),        "统一身份认证", 0, 0, false, "words of the sign-in button" },
    { "review", "ledger_anchor",   TEXT(ledger_anchor),    "", 0, 0, false, "file that keeps the end of the ledger, best on another machine; empty: ledger.anchor in the data folder" },
    { "review", "ledger_anchor_url", TEXT(ledger_anchor_url), "", 0, 0, false, "address that is told the end of the ledger by a signed POST, best of another department; empty: nobody" },
    { "review", "ledger_anchor_secret", TEXT(ledger_anchor_secret), "", 0, 0, true, "secret that these are signed with (Xuepai-Signature: t=…,v1=HMAC-SHA256 of t.body)" },
    { "review", "anchor_seconds",  INT64(anchor_seconds),  "300", 1, 86400, false, "how often it is written when the ledger has grown" },
    { "worker", "service_url",     TEXT(service_url),      "", 0, 0, false, "where the worker finds the service; empty: from listen" },
    { "worker", "worker_token",    TEXT(worker_token),     "", 0, 0, true,  "the worker's token; empty: worker.token in the data folder" },
    { "worker", "worker_slots",    INT64(worker_slots),    "0", 0, 64, false, "jobs at the same time; 0: by cores and memory" },
    { "worker", "job_lease_ms",    INT64(job_lease_ms),    "30000", 1000, 600000, false, "a job is given to another worker this long after the last sign of life" },
    { "worker", "early_ladder",    BOOL(early_ladder),     "true", 0, 0, false, "public renditions are made along with a clip's preparation when no other job waits, which decodes it once instead of twice; else after its publication" },
    { "worker", "av1_rungs",       BOOL(av1_rungs),        "true", 0, 0, false, "published works also get AV1 renditions, when workers have nothing else to do" },
    { "worker", "media_program",   TEXT(media_program),    "", 0, 0, false, "path of xuepai-media; empty: beside the program" },
    { "worker", "sandbox_unsafe",  BOOL(sandbox_unsafe),   "false", 0, 0, false, "run the media program even where nothing can lock it in; never outside a laboratory" },
    { "log",    "log_level",       TEXT(log_level),        "info", 0, 0, false, "debug, info, message or warning" },
};
/* clang-format on */
G_STATIC_ASSERT(G_N_ELEMENTS(SETTINGS) <= G_N_ELEMENTS(((struct settings *)0)->sources));

static void *field_of(struct settings *settings, const struct setting *row)
{
    return (char *)settings + row->offset;
}

static bool set_number(struct settings *settings, const struct setting *row, const char *text, GError **error)
{
    gint64 number;

    if (!g_ascii_string_to_signed(text, 10, row->low, row->high, &number, NULL)) {
        g_set_error(error, SETTINGS_ERROR, REASON_INPUT,
                    "[%s] %s must be a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, row->group, row->key,
                    row->low, row->high);
        return false;
    }
    *(int64_t *)field_of(settings, row) = number;
    return true;
}

static bool set_truth(struct settings *settings, const struct setting *row, const char *text, GError **error)
{
    const bool yes = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;

    if (!yes && strcmp(text, "false") != 0 && strcmp(text, "0") != 0) {
        g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "[%s] %s must be true or false", row->group, row->key);
        return false;
    }
    *(bool *)field_of(settings, row) = yes;
    return true;
}

static bool set_value(struct settings *settings, const struct setting *row, const char *text,
                      enum setting_source source, GError **error)
{
    settings->sources[row - SETTINGS] = source;
    switch (row->type) {
    case TYPE_INT64:
        return set_number(settings, row, text, error);
    case TYPE_BOOL:
        return set_truth(settings, row, text, error);
    case TYPE_TEXT:
        break;
    }
    if (!g_utf8_validate(text, -1, NULL)) {
        g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "[%s] %s is not UTF-8", row->group, row->key);
        return false;
    }
    char **slot = field_of(settings, row);
    g_free(*slot);
    *slot = g_strdup(text);
    return true;
}

static const struct setting *row_find(const char *group, const char *key)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        if (strcmp(SETTINGS[i].key, key) == 0 && (group == NULL || strcmp(SETTINGS[i].group, group) == 0)) {
            return &SETTINGS[i];
        }
    }
    return NULL;
}

static bool read_group(struct settings *settings, GKeyFile *file, const char *path, const char *group, GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

    for (char **key = keys; key != NULL && *key != NULL; key++) {
        const struct setting *row = row_find(group, *key);
        g_autofree char *value = g_key_file_get_string(file, group, *key, NULL);

        if (row == NULL || value == NULL) {
            g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "%s: [%s] %s is no setting", path, group, *key);
            return false;
        }
        if (!set_value(settings, row, value, SETTING_FILE, error)) {
            g_prefix_error(error, "%s: ", path);
            return false;
        }
    }
    return true;
}

static bool read_file(struct settings *settings, const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) cause = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause)) {
        g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "%s: %s", path, cause->message);
        return false;
    }
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group != NULL; group++) {
        if (!read_group(settings, file, path, *group, error)) {
            return false;
        }
    }
    return true;
}

static bool read_environment(struct settings *settings, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        g_autofree char *upper = g_ascii_strup(SETTINGS[i].key, -1);
        g_autofree char *name = g_strconcat("XUEPAI_", upper, NULL);
        const char *value = g_getenv(name);

        if (value != NULL && !set_value(settings, &SETTINGS[i], value, SETTING_ENVIRONMENT, error)) {
            g_prefix_error(error, "%s: ", name);
            return false;
        }
    }
    return true;
}

static bool read_flags(struct settings *settings, const char *const *flags, GError **error)
{
    for (; flags != NULL && *flags != NULL; flags++) {
        g_auto(GStrv) parts = g_strsplit(*flags, "=", 2);
        const struct setting *row = parts[0] == NULL ? NULL : row_find(NULL, parts[0]);

        if (row == NULL || parts[1] == NULL) {
            g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "--set %s: not of the form key=value, or no such key",
                        *flags);
            return false;
        }
        if (row->secret) { /* every user of the machine sees arguments */
            g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "--set %s: secrets come from the file or the environment",
                        row->key);
            return false;
        }
        if (!set_value(settings, row, parts[1], SETTING_FLAG, error)) {
            return false;
        }
    }
    return true;
}

bool settings_read(struct settings *settings, const char *path, const char *const *flags, GError **error)
{
    struct settings read = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        const bool fits = set_value(&read, &SETTINGS[i], SETTINGS[i].fallback, SETTING_DEFAULT, NULL);
        g_assert(fits); /* our own table */
    }
    if ((path != NULL && !read_file(&read, path, error)) || !read_environment(&read, error) ||
        !read_flags(&read, flags, error)) {
        settings_clear(&read);
        return false;
    }
    *settings = read;
    return true;
}

void settings_clear(struct settings *settings)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        if (SETTINGS[i].type == TYPE_TEXT) {
            char **slot = field_of(settings, &SETTINGS[i]);
            g_clear_pointer(slot, g_free);
        }
    }
}

static char *value_text(const struct settings *settings, const struct setting *row)
{
    const char *at = (const char *)settings + row->offset;

    switch (row->type) {
    case TYPE_INT64: {
        int64_t number;
        memcpy(&number, at, sizeof number);
        return g_strdup_printf("%" G_GINT64_FORMAT, number);
    }
    case TYPE_BOOL: {
        bool yes;
        memcpy(&yes, at, sizeof yes);
        return g_strdup(yes ? "true" : "false");
    }
    case TYPE_TEXT:
        break;
    }
    char *text;
    memcpy(&text, at, sizeof text);
    if (row->secret) {
        return g_strdup(text[0] == '\0' ? "(empty)" : "(set)");
    }
    return g_strdup(text);
}

char *settings_describe(const struct settings *settings)
{
    static const char *const SOURCES[] = {"default", "file", "environment", "flag"};
    GString *lines = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        g_autofree char *value = value_text(settings, &SETTINGS[i]);
        g_string_append_printf(lines, "%s.%s = %s  # %s\n", SETTINGS[i].group, SETTINGS[i].key, value,
                               SOURCES[settings->sources[i]]);
    }
    return g_string_free(lines, FALSE);
}

char *settings_example(void)
{
    GString *lines = g_string_new("# Every setting of Xuepai with its default. Environment: XUEPAI_ and the key in "
                                  "capitals.\n# Made by `xuepai-service --example-config`; a test compares the two.\n");
    const char *group = "";

    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        if (strcmp(group, SETTINGS[i].group) != 0) {
            group = SETTINGS[i].group;
            g_string_append_printf(lines, "\n[%s]\n", group);
        }
        g_string_append_printf(lines, "# %s\n#%s = %s\n", SETTINGS[i].help, SETTINGS[i].key, SETTINGS[i].fallback);
    }
    return g_string_free(lines, FALSE);
}

bool settings_listen(const struct settings *settings, char **host, int *port, GError **error)
{
    const char *colon = strrchr(settings->listen, ':');
    guint64 number;

    if (colon == NULL || colon == settings->listen ||
        !g_ascii_string_to_unsigned(colon + 1, 10, 0, G_MAXUINT16, &number, NULL)) {
        g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "listen: \"%s\" is not of the form address:port",
                    settings->listen);
        return false;
    }
    g_autofree char *name = g_strndup(settings->listen, (size_t)(colon - settings->listen));
    const size_t length = strlen(name);
    const bool bracketed = length > 2 && name[0] == '[' && name[length - 1] == ']';

    *host = bracketed ? g_strndup(name + 1, length - 2) : g_steal_pointer(&name);
    *port = (int)number;
    return true;
}
