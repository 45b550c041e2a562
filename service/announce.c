#include "service/announce.h"

#include <stdio.h>

#include <qrencode.h>

#include "common/settings.h"
#include "service/http/server.h"
#include "service/setup.h"

/* Two lines of modules a text line, by half blocks. */
static void print_qr(const char *text)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);

    if (code == NULL) {
        return;
    }
    for (int y = -2; y < code->width + 2; y += 2) {
        printf("    ");
        for (int x = -2; x < code->width + 2; x++) {
            const bool inside = x >= 0 && x < code->width;
            const bool top = inside && y >= 0 && y < code->width && (code->data[y * code->width + x] & 1) != 0;
            const bool low =
                inside && y + 1 >= 0 && y + 1 < code->width && (code->data[(y + 1) * code->width + x] & 1) != 0;
            printf("%s", top ? (low ? " " : "▄") : (low ? "▀" : "█"));
        }
        printf("\n");
    }
    QRcode_free(code);
}

void announce_ready(const struct app *app, const char *password, bool quiet)
{
    g_autofree char *host = NULL;
    int port = 0;

    (void)settings_listen(app->settings, &host, &port, NULL); /* it was good at the start */
    const char *base = app->settings->base_url;
    const int real_port = server_port(app->server);
    g_autofree char *address =
        base[0] != '\0' ? g_strdup(base)
                        : g_strdup_printf("http://%s:%d", setup_is_any(host) ? "127.0.0.1" : host, real_port);
    g_autofree char *reachable = setup_reachable_host(host);
    g_autofree char *submit =
        base[0] != '\0' ? g_strconcat(base, "/submit", NULL)
                        : g_strdup_printf("http://%s:%d/submit", reachable == NULL ? host : reachable, real_port);
    if (password != NULL) {
        printf("administrator: admin  password (shown once): %s\n", password);
    }
    if (!quiet) {
        if (base[0] == '\0' && reachable == NULL) {
            printf("upload: %s (from this machine alone; for phones: XUEPAI_LISTEN=0.0.0.0:%d make run)\n", submit,
                   real_port);
        } else {
            printf("upload from a phone: %s\n", submit);
        }
        print_qr(submit);
        printf("review: %s/console\n", address);
    }
    printf("ready %s/\n", address);
    fflush(stdout);
}
