/* The first letters of a Chinese text's pronunciation: 和奶奶一起读家书 -> hnnyqdjs. People who type by pinyin ask so. ICU's
 * transliterator (CLDR's Han-Latin) says the pronunciation: the commonest one of each character, so 重庆 gives zq. Opened
 * once, by rules_load(); any thread, one after the other. */
#pragma once

struct pinyin;

/* NULL where ICU has no such table: search does without. */
struct pinyin *pinyin_open(void);
void pinyin_free(struct pinyin *pinyin);

/* Lower-case letters and digits, "" for a text that has none; the caller's. `pinyin` may be NULL. */
char *pinyin_initials(struct pinyin *pinyin, const char *text);
