/* The HTTP layer alone, for bench/http.mjs: GET /media/:name out of the folder argv[1] by response_file, as the media
 * handler does it, and GET /json. Prints its port. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/failure.h"
#include "service/app.h"
#include "service/http/request.h"
#include "service/http/response.h"
#include "service/http/server.h"

static struct response *serve_media(struct app *app, struct request *request, GError **error)
{
    g_autofree char *path = g_build_filename(app->data, request_param(request, "name"), NULL);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) != 0) {
        g_set_error_literal(error, HTTP_ERROR, REASON_NOT_FOUND, "no such file");
        return NULL;
    }
    return response_file(request, fd, status.st_size, "video/mp4", "\"1\"");
}

static struct response *serve_json(struct app *app, struct request *request, GError **error)
{
    (void)app;
    (void)request;
    (void)error;
    return response_json(200, json_pack("{s:s, s:s}", "status", "ok", "text",
                                        "..................................................................."
                                        "..................................................................."));
}

static const struct route ROUTES[] = {
    {"GET", "/media/:name", 0, BODY_NONE, serve_media, "a file"},
    {"GET", "/json", 0, BODY_NONE, serve_json, "a small answer"},
};

int main(int argc, char **argv)
{
    struct app app = {.data = argc > 1 ? argv[1] : "."};
    const struct server_config config = {.host = "127.0.0.1", .shared_access = -1};
    g_autoptr(GError) error = NULL;
    sigset_t signals;
    int got;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    (void)log_set_level("message");
    struct server *server = server_start(&config, ROUTES, G_N_ELEMENTS(ROUTES), NULL, &app, &error);
    if (server == NULL) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    printf("%d\n", server_port(server));
    fflush(stdout);
    (void)sigwait(&signals, &got);
    server_stop(server);
    return 0;
}
