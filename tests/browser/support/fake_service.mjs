// A stand-in for the service: the real templates and the real web/dist, the JSON contract and a small tus, all in
// memory, with the service's own Content-Security-Policy. Knobs: `bytesPerSecond`, `cut` (uploads lose their line).
import { createServer } from 'node:http'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mustache from 'mustache'

const WEB = new URL('../../../web/', import.meta.url).pathname
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
  "connect-src 'self'; worker-src 'self' blob:; form-action 'self'; base-uri 'none'; object-src 'none'; " +
  "require-trusted-types-for 'script'"
const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
mustache.escape = (text) => String(text).replace(/[&<>"']/g, (letter) => ESCAPES[letter]) // as template.c does
const TYPES = { '.js': 'text/javascript', '.css': 'text/css' }
const CITIES = '济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽'.split(' ')
const COUNTIES = ['历下区', '市中区', '槐荫区', '天桥区', '历城区', '长清区', '章丘区', '平阴县', '商河县']
const COLOURS = ['e8a26f', '6fb0d8', 'e5c35a', '7ccb9a', 'b48fc9', 'e08b86']
const TITLES = ['和奶奶一起读家书', '爸爸的木工课', '亲子共读三十天', '学会说对不起', '阳台上的小菜园', '爷爷教我写毛笔字']

const site = {
  name: '山东省全民终身学习活动周',
  theme: '让学习成为一种生活方式',
  theme_lines: ['让学习成为', '一种生活方式'],
  base_url: 'http://127.0.0.1',
  year: 2026,
  organisers: ['中共山东省委宣传部', '山东省教育厅', '山东省民政厅', '山东省文化和旅游厅', '山东省总工会'],
  phone: '0531-12345678',
}

export const TRACKS = [
  ['family-video', '家庭教育短视频', 'video', true],
  ['life-video', '“学习让生活更美好”全民美拍·短视频', 'video', true],
  ['life-photo', '全民美拍·照片', 'photo', true],
  ['city-film', '成果宣传片', 'video', false],
].map(([key, name, kind, isPublic]) => ({
  key, name, kinds: [kind], min_seconds: kind === 'video' ? 3 : 0, max_seconds: kind === 'video' ? 300 : 0,
  max_bytes: kind === 'video' ? 500e6 : 40e6, max_files: kind === 'video' ? 1 : 9, open: true, public: isPublic,
}))

// 3712 was Laiwu's, which is a part of Jinan now.
const cityCode = (i) => `37${String(i < 11 ? i + 1 : i + 2).padStart(2, '0')}`
const cities = CITIES.map((name, i) => ({
  code: `${cityCode(i)}00`, name: `${name}市`, week_text: `${8 + (i >> 2)}.${1 + i}–${8 + (i >> 2)}.${7 + i}`,
  is_now: i === 0,
  counties: COUNTIES.map((county, k) => ({ code: `${cityCode(i)}0${k + 2}`, name: county })),
}))

const rules = {
  edition: { key: '2026', name: '2026 年', year: 2026 },
  tracks: TRACKS,
  regions: [
    { code: '370000', name: '山东省', level: 'province', parent: null },
    ...cities.flatMap((city) => [
      { code: city.code, name: city.name, level: 'city', parent: '370000' },
      ...city.counties.map((one) => ({ ...one, level: 'county', parent: city.code })),
    ]),
  ],
  limits: { title_chars: 30, words_chars: 100 },
  consent_version: '2026-1',
}

export const REASONS = [
  ['blurred', '画面模糊/抖动', '画面看不清楚。请把手机靠稳、对着光再拍一次。'],
  ['no-sound', '无声/噪音', '听不到说话声。请关掉电视和风扇，离人近一点再拍。'],
  ['watermark', '水印/广告/二维码', '画面有别的平台标志或广告。请用手机相册里的原视频。'],
  ['portrait-consent', '肖像未授权', '画面里有别人（别家孩子）的脸。请征得同意或重拍。'],
  ['off-topic', '与主题不符', '请拍家里一起学习、读书、劳动、聊天的真实时刻。'],
  ['duplicate', '重复投稿', '这段已经收到过了，不用再传。'],
  ['privacy', '个人隐私', '出现了门牌、学校班级、证件或电话，请遮住后再传。'],
  ['copyright', '音乐影视版权', '背景音乐不是自己的。请去掉配乐后再传。'],
  ['length-or-orientation', '时长/方向问题', '太短、太长或画面倒着。请按提示重拍。'],
  ['ai-undeclared', 'AI 未声明', '像是 AI 生成的画面，请在提交时勾选声明。'],
  ['unsuitable', '不适合展示', '有安全或不适合公开的内容，不予展示。'],
].map(([code, label, detail]) => ({ code, label, detail, action: 'return' }))

const work = (i) => ({
  id: `w${i}`, title: TITLES[i % 6], words: '每晚二十分钟，奶奶念，我来听。', region: '370102', region_name: '济南市历下区',
  city_name: '济南市', city_code: '370100', track: 'family-video', track_name: '家庭教育短视频', duration_ms: 70000 + 5000 * i,
  duration_text: `1:${10 + 5 * i}`, published_text: '2026年8月20日', width: i % 3 === 1 ? 1280 : 720,
  height: i % 3 === 1 ? 720 : 1280, aspect_class: i % 3 === 1 ? 'landscape' : 'portrait', poster: `/poster/${i}.svg`,
  sources: [{ src: '/clip.mp4', type: 'video/mp4', codecs: 'avc1.42E01E, mp4a.40.2', bytes: 1 }], url: `/v/w${i}`,
  embed_url: `http://127.0.0.1/embed/w${i}`, embed_code: `<iframe src="http://127.0.0.1/embed/w${i}"></iframe>`, is_ai: i < 2,
  video_url: 'http://127.0.0.1/clip.mp4', video_type: 'video/mp4', oembed_json_url: '/oembed?format=json',
  oembed_xml_url: '/oembed?format=xml', storyboard_vtt: '/storyboard.vtt',
})
const works = Array.from({ length: 6 }, (_, i) => work(i))
const activities = [['09:00–11:00', '社区书法课：一横一竖', false], ['14:00–16:00', '亲子家书展', true], ['全天', '非遗剪纸体验', false]].map(([time_text, title, is_highlight], i) => ({
  id: `a${i}`, city_code: '370100', city_name: '济南市', day: '2026-08-20', starts: i < 2 ? time_text.slice(0, 5) : '', ends: i < 2 ? time_text.slice(6) : '', time_text, title, place: '市民中心',
  words: '带上一封家书，现场朗读。', is_highlight, day_text: '8月20日 星期四' }))

export const queued = (i) => ({
  id: `q${i}`, code: `SD26-000${i}`, title: `${TITLES[i % 6]}${i > 5 ? `（${i}）` : ''}`, words: '一起读书的晚上', track: 'family-video',
  track_name: '家庭教育短视频', region: '370102', region_name: '济南市历下区', revision: 1, version: 3, stage: 'first',
  duration_ms: 70000, width: 720, height: 1280, flags: i % 3 === 0 ? ['portrait', 'very-quiet'] : [], poster: `/poster/${i}.svg`,
  storyboard: `/storyboard.svg`, storyboard_vtt: '/storyboard.vtt', contact_sheet: `/poster/${i}.svg`, review_mp4: '/clip.mp4',
  checks: [{ level: 'ok', text: '时长 1:10，720×1280' }, { level: 'warn', text: '声音很小' }, { level: 'info', text: '提交人声明含 AI 生成内容' }],
  history: i === 0 ? [{ at_ms: 1790000000000, actor: '王老师', stage: 'first', action: 'return', reasons: ['blurred'], note: '请再拍一次', why: '画面模糊/抖动；请再拍一次', state: 'effective', revision: 1 },
    { at_ms: 1790000100000, actor: '王老师', stage: 'first', action: 'approve', reasons: [], note: '', why: '', state: 'cancelled', revision: 1 }] : [],
  consents: [{ kind: 'licence', version: '2026-1', scopes: ['site', 'exhibition'] }],
  actions: ['approve', 'return', 'decline', ...(i === 4 ? ['send_back'] : [])], waiting_since_ms: Date.now() - 6 * 3600e3, contact: { name: '李*梅', phone: '138****1234' },
  holder: i === 2 ? { name: '王老师', me: false } : undefined,
})

const svg = (i) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="720" height="960"><rect width="720" height="960" fill="#${COLOURS[i % 6]}"/>` +
  `<circle cx="360" cy="380" r="150" fill="#fff7"/><path d="M0 760Q300 560 720 800V960H0Z" fill="#0003"/></svg>`
const storyboard = () =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="180">${Array.from({ length: 8 }, (_, i) =>
    `<rect x="${(i % 4) * 160}" y="${i >> 2 ? 90 : 0}" width="160" height="90" fill="#${COLOURS[i % 6]}"/>`).join('')}</svg>`
const storyboardTimes = () =>
  `WEBVTT\n${Array.from({ length: 8 }, (_, i) =>
    `\n00:00:${String(i * 8).padStart(2, '0')}.000 --> 00:00:${String(i * 8 + 8).padStart(2, '0')}.000\nstoryboard.jpg#xywh=${(i % 4) * 160},${i >> 2 ? 90 : 0},160,90\n`).join('')}`

function partials() {
  const folder = join(WEB, 'templates')
  const names = [...readdirSync(folder), ...readdirSync(join(folder, 'parts')).map((name) => `parts/${name}`)]
  return Object.fromEntries(
    names.filter((name) => name.endsWith('.html')).map((name) => [name.slice(0, -5), readFileSync(join(folder, name), 'utf8')]),
  )
}

function assets() {
  const manifest = JSON.parse(readFileSync(join(WEB, 'dist/.vite/manifest.json'), 'utf8'))
  const names = {}
  for (const entry of Object.values(manifest).filter((one) => one.isEntry)) {
    for (const file of [entry.file, ...(entry.css ?? [])]) {
      names[`${entry.name}_${extname(file).slice(1)}`] = `/${file}`
    }
  }
  return names
}

/** Answers wait for `state.open`; a path is in `state.answered` when its answer is sent. */
export async function startService() {
  const templates = partials()
  const names = assets()
  const state = {
    open: undefined, answered: new Set(), bytesPerSecond: Infinity, cut: false, log: [], uploads: new Map(), submissions: [], queue: Array.from({ length: 9 }, (_, i) => queued(i)),
    sample: [5, 3, 1].map((i) => ({ ...queued(i), id: `qs${i}`, state: 'published', stage: '', actions: ['send_back', 'confirm', 'take_down'] })),
    undone: null, decisions: [], mended: [], status: 'in_review', signedIn: false, withdrawn: false, confirmed: false, otpSetup: false, ended: [], bulk: [], sites: [], receivers: [], activities: activities.slice(0, 1), collections: [], chosen: [], machines: [], taken: [],
    reports: ['w0', 'w1'].map((work, i) => ({ id: `p${i}`, work, title: TITLES[i], region: '370102', reason: 'privacy', text: '画面里有我家的门牌', contact: '13900000000', made_ms: 1790000000000, reports: 1 })),
  }

  const page = (title, path, extra = {}) => ({ page: { title, path, description: title, url: `http://127.0.0.1${path}`, nav: {}, ...extra } })
  const PAGES = {
    '/': () => ['home', { ...page('首页', '/', { nav: { home: true } }), cities, today: activities.slice(0, 2), featured: { title: '家书与家风', words: '一封信、一件手艺。', url: '/collections/k0', items: works }, tracks: TRACKS, works, next_url: '/works', edition: { dates_text: '8 月到 11 月', is_open: true } }],
    '/empty': () => ['home', { ...page('首页', '/'), cities, works: [] }],
    '/works': () => ['works', { ...page('作品', '/works', { nav: { works: true } }), works, next_url: '/works?after=x', filters: { cities, tracks: TRACKS } }],
    '/v/w0': () => ['work', { ...page(works[0].title, '/v/w0', { image: { url: '/poster/0.svg', width: 720, height: 960 } }), work: works[0], works: works.slice(1, 5), json_ld: '{"@type":"VideoObject"}' }],
    '/v/photo': () => ['work', { ...page('照片', '/v/photo'), work: { ...works[2], is_photo: true, photos: [0, 1].map((i) => ({ src: `/poster/${i}.svg`, width: 720, height: 960 })) }, works: [] }],
    '/embed/w0': () => ['embed', { work: works[0], frame: { lang: 'zh-CN' } }],
    '/embed/none': () => ['embed', { frame: { lang: 'zh-CN' } }],
    '/city/370100': () => ['city', { ...page('济南市', '/city/370100'), city: { code: '370100', name: '济南市', week_text: '8.19–8.25', is_now: true, words: '泉城的一周。', contact: '济南市社区大学 0531-12345678', has_highlights: true, highlights: activities.slice(1, 2), days: ['8月19日 星期三', '8月20日 星期四'].map((day_text, i) => ({ day_text, is_today: i === 1, activities })) }, works }],
    '/calendar': () => ['calendar', { ...page('各市活动周', '/calendar', { nav: { cities: true } }), cities, province: { code: '370000', week_text: '8.19–8.25', is_now: false } }],
    '/collections': () => ['collections', { ...page('专题', '/collections'), collections: works.slice(0, 3).map((one, i) => ({ ...one, url: `/collections/k${i}`, works: 12, words: '一封信、一件手艺。' })) }],
    '/collections/k0': () => ['collection', { ...page('家书与家风', '/collections/k0'), collection: { id: 'k0', title: '家书与家风', words: '一封信、一件手艺。', works: 6 }, works }],
    '/tracks/family-video': () => ['track', { ...page('家庭教育短视频', '/tracks/family-video'), track: { key: 'family-video', name: '家庭教育短视频', is_open: true, max_minutes: 5, max_files: 1 }, works }],
    '/archive': () => ['archive', { ...page('往届回顾', '/archive'), editions: [2026, 2025].map((year, i) => ({ key: String(year), name: `${year}年山东省全民终身学习活动周`, year, is_current: i === 0, works: 120 })) }],
    '/archive/2025': () => ['edition', { ...page('2025年山东省全民终身学习活动周', '/archive/2025'), edition: { key: '2025', name: '2025年山东省全民终身学习活动周' }, works }],
    '/a11y': () => ['a11y', page('无障碍说明', '/a11y')],
    '/search': () => ['search', { ...page('找作品', '/search'), q: '家书', works: [], suggestions: ['读书', '家书', '济南'] }],
    '/submit': () => ['submit', { ...page('上传我的作品', '/submit', { focused: true }), tracks: TRACKS.filter((one) => one.public).map((one, i) => ({ ...one, kinds: one.kinds.join(' '), is_checked: i === 0 })), cities, limits: { title_chars: 30, words_chars: 100, hint_text: '建议 15 秒至 3 分钟，最长 5 分钟，最大 500 MB。横拍、竖拍都可以，不用先压缩。' }, consent_version: '2026-1' }],
    '/status': () => ['lookup', { ...page('查审核进度', '/status', { nav: { mine: true } }), mine: [{ code: 'SD26-7KQ4-M9', title: '和奶奶一起读家书', status_text: '正在审核' }] }],
    '/status/SD26-7KQ4-M9': () => ['status', { ...page('作品进度', '/status/SD26-7KQ4-M9'), code: 'SD26-7KQ4-M9' }],
    '/console': () => ['console', page('审核工作台', '/console')],
    '/help': () => ['help', page('帮助', '/help')],
    '/privacy': () => ['privacy', page('隐私说明', '/privacy')],
    '/licence': () => ['licence', page('展示许可', '/licence')],
  }

  const json = (response, status, body, headers = {}) => {
    const type = status >= 400 ? 'application/problem+json' : 'application/json'
    response.writeHead(status, { 'Content-Type': type, ...headers }).end(body === undefined ? '' : JSON.stringify(body))
  }
  const problem = (response, status, code, detail) => json(response, status, { status, code, detail })

  async function tus(request, response, id) {
    const upload = state.uploads.get(id)
    state.log.push(`${request.method} ${upload?.offset ?? ''}`.trim())
    if (state.cut) {
      request.socket.destroy()
      return
    }
    if (request.method === 'POST') {
      const metadata = Object.fromEntries((request.headers['upload-metadata'] ?? '').split(',').map((pair) => {
        const [key, value = ''] = pair.trim().split(' ')
        return [key, Buffer.from(value, 'base64').toString()]
      }))
      const fresh = `u${state.uploads.size + 1}`
      state.uploads.set(fresh, { offset: 0, length: Number(request.headers['upload-length']), metadata })
      response.writeHead(201, { Location: `/files/${fresh}`, 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0' }).end()
      return
    }
    if (upload === undefined) {
      response.writeHead(404).end()
      return
    }
    if (request.method === 'PATCH') {
      if (Number(request.headers['upload-offset']) !== upload.offset) {
        response.writeHead(409).end()
        return
      }
      for await (const bytes of request) {
        if (state.cut) {
          request.socket.destroy()
          return
        }
        upload.offset += bytes.length
        if (state.bytesPerSecond !== Infinity) {
          await sleep((bytes.length / state.bytesPerSecond) * 1000)
        }
      }
    }
    response.writeHead(request.method === 'HEAD' ? 200 : 204, {
      'Upload-Offset': String(upload.offset), 'Upload-Length': String(upload.length), 'Tus-Resumable': '1.0.0', 'Cache-Control': 'no-store',
    }).end()
  }

  const STATUS_TEXTS = { in_review: '正在审核，一般 3 个工作日。', published: '已发布，谢谢您！', returned: '需要修改后再传。', withdrawn: '已撤回，别人看不到了。' }
  const status = () => ({
    code: 'SD26-7KQ4-M9', status: state.status, status_text: STATUS_TEXTS[state.status], title: '和奶奶一起读家书', revision: 1,
    reason: state.status === 'returned' ? { code: 'no-sound', text: '听不到说话声。', all: [{ code: 'no-sound', label: '无声/噪音', text: '听不到说话声。请关掉电视和风扇，离人近一点再拍。' }] } : undefined,
    url: state.status === 'published' ? '/v/w0' : null, actions: state.status === 'in_review' ? ['withdraw'] : [],
  })
  const me = { name: '张老师', role: 'reviewer', scope: '370000', csrf: 'token', undo_seconds: 10, lease_seconds: 90 }

  // [method, pattern, answer]: a status and a body, or nothing when it has answered itself
  const API = [
    ['GET', /^rules$/, () => [200, rules]],
    ['POST', /^submissions$/, (body, request) => {
      state.submissions.push({ ...body, key: request.headers['idempotency-key'] })
      return body.title === '坏' ? [422, { code: 'title-too-long', detail: '作品名称太长了，请控制在 30 个字以内。' }] : [201, { code: 'SD26-7KQ4-M9', pin: '381604', status: 'received' }]
    }],
    ['GET', /^submissions\/SD26-7KQ4-M9$/, (_, request) => request.headers['x-pin'] === '381604' ? [200, status()] : [403, { code: 'pin-wrong', detail: '受理编号或查询密码不对，请再核对一下。' }]],
    ['DELETE', /^submissions\/SD26-7KQ4-M9$/, () => { state.status = 'withdrawn'; return [200, status()] }],
    ['POST', /^login$/, (body) => body.password === 'right' ? ((state.signedIn = true), (state.role = body.username), [200, { ...me, otp_setup: state.otpSetup, role: body.username === 'admin' ? 'administrator' : 'reviewer' }]) : [401, { code: 'login', detail: '用户名或密码不对。' }]],
    ['POST', /^logout$/, () => { state.signedIn = false; return [204] }],
    ['GET', /^me$/, () => state.signedIn ? [200, { ...me, otp_setup: state.otpSetup, role: state.role === 'admin' ? 'administrator' : 'reviewer' }] : [401, { code: 'unauthenticated', detail: '请先登录。' }]],
    ['GET', /^queue$/, (_, request) => {
      const asked = new URL(request.url, 'http://x').searchParams
      const q = asked.get('q') ?? ''
      const all = (asked.get('sample') === '1' ? state.sample : state.queue).filter((one) => one.code === q || one.title.includes(q))
      return [200, { items: all.slice(0, 30), next: all.length > 30 ? 'more' : null }]
    }],
    ['GET', /^queue\/counts$/, () => [200, { items: [{ stage: 'first', mine: true, city: '370100', track: 'family-video', waiting: state.queue.length, oldest_ms: Date.now() - 6 * 3600e3 }], samples: state.sample.length }]],
    ['GET', /^queue\/next$/, () => (state.queue[4] === undefined ? [204] : [200, state.queue[4]])],
    ['GET', /^queue\/(q\w+)$/, (_, __, [id]) => {
      const work = [...state.queue, ...state.sample].find((one) => one.id === id)
      const other = queued(4)
      return [200, id !== 'q1' ? work : { ...work, duplicates: [
        { code: 'XP2026000004', kind: 'near', score: 92, city_name: '青岛市', state: 'published', work: { ...other, id: 'q4', region_name: '青岛市市南区' } },
        { code: 'XP2025000009', kind: 'sound', score: 61, city_name: '烟台市', state: 'in_review' }] }]
    }],
    ['GET', /^embed-sites$/, () => [200, { items: state.sites, others: [{ host: 'news.example.org', frames: 12 }], open: true }]],
    ['GET', /^programme$/, () => [200, { edition: '2026', weeks: [{ city_code: '370100', city_name: '济南市', first_day: '2026-08-19', last_day: '2026-08-25', words: '', contact: '' }], activities: state.activities }]],
    ['PUT', /^programme\/(\d+)\/week$/, (body) => { state.week = body; return [204] }],
    ['POST', /^programme\/(\d+)\/activities$/, (body) => { const one = { id: `a${state.activities.length}`, ...body }; state.activities = [...state.activities, one]; return [201, one] }],
    ['PUT', /^activities\/(\w+)$/, (body) => { state.activities = state.activities.map((one) => ({ ...one, ...body })); return [200, state.activities[0]] }],
    ['DELETE', /^activities\/(\w+)$/, () => { state.activities = []; return [204] }],
    ['GET', /^editor\/collections$/, () => [200, { items: state.collections }]],
    ['POST', /^editor\/collections$/, (body) => { state.collections = [...state.collections, { id: `k${state.collections.length}`, works: 0, url: '/collections/k0', ...body }]; return [201, { id: state.collections.at(-1).id }] }],
    ['PUT', /^editor\/collections\/(\w+)$/, (body) => { state.collections = state.collections.map((one) => ({ ...one, ...body })); return [204] }],
    ['DELETE', /^editor\/collections\/(\w+)$/, () => { state.collections = []; return [204] }],
    ['GET', /^editor\/collections\/(\w+)\/works$/, () => [200, { items: state.chosen }]],
    ['PUT', /^editor\/collections\/(\w+)\/works$/, (body) => { state.chosen = body.works.map((id) => ({ id, title: works.find((one) => one.id === id)?.title ?? id, state: 'published' })); return [204] }],
    ['GET', /^works$/, () => [200, { items: works, next: null }]],
    ['GET', /^webhooks$/, () => [200, { items: state.receivers, kinds: ['work.published', 'work.ready', 'work.revised', 'work.consents', 'work.withdrawn', 'work.taken_down'] }]],
    ['POST', /^webhooks$/, (body) => { const one = { id: `r${state.receivers.length}`, created_ms: 1790000000000, revoked_ms: null, waiting: 3, given_up: 0, last_outcome: body.url ? 'http-500' : '', ...body }; state.receivers = [...state.receivers, one]; return [201, { ...one, [body.url ? 'secret' : 'token']: 'told-once' }] }],
    ['POST', /^webhooks\/(\w+)\/test$/, () => [200, { delivered: false, outcome: 'outbound' }]],
    ['DELETE', /^webhooks\/(\w+)$/, () => { state.receivers = state.receivers.map((one) => ({ ...one, revoked_ms: 1790000001000 })); return [204] }],
    ['POST', /^embed-sites$/, (body) => { state.sites = [...state.sites, { id: 'e1', key: 'a-key', frames: 340, created_ms: 1790000000000, revoked_ms: null, ...body }]; return [201, state.sites.at(-1)] }],
    ['DELETE', /^embed-sites\/(\w+)$/, () => { state.sites = state.sites.map((one) => ({ ...one, revoked_ms: 1790000001000 })); return [204] }],
    ['GET', /^workers$/, () => [200, { workers: [{ name: 'node-1', version: '0.1.0', sandbox: 'full', token: '', seen_ms: 1790000000000, running: 2 }], tokens: state.machines, nodes: [{ id: 'n1', version: '0.1.0' }] }]],
    ['POST', /^workers$/, (body) => { state.machines.push({ id: 't1', name: body.name, created_ms: 1790000000000, revoked_ms: null }); return [201, { id: 't1', name: body.name, token: 'a-token-told-once' }] }],
    ['DELETE', /^workers\/(\w+)$/, () => { state.machines = [{ ...state.machines[0], revoked_ms: 1790000001000 }]; return [204] }],
    ['POST', /^works\/(\w+)\/reports$/, (body, _, [id]) => { state.reports.push({ work: id, ...body }); return [204] }],
    ['GET', /^reports$/, () => [200, { items: state.reports }]],
    ['DELETE', /^works\/(\w+)\/reports$/, (_, __, [id]) => { state.reports = state.reports.filter((one) => one.work !== id); return [204] }],
    ['POST', /^works\/(\w+)\/take-down$/, (body, _, [id]) => { state.taken.push({ id, ...body }); state.sample = state.sample.filter((one) => one.id !== id); state.reports = state.reports.filter((one) => one.work !== id); return [204] }],
    ['POST', /^queue\/(\w+)\/remarks$/, (body, _, [id]) => {
      const work = state.queue.find((one) => one.id === id)
      work.remarks = [...(work.remarks ?? []), { id: `n${Date.now()}`, author: '张老师', position_ms: null, made_ms: 1790000000000, ...body }]
      return [204]
    }],
    ['POST', /^queue\/(\w+)\/lease$/, (body, _, [id]) => id === 'q2' && !body.take_over ? [409, { code: 'leased', detail: '另一位同事正在审这件作品。' }] : [200, { lease_seconds: 90 }]],
    ['PATCH', /^queue\/(\w+)$/, (body, request, [id]) => {
      const work = state.queue.find((one) => one.id === id) ?? works.find((one) => one.id === id)
      state.mended.push({ id, ...body, seen: request.headers['if-match'] })
      if (work.version !== undefined && request.headers['if-match'] !== `"${work.version}"`) {
        return [409, { code: 'version', detail: '作品刚刚有变化，请看过新内容再决定。' }]
      }
      Object.assign(work, body, { version: (work.version ?? 3) + 1, revision: (work.revision ?? 1) + 1 })
      return [204]
    }],
    ['DELETE', /^queue\/(\w+)\/lease$/, () => [204]],
    ['POST', /^queue\/(\w+)\/decision$/, (body, request, [id]) => {
      if (request.headers['x-csrf-token'] !== 'token') {
        return [403, { code: 'form-token', detail: '页面打开太久了，请刷新后再试。' }]
      }
      const work = [...state.queue, ...state.sample].find((one) => one.id === id)
      if (request.headers['if-match'] !== `"${work?.version}"`) {
        return [409, { code: 'version', detail: '作品刚刚有变化，请看过新内容再决定。' }]
      }
      state.undone = state.queue
      state.decisions.push({ id, ...body })
      state.queue = state.queue.filter((one) => one.id !== id)
      state.sample = state.sample.filter((one) => one.id !== id)
      return [200, { decision: `d${state.decisions.length}`, effective_at: '2026-08-20T00:00:00Z' }]
    }],
    ['DELETE', /^decisions\/(\w+)$/, () => { state.queue = state.undone; return [204] }],
    ['GET', /^figures$/, () => [200, {
      days: 30, done: 40, done_in_three_days: 34, later: { decisions: 20, overturned: 3 }, sample: { drawn: 12, looked_at: 9, overturned: 1 }, median_hours: 31,
      waiting: [{ stage: 'first', city: '370100', track: 'family-video', waiting: 120, oldest_ms: Date.now() - 80 * 3600e3 },
        { stage: 'first', city: '370200', track: 'family-video', waiting: 45, oldest_ms: Date.now() - 9e6 },
        { stage: 'final', city: '370100', track: 'family-video', waiting: 30, oldest_ms: Date.now() - 9e6 }],
      hours: [{ hours: 3, works: 12 }, { hours: 31, works: 14 }, { hours: 60, works: 8 }, { hours: 100, works: 6 }],
      people: [{ name: '张老师', decisions: 230, hours: 4 }, { name: '王老师', decisions: 41, hours: 2 }],
      reasons: [{ code: 'blurred', label: '画面模糊/抖动', decisions: 21 }, { code: 'privacy', label: '个人隐私', decisions: 7 }],
      cities: [{ city: '370100', works: 31 }, { city: '370200', works: 9 }],
    }]],
    ['PUT', /^reasons$/, (body) => { state.reasons = body.items; return [204] }],
    ['GET', /^policies$/, () => [200, { stages: [{ name: 'first', level: 'county' }, { name: 'second', level: 'city' }, { name: 'final', level: 'province' }], start: { first: 1, second: 0, final: 1, sample_percent: 0 }, items: Object.entries(state.policies ?? {}).map(([region, people]) => ({ region, people })) }]],
    ['PUT', /^policies\/(\w+)$/, (body, _, [region]) => { state.policies = { ...state.policies, [region]: body }; return [204] }],
    ['DELETE', /^policies\/(\w+)$/, (_, __, [region]) => { delete state.policies[region]; return [204] }],
    ['GET', /^words$/, () => [200, { items: state.words ?? [], fixed: [{ word: '加微信', why: '像是广告' }] }]],
    ['PUT', /^words$/, (body) => { state.words = body.items; return [204] }],
    ['GET', /^reasons$/, () => [200, { items: REASONS }]],
    ['GET', /^ledger$/, () => [200, { items: [{ seq: 1, at_ms: 1790000000000, actor: '张老师', role: 'reviewer', action: 'decision.approve', object: 'q0', before: 'in_review', after: 'approved', before_text: '在审', after_text: '已通过' }], next: null }]],
    ['POST', /^ledger\/verify$/, () => [200, { whole: true, records: 1, first_bad: null }]],
    ['GET', /^staff$/, () => [200, { items: [{ id: 's1', username: 'zhang', name: '张老师', role: 'reviewer', scope: '370100', stages: ['first'], active: true, phone: '138****1234', unit: '解放路第一小学', recusals: ['370102'] }] }]],
    ['PATCH', /^staff\/s1$/, () => [204]],
    ['POST', /^staff$/, (body) => [201, { id: 's2', username: body.username, password: null, invitation: 'https://example.cn/console#invitation/abc' }]],
    ['POST', /^staff\/s1\/invitation$/, () => state.confirmed ? [201, { url: 'https://example.cn/console#invitation/def' }] : [403, { code: 'confirm', detail: '这一步很重要，请再输一次密码。' }]],
    ['POST', /^me\/confirm$/, (body) => body.password === 'right' ? ((state.confirmed = true), [204]) : [401, { code: 'login', detail: '用户名或密码不对。' }]],
    ['POST', /^me\/otp$/, () => [200, { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', uri: 'otpauth://totp/x?secret=y' }]],
    ['POST', /^me\/otp\/confirm$/, (body) => body.code === '123456' ? ((state.otpSetup = false), [200, { recovery_codes: Array.from({ length: 10 }, (_, i) => `012345678${i}`) }]) : [401, { code: 'otp-wrong', detail: '动态验证码不对或已用过，请等下一个再试。' }]],
    ['GET', /^me\/sessions$/, () => [200, { items: [{ id: 'a', created_ms: 1790000000000, seen_ms: 1790000000000, peer: '10.0.0.1', current: true }, { id: 'b', created_ms: 1789990000000, seen_ms: 1789990000000, peer: '10.0.0.2', current: false }].filter((one) => !state.ended.includes(one.id)) }]],
    ['DELETE', /^me\/sessions\/(\w+)$/, (_, __, [id]) => { state.ended.push(id); return [204] }],
    ['POST', /^invitations$/, (body) => body.token === 'abc' ? [200, { username: 'wang' }] : [410, { code: 'invitation', detail: '邀请链接已用过或过期了，请向管理员再要一个。' }]],
    ['POST', /^queue\/bulk$/, (body) => {
      const skip = body.items.filter((one) => one.id === 'q2')
      state.bulk.push(body)
      state.undone = state.queue
      state.queue = state.queue.filter((one) => one.id === 'q2' || !body.items.some((item) => item.id === one.id))
      return [200, { done: body.items.filter((one) => one.id !== 'q2').map((one) => ({ id: one.id, decision: `b${one.id}` })), skipped: skip.map((one) => ({ id: one.id, code: 'leased', detail: '另一位同事正在审这件作品。' })) }]
    }],
    ['POST', /^queue\/(\w+)\/contact$/, () => [200, { name: '李小梅', phone: '13800001234' }]],
  ]

  async function api(request, response, path) {
    const found = API.find(([method, pattern]) => method === request.method && pattern.test(path))
    let text = ''
    for await (const bytes of request) {
      text += bytes
    }
    if (found === undefined) {
      problem(response, 404, 'not-found', '没有找到。')
      return
    }
    const [code, body] = found[2](text === '' ? {} : JSON.parse(text), request, path.match(found[1]).slice(1))
    json(response, code, body)
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1')
    const path = decodeURIComponent(url.pathname)
    const send = (type, body) => response.writeHead(200, { 'Content-Type': type }).end(body)

    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.on('finish', () => state.answered.add(path))
    await state.open
    if (path.startsWith('/files')) {
      await tus(request, response, path.slice('/files/'.length)).catch(() => undefined)
    } else if (path.startsWith('/api/v1/')) {
      await api(request, response, path.slice('/api/v1/'.length))
    } else if (path.startsWith('/assets/')) {
      send(TYPES[extname(path)], readFileSync(join(WEB, 'dist', path)))
    } else if (path.startsWith('/poster/')) {
      send('image/svg+xml', svg(Number.parseInt(path.slice(8), 10)))
    } else if (/^\/(sheet|board)\//.test(path)) { // as heavy as the real ones
      response.setHeader('Cache-Control', 'private, no-store')
      const picture = path.startsWith('/board') ? storyboard() : svg(Number.parseInt(path.slice(7), 10))
      send('image/svg+xml', `${picture}<!--${'x'.repeat(path.startsWith('/board') ? 60e3 : 90e3)}-->`)
    } else if (path === '/storyboard.svg') {
      send('image/svg+xml', storyboard())
    } else if (path === '/storyboard.vtt') {
      send('text/vtt', storyboardTimes())
    } else if (path === '/embed.js') {
      send('text/javascript', readFileSync(join(WEB, 'dist', names.embed_js)))
    } else if (path === '/elder') {
      response.writeHead(303, { Location: url.searchParams.get('back'), 'Set-Cookie': `elder=${url.searchParams.get('on')}; Path=/` }).end()
    } else if (path === '/other-site') {
      send('text/html', '<!doctype html><meta charset="utf-8"><script src="/embed.js" async></script><xuepai-video vid="w0" ratio="9/16"></xuepai-video>')
    } else {
      const [template, data] = PAGES[path]?.() ?? ['error', { ...page('没有找到这一页', path), error: { status: 404 } }]
      const elder = /(^|; )elder=1/.test(request.headers.cookie ?? '')
      const html = mustache.render(templates[template], { elder, site, assets: names, ...data }, templates)
      response.writeHead(template === 'error' ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': CSP }).end(html)
    }
  })
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    state,
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((done) => (server.closeAllConnections(), server.close(done))),
  }
}

export const PAGE_PATHS = ['/', '/empty', '/works', '/v/w0', '/v/photo', '/embed/w0', '/embed/none', '/city/370100', '/calendar', '/collections', '/collections/k0', '/tracks/family-video', '/archive', '/archive/2025', '/a11y', '/search', '/submit',
  '/status', '/status/SD26-7KQ4-M9', '/help', '/privacy', '/licence', '/nothing-here', '/console']
