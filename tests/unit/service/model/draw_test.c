/* The draw: the same seed gives the same, whatever the order of the lists; another seed gives another; loads differ by at
 * most one; nobody judges where he stands aside. */
#include "service/model/draw.h"

#include <string.h>

#include <glib.h>

enum { WORKS = 80, JUDGES = 11, EACH = 5 };

struct fair {
    char *works[WORKS];
    char *judges[JUDGES];
    bool aside[WORKS * JUDGES];
    size_t numbers[WORKS];
    bool tasks[WORKS * JUDGES];
    struct draw draw;
};

static void fair_open(struct fair *fair, const char *seed, bool is_turned)
{
    for (size_t i = 0; i < WORKS; i++) {
        fair->works[is_turned ? WORKS - 1 - i : i] = g_strdup_printf("work-%zu", i);
    }
    for (size_t i = 0; i < JUDGES; i++) {
        fair->judges[is_turned ? JUDGES - 1 - i : i] = g_strdup_printf("judge-%zu", i);
    }
    fair->draw = (struct draw){.seed = seed,
                               .works = (const char *const *)fair->works,
                               .work_count = WORKS,
                               .judges = (const char *const *)fair->judges,
                               .judge_count = JUDGES,
                               .aside = fair->aside,
                               .each = EACH};
}

static void fair_close(struct fair *fair)
{
    for (size_t i = 0; i < WORKS; i++) {
        g_free(fair->works[i]);
    }
    for (size_t i = 0; i < JUDGES; i++) {
        g_free(fair->judges[i]);
    }
}

static size_t load_of(const struct fair *fair, size_t judge)
{
    size_t load = 0;

    for (size_t i = 0; i < WORKS; i++) {
        load += fair->tasks[draw_at(&fair->draw, i, judge)];
    }
    return load;
}

static void check_loads(const struct fair *fair, size_t width)
{
    size_t least = WORKS;
    size_t most = 0;

    for (size_t i = 0; i < JUDGES; i++) {
        least = MIN(least, load_of(fair, i));
        most = MAX(most, load_of(fair, i));
    }
    g_assert_cmpuint(most - least, <=, width);
}

static void test_balanced_and_complete(void)
{
    struct fair fair = {0};
    bool seen[WORKS + 1] = {0};

    fair_open(&fair, "seed", false);
    draw_run(&fair.draw, fair.numbers, fair.tasks);
    for (size_t i = 0; i < WORKS; i++) {
        size_t count = 0;
        for (size_t k = 0; k < JUDGES; k++) {
            count += fair.tasks[draw_at(&fair.draw, i, k)];
        }
        g_assert_cmpuint(count, ==, EACH);
        g_assert_false(seen[fair.numbers[i]]);
        seen[fair.numbers[i]] = true;
    }
    g_assert_true(!seen[0] && seen[1] && seen[WORKS]);
    check_loads(&fair, 1);
    fair_close(&fair);
}

static void test_seed_alone_decides(void)
{
    struct fair one = {0};
    struct fair turned = {0};
    struct fair other = {0};
    size_t alike = 0;

    fair_open(&one, "seed", false);
    fair_open(&turned, "seed", true);
    fair_open(&other, "another seed", false);
    draw_run(&one.draw, one.numbers, one.tasks);
    draw_run(&turned.draw, turned.numbers, turned.tasks);
    draw_run(&other.draw, other.numbers, other.tasks);
    for (size_t i = 0; i < WORKS; i++) {
        g_assert_cmpuint(one.numbers[i], ==, turned.numbers[WORKS - 1 - i]);
        alike += one.numbers[i] == other.numbers[i];
        for (size_t k = 0; k < JUDGES; k++) {
            g_assert_true(one.tasks[draw_at(&one.draw, i, k)] ==
                          turned.tasks[draw_at(&turned.draw, WORKS - 1 - i, JUDGES - 1 - k)]);
        }
    }
    g_assert_cmpuint(alike, <, 10);
    fair_close(&one);
    fair_close(&turned);
    fair_close(&other);
}

/* Judges of a city leave its works to others: the first eight judges each for a tenth of the works. */
static void test_standing_aside(void)
{
    struct fair fair = {0};

    fair_open(&fair, "seed", false);
    for (size_t i = 0; i < WORKS; i++) {
        fair.aside[draw_at(&fair.draw, i, (i / 10) % 8)] = true;
    }
    draw_run(&fair.draw, fair.numbers, fair.tasks);
    for (size_t i = 0; i < WORKS; i++) {
        g_assert_false(fair.tasks[draw_at(&fair.draw, i, (i / 10) % 8)]);
    }
    check_loads(&fair, 1);
    fair_close(&fair);
}

/* Replacements go on until nobody is left, each once. */
static void test_replacements(void)
{
    struct fair fair = {0};
    size_t count = EACH;
    size_t next;

    fair_open(&fair, "seed", false);
    fair.aside[draw_at(&fair.draw, 7, 3)] = true;
    draw_run(&fair.draw, fair.numbers, fair.tasks);
    while ((next = draw_replacement(&fair.draw, fair.tasks, 7)) < JUDGES) {
        g_assert_cmpuint(next, !=, 3);
        g_assert_false(fair.tasks[draw_at(&fair.draw, 7, next)]);
        fair.tasks[draw_at(&fair.draw, 7, next)] = true;
        count++;
    }
    g_assert_cmpuint(count, ==, JUDGES - 1);
    fair_close(&fair);
}

static void test_fewer_judges_than_asked_for(void)
{
    static const char *const WORK[] = {"work"};
    static const char *const JUDGE[] = {"one", "two"};
    const bool aside[] = {false, true};
    const struct draw draw = {"seed", WORK, 1, JUDGE, 2, aside, 5};
    size_t number = 0;
    bool tasks[2];

    draw_run(&draw, &number, tasks);
    g_assert_true(number == 1 && tasks[0] && !tasks[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/draw/balanced_and_complete", test_balanced_and_complete);
    g_test_add_func("/draw/seed_alone_decides", test_seed_alone_decides);
    g_test_add_func("/draw/standing_aside", test_standing_aside);
    g_test_add_func("/draw/replacements", test_replacements);
    g_test_add_func("/draw/fewer_judges_than_asked_for", test_fewer_judges_than_asked_for);
    return g_test_run();
}
