/* THE tables of failures and reasons. Sentences are written for a parent who may be seventy: what is the matter,
 * then what to do. */
#include "common/failure.h"

#include <string.h>

/* clang-format off */
G_DEFINE_QUARK(xuepai-settings, settings_error)
G_DEFINE_QUARK(xuepai-message, message_error)
G_DEFINE_QUARK(xuepai-http, http_error)
G_DEFINE_QUARK(xuepai-model, model_error)
G_DEFINE_QUARK(xuepai-database, database_error)
G_DEFINE_QUARK(xuepai-store, store_error)
G_DEFINE_QUARK(xuepai-site, site_error)
G_DEFINE_QUARK(xuepai-worker, worker_error)
G_DEFINE_QUARK(xuepai-media, media_error)

static const struct failure_rule FAILURES[FAILURE_COUNT] = {
    [FAILURE_INPUT]           = { "input",           400, RETRY_NEVER, G_LOG_LEVEL_INFO },
    [FAILURE_NOT_FOUND]       = { "not-found",       404, RETRY_NEVER, G_LOG_LEVEL_INFO },
    [FAILURE_GONE]            = { "gone",            410, RETRY_NEVER, G_LOG_LEVEL_INFO },
    [FAILURE_UNAUTHENTICATED] = { "unauthenticated", 401, RETRY_NEVER, G_LOG_LEVEL_INFO },
    [FAILURE_DENIED]          = { "denied",          403, RETRY_NEVER, G_LOG_LEVEL_MESSAGE },
    [FAILURE_METHOD]          = { "method",          405, RETRY_NEVER, G_LOG_LEVEL_INFO },
    [FAILURE_CONFLICT]        = { "conflict",        409, RETRY_NEVER, G_LOG_LEVEL_INFO },
    [FAILURE_LOCKED]          = { "locked",          423, RETRY_LATER, G_LOG_LEVEL_INFO },
    [FAILURE_PRECONDITION]    = { "precondition",    412, RETRY_NEVER, G_LOG_LEVEL_INFO },
    [FAILURE_LIMIT]           = { "limit",           413, RETRY_NEVER, G_LOG_LEVEL_INFO },
    [FAILURE_UNSUPPORTED]     = { "unsupported",     415, RETRY_NEVER, G_LOG_LEVEL_INFO },
    [FAILURE_REFUSED]         = { "refused",         422, RETRY_NEVER, G_LOG_LEVEL_INFO },
    [FAILURE_RATE]            = { "rate",            429, RETRY_LATER, G_LOG_LEVEL_INFO },
    [FAILURE_BUSY]            = { "busy",            503, RETRY_LATER, G_LOG_LEVEL_MESSAGE },
    [FAILURE_TIMEOUT]         = { "timeout",         504, RETRY_LATER, G_LOG_LEVEL_WARNING },
    [FAILURE_FULL]            = { "full",            507, RETRY_LATER, G_LOG_LEVEL_WARNING },
    [FAILURE_IO]              = { "io",              500, RETRY_LATER, G_LOG_LEVEL_WARNING },
    [FAILURE_UNKNOWN_OUTCOME] = { "unknown-outcome", 500, RETRY_NEVER, G_LOG_LEVEL_CRITICAL },
    [FAILURE_INTERNAL]        = { "internal",        500, RETRY_NEVER, G_LOG_LEVEL_CRITICAL },
};

