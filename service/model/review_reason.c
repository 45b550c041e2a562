/* THE table of reasons an edition begins with. */
#include "service/model/review_reason.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/text.h"

/* clang-format off */
static const struct {
    const char *code;
    const char *label;
    const char *detail;
    bool declines;
} REASONS[] = {
    { "blurred", "画面模糊/抖动", "画面看不清楚。请把手机靠稳、对着光再拍一次。", false },
    { "no-sound", "无声/噪音", "听不到说话声。请关掉电视和风扇，离人近一点再拍。", false },
    { "watermark", "水印/广告/二维码", "画面有别的平台标志或广告。请用手机相册里的原视频。", false },
    { "portrait-consent", "肖像未授权", "画面里有别人（别家孩子）的脸。请征得同意或重拍。", false },
    { "off-topic", "与主题不符", "请拍家里一起学习、读书、劳动、聊天的真实时刻。", false },
    { "duplicate", "重复投稿", "这段已经收到过了，不用再传。", true },
    { "privacy", "个人隐私", "出现了门牌、学校班级、证件或电话，请遮住后再传。", false },
    { "copyright", "音乐影视版权", "背景音乐不是自己的。请去掉配乐后再传。", false },
    { "length-or-orientation", "时长/方向问题", "太短、太长或画面倒着。请按提示重拍。", false },
    { "ai-undeclared", "AI 未声明", "像是 AI 生成的画面，请在提交时勾选声明。", false },
    { "unsuitable", "不适合展示", "有安全或不适合公开的内容，不予展示。", true },
};
/* clang-format on */

static const char LIST[] = /* reason.list: those that are no longer offered come last */
    "SELECT code, position, label, detail, declines FROM reason WHERE edition = $1"
    " ORDER BY CASE WHEN position = 0 THEN 1 ELSE 0 END, position, code LIMIT 1000";
static const char HIDE[] = /* reason.hide */
    "UPDATE reason SET position = 0 WHERE edition = $1 AND position > 0";
static const char PUT[] = /* reason.put */
    "INSERT INTO reason (edition, code, position, label, detail, declines) VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (edition, code) DO UPDATE SET position = excluded.position, label = excluded.label,"
    " detail = excluded.detail, declines = excluded.declines";
static const char BEGIN[] = /* reason.begin */
    "INSERT INTO reason (edition, code, position, label, detail, declines) VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (edition, code) DO NOTHING";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct review_reason, code),     SQL_FIELD(struct review_reason, position),
    SQL_FIELD(struct review_reason, label),    SQL_FIELD(struct review_reason, detail),
    SQL_FIELD(struct review_reason, declines),
};
const struct sql_map review_reason_map = SQL_MAP(struct review_reason, COLUMNS);

bool review_reason_mirror(struct sql *sql, const char *edition, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(REASONS); i++) {
        if (!sql_run(sql, BEGIN,
                     SQL_VALUES(SQL_T(edition), SQL_T(REASONS[i].code), SQL_I((int64_t)i + 1), SQL_T(REASONS[i].label),
                                SQL_T(REASONS[i].detail), SQL_I(REASONS[i].declines)),
                     NULL, error)) {
            return false;
        }
    }
    return true;
}

struct sql_rows *review_reason_list(struct sql *sql, const struct rules *rules, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(rules->edition)), &review_reason_map, error);
}

const struct review_reason *review_reason_find(const struct sql_rows *reasons, const char *code, bool offered)
{
    for (size_t i = 0; code != NULL && i < reasons->count; i++) {
        const struct review_reason *reason = sql_rows_at(reasons, i);
        if (strcmp(reason->code, code) == 0) {
            return offered && reason->position == 0 ? NULL : reason;
        }
    }
    return NULL;
}

json_t *review_reasons_json(const struct sql_rows *reasons)
{
    json_t *items = json_array();

    for (size_t i = 0; i < reasons->count; i++) {
        const struct review_reason *reason = sql_rows_at(reasons, i);
        if (reason->position > 0) {
            json_array_append_new(items, json_pack("{s:s, s:s, s:s, s:s}", "code", reason->code, "label", reason->label,
                                                   "detail", reason->detail, "action",
                                                   reason->declines != 0 ? "decline" : "return"));
        }
    }
    return items;
}

static bool is_code(const char *code)
{
    return code[0] != '\0' && strlen(code) <= REASON_CODE_CHARACTERS &&
           strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(code);
}

static bool fits(const char *text, long most)
{
    return text != NULL && text[0] != '\0' && g_utf8_strlen(text, -1) <= most;
}

static bool put(struct sql *sql, const struct rules *rules, const json_t *item, int64_t position, GError **error)
{
    const char *code = NULL;
    const char *label = NULL;
    const char *detail = NULL;
    const char *action = NULL;

    if (json_unpack((json_t *)(uintptr_t)item, "{s:s, s:s, s:s, s:s}", "code", &code, "label", &label, "detail",
                    &detail, "action", &action) != 0) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "code, label, detail, action");
    }
    g_autofree char *clean_label = text_clean(label);
    g_autofree char *clean_detail = text_clean(detail);
    const bool declines = strcmp(action, "decline") == 0;
    if (!is_code(code) || !fits(clean_label, REASON_LABEL_CHARACTERS) ||
        !fits(clean_detail, REASON_DETAIL_CHARACTERS) || (!declines && strcmp(action, "return") != 0)) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, code);
    }
    return sql_run(sql, PUT,
                   SQL_VALUES(SQL_T(rules->edition), SQL_T(code), SQL_I(position), SQL_T(clean_label),
                              SQL_T(clean_detail), SQL_I(declines)),
                   NULL, error);
}

bool review_reason_set(struct sql *sql, const struct rules *rules, const json_t *items, const struct actor *actor,
                       int64_t now_ms, GError **error)
{
    const size_t count = json_array_size(items);
    int64_t hidden = 0;

    if (count < 1 || count > REASONS_MOST) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "none or too many");
    }
    if (!sql_run(sql, HIDE, SQL_VALUES(SQL_T(rules->edition)), &hidden, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!put(sql, rules, json_array_get(items, i), (int64_t)i + 1, error)) {
            return false;
        }
    }
    g_autoptr(SqlRows) after = review_reason_list(sql, rules, error);
    json_auto_t *list = after == NULL ? NULL : review_reasons_json(after);
    if (list == NULL) {
        return false;
    }
    if (json_array_size(list) != count) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "a code twice");
    }
    json_auto_t *detail = json_pack("{s:s, s:O}", "edition", rules->edition, "items", list);
    const struct ledger_entry entry = {.action = "reasons.changed", .object = rules->edition, .detail = detail};
    return ledger_add(sql, actor, &entry, now_ms, error);
}
