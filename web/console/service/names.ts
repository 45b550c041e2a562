// How the codes of the answers are called.

export const ACTION_NAMES: Record<string, string> = {
  approve: '通过', return: '退回', decline: '不予采用', escalate: '上报', send_back: '退回初审', confirm: '通过抽查', take_down: '下架',
}

export const STATE_NAMES: Record<string, string> = {
  draft: '草稿', uploading: '还在上传', received: '已收到', processing: '正在处理', in_review: '在审', approved: '已通过', published: '已发布',
  returned: '已退回', declined: '未采用', withdrawn: '已撤回', taken_down: '已下架', failed: '没处理成',
}

export const USE_NAMES: Record<string, string> = { site: '本站', embed: '其他网站', exhibition: '展厅', media: '媒体' }

export const STAGE_NAMES: Record<string, string> = { first: '初审', second: '复审', final: '终审' }

export const ROLE_NAMES: Record<string, string> = {
  reviewer: '审核员', organiser: '组织者', administrator: '管理员', unit: '机构', auditor: '审计员',
}

export const SELECTION_STATES: Record<string, string> = {
  recommending: '推荐中', judging: '评审中', judged: '已排出名单', notice: '公示中', selected: '已确定', cancelled: '已取消',
}
