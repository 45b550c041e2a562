#include "service/http/limits.h"

#include <string.h>

#include <gio/gio.h>

#include "common/failure.h"
#include "service/http/request.h"

#define BUCKETS_MAX 100000 /* full ones are dropped above this; 10 MB */

/* clang-format off */
static const struct limit_rule {
    const char *name;
    double burst;
    double per_second;
} LIMITS[LIMIT_COUNT] = {
    [LIMIT_UPLOADS]     = { "uploads",     2000, 20 },
    [LIMIT_SUBMISSIONS] = { "submissions", 2000, 20 },
    [LIMIT_LOGIN_PEER]  = { "login-peer",   300, 3 },
    [LIMIT_SEARCH]      = { "search",       600, 20 },
    [LIMIT_REPORTS]     = { "reports",       30, 0.05 },
    [LIMIT_OBJECTIONS]  = { "objections",    20, 0.01 },
    [LIMIT_MESSAGES]    = { "messages",      20, 0.01 },
};
/* clang-format on */

struct bucket {
    double tokens;
    int64_t updated_ms;
};

struct limits {
    GMutex lock;
    /* under lock */
    GHashTable *buckets[LIMIT_COUNT]; /* key -> struct bucket */
    double cost;                      /* of one time; more than 1 where several services share the requests */
    /* end of lock */
};

struct limits *limits_new(void)
{
    struct limits *limits = g_new0(struct limits, 1);

    g_mutex_init(&limits->lock);
    limits->cost = 1;
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        limits->buckets[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    return limits;
}

void limits_free(struct limits *limits)
{
    if (limits == NULL) {
        return;
    }
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        g_hash_table_unref(limits->buckets[i]);
    }
    g_mutex_clear(&limits->lock);
    g_free(limits);
}

static void refill(struct bucket *bucket, const struct limit_rule *rule, int64_t now_ms)
{
    const int64_t passed_ms = MAX(now_ms - bucket->updated_ms, 0); /* the clock may be set back */

    bucket->tokens = MIN(rule->burst, bucket->tokens + (double)passed_ms * rule->per_second / 1000);
    bucket->updated_ms = now_ms;
}

struct sweep {
    const struct limit_rule *rule;
    int64_t now_ms;
};

static gboolean is_full(gpointer key, gpointer value, gpointer data)
{
    const struct sweep *sweep = data;
    struct bucket *bucket = value;

    (void)key; /* full is full */
    refill(bucket, sweep->rule, sweep->now_ms);
    return bucket->tokens >= sweep->rule->burst;
}

/* The caller holds the lock. */
static struct bucket *bucket_of(struct limits *limits, enum limit limit, const char *key, int64_t now_ms)
{
    GHashTable *buckets = limits->buckets[limit];
    struct bucket *bucket = g_hash_table_lookup(buckets, key);

    if (bucket != NULL) {
        return bucket;
    }
    if (g_hash_table_size(buckets) >= BUCKETS_MAX) {
        struct sweep sweep = {&LIMITS[limit], now_ms};
        (void)g_hash_table_foreach_remove(buckets, is_full, &sweep); /* the number is of no use */
    }
    if (g_hash_table_size(buckets) >= BUCKETS_MAX) {
        return NULL;
    }
    bucket = g_new(struct bucket, 1);
    *bucket = (struct bucket){LIMITS[limit].burst, now_ms};
    (void)g_hash_table_insert(buckets, g_strdup(key), bucket); /* was absent */
    return bucket;
}

void limits_share(struct limits *limits, int services)
{
    g_mutex_lock(&limits->lock);
    limits->cost = MAX(services, 1);
    g_mutex_unlock(&limits->lock);
}

bool limits_take(struct limits *limits, enum limit limit, const char *key, int64_t now_ms, int64_t *retry_ms)
{
    const struct limit_rule *rule = &LIMITS[limit];

    g_mutex_lock(&limits->lock);
    struct bucket *bucket = bucket_of(limits, limit, key, now_ms);
    bool taken = false;
    if (bucket == NULL) {
        *retry_ms = 60000; /* a flood of keys: nobody new for now */
    } else {
        refill(bucket, rule, now_ms);
        taken = bucket->tokens >= limits->cost;
        if (taken) {
            bucket->tokens -= limits->cost;
        } else {
            *retry_ms = (int64_t)((limits->cost - bucket->tokens) / rule->per_second * 1000) + 1;
        }
    }
    g_mutex_unlock(&limits->lock);
    return taken;
}

bool limits_check(struct limits *limits, enum limit limit, struct request *request, const char *key, GError **error)
{
    g_autofree char *block = key == NULL ? limits_block_of(request_peer(request)) : NULL;
    int64_t retry_ms = 0;

    if (limits_take(limits, limit, key == NULL ? block : key, request_now_ms(request), &retry_ms)) {
        return true;
    }
    request_retry_after(request, (int)(retry_ms / 1000) + 1);
    g_set_error(error, HTTP_ERROR, REASON_RATE, "more often than the limit \"%s\"", LIMITS[limit].name);
    return false;
}

char *limits_block_of(const char *address)
{
    g_autoptr(GInetAddress) parsed = g_inet_address_new_from_string(address);
    guint8 bytes[16] = {0};

    if (parsed == NULL) {
        return g_strdup(address);
    }
    const bool is_v4 = g_inet_address_get_family(parsed) == G_SOCKET_FAMILY_IPV4;
    memcpy(bytes, g_inet_address_to_bytes(parsed), is_v4 ? 3 : 7);
    g_autoptr(GInetAddress) block = g_inet_address_new_from_bytes(bytes, g_inet_address_get_family(parsed));
    return g_inet_address_to_string(block);
}
