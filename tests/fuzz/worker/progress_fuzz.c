/* The lines of a child that may be hostile. The first byte cuts the rest into reads of that many bytes. */
#include "worker/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct task_parser *parser = task_parser_new();
    const struct task_reply *reply = task_parser_reply(parser);
    bool taken = true;

    for (size_t at = 1; taken && at < size; at += (size_t)data[0] + 1) {
        const size_t length = MIN((size_t)data[0] + 1, size - at);
        taken = task_parser_feed(parser, (const char *)data + at, length, (int64_t)at, NULL);
        g_assert(reply->permille >= 0 && reply->permille <= 1000);
        g_assert(reply->words == NULL || g_utf8_validate(reply->words, -1, NULL));
    }
    task_parser_free(parser);
    return 0;
}
