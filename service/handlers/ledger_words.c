#include "service/handlers/ledger_words.h"

#include <string.h>

#include <glib.h>

#include "service/model/review_reason.h"

/* As an official reads them; others stand as they are. */
static const struct {
    const char *name;
    const char *text;
} WORDS[] = {
    {"submission.submitted", "提交"},
    {"submission.received", "收到"},
    {"submission.started", "开始处理"},
    {"submission.prepared", "处理完"},
    {"submission.refused", "处理不了"},
    {"submission.retried", "重新处理"},
    {"submission.passed", "通过这一审"},
    {"submission.escalated", "上报"},
    {"submission.sent_back", "退回初审"},
    {"submission.approved", "审核通过"},
    {"submission.returned", "退回"},
    {"submission.declined", "不予采用"},
    {"submission.published", "发布"},
    {"submission.edited", "改了文字或封面"},
    {"cover.failed", "封面没换成"},
    {"submission.replaced", "换了文件"},
    {"submission.withdrawn", "撤回"},
    {"submission.taken_down", "下架"},
    {"submission.expired", "没传完"},
    {"submission.selected", "择优入选"},
    {"decision.made", "作出决定"},
    {"decision.cancelled", "撤销决定"},
    {"lease.taken_over", "从同事手里接管"},
    {"sample.drawn", "抽中抽查"},
    {"sample.confirmed", "通过抽查"},
    {"contact.opened", "查看联系方式"},
    {"report.made", "收到举报"},
    {"report.closed", "举报办结"},
    {"selection.recommended", "推荐择优"},
    {"selection.recommended_not", "撤下推荐"},
    {"ledger.exported", "导出记录"},
    {"exhibition.packed", "下载展播包"},
    {"consent.changed", "改了使用范围"},
    {"approve", "通过"},
    {"return", "退回修改"},
    {"decline", "不予采用"},
    {"send_back", "退回初审"},
    {"confirm", "通过抽查"},
    {"escalate", "上报"},
    {"uploading", "上传中"},
    {"received", "已收到"},
    {"processing", "处理中"},
    {"in_review", "在审"},
    {"approved", "已通过"},
    {"published", "已发布"},
    {"returned", "已退回"},
    {"declined", "未采用"},
    {"withdrawn", "已撤回"},
    {"taken_down", "已下架"},
    {"failed", "没处理成"},
    {"draft", "草稿"},
    {"submitter", "提交人"},
    {"worker", "转码机"},
    {"system", "系统"},
    {"visitor", "访客"},
    {"reviewer", "审核员"},
    {"organiser", "组织者"},
    {"administrator", "管理员"},
    {"auditor", "审计员"},
    {"staff.login", "登录"},
    {"staff.added", "添加人员"},
    {"staff.changed", "修改人员"},
    {"staff.enabled", "启用账号"},
    {"staff.disabled", "停用账号"},
    {"staff.password", "改密码"},
    {"annex.filled", "填附件"},
    {"annex.stamped", "传回盖章件"},
    {"staff.phone", "改手机号"},
    {"staff.sessions_ended", "让人退出"},
    {"staff.identity_invited", "开通统一身份"},
    {"staff.identity_linked", "绑定统一身份"},
    {"staff.identity_removed", "取消统一身份"},
    {"policy.changed", "改审核流程"},
    {"remark.noted", "记便签"},
    {"remark.sent", "发留言"},
    {"embed_site.added", "登记网站"},
    {"embed_site.revoked", "停掉网站"},
    {"selection.added", "新建择优"},
    {"selection.changed", "修改择优"},
    {"selection.judging", "抽签开评"},
    {"selection.scored", "打分"},
    {"selection.stood_aside", "评委回避"},
    {"selection.judge_released", "换评委"},
    {"selection.judged", "排出名单"},
    {"selection.notice", "开始公示"},
    {"selection.selected", "确定名单"},
    {"selection.cancelled", "取消择优"},
    {"batch.sent", "批量报送"},
    {"receipt.told", "补告编号"},
    {"reasons.changed", "改退回理由"},
    {"words.changed", "改提醒词"},
    {"staff.invited", "发邀请"},
    {"staff.otp_set", "设好动态码"},
    {"staff.otp_reset", "重置动态码"},
    {"worker.added", "添加转码机"},
    {"worker.revoked", "停掉转码机"},
    {"receiver.added", "添加通知"},
    {"receiver.revoked", "停掉通知"},
    {"entry_link.added", "新建入口码"},
    {"entry_link.revoked", "停掉入口码"},
    {"week.set", "定活动周"},
    {"activity.added", "添加活动"},
    {"activity.changed", "修改活动"},
    {"activity.removed", "去掉活动"},
    {"collection.added", "新建专题"},
    {"collection.changed", "修改专题"},
    {"collection.removed", "去掉专题"},
    {"collection.work_added", "放进专题"},
    {"collection.works_set", "排专题"},
    {"subtitle.sent", "送来字幕"},
    {"subtitle.approved", "通过字幕"},
    {"subtitle.removed", "去掉字幕"},
    {"recommending", "推荐中"},
    {"judging", "评审中"},
    {"judged", "已排出名单"},
    {"notice", "公示中"},
    {"selected", "已确定"},
    {"cancelled", "已取消"},
    {"title", "名称"},
    {"words", "说明"},
    {"captions", "图片说明"},
    {"portrait", "侵犯肖像"},
    {"privacy", "泄露隐私"},
    {"copyright", "侵犯版权"},
    {"unsuitable", "不适合展示"},
    {"other", "其他"},
    {"site", "本站"},
    {"embed", "其他网站"},
    {"exhibition", "展厅"},
    {"media", "媒体"},
    {"objection.made", "收到异议"},
    {"objection.answered", "答复异议"},
    {"sandbox.unlocked", "没有隔离就启动"},
    {"first", "初审"},
    {"second", "复审"},
    {"final", "终审"},
};

