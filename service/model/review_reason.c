/* THE table of reasons that reviewers give: their label, and the words a parent reads. */
#include <string.h>

#include "service/model/review.h"

/* clang-format off */
static const struct review_reason REASONS[] = {
    { "blurred",          "画面模糊/抖动",    "画面看不清楚。请把手机靠稳、对着光再拍一次。", false },
    { "no-sound",         "无声/噪音",        "听不到说话声。请关掉电视和风扇，离人近一点再拍。", false },
    { "watermark",        "水印/广告/二维码", "画面有别的平台标志或广告。请用手机相册里的原视频。", false },
    { "portrait-consent", "肖像未授权",       "画面里有别人（别家孩子）的脸。请征得同意或重拍。", false },
    { "off-topic",        "与主题不符",       "请拍家里一起学习、读书、劳动、聊天的真实时刻。", false },
    { "duplicate",        "重复投稿",         "这段已经收到过了，不用再传。", true },
    { "privacy",          "个人隐私",         "出现了门牌、学校班级、证件或电话，请遮住后再传。", false },
    { "copyright",        "音乐影视版权",     "背景音乐不是自己的。请去掉配乐后再传。", false },
    { "length-or-orientation", "时长/方向问题", "太短、太长或画面倒着。请按提示重拍。", false },
    { "ai-undeclared",    "AI 未声明",        "像是 AI 生成的画面，请在提交时勾选声明。", false },
    { "unsuitable",       "不适合展示",       "有安全或不适合公开的内容，不予展示。", true },
};
/* clang-format on */

const struct review_reason *review_reason_find(const char *code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(REASONS); i++) {
        if (strcmp(REASONS[i].code, code) == 0) {
            return &REASONS[i];
        }
    }
    return NULL;
}

const struct review_reason *review_reasons(size_t *count)
{
    *count = G_N_ELEMENTS(REASONS);
    return REASONS;
}