static const struct reason_rule REASONS[REASON_COUNT] = {
    [REASON_INPUT]           = { "input",           FAILURE_INPUT,           "填写的内容有误，请检查后再试。" },
    [REASON_NOT_FOUND]       = { "not-found",       FAILURE_NOT_FOUND,       "没有找到这个页面或作品。" },
    [REASON_GONE]            = { "gone",            FAILURE_GONE,            "这个内容已经不在了。" },
    [REASON_UNAUTHENTICATED] = { "unauthenticated", FAILURE_UNAUTHENTICATED, "请先登录。" },
    [REASON_DENIED]          = { "denied",          FAILURE_DENIED,          "您没有权限做这件事。" },
    [REASON_METHOD]          = { "method",          FAILURE_METHOD,          "这个地址不支持这样的操作。" },
    [REASON_CONFLICT]        = { "conflict",        FAILURE_CONFLICT,        "刚才有人改过了，请刷新后再试。" },
    [REASON_PRECONDITION]    = { "precondition",    FAILURE_PRECONDITION,    "内容已有变化，请刷新后再试。" },
    [REASON_LIMIT]           = { "limit",           FAILURE_LIMIT,           "内容太大了。" },
    [REASON_UNSUPPORTED]     = { "unsupported",     FAILURE_UNSUPPORTED,     "不支持这种格式。" },
    [REASON_REFUSED]         = { "refused",         FAILURE_REFUSED,         "这样不符合活动的要求。" },
    [REASON_QUOTA]           = { "quota",           FAILURE_RATE,            "从这里交的作品太多了，请明天再来，或请工作人员帮忙。" },
    [REASON_RATE]            = { "rate",            FAILURE_RATE,            "操作太快了，请稍等一会儿再试。" },
    [REASON_BUSY]            = { "busy",            FAILURE_BUSY,            "现在人有点多，请过一会儿再试。" },
    [REASON_TIMEOUT]         = { "timeout",         FAILURE_TIMEOUT,         "等得太久了，请再试一次。" },
    [REASON_FULL]            = { "full",            FAILURE_FULL,            "存放作品的地方快满了，我们正在处理，请晚些时候再传。" },
    [REASON_IO]              = { "io",              FAILURE_IO,              "系统出了点问题，请稍后再试，已传的部分不会丢。" },
    [REASON_UNKNOWN_OUTCOME] = { "unknown-outcome", FAILURE_UNKNOWN_OUTCOME, "系统出了点问题，请稍后查看结果，不用重复提交。" },
    [REASON_INTERNAL]        = { "internal",        FAILURE_INTERNAL,        "系统出了点问题，我们已经记录下来，请稍后再试。" },
    [REASON_DATABASE_DOWN]   = { "database-down",   FAILURE_BUSY,            "系统正在恢复，请过一会儿再试，已传的部分不会丢。" },

    [REASON_MALFORMED]       = { "malformed-request", FAILURE_INPUT,       "请求的格式不对。" },
    [REASON_BODY_TOO_LARGE]  = { "body-too-large",  FAILURE_LIMIT,         "提交的内容太长了，请删减后再试。" },
    [REASON_JSON]            = { "json",            FAILURE_INPUT,         "提交的内容格式不对，请刷新页面再试。" },
    [REASON_FORM_TOKEN]      = { "form-token",      FAILURE_DENIED,        "页面打开太久了，请刷新后再试。" },
    [REASON_TUS_VERSION]     = { "tus-version",     FAILURE_PRECONDITION,  "上传程序的版本不对，请刷新页面再试。" },
    [REASON_UPLOAD_LENGTH]   = { "upload-length",   FAILURE_INPUT,         "没有读到文件的大小，请再选一次。" },
    [REASON_UPLOAD_METADATA] = { "upload-metadata", FAILURE_INPUT,         "文件信息不完整，请再选一次。" },
    [REASON_UPLOAD_OFFSET]   = { "upload-offset",   FAILURE_CONFLICT,      "续传的位置对不上，正在重新对齐。" },
    [REASON_UPLOAD_TYPE]     = { "upload-type",     FAILURE_UNSUPPORTED,   "上传的方式不对，请刷新页面再试。" },
    [REASON_UPLOAD_TOO_LARGE] = { "upload-too-large", FAILURE_LIMIT,       "文件太大了。请在手机相册里把视频剪短一些再传。" },
    [REASON_UPLOAD_EXPIRED]  = { "upload-expired",  FAILURE_GONE,          "这个文件没有传完，放得太久，已经过期了。请重新选择，再传一次。" },
    [REASON_UPLOAD_TAKEN_OVER] = { "upload-taken-over", FAILURE_LOCKED,    "另一个连接正在接着传这个文件。" },
    [REASON_UPLOAD_CHECKSUM] = { "upload-checksum", FAILURE_INPUT,         "这一段在路上传坏了，正在重传。" },
    [REASON_UPLOAD_CHECKSUM_ALGORITHM] = { "upload-checksum-algorithm", FAILURE_INPUT, "不支持这种校验方式。" },
    [REASON_UPLOAD_INTERRUPTED] = { "upload-interrupted", FAILURE_IO,      "传到一半断开了，会接着传，不用重选。" },
    [REASON_UPLOAD_UNFINISHED] = { "upload-unfinished", FAILURE_CONFLICT,  "文件还没有传完，请等传完再提交。" },
    [REASON_UPLOAD_NONE]     = { "upload-none",     FAILURE_INPUT,         "还没有选文件。请先选一段视频或几张照片。" },
    [REASON_UPLOAD_NOT_MEDIA] = { "upload-not-media", FAILURE_UNSUPPORTED, "这个文件不是视频或照片，请从相册里重新选择。" },
    [REASON_UPLOAD_CONCAT]   = { "upload-concat",   FAILURE_INPUT,         "分段上传的信息不对，请再选一次。" },
    [REASON_UPLOAD_FINAL]    = { "upload-final",    FAILURE_DENIED,        "这个文件由几段拼成，不能再往里加内容。" },
    [REASON_UPLOAD_ELSEWHERE] = { "upload-elsewhere", FAILURE_BUSY,        "这个文件暂时接不上，已传的部分不会丢，过一会儿会接着传。" },
    [REASON_WORKER_VERSION]  = { "worker-version",  FAILURE_CONFLICT,      "这台转码机与服务的版本不同，请一起升级。" },
    [REASON_STORE]           = { "store-unreachable", FAILURE_BUSY,        "存放作品的地方暂时连不上，已传的部分不会丢，请稍后再试。" },
    [REASON_OUTBOUND]        = { "outbound",        FAILURE_BUSY,          "对方的网站暂时没有回应，请过一会儿再试。" },
    [REASON_OUTBOUND_ADDRESS] = { "outbound-address", FAILURE_REFUSED,     "这个网址不能用：请填写以 https:// 开头、在公网上能打开的地址。" },
    [REASON_RECEIVERS]       = { "receivers",       FAILURE_REFUSED,       "接收通知的系统最多 50 个，请先停掉不用的。" },
    [REASON_SUBTITLES]       = { "subtitles",       FAILURE_REFUSED,       "字幕文件读不懂：请用 UTF-8 的 .vtt 或 .srt 文件，时间从前到后。" },
    [REASON_DAYS]            = { "days",            FAILURE_REFUSED,       "日期或时间不对：结束不能早于开始，请核对后再存。" },

    [REASON_TRACK_UNKNOWN]   = { "track-unknown",   FAILURE_REFUSED,       "请选择作品类别。" },
    [REASON_TRACK_UNITS]     = { "track-units",     FAILURE_DENIED,        "这个栏目由单位报送。请用单位账号登录，或扫单位发的入口码再传。" },
    [REASON_TRACK_CLOSED]    = { "track-closed",    FAILURE_REFUSED,       "这个栏目现在不在征集时间内。" },
    [REASON_REGION_UNKNOWN]  = { "region-unknown",  FAILURE_REFUSED,       "请选择所在的市和县（市、区）。" },
    [REASON_TITLE_MISSING]   = { "title-missing",   FAILURE_REFUSED,       "请给作品起个名字。" },
    [REASON_TITLE_TOO_LONG]  = { "title-too-long",  FAILURE_REFUSED,       "作品名称太长了，请控制在 30 个字以内。" },
    [REASON_CAPTION_TOO_LONG] = { "caption-too-long", FAILURE_REFUSED,      "照片说明太长了，每张请控制在 40 个字以内。" },
    [REASON_WORDS_TOO_LONG]  = { "words-too-long",  FAILURE_REFUSED,       "介绍太长了，请控制在 100 个字以内。" },
    [REASON_NAME_MISSING]    = { "name-missing",    FAILURE_REFUSED,       "请填写联系人姓名。" },
    [REASON_PHONE_INVALID]   = { "phone-invalid",   FAILURE_REFUSED,       "手机号不对，请填写 11 位手机号。" },
    [REASON_CONSENT_LICENCE] = { "consent-licence", FAILURE_REFUSED,       "请先勾选同意展示这件作品。" },
    [REASON_CONSENT_GUARDIAN] = { "consent-guardian", FAILURE_REFUSED,     "画面里有孩子时，需要监护人勾选同意。" },
    [REASON_CONSENT_SCOPE]   = { "consent-scope",   FAILURE_INPUT,         "使用范围只能从页面上列出的几项里选。" },
    [REASON_CONSENT_EMBED]   = { "consent-embed",   FAILURE_DENIED,        "作者只同意在活动周网站展播，请到活动周网站观看。" },
    [REASON_TOO_MANY_FILES]  = { "too-many-files",  FAILURE_REFUSED,       "文件的数量不对：家里的视频传 1 个，照片最多 9 张，单位的宣传片和案例最多 9 个。" },
    [REASON_KIND_MISMATCH]   = { "kind-mismatch",   FAILURE_REFUSED,       "这个栏目收的不是这种文件。照片请选“照片”栏目，视频请选“短视频”栏目。" },
    [REASON_PIN_WRONG]       = { "pin-wrong",       FAILURE_DENIED,        "受理编号或查询密码不对，请再核对一下。" },
    [REASON_TAKEN_DOWN]      = { "taken-down",      FAILURE_NOT_FOUND,     "这件作品已经下架，不再展示。如果是您的作品，请到“查审核进度”里看原因。" },
    [REASON_LINK_NAME]       = { "link-name",       FAILURE_REFUSED,       "名称太长了，请控制在 40 个字以内。" },
    [REASON_CONTACT_MISMATCH] = { "contact-mismatch", FAILURE_NOT_FOUND,   "没有找到姓名和手机号都对得上的作品，请再核对一下。" },
    [REASON_BATCH_CSV]       = { "batch-csv",       FAILURE_REFUSED,       "表格读不出来：引号没有配对。请用 Excel 打开，另存为“CSV UTF-8”再试。" },
    [REASON_BATCH_COLUMNS]   = { "batch-columns",   FAILURE_REFUSED,       "表格第一行要有这些列：类别、作品名称、县区、联系人、手机号、文件、同意展示。" },
    [REASON_BATCH_ROWS]      = { "batch-rows",      FAILURE_REFUSED,       "一次最多 200 行，请分成几个表格。" },
    [REASON_BATCH_FILE]      = { "batch-file",      FAILURE_REFUSED,       "没有选到这一行写的文件，请核对文件名，再把文件选上。" },
    [REASON_SMS_OFF]         = { "sms-off",         FAILURE_NOT_FOUND,     "这里没有开通短信，请用受理编号和查询密码。" },
    [REASON_PHONE_CODE]      = { "phone-code",      FAILURE_REFUSED,       "请先获取短信验证码，再填在这里。" },
    [REASON_PHONE_CODE_WRONG] = { "phone-code-wrong", FAILURE_REFUSED,     "验证码不对，或已经过了 5 分钟。请再核对一下，或重新获取。" },
    [REASON_PHONE_CODE_SOON] = { "phone-code-soon", FAILURE_RATE,          "验证码刚发过，请等一分钟再获取。" },
    [REASON_PHONE_CODE_MANY] = { "phone-code-many", FAILURE_RATE,          "获取验证码的次数太多了，请过一阵再来，或打电话请工作人员帮忙。" },
    [REASON_WECHAT]          = { "wechat",          FAILURE_BUSY,          "微信暂时没有回应，请过一会儿再试。" },
    [REASON_WECHAT_OFF]      = { "wechat-off",      FAILURE_NOT_FOUND,     "这里没有接通微信。" },
    [REASON_STATE]           = { "state",           FAILURE_CONFLICT,      "作品现在的状态不能这样操作，请刷新看看。" },

    [REASON_SIGN_ON]         = { "sign-on",         FAILURE_DENIED,        "统一身份认证没有通过，请回到登录页再试一次。" },
    [REASON_SIGN_ON_UNKNOWN] = { "sign-on-unknown", FAILURE_DENIED,        "您的统一身份还没有开通工作台账号，请联系管理员。" },
    [REASON_LOGIN]           = { "login",           FAILURE_UNAUTHENTICATED, "用户名或密码不对。" },
    [REASON_LOGIN_SLOWED]    = { "login-slowed",    FAILURE_RATE,          "输错的次数太多了，请稍后再试。" },
    [REASON_OTP]             = { "otp",             FAILURE_UNAUTHENTICATED, "请输入动态验证码。" },
    [REASON_OTP_WRONG]       = { "otp-wrong",       FAILURE_UNAUTHENTICATED, "动态验证码不对或已用过，请等下一个再试。" },
    [REASON_OTP_SETUP]       = { "otp-setup",       FAILURE_DENIED,        "请先设置动态验证码。" },
    [REASON_CONFIRM]         = { "confirm",         FAILURE_DENIED,        "这一步很重要，请再输一次密码。" },
    [REASON_INVITATION]      = { "invitation",      FAILURE_GONE,          "邀请链接已用过或过期了，请向管理员再要一个。" },
    [REASON_PASSWORD]        = { "password",        FAILURE_REFUSED,       "密码要 12 到 128 个字符，不能太常见，也不能和用户名相近。" },
    [REASON_RECUSED]         = { "recused",         FAILURE_CONFLICT,      "这是您需要回避的单位的作品，请由另一位同事来审。" },
    [REASON_OWN_WORK]        = { "own-work",        FAILURE_CONFLICT,      "这件作品是用您的手机号提交的，请由另一位同事来审。" },
    [REASON_SAME_PERSON]     = { "same-person",     FAILURE_CONFLICT,      "您已经审过这件作品，下一审须由另一位同事完成。" },
    [REASON_OUT_OF_SCOPE]    = { "out-of-scope",    FAILURE_NOT_FOUND,     "没有找到这件作品。" },
    [REASON_LEASED]          = { "leased",          FAILURE_CONFLICT,      "另一位同事正在审这件作品。" },
    [REASON_VERSION]         = { "version",         FAILURE_CONFLICT,      "作品刚刚有变化，请看过新内容再决定。" },
    [REASON_COVER]           = { "cover",           FAILURE_REFUSED,       "这个视频里没有这一刻，请另选一格。" },
    [REASON_COVER_PENDING]   = { "cover-pending",   FAILURE_CONFLICT,      "新封面正在做，几秒钟就好，看过再决定。" },
    [REASON_UNDO_CLOSED]     = { "undo-closed",     FAILURE_CONFLICT,      "撤销时间已过，或作品刚刚有变化，这个决定撤销不了了。" },
    [REASON_REASON_MISSING]  = { "reason-missing",  FAILURE_REFUSED,       "请选择原因，家长会看到。" },
    [REASON_SELECTION_STATE] = { "selection-state", FAILURE_CONFLICT,      "这一轮择优现在不能这样操作，请刷新看看。" },
    [REASON_SELECTION_QUOTA] = { "selection-quota", FAILURE_REFUSED,       "推荐名额已经用完了，可以先撤下一件再推荐。" },
    [REASON_SELECTION_BELOW] = { "selection-below", FAILURE_REFUSED,       "本地已经择优过，只能推荐入选的作品。" },
    [REASON_SELECTION_JUDGES] = { "selection-judges", FAILURE_REFUSED,     "有作品没有评委可评（都要回避），请再请几位评委。" },
    [REASON_SELECTION_SCORES] = { "selection-scores", FAILURE_CONFLICT,    "还有评委没有评完，请等一等或提醒他们。" },
    [REASON_SELECTION_NOTICE] = { "selection-notice", FAILURE_CONFLICT,    "公示期还没有结束。" },
    [REASON_SELECTION_OBJECTIONS] = { "selection-objections", FAILURE_CONFLICT, "还有异议没有答复，名单先不能确定。" },
    [REASON_ANNEX_SCAN]      = { "annex-scan",      FAILURE_REFUSED,       "请上传盖好章的 PDF 扫描件，20 MB 以内。" },
    [REASON_ANNEX]           = { "annex",           FAILURE_REFUSED,       "表里有一处不对：活动最多 5 项，简介和成效各 300 字以内，数字不能是负数，开展活动的行政区不能多于总数。" },
    [REASON_STALE_TOKEN]     = { "stale-token",     FAILURE_CONFLICT,      "这项任务已经交给别的处理程序。" },

    [REASON_EMPTY_FILE]      = { "empty-file",      FAILURE_UNSUPPORTED,   "文件是空的。如果视频还在云相册里，请先下载到手机再传。" },
    [REASON_NOT_MEDIA]       = { "not-media",       FAILURE_UNSUPPORTED,   "这个文件不是视频或照片，请从相册里重新选择。" },
    [REASON_UNSUPPORTED_CONTAINER] = { "unsupported-container", FAILURE_UNSUPPORTED, "这种格式的文件我们打不开，请用手机拍的原视频，或先存成 MP4。" },
    [REASON_UNSUPPORTED_CODEC] = { "unsupported-codec", FAILURE_UNSUPPORTED, "这段视频的编码我们打不开，请用手机相机重新拍，或先存成 MP4。" },
    [REASON_DISGUISED]       = { "disguised",       FAILURE_UNSUPPORTED,   "文件的内容和类型对不上，请从相册里选原来的视频或照片。" },
    [REASON_BROKEN_FILE]     = { "broken-file",     FAILURE_UNSUPPORTED,   "文件坏了，打不开。请在手机上能正常播放后再传。" },
    [REASON_TRUNCATED]       = { "truncated",       FAILURE_UNSUPPORTED,   "文件不完整，可能没有拍完或没有存好。请换一段能完整播放的视频。" },
    [REASON_ENCRYPTED]       = { "encrypted",       FAILURE_UNSUPPORTED,   "这段视频加了密，我们打不开。请用自己拍的原视频。" },
    [REASON_EXTERNAL_REFERENCE] = { "external-reference", FAILURE_UNSUPPORTED, "文件的画面存放在别处，请选完整的视频文件。" },
    [REASON_PLAYLIST]        = { "playlist",        FAILURE_UNSUPPORTED,   "这是一个播放列表，不是视频。请选视频文件本身。" },
    [REASON_TOO_COMPLEX]     = { "too-complex",     FAILURE_UNSUPPORTED,   "文件的结构太复杂，请用手机拍的原视频。" },
    [REASON_NO_PICTURE]      = { "no-picture",      FAILURE_UNSUPPORTED,   "文件里没有画面，请选视频或照片。" },
    [REASON_TOO_SHORT]       = { "too-short",       FAILURE_REFUSED,       "视频太短了，请至少拍 3 秒。" },
    [REASON_TOO_LONG]        = { "too-long",        FAILURE_REFUSED,       "视频太长了，请在相册里剪短后再传。" },
    [REASON_PICTURE_TOO_LARGE] = { "picture-too-large", FAILURE_REFUSED,   "画面尺寸太大，我们处理不了，请调低拍摄分辨率。" },
    [REASON_PICTURE_TOO_SMALL] = { "picture-too-small", FAILURE_REFUSED,   "画面太小，看不清楚，请换一段更清晰的。" },
    [REASON_TOO_MANY_FRAMES] = { "too-many-frames", FAILURE_REFUSED,       "视频的帧数太多，请剪短后再传。" },
    [REASON_DECODE_ERRORS]   = { "decode-errors",   FAILURE_UNSUPPORTED,   "视频里坏的地方太多，放不出来。请在手机上检查能否正常播放。" },
    [REASON_RESOURCE_LIMIT]  = { "resource-limit",  FAILURE_UNSUPPORTED,   "这个文件太复杂，处理不了。请剪短或调低分辨率后再传。" },
    [REASON_NO_PROGRESS]     = { "no-progress",     FAILURE_UNSUPPORTED,   "这个文件处理到一半停住了，请换一段视频，或联系我们。" },
    [REASON_SANDBOX_VIOLATION] = { "sandbox-violation", FAILURE_UNSUPPORTED, "这个文件有异常，已交给工作人员查看。" },
    [REASON_CRASHED]         = { "crashed",         FAILURE_UNSUPPORTED,   "这个文件打开时出错，已交给工作人员查看。" },
    [REASON_INFRASTRUCTURE]  = { "infrastructure",  FAILURE_IO,            "处理时遇到系统问题，会自动重试，请稍等。" },
};
/* clang-format on */

