#include "common/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/failure.h"

enum {
    PIECE = 1 << 20,
};

static bool update_all(EVP_MD_CTX *hash, int fd, int64_t *bytes)
{
    g_autofree unsigned char *piece = g_malloc(PIECE);
    int64_t offset = 0;

    for (;;) {
        const ssize_t got = pread(fd, piece, PIECE, offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            *bytes = offset;
            return got == 0;
        }
        if (EVP_DigestUpdate(hash, piece, (size_t)got) != 1) {
            return false;
        }
        offset += got;
    }
}

static void to_hex(const unsigned char *value, size_t length, char *hex)
{
    for (size_t i = 0; i < length; i++) {
        (void)g_snprintf(hex + 2 * i, 3, "%02x", value[i]); /* always fits */
    }
}

static bool digest(int fd, char hex[DIGEST_HEX + 1], int64_t *bytes, GError **error)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    const bool good = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 && update_all(hash, fd, bytes) &&
                      EVP_DigestFinal_ex(hash, value, &length) == 1;

    EVP_MD_CTX_free(hash);
    if (!good) {
        g_set_error(error, STORE_ERROR, REASON_IO, "digest: %s", g_strerror(errno));
        return false;
    }
    to_hex(value, length, hex);
    return true;
}

void digest_bytes(GBytes *bytes, char hex[DIGEST_HEX + 1])
{
    unsigned char value[EVP_MAX_MD_SIZE] = {0};
    unsigned length = 0;
    gsize size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    const int good = EVP_Digest(data, size, value, &length, EVP_sha256(), NULL);

    g_assert(good == 1); /* fails without memory only */
    to_hex(value, length, hex);
}

bool digest_descriptor(int fd, char hex[DIGEST_HEX + 1], GError **error)
{
    int64_t bytes;

    return digest(fd, hex, &bytes, error);
}

bool digest_file(const char *path, char hex[DIGEST_HEX + 1], int64_t *bytes, GError **error)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        g_set_error(error, STORE_ERROR, errno == ENOENT ? REASON_NOT_FOUND : REASON_IO, "%s: %s", path,
                    g_strerror(errno));
        return false;
    }
    const bool good = digest(fd, hex, bytes, error);
    close(fd);
    return good;
}

bool digest_range(int fd, const char *algorithm, int64_t offset, int64_t length, uint8_t *value, size_t *value_length,
                  GError **error)
{
    g_autofree unsigned char *piece = g_malloc(PIECE);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    const int64_t end = offset + length;
    unsigned made = 0;
    bool good = hash != NULL && EVP_DigestInit_ex(hash, EVP_get_digestbyname(algorithm), NULL) == 1;

    while (good && offset < end) {
        const ssize_t got = pread(fd, piece, (size_t)MIN(PIECE, end - offset), offset);
        good = (got > 0 && EVP_DigestUpdate(hash, piece, (size_t)got) == 1) || (got < 0 && errno == EINTR);
        offset += MAX(got, 0);
    }
    good = good && EVP_DigestFinal_ex(hash, value, &made) == 1;
    EVP_MD_CTX_free(hash);
    if (!good) {
        g_set_error(error, STORE_ERROR, REASON_IO, "digest: %s", g_strerror(errno));
        return false;
    }
    *value_length = made;
    return true;
}

bool digest_range_hex(int fd, int64_t offset, int64_t length, char hex[DIGEST_HEX + 1], GError **error)
{
    uint8_t value[EVP_MAX_MD_SIZE];
    size_t value_length = 0;

    if (!digest_range(fd, "SHA256", offset, length, value, &value_length, error)) {
        return false;
    }
    to_hex(value, value_length, hex);
    return true;
}