const char *ledger_word(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        if (strcmp(WORDS[i].name, name) == 0) {
            return WORDS[i].text;
        }
    }
    return name;
}

/* ["site","embed"] as words; nothing for what is no such list. */
static void add_names(GString *text, const char *mark, const json_t *names)
{
    size_t index;
    const json_t *each;

    if (json_array_size(names) > 0) {
        g_string_append(text, mark);
    }
    json_array_foreach(names, index, each) {
        const char *name = json_string_value(each);
        g_string_append_printf(text, "%s%s", index == 0 ? "" : "、", name == NULL ? "" : ledger_word(name));
    }
}

/* The same of a list that is kept as text. */
static void add_uses(GString *text, const char *mark, const json_t *list)
{
    json_auto_t *uses = json_is_string(list) ? json_loads(json_string_value(list), 0, NULL) : NULL;

    add_names(text, mark, uses);
}

/* What an edit made another: "改了名称、说明；封面换成…". */
static void add_edit(GString *text, const json_t *detail)
{
    json_int_t position = 0, at_ms = 0;

    add_names(text, "改了", json_object_get(detail, "changed"));
    if (json_unpack((json_t *)(uintptr_t)detail, "{s:{s:I, s:I}}", "cover", "position", &position, "ms", &at_ms) == 0) {
        g_string_append_printf(text, "%s封面换成第 %" JSON_INTEGER_FORMAT " 个视频 %.1f 秒的画面",
                               text->len == 0 ? "" : "；", position, (double)at_ms / 1000);
    }
}

static void add_reasons(GString *text, const json_t *codes, const struct sql_rows *known)
{
    size_t index;
    const json_t *code;

    json_array_foreach(codes, index, code) {
        const char *name = json_string_value(code);
        const struct review_reason *reason = name == NULL ? NULL : review_reason_find(known, name, false);
        g_string_append_printf(text, "%s%s", index == 0 ? "" : "，",
                               reason != NULL ? reason->label
                               : name == NULL ? ""
                                              : name);
    }
}

char *ledger_why(const json_t *detail, const struct sql_rows *known)
{
    static const char *const TEXTS[] = {"note", "reason"};
    GString *text = g_string_new(NULL);

    add_reasons(text, json_object_get(detail, "reasons"), known);
    add_edit(text, detail);
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        const char *value = json_string_value(json_object_get(detail, TEXTS[i]));
        if (value != NULL && value[0] != '\0') {
            g_string_append_printf(text, "%s%s", text->len == 0 ? "" : "；", ledger_word(value));
        }
    }
    add_uses(text, "", json_object_get(detail, "before"));
    add_uses(text, " → ", json_object_get(detail, "after"));
    return g_string_free(text, FALSE);
}