const struct failure_rule *failure_rule_of(enum failure failure)
{
    g_assert(failure < FAILURE_COUNT);
    return &FAILURES[failure];
}

const struct reason_rule *reason_rule_of(enum reason reason)
{
    g_assert(reason < REASON_COUNT);
    return &REASONS[reason];
}

enum reason error_reason(const GError *error)
{
    const GQuark ours[] = {SETTINGS_ERROR, MESSAGE_ERROR, HTTP_ERROR,   MODEL_ERROR, DATABASE_ERROR,
                           STORE_ERROR,    SITE_ERROR,    WORKER_ERROR, MEDIA_ERROR};

    if (error == NULL || error->code < 0 || error->code >= REASON_COUNT) {
        return REASON_INTERNAL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
        if (error->domain == ours[i]) {
            return (enum reason)error->code;
        }
    }
    return REASON_INTERNAL;
}

bool refuse(GError **error, GQuark domain, enum reason reason, const char *message)
{
    g_set_error_literal(error, domain, (int)reason, message);
    return false;
}

bool reason_find(const char *code, enum reason *reason)
{
    for (int i = 0; i < REASON_COUNT; i++) {
        if (strcmp(REASONS[i].code, code) == 0) {
            *reason = (enum reason)i;
            return true;
        }
    }
    return false;
}
