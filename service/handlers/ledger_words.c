#include "service/handlers/ledger_words.h"

#include <string.h>

#include <glib.h>

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
    {"submission.approved", "审核通过"},
    {"submission.returned", "退回"},
    {"submission.declined", "不予采用"},
    {"submission.published", "发布"},
    {"submission.edited", "改了文字"},
    {"submission.replaced", "换了文件"},
    {"submission.withdrawn", "撤回"},
    {"submission.taken_down", "下架"},
    {"submission.expired", "没传完"},
    {"submission.selected", "择优入选"},
    {"decision.made", "作出决定"},
    {"decision.cancelled", "撤销决定"},
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
    {"remark.note", "记便签"},
    {"remark.message", "发留言"},
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
