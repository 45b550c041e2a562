#include "service/store/s3_xml.h"

#include "common/failure.h"

#define LISTING                                                                                                         \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"    \
    "<Name>b</Name><IsTruncated>true</IsTruncated>"                                                                     \
    "<Contents><Key>original%2Fa</Key><LastModified>2026-11-24T00:00:01.500Z</LastModified><ETag>&quot;e&quot;</ETag>"  \
    "<Size>7</Size><Owner><ID>x</ID></Owner></Contents>"                                                                \
    "<Contents><Key>%E4%B8%AD%E6%96%87</Key><LastModified>2026-11-24T00:00:00Z</LastModified><Size>0</Size></Contents>" \
    "<Contents><Key>bad%zz</Key><LastModified>2026-11-24T00:00:00Z</LastModified><Size>0</Size></Contents>"             \
    "<Contents><Key>no-time</Key><Size>1</Size></Contents>"                                                             \
    "<NextContinuationToken>to&amp;ken</NextContinuationToken></ListBucketResult>"
#define UPLOADS                                                                                                        \
    "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><NextKeyMarker>x</NextKeyMarker><Upload>"             \
    "<Key>original%2Fb</Key><UploadId>2~id</UploadId><Initiator><ID>Key</ID></Initiator>"                              \
    "<Initiated>2026-11-24T00:00:00.000Z</Initiated></Upload></ListMultipartUploadsResult>"

static void test_listing(void)
{
    g_autoptr(GString) answer = g_string_new(LISTING);
    struct s3_page page;

    g_assert_true(s3_page_read(answer, &page, NULL));
    g_assert_cmpuint(page.entries->len, ==, 2); /* the unreadable two are passed over */
    const struct s3_entry *first = g_ptr_array_index(page.entries, 0);
    const struct s3_entry *second = g_ptr_array_index(page.entries, 1);
    g_assert_cmpstr(first->key, ==, "original/a");
    g_assert_cmpint(first->size, ==, 7);
    g_assert_cmpint(first->modified_ms, ==, INT64_C(1795478401500));
    g_assert_cmpstr(second->key, ==, "中文");
    g_assert_cmpstr(page.next, ==, "to&ken");
    s3_page_clear(&page);
}

static void test_uploads(void)
{
    g_autoptr(GString) answer = g_string_new(UPLOADS);
    struct s3_page page;

    g_assert_true(s3_page_read(answer, &page, NULL));
    g_assert_cmpuint(page.entries->len, ==, 1);
    const struct s3_entry *entry = g_ptr_array_index(page.entries, 0);
    g_assert_cmpstr(entry->key, ==, "original/b");
    g_assert_cmpstr(entry->upload, ==, "2~id");
    g_assert_null(page.next); /* not truncated */
    s3_page_clear(&page);
}

static void test_find(void)
{
    g_autoptr(GString) error =
        g_string_new("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message></Message></Error>");
    g_autoptr(GString) started =
        g_string_new("<InitiateMultipartUploadResult><UploadId>2~a</UploadId></InitiateMultipartUploadResult>");
    g_autoptr(GString) cut = g_string_new("<Error><Code>NoSuchKey</Code>");
    g_autofree char *code = s3_xml_find(error, "Error", "Code");
    g_autofree char *message = s3_xml_find(error, "Error", "Message");
    g_autofree char *upload = s3_xml_find(started, "InitiateMultipartUploadResult", "UploadId");

    g_assert_cmpstr(code, ==, "NoSuchKey");
    g_assert_cmpstr(message, ==, "");
    g_assert_cmpstr(upload, ==, "2~a");
    g_assert_null(s3_xml_find(error, "Error", "Key"));
    g_assert_null(s3_xml_find(cut, "Other", "Code"));
}

static void test_bad(void)
{
    static const char *const CASES[] = {"", "no xml", "<a>", "<a></b>", "<a>&unknown;</a>", "<a\xff/>"};

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GString) answer = g_string_new(CASES[i]);
        g_autoptr(GError) error = NULL;
        struct s3_page page;

        g_assert_false(s3_page_read(answer, &page, &error));
        g_assert_error(error, STORE_ERROR, REASON_STORE);
    }
    g_autoptr(GString) deep = g_string_new(NULL);
    for (int i = 0; i < 100000; i++) {
        g_string_append(deep, "<a>");
    }
    struct s3_page page;
    g_assert_false(s3_page_read(deep, &page, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/s3_xml/listing", test_listing);
    g_test_add_func("/store/s3_xml/uploads", test_uploads);
    g_test_add_func("/store/s3_xml/find", test_find);
    g_test_add_func("/store/s3_xml/bad", test_bad);
    return g_test_run();
}
