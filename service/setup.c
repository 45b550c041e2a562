#include "service/setup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <gio/gio.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/model/staff.h"

int setup_data_folder(const char *folder, char **path, GError **error)
{
    g_autofree char *jobs = g_build_filename(folder, "jobs", NULL);
    g_autofree char *lock = g_build_filename(folder, "LOCK", NULL);
    char *real = NULL;

    if (g_mkdir_with_parents(jobs, 0700) != 0 || (real = realpath(folder, NULL)) == NULL) {
        g_set_error(error, SETTINGS_ERROR, REASON_IO, "%s: %s", folder, g_strerror(errno));
        return -1;
    }
    *path = g_strdup(real);
    free(real);
    const int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const bool taken = errno == EWOULDBLOCK;
        g_set_error(error, SETTINGS_ERROR, taken ? REASON_BUSY : REASON_IO, "%s: %s", lock,
                    taken ? "another xuepai-service uses this data folder" : g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        g_clear_pointer(path, g_free);
        return -1;
    }
    return fd;
}

/* Whole or not at all: a worker may be reading. */
static bool write_secret_file(const char *path, const char *text, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                  &cause)) {
        g_set_error(error, SETTINGS_ERROR, REASON_IO, "%s", cause->message);
        return false;
    }
    return true;
}

char *setup_worker_token(const char *data, const char *configured, GError **error)
{
    g_autofree char *path = g_build_filename(data, "worker.token", NULL);
    g_autofree char *token = NULL;

    if (configured[0] != '\0') {
        return g_strdup(configured);
    }
    if (g_file_get_contents(path, &token, NULL, NULL) && strlen(g_strstrip(token)) == 64) {
        return g_steal_pointer(&token);
    }
    g_free(token);
    token = secret_token();
    return write_secret_file(path, token, error) ? g_steal_pointer(&token) : NULL;
}

char *setup_node(const char *data, GError **error)
{
    g_autofree char *path = g_build_filename(data, "node", NULL);
    g_autofree char *node = NULL;

    if (g_file_get_contents(path, &node, NULL, NULL) && g_strstrip(node)[0] != '\0') {
        return g_steal_pointer(&node);
    }
    g_free(node);
    node = secret_id();
    return write_secret_file(path, node, error) ? g_steal_pointer(&node) : NULL;
}

struct first {
    struct app *app;
    const struct staff_new *admin;
    bool empty;
    char *id;
};

static bool look(struct sql *sql, void *context, GError **error)
{
    struct first *first = context;

    return staff_is_empty(sql, &first->empty, error);
}

static bool add(struct sql *sql, void *context, GError **error)
{
    static const struct actor SYSTEM = {"system", "system", ""};
    struct first *first = context;

    g_clear_pointer(&first->id, g_free);
    return staff_add(sql, first->app->rules, first->admin, &SYSTEM, g_get_real_time() / 1000, &first->id, error);
}

bool setup_administrator(struct app *app, char **password, GError **error)
{
    struct first first = {.app = app};
    const char *configured = app->settings->admin_password;

    if (!database_read(app->database, "staff.any", look, &first, error)) {
        return false;
    }
    if (!first.empty) {
        return true;
    }
    g_autofree char *made = configured[0] == '\0' ? secret_digits(16) : NULL;
    const char *chosen = made == NULL ? configured : made;
    if (!staff_password_check(chosen, "admin", error)) {
        g_prefix_error(error, "admin_password: ");
        return false;
    }
    g_autofree char *hash = secret_password_hash(app->secrets, chosen, error);
    if (hash == NULL) {
        return false;
    }
    const struct region *province = g_ptr_array_index(app->rules->regions, 0);
    const struct staff_new admin = {
        .username = "admin",
        .name = "管理员",
        .role = "administrator",
        .scope = province->code,
        .stages = "",
        .password_hash = hash,
    };
    first.admin = &admin;
    g_autoptr(GError) cause = NULL;
    if (!database_transact(app->database, "staff.first", add, &first, &cause)) {
        if (cause->code == REASON_CONFLICT) {
            return true; /* another service of the database, started at the same moment, has added it */
        }
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    g_free(first.id);
    *password = g_steal_pointer(&made);
    return true;
}

bool setup_is_any(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static char *first_address(const struct ifaddrs *list)
{
    for (const struct ifaddrs *each = list; each != NULL; each = each->ifa_next) {
        char text[INET_ADDRSTRLEN];
        const bool serves = each->ifa_addr != NULL && each->ifa_addr->sa_family == AF_INET &&
                            (each->ifa_flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP;

        if (serves && inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)each->ifa_addr)->sin_addr, text,
                                sizeof text) != NULL) {
            return g_strdup(text);
        }
    }
    return NULL;
}

char *setup_reachable_host(const char *host)
{
    struct ifaddrs *list = NULL;

    if (!setup_is_any(host)) {
        g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
        const bool is_local =
            address == NULL ? strcmp(host, "localhost") == 0 : g_inet_address_get_is_loopback(address);
        return is_local ? NULL : g_strdup(host);
    }
    char *found = getifaddrs(&list) == 0 ? first_address(list) : NULL;
    if (list != NULL) {
        freeifaddrs(list);
    }
    return found;
}

char *setup_shared_folder(const char *configured, const char *name)
{
    static const char *const PLACES[] = {"../share/xuepai", "..", "../.."};

    if (configured[0] != '\0') {
        return g_strdup(configured);
    }
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program == NULL ? NULL : g_path_get_dirname(program);
    for (size_t i = 0; folder != NULL && i < G_N_ELEMENTS(PLACES); i++) {
        g_autofree char *path = g_build_filename(folder, PLACES[i], name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            return g_canonicalize_filename(path, NULL);
        }
    }
    return NULL;
}
