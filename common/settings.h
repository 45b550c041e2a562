/* THE table of settings, for service and worker alike: key file, then environment, then flags; the last one wins.
 *
 * Read once by main, before threads; read-only afterwards. Unknown keys and values out of range are errors that name
 * file, group and key.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

enum setting_source {
    SETTING_DEFAULT,
    SETTING_FILE,
    SETTING_ENVIRONMENT,
    SETTING_FLAG,
};

/* Text fields are owned by the struct and never NULL. */
struct settings {
    /* [http] */
    char *listen;          /* "127.0.0.1:8080", "[::1]:8080"; port 0 picks one */
    char *base_url;        /* public address without a final slash; empty: from the request's Host */
    char *trusted_proxies; /* comma list of addresses whose X-Forwarded-* counts */
    int64_t disk_threads;  /* threads for database and store */
    /* [data] */
    char *data;       /* folder of everything */
    char *database;   /* "sqlite:" = <data>/xuepai.db */
    char *secret_key; /* 64 hex digits; empty: <data>/secret.key */
    char *store;      /* empty: <data>/store */
    char *store_key;  /* of an object store */
    char *store_secret;
    int64_t store_threads;  /* threads that wait for an object store */
    int64_t reserve_bytes;  /* new uploads are refused below this much free space */
    bool upload_interim;    /* 104 for RUFH clients */
    int64_t upload_idle_ms; /* an unfinished upload is kept this long */
    /* [site] */
    char *config; /* folder with rules.conf, regions.tsv, ladder.conf */
    char *web;    /* folder with templates/ and dist/ */
    char *site_name;
    char *help_phone;         /* shown to parents; may be empty */
    char *embed_access;       /* "open": everybody; else sites with a key */
    char *icp;                /* filing number in the footer; may be empty */
    char *police;             /* 公安备案, likewise */
    char *site_code;          /* 网站标识码, likewise */
    char *webhook_hosts;      /* comma list of hosts that webhooks may reach although they are not public */
    int64_t webhook_retry_ms; /* first delay before a webhook is tried again */
    char *sms_url;            /* "": no SMS */
    char *sms_secret;
    bool sms_status;
    char *wechat_appid; /* "": no WeChat */
    char *wechat_secret;
    char *wechat_api;
    char *wechat_open;
    /* [review] */
    int64_t submit_quota_percent; /* of model/quota.c; 0: none */
    int64_t undo_seconds;
    int64_t lease_seconds;   /* a reviewer's soft lease */
    int64_t preview_seconds; /* life of a signed preview address */
    char *admin_password;    /* first start only */
    int64_t password_mib;    /* of argon2id; OWASP asks for 19 at least */
    char *require_otp;       /* "auto": over TLS; "true", "false" */
    char *oidc_issuer;       /* of the identity provider; empty: none */
    char *oidc_client_id;
    char *oidc_client_secret;
    char *oidc_name;            /* on the button */
    char *ledger_anchor;        /* file; empty: <data>/ledger.anchor */
    char *ledger_anchor_url;    /* told the end of the ledger; empty: nobody */
    char *ledger_anchor_secret; /* of its signature */
    int64_t anchor_seconds;
    /* [worker] */
    char *service_url;    /* empty: from listen */
    char *worker_token;   /* empty: <data>/worker.token */
    int64_t worker_slots; /* 0: by cores */
    int64_t job_lease_ms;
    bool early_ladder;
    bool av1_rungs;
    char *media_program; /* empty: beside this program */
    bool sandbox_unsafe; /* run although nothing locks the media program in */
    /* [log] */
    char *log_level;

    enum setting_source sources[64]; /* by row of the table */
};

/* Reads `path` (NULL: none), the environment (XUEPAI_ + key in capitals) and `flags` ("key=value" each; NULL-ended, may
 * be NULL). On failure nothing is kept. */
bool settings_read(struct settings *settings, const char *path, const char *const *flags, GError **error);
void settings_clear(struct settings *settings);
typedef struct settings Settings;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Settings, settings_clear)

/* Every setting in force with its source, one line each; secrets are shown as set or empty. */
char *settings_describe(const struct settings *settings);

/* The table as an example key file with comments: config/xuepai.example.conf is made of it. */
char *settings_example(void);

/* "host:port" of `listen` as host and port; IPv6 in brackets. */
bool settings_listen(const struct settings *settings, char **host, int *port, GError **error);
