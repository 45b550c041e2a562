#include "service/model/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "common/failure.h"

enum {
    KEY_BYTES = 32,
    PASSWORD_MIB = 64,
    PASSWORD_PASSES = 2,
    PASSWORDS_AT_ONCE = 2,
    PASSWORDS_WAITING = 16,
};

struct secrets {
    unsigned char key[KEY_BYTES];
    size_t password_bytes; /* of memory for one */
    char *nobody;          /* what is kept of a password that nobody has */
    GMutex lock; /* guards the two counts */
    GCond free_slot;
    int hashing;
    int waiting;
};

/* Without 0 O 1 I L, so that a code can be read out on the telephone. */
static const char RECEIPT[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
static const char BASE32[] = "abcdefghijklmnopqrstuvwxyz234567";

static bool key_write(int fd, const unsigned char *key)
{
    return write(fd, key, KEY_BYTES) == KEY_BYTES && fsync(fd) == 0;
}

static bool key_load(struct secrets *secrets, const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = false;

    if (fd < 0 && errno == ENOENT) {
        randombytes_buf(secrets->key, KEY_BYTES);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        good = fd >= 0 && key_write(fd, secrets->key);
    } else if (fd >= 0) {
        good = read(fd, secrets->key, KEY_BYTES) == KEY_BYTES;
    }
    if (!good) {
        g_set_error(error, MODEL_ERROR, REASON_IO, "%s: %s", path, g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

static bool key_read_hex(struct secrets *secrets, const char *hex, GError **error)
{
    size_t length = 0;

    if (sodium_hex2bin(secrets->key, KEY_BYTES, hex, strlen(hex), NULL, &length, NULL) != 0 || length != KEY_BYTES) {
        return refuse(error, SETTINGS_ERROR, REASON_INPUT, "secret_key has to be 64 hex digits");
    }
    return true;
}

struct secrets *secrets_open(const char *folder, const char *configured, GError **error)
{
    if (sodium_init() < 0) {
        g_set_error(error, MODEL_ERROR, REASON_INTERNAL, "libsodium does not start");
        return NULL;
    }
    struct secrets *secrets = g_new0(struct secrets, 1);
    secrets_set_password_mib(secrets, PASSWORD_MIB);
    g_autofree char *path = g_build_filename(folder, "secret.key", NULL);

    g_mutex_init(&secrets->lock);
    g_cond_init(&secrets->free_slot);
    if (configured[0] == '\0' ? !key_load(secrets, path, error) : !key_read_hex(secrets, configured, error)) {
        secrets_free(secrets);
        return NULL;
    }
    return secrets;
}

void secrets_set_password_mib(struct secrets *secrets, int64_t mib)
{
    secrets->password_bytes = (size_t)mib << 20;
    g_free(secrets->nobody);
    /* The same work, whatever it is compared with. */
    secrets->nobody = g_strdup_printf("$argon2id$v=19$m=%" G_GINT64_FORMAT ",t=%d,p=1$X7Mg1euwityMtxYf0kVYiw"
                                      "$UPPxoiYbsApxjRIuSt5fT3WN8HM5kgYqBVdY08mjkvw",
                                      mib << 10, PASSWORD_PASSES);
}

void secrets_free(struct secrets *secrets)
{
    if (secrets != NULL) {
        g_free(secrets->nobody);
        sodium_memzero(secrets->key, KEY_BYTES);
        g_mutex_clear(&secrets->lock);
        g_cond_clear(&secrets->free_slot);
        g_free(secrets);
    }
}

char *secret_id(void)
{
    unsigned char bytes[26];
    char *id = g_malloc(sizeof bytes + 1);

    randombytes_buf(bytes, sizeof bytes); /* 26 * 5 = 130 bits */
    for (size_t i = 0; i < sizeof bytes; i++) {
        id[i] = BASE32[bytes[i] & 31];
    }
    id[sizeof bytes] = '\0';
    return id;
}

static char *hex_of(const unsigned char *bytes, size_t length)
{
    char *hex = g_malloc(length * 2 + 1);

    return sodium_bin2hex(hex, length * 2 + 1, bytes, length);
}

char *secret_token(void)
{
    unsigned char bytes[32];

    randombytes_buf(bytes, sizeof bytes);
    return hex_of(bytes, sizeof bytes);
}

char *secret_digits(int count)
{
    char *digits = g_malloc((gsize)count + 1);

    for (int i = 0; i < count; i++) {
        digits[i] = (char)('0' + randombytes_uniform(10));
    }
    digits[count] = '\0';
    return digits;
}

/* Weighted sum modulo the alphabet, a prime (31): finds every single wrong character and every swap of neighbours. */
static char receipt_check(const char *five)
{
    const int size = (int)sizeof RECEIPT - 1;
    int sum = 0;

    for (int i = 0; i < 5; i++) {
        sum += (i + 2) * (int)(strchr(RECEIPT, five[i]) - RECEIPT);
    }
    return RECEIPT[sum % size];
}

char *secret_receipt_code(int year)
{
    char five[6] = {0};

    for (int i = 0; i < 5; i++) {
        five[i] = RECEIPT[randombytes_uniform((uint32_t)sizeof RECEIPT - 1)];
    }
    return g_strdup_printf("SD%02d-%.4s-%c%c", year % 100, five, five[4], receipt_check(five));
}

char *secret_receipt_normalize(const char *code)
{
    char plain[11] = {0};
    size_t length = 0;

    for (const char *at = code; *at != '\0'; at++) {
        if (g_ascii_isalnum(*at)) {
            if (length == 10) {
                return NULL;
            }
            plain[length++] = g_ascii_toupper(*at);
        } else if (*at != '-' && *at != ' ') {
            return NULL;
        }
    }
    if (length != 10 || plain[0] != 'S' || plain[1] != 'D' || !g_ascii_isdigit(plain[2]) ||
        !g_ascii_isdigit(plain[3]) || strspn(plain + 4, RECEIPT) != 6 || receipt_check(plain + 4) != plain[9]) {
        return NULL;
    }
    return g_strdup_printf("%.4s-%.4s-%.2s", plain, plain + 4, plain + 8);
}

char *secret_digest(const char *token)
{
    unsigned char digest[crypto_hash_sha256_BYTES];

    (void)crypto_hash_sha256(digest, (const unsigned char *)token, strlen(token)); /* cannot fail */
    return hex_of(digest, sizeof digest);
}

char *secret_mac(const struct secrets *secrets, const char *purpose, const char *text)
{
    crypto_auth_hmacsha256_state state;
    unsigned char digest[crypto_auth_hmacsha256_BYTES];

    (void)crypto_auth_hmacsha256_init(&state, secrets->key, KEY_BYTES); /* none of the three can fail */
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, strlen(text));
    (void)crypto_auth_hmacsha256_final(&state, digest);
    return hex_of(digest, sizeof digest);
}

bool secret_equal(const char *one, const char *other)
{
    if (one == NULL || other == NULL || strlen(one) != strlen(other)) {
        return false;
    }
    return sodium_memcmp(one, other, strlen(one)) == 0;
}

static bool slot_take(struct secrets *secrets, GError **error)
{
    g_mutex_lock(&secrets->lock);
    const bool room = secrets->waiting < PASSWORDS_WAITING;
    if (room) {
        secrets->waiting++;
        while (secrets->hashing >= PASSWORDS_AT_ONCE) {
            g_cond_wait(&secrets->free_slot, &secrets->lock);
        }
        secrets->waiting--;
        secrets->hashing++;
    }
    g_mutex_unlock(&secrets->lock);
    if (!room) {
        g_set_error(error, MODEL_ERROR, REASON_BUSY, "too many sign-ins at once");
    }
    return room;
}

static void slot_give(struct secrets *secrets)
{
    g_mutex_lock(&secrets->lock);
    secrets->hashing--;
    g_cond_signal(&secrets->free_slot);
    g_mutex_unlock(&secrets->lock);
}

char *secret_password_hash(struct secrets *secrets, const char *password, GError **error)
{
    g_autofree char *hash = g_malloc(crypto_pwhash_STRBYTES);

    if (!slot_take(secrets, error)) {
        return NULL;
    }
    const int code = crypto_pwhash_str(hash, password, strlen(password), PASSWORD_PASSES,
                                       secrets->password_bytes);
    slot_give(secrets);
    if (code != 0) {
        g_set_error(error, MODEL_ERROR, REASON_BUSY, "no memory for a password digest");
        return NULL;
    }
    return g_steal_pointer(&hash);
}

bool secret_password_check(struct secrets *secrets, const char *hash, const char *password, bool *right, GError **error)
{
    if (!slot_take(secrets, error)) {
        return false;
    }
    const int code = crypto_pwhash_str_verify(hash == NULL ? secrets->nobody : hash, password, strlen(password));
    slot_give(secrets);
    *right = code == 0 && hash != NULL;
    return true;
}

bool secret_password_is_dated(const struct secrets *secrets, const char *hash)
{
    return crypto_pwhash_str_needs_rehash(hash, PASSWORD_PASSES, secrets->password_bytes) != 0;
}

char *secret_seal(const struct secrets *secrets, const char *text)
{
    const size_t length = strlen(text);
    const size_t sealed_length = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + length;
    g_autofree unsigned char *sealed = g_malloc(sealed_length);

    randombytes_buf(sealed, crypto_secretbox_NONCEBYTES);
    (void)crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES, (const unsigned char *)text, length, sealed,
                                secrets->key); /* cannot fail */
    return g_base64_encode(sealed, sealed_length);
}

char *secret_open(const struct secrets *secrets, const char *sealed)
{
    gsize length = 0;
    g_autofree unsigned char *bytes = g_base64_decode(sealed, &length);
    const gsize overhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;

    if (bytes == NULL || length < overhead) {
        return NULL;
    }
    g_autofree char *text = g_malloc0(length - overhead + 1);
    if (crypto_secretbox_open_easy((unsigned char *)text, bytes + crypto_secretbox_NONCEBYTES,
                                   length - crypto_secretbox_NONCEBYTES, bytes, secrets->key) != 0) {
        return NULL;
    }
    return g_steal_pointer(&text);
}

/* The seed of the pair is a keyed digest, so that the key itself signs nothing. */
static void key_pair(const struct secrets *secrets, unsigned char *public_key, unsigned char *private_key)
{
    unsigned char seed[crypto_sign_SEEDBYTES];
    static const unsigned char PURPOSE[] = "signature";

    (void)crypto_auth_hmacsha256(seed, PURPOSE, sizeof PURPOSE, secrets->key); /* neither can fail */
    (void)crypto_sign_seed_keypair(public_key, private_key, seed);
    sodium_memzero(seed, sizeof seed);
}

char *secret_sign(const struct secrets *secrets, const void *bytes, size_t length)
{
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    unsigned char private_key[crypto_sign_SECRETKEYBYTES];
    unsigned char signature[crypto_sign_BYTES];

    key_pair(secrets, public_key, private_key);
    (void)crypto_sign_detached(signature, NULL, bytes, length, private_key); /* cannot fail */
    sodium_memzero(private_key, sizeof private_key);
    return hex_of(signature, sizeof signature);
}

char *secret_public_key(const struct secrets *secrets)
{
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    unsigned char private_key[crypto_sign_SECRETKEYBYTES];

    key_pair(secrets, public_key, private_key);
    sodium_memzero(private_key, sizeof private_key);
    return hex_of(public_key, sizeof public_key);
}

static bool read_hex(const char *hex, unsigned char *bytes, size_t length)
{
    size_t found = 0;

    return strlen(hex) == 2 * length && sodium_hex2bin(bytes, length, hex, 2 * length, NULL, &found, NULL) == 0 &&
           found == length;
}

bool secret_signature_is_right(const char *public_key, const char *signature, const void *bytes, size_t length)
{
    unsigned char key[crypto_sign_PUBLICKEYBYTES];
    unsigned char given[crypto_sign_BYTES];

    return read_hex(public_key, key, sizeof key) && read_hex(signature, given, sizeof given) &&
           crypto_sign_verify_detached(given, bytes, length, key) == 0;
}

char *secret_hmac(const char *key, const char *text)
{
    crypto_auth_hmacsha256_state state;
    unsigned char digest[crypto_auth_hmacsha256_BYTES];

    (void)crypto_auth_hmacsha256_init(&state, (const unsigned char *)key, strlen(key)); /* none of the three can fail */
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, strlen(text));
    (void)crypto_auth_hmacsha256_final(&state, digest);
    return hex_of(digest, sizeof digest);
}
