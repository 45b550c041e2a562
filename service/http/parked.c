#include "service/http/parked.h"

#include <string.h>

#include "service/http/parked_list.h"

struct parked_list {
    parked_run *run;
    void *context;
    GMutex lock;
    /* under lock */
    guint64 wakes;
    bool is_stopping;
    GPtrArray *requests;
    /* end of lock */
};

struct response *request_park(struct request *request, const char *topic, int64_t until_ms, handler *again)
{
    g_free(request->park_topic);
    request->park_topic = g_strdup(topic);
    request->park_until_ms = until_ms;
    request->again = again;
    return response_parked();
}

bool request_must_answer(const struct request *request)
{
    return request->must_answer;
}

struct parked_list *parked_list_new(parked_run *run, void *context)
{
    struct parked_list *list = g_new0(struct parked_list, 1);

    list->run = run;
    list->context = context;
    list->requests = g_ptr_array_new();
    g_mutex_init(&list->lock);
    return list;
}

void parked_list_free(struct parked_list *list)
{
    if (list == NULL) {
        return;
    }
    g_ptr_array_unref(list->requests);
    g_mutex_clear(&list->lock);
    g_free(list);
}

guint64 parked_list_wakes(struct parked_list *list)
{
    g_mutex_lock(&list->lock);
    const guint64 wakes = list->wakes;
    g_mutex_unlock(&list->lock);
    return wakes;
}

void parked_list_add(struct parked_list *list, struct request *request)
{
    g_mutex_lock(&list->lock);
    const bool waits = list->wakes == request->wakes_seen && !list->is_stopping;
    if (waits) {
        g_ptr_array_add(list->requests, request);
    }
    request->must_answer = list->is_stopping;
    g_mutex_unlock(&list->lock);
    if (!waits) {
        list->run(list->context, request);
    }
}

size_t parked_list_count(struct parked_list *list)
{
    g_mutex_lock(&list->lock);
    const size_t count = list->requests->len;
    g_mutex_unlock(&list->lock);
    return count;
}

/* Takes out what `topic` (NULL: any) or the time calls; the caller holds the lock. */
static GPtrArray *take(struct parked_list *list, const char *topic, int64_t now_ms)
{
    GPtrArray *taken = g_ptr_array_new();

    for (guint i = 0; i < list->requests->len;) {
        struct request *request = g_ptr_array_index(list->requests, i);
        const bool is_due = request->park_until_ms <= now_ms;

        if (is_due || (topic != NULL && strcmp(topic, request->park_topic) == 0)) {
            request->must_answer = is_due;
            g_ptr_array_add(taken, request);
            (void)g_ptr_array_remove_index_fast(list->requests, i); /* the same pointer */
        } else {
            i++;
        }
    }
    return taken;
}

static void run_all(struct parked_list *list, GPtrArray *taken)
{
    for (guint i = 0; i < taken->len; i++) {
        list->run(list->context, g_ptr_array_index(taken, i));
    }
    g_ptr_array_unref(taken);
}

void parked_list_wake(struct parked_list *list, const char *topic)
{
    g_mutex_lock(&list->lock);
    list->wakes++;
    GPtrArray *taken = take(list, topic, INT64_MIN);
    g_mutex_unlock(&list->lock);
    run_all(list, taken);
}

void parked_list_expire(struct parked_list *list, int64_t now_ms, bool all)
{
    g_mutex_lock(&list->lock);
    list->is_stopping = list->is_stopping || all;
    GPtrArray *taken = take(list, NULL, all ? INT64_MAX : now_ms);
    g_mutex_unlock(&list->lock);
    run_all(list, taken);
}
