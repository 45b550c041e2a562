/* What the tests of service/site share: a work with a hostile title, the site's facts, and a check
 * of XML. */
#pragma once

#include <glib.h>
#include <jansson.h>

#define SITE_HOSTILE "</script><b a='\"'>&amp; ]]> 和奶奶一起读家书"

json_t *site_test_facts(void);
json_t *site_test_work(int64_t width, int64_t height);

/* Fails the test when `text` is not well-formed XML. The content of all elements named `element`,
 * one after the other with line breaks; the caller frees it. */
char *site_test_xml(const char *text, const char *element);
