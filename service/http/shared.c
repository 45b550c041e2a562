#include "service/http/shared.h"

#include <string.h>

#include "common/digest.h"

#define TAG_DIGITS 32

struct kept {
    struct response *answer; /* never written */
    guint changes;
    int64_t made_us;
    bool is_renewed; /* somebody is at it; under the lock */
};

struct shared_answers {
    GMutex lock;      /* guards the next three */
    GHashTable *kept; /* key -> struct kept */
    size_t bytes;
    int64_t swept_us;
    guint changes; /* atomic */
};

static void kept_free(gpointer data)
{
    struct kept *kept = data;

    response_free(kept->answer);
    g_free(kept);
}

struct shared_answers *shared_new(void)
{
    struct shared_answers *shared = g_new0(struct shared_answers, 1);

    g_mutex_init(&shared->lock);
    shared->kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, kept_free);
    return shared;
}

void shared_free(struct shared_answers *shared)
{
    g_hash_table_unref(shared->kept);
    g_mutex_clear(&shared->lock);
    g_free(shared);
}

void shared_drop(struct shared_answers *shared)
{
    (void)g_atomic_int_add(&shared->changes, 1);
}

static bool is_read(const struct request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

/* Everything that an answer may depend on besides the works. */
static char *key_of(struct request *request)
{
    const char *elder = request_cookie(request, "elder");
    GString *key = g_string_sized_new(256);

    g_string_printf(key, "%d %d %s %s ", g_strcmp0(elder, "1") == 0, (int)response_coding(request), request->scheme,
                    request->host);
    g_string_append_len(key, request->raw_uri, (gssize)strcspn(request->raw_uri, "?"));
    for (guint i = 0; i < request->query->len; i++) {
        const struct own_field *argument = &g_array_index(request->query, struct own_field, i);

        g_string_append_printf(key, " %s=", argument->name);
        g_string_append_uri_escaped(key, argument->value, NULL, FALSE); /* no blank is left in it */
    }
    return g_string_free(key, FALSE);
}

struct response *shared_find(struct shared_answers *shared, struct request *request)
{
    struct response *answer = NULL;

    if (!is_read(request)) {
        return NULL;
    }
    g_autofree char *key = key_of(request);
    const guint changes = (guint)g_atomic_int_get(&shared->changes);
    g_mutex_lock(&shared->lock);
    struct kept *kept = g_hash_table_lookup(shared->kept, key);
    const int64_t age_ms = kept == NULL ? 0 : (g_get_monotonic_time() - kept->made_us) / 1000;
    if (kept != NULL && kept->changes == changes && age_ms < (kept->is_renewed ? SHARED_MS : SHARED_RENEW_MS)) {
        answer = response_ref(kept->answer);
    } else if (kept != NULL) {
        kept->is_renewed = true;
    }
    g_mutex_unlock(&shared->lock);
    if (answer == NULL) {
        request->shared_key = g_steal_pointer(&key);
        request->shared_changes = changes;
        return NULL;
    }
    request->has_kept_answer = request_header(request, "If-None-Match") == NULL && request->replies->len == 0;
    if (request->has_kept_answer) {
        return answer;
    }
    struct response *own = response_copy(answer);
    response_free(answer);
    response_complete(own, request);
    return own;
}

static void tag(struct response *response)
{
    if (response_header_find(response, "ETag") == NULL) {
        char digest[DIGEST_HEX + 1];
        digest_bytes(response->bytes, digest);
        response_headerf(response, "ETag", "\"%.*s\"", TAG_DIGITS, digest);
    }
}

static gboolean is_over(gpointer key, gpointer value, gpointer data)
{
    struct shared_answers *shared = data;
    const struct kept *kept = value;

    (void)key;
    if (kept->changes == (guint)g_atomic_int_get(&shared->changes) &&
        shared->swept_us - kept->made_us < SHARED_MS * 1000) {
        return FALSE;
    }
    shared->bytes -= g_bytes_get_size(kept->answer->bytes);
    return TRUE;
}

static void make_room(struct shared_answers *shared, size_t size, int64_t now_us)
{
    if (now_us - shared->swept_us > SHARED_MS * 1000) {
        shared->swept_us = now_us;
        (void)g_hash_table_foreach_remove(shared->kept, is_over, shared); /* how many does not matter */
    }
    if (shared->bytes + size > SHARED_BYTES_MAX) {
        g_hash_table_remove_all(shared->kept);
        shared->bytes = 0;
    }
}

void shared_keep(struct shared_answers *shared, const struct request *request, struct response *response)
{
    if (request->shared_key == NULL || response->status != 200 || response->content != CONTENT_BYTES ||
        response_header_find(response, "Set-Cookie") != NULL) {
        return;
    }
    const int64_t now_us = g_get_monotonic_time();
    tag(response);
    response_compress(response, request);
    struct kept *kept = g_new0(struct kept, 1);
    *kept = (struct kept){response_copy(response), request->shared_changes, now_us, false};
    response_complete_kept(kept->answer, request);
    const size_t size = g_bytes_get_size(response->bytes);
    g_mutex_lock(&shared->lock);
    make_room(shared, size, now_us);
    const struct kept *old = g_hash_table_lookup(shared->kept, request->shared_key);
    shared->bytes += size - (old == NULL ? 0 : g_bytes_get_size(old->answer->bytes));
    (void)g_hash_table_replace(shared->kept, g_strdup(request->shared_key), kept); /* in the place of an older one */
    g_mutex_unlock(&shared->lock);
}
