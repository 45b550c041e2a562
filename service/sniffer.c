#include "service/sniffer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_BYTES 64
#define PREFIX_BYTES 12 /* length of the head, length of the whole: see worker/media/sniff.h */
#define ANSWER_MS    100
#define FIRST_MS     2000 /* the lock waits for libmagic's database */
#define RESTART_US   1000000

struct sniffer {
    char *program;
    bool unsafe;
    struct log log;
    GMutex lock;
    /* under lock */
    GPid child; /* 0: none */
    int question;
    int answer;
    char level[SNIFFER_LEVEL_BYTES]; /* of the child */
    gint64 started_us;
    /* end of lock */
};

/* The caller holds the lock. */
static void end_child(struct sniffer *sniffer)
{
    if (sniffer->child == 0) {
        return;
    }
    (void)close(sniffer->question);      /* a pipe */
    (void)close(sniffer->answer);        /* a pipe */
    (void)kill(sniffer->child, SIGKILL); /* may be dead already */
    while (waitpid(sniffer->child, NULL, 0) < 0 && errno == EINTR) {
    }
    g_spawn_close_pid(sniffer->child);
    sniffer->child = 0;
}

static bool wait_for(int fd, short what, gint64 until_us)
{
    struct pollfd wanted = {.fd = fd, .events = what};
    const gint64 left_ms = (until_us - g_get_monotonic_time()) / 1000;

    return left_ms > 0 && poll(&wanted, 1, (int)left_ms) == 1;
}

static bool write_all(int fd, const void *bytes, size_t length, gint64 until_us)
{
    const char *at = bytes;

    while (length > 0) {
        const ssize_t count = write(fd, at, length);
        if (count > 0) {
            at += count;
            length -= (size_t)count;
        } else if (errno != EAGAIN || !wait_for(fd, POLLOUT, until_us)) {
            return false;
        }
    }
    return true;
}

static bool read_all(int fd, void *bytes, size_t length, gint64 until_us)
{
    char *at = bytes;

    while (length > 0) {
        const ssize_t count = read(fd, at, length);
        if (count > 0) {
            at += count;
            length -= (size_t)count;
        } else if (count == 0 || errno != EAGAIN || !wait_for(fd, POLLIN, until_us)) {
            return false;
        }
    }
    return true;
}

/* "level=full seccomp=on …": the child's first word. The caller holds the lock. */
static bool hear_lock(struct sniffer *sniffer, gint64 until_us)
{
    static const char LEVEL[] = "level=";
    char line[ANSWER_BYTES + 1] = {0};

    if (!read_all(sniffer->answer, line, ANSWER_BYTES, until_us) || !g_str_has_prefix(line, LEVEL)) {
        return false;
    }
    g_autofree char *name = g_strndup(line + strlen(LEVEL), strcspn(line + strlen(LEVEL), " "));
    return g_strlcpy(sniffer->level, name, sizeof sniffer->level) < sizeof sniffer->level;
}

/* The caller holds the lock. */
static bool start_child(struct sniffer *sniffer)
{
    const char *const argv[] = {sniffer->program, "--sniff", sniffer->unsafe ? "--unsafe" : NULL, NULL};
    const gint64 now_us = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;

    if (sniffer->started_us != 0 && now_us - sniffer->started_us < RESTART_US) {
        return false;
    }
    sniffer->started_us = now_us;
    if (!g_spawn_async_with_pipes(NULL, (char **)(uintptr_t)argv, NULL,
                                  G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, NULL, NULL, &sniffer->child,
                                  &sniffer->question, &sniffer->answer, NULL, &error)) {
        log_warning(&sniffer->log, "sniffer.start", "message=\"%s\"", error->message);
        sniffer->child = 0;
        return false;
    }
    (void)fcntl(sniffer->question, F_SETFL, O_NONBLOCK); /* a stuck child must not hold us */
    (void)fcntl(sniffer->answer, F_SETFL, O_NONBLOCK);   /* the same */
    if (!hear_lock(sniffer, now_us + FIRST_MS * 1000)) {
        log_warning(&sniffer->log, "sniffer.unlocked", "pid=%d", (int)sniffer->child);
        end_child(sniffer);
        return false;
    }
    return true;
}

static void put_big_endian(uint8_t *at, size_t width, uint64_t number)
{
    for (size_t i = 0; i < width; i++) {
        at[i] = (uint8_t)(number >> (8 * (width - 1 - i)));
    }
}

/* The caller holds the lock. An unfinished exchange leaves the pipe out of step, so the child is ended. */
static bool ask(struct sniffer *sniffer, const void *head, size_t length, int64_t total_bytes,
                char answer[ANSWER_BYTES + 1])
{
    uint8_t prefix[PREFIX_BYTES];

    if (sniffer->child == 0 && !start_child(sniffer)) {
        return false;
    }
    const gint64 until_us = g_get_monotonic_time() + ANSWER_MS * 1000;
    put_big_endian(prefix, 4, length);
    put_big_endian(prefix + 4, 8, (uint64_t)MAX(total_bytes, 0));
    if (!write_all(sniffer->question, prefix, sizeof prefix, until_us) ||
        !write_all(sniffer->question, head, length, until_us) ||
        !read_all(sniffer->answer, answer, ANSWER_BYTES, until_us)) {
        log_warning(&sniffer->log, "sniffer.silent", "pid=%d", (int)sniffer->child);
        end_child(sniffer);
        return false;
    }
    answer[ANSWER_BYTES] = '\0';
    return true;
}

struct sniffer *sniffer_start(const char *program, bool unsafe, const struct log *log)
{
    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) {
        return NULL;
    }
    struct sniffer *sniffer = g_new0(struct sniffer, 1);
    sniffer->program = g_strdup(program);
    sniffer->unsafe = unsafe;
    sniffer->log = *log;
    g_mutex_init(&sniffer->lock);
    (void)start_child(sniffer); /* tried again at the first question */
    return sniffer;
}

void sniffer_level(struct sniffer *sniffer, char level[SNIFFER_LEVEL_BYTES])
{
    (void)g_strlcpy(level, "off", SNIFFER_LEVEL_BYTES); /* fits */
    if (sniffer == NULL) {
        return;
    }
    g_mutex_lock(&sniffer->lock);
    if (sniffer->child != 0) {
        memcpy(level, sniffer->level, SNIFFER_LEVEL_BYTES);
    }
    g_mutex_unlock(&sniffer->lock);
}

void sniffer_stop(struct sniffer *sniffer)
{
    if (sniffer == NULL) {
        return;
    }
    end_child(sniffer);
    g_mutex_clear(&sniffer->lock);
    g_free(sniffer->program);
    g_free(sniffer);
}

bool sniffer_refuses(struct sniffer *sniffer, const void *head, size_t length, int64_t total_bytes, enum reason *reason)
{
    char answer[ANSWER_BYTES + 1] = {0};

    g_assert(length > 0 && length <= SNIFFER_HEAD_BYTES);
    g_mutex_lock(&sniffer->lock);
    const bool has_answer = ask(sniffer, head, length, total_bytes, answer);
    g_mutex_unlock(&sniffer->lock);
    if (!has_answer || !g_str_has_prefix(answer, "refuse ")) {
        return false;
    }
    if (!reason_find(answer + strlen("refuse "), reason)) {
        *reason = REASON_UPLOAD_NOT_MEDIA;
    }
    return true;
}
