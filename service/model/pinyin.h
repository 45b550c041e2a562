/* The first letters of a Chinese text's pronunciation: 和奶奶一起读家书 -> hnnyqdjs. People who type by pinyin ask so. ICU's
 * transliterator (CLDR's Han-Latin) says the pronunciation: the commonest one of each character, so 重庆 gives zq. It is
 * opened at the first text, for that takes a third of a service's start (0.19 of 0.61 s of CPU). Any thread, one after the other. */
#pragma once

struct pinyin;

struct pinyin *pinyin_new(void);
void pinyin_free(struct pinyin *pinyin);

/* Lower-case letters and digits, "" for a text that has none, or where `pinyin` is NULL or ICU has no such table: search does without. The
 * caller's. */
char *pinyin_initials(struct pinyin *pinyin, const char *text);
