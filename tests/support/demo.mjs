// Fills a data folder through the API, as people would: staff of every role, works in every state that can be seen.
// `node tests/support/demo.mjs FOLDER` does it and prints the logins; browser tests call fill() on a running stack.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ADMIN_PASSWORD, api, decide, login, queued, sleep, startWorker, submit, upload, waitFor } from './stack.mjs';
import { startService } from '../http/support/service.mjs';
import { startBrowser } from '../browser/support/browser.mjs';
import { isKept, kept } from './kept.mjs';
import { scene, sizeOf } from './scenes.mjs';

// title, scene (scenes.mjs), length; `state` is how far the work goes. A photo work has a scene a photo.
const WORKS = [
  { title: '阳台上的小菜园', region: '370102', state: 'published', words: '孩子每天记一页观察日记', scenes: ['garden'] },
  { title: '和奶奶一起读家书', region: '370202', state: 'published', words: '每晚二十分钟，一年读完一百封', scenes: ['letters'] },
  { title: '爷爷教我写毛笔字', region: '370302', state: 'published', words: '从一横一竖开始', scenes: ['brush'] },
  { title: '爸爸的木工课', region: '370102', state: 'published', words: '周末一起做一把小板凳', scenes: ['wood'] },
  { title: '亲子共读三十天', region: '370103', state: 'published', words: '睡前半小时，手机放在客厅', scenes: ['thirty'] },
  { title: '社区里的书法班', region: '370102', track: 'life-video', state: 'published', words: '年纪最大的同学八十一岁', scenes: ['class'] },
  { title: '海边的自然课', region: '370202', track: 'life-photo', state: 'published', words: '退潮以后，一家人去认贝壳',
    captions: ['退潮了', '找到一只海星', '回家做标本'], scenes: ['sea', 'starfish', 'specimens'] },
  { title: '学会说对不起', region: '370102', state: 'in_review', scenes: ['sorry'] },
  { title: '我家的读书角', region: '370103', state: 'in_review', scenes: ['corner'] },
  { title: '妈妈学会了视频通话', region: '370104', track: 'life-video', state: 'final', scenes: ['call'] },
  { title: '厨房里的数学题', region: '370103', state: 'returned', scenes: ['kitchen'] },
  { title: '又一次说对不起', region: '370102', state: 'withdrawn', scenes: ['sorry'] },
  { title: '一秒钟的掌声', region: '370102', state: 'failed', seconds: 1, scenes: ['clap'] },
];

const STAFF = [
  ['jinan', '张老师', 'reviewer', '370100', ['first']], ['qingdao', '李老师', 'reviewer', '370200', ['first']],
  ['zibo', '赵老师', 'reviewer', '370300', ['first']], ['sheng', '王老师', 'reviewer', '370000', ['first', 'final']],
  ['organiser', '刘老师', 'organiser', '370000', []], ['unit', '济南市社区学院', 'unit', '370100', []],
  ['auditor', '陈老师', 'auditor', '370000', []],
];
const CONSENTS = { licence: true, guardian: false, scopes: ['site', 'embed', 'exhibition'] };
const CITY_REVIEWER = { 3701: 'jinan', 3702: 'qingdao', 3703: 'zibo' };

const pictureOf = (name) => `scene-${name}.png`;

// A picture of each scene, kept.
async function draw(names) {
  const missing = names.filter((name) => !isKept(pictureOf(name)));
  if (missing.length === 0) return;
  const browser = await startBrowser();
  for (const name of missing) {
    const [width, height] = sizeOf(name);
    const page = await browser.newPage({ viewport: { width, height } });
    await page.setContent(`<body style="margin:0">${scene(name)}</body>`);
    const picture = await page.screenshot();
    kept(pictureOf(name), (file) => writeFileSync(file, picture));
    await page.close();
  }
  await browser.close();
}

// The bytes of a work's files: a clip that comes slowly nearer to its scene, or a JPEG of each.
function filmed({ scenes, captions, seconds = 6 }, number) {
  return scenes.map((name) => {
    const picture = kept(pictureOf(name));
    const clip = ['-f', 'lavfi', '-i', `sine=frequency=${220 + 40 * number}`, '-vf', `zoompan=z='1+0.0008*on':d=${25 * seconds}:s=${sizeOf(name).join('x')}:fps=25`,
      '-t', String(seconds), '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
    return readFileSync(kept(`scene-${name}${captions ? '.jpg' : `-${seconds}s.mp4`}`, (file) =>
      execFileSync('ffmpeg', ['-v', 'error', '-i', picture, ...(captions ? ['-q:v', '3'] : clip), file])));
  });
}

async function addStaff(url) {
  const admin = await login(url, 'admin', ADMIN_PASSWORD);
  const sessions = { admin };
  for (const [username, name, role, scope, stages] of STAFF) {
    const body = { username, name, role, scope, stages, password: `password of ${username}` };
    const answer = await api(url, '/api/v1/staff', { method: 'POST', session: admin, body });
    if (answer.status !== 201) throw new Error(`staff ${username}: ${answer.status} ${answer.text}`);
    if (['reviewer', 'organiser'].includes(role)) sessions[username] = await login(url, username, body.password);
  }
  return sessions;
}

async function say(url, session, work, action, reasons) {
  const answer = await decide(url, session, (await queued(url, session, work.receipt.code)).id, action, reasons);
  if (answer.status !== 200) throw new Error(`${action} ${work.title}: ${answer.status} ${answer.text}`);
}

async function bring(url, people, work) {
  const reviewer = people[CITY_REVIEWER[work.region.slice(0, 4)]];
  await waitFor(url, work.receipt, work.state === 'failed' ? 'failed' : 'in_review', 120000);
  if (work.state === 'withdrawn') {
    await api(url, `/api/v1/submissions/${work.receipt.code}`, { method: 'DELETE', headers: { 'X-Pin': work.receipt.pin } });
  } else if (work.state === 'returned') {
    await say(url, reviewer, work, 'return', ['blurred']);
  } else if (work.state === 'published' || work.state === 'final') {
    await say(url, reviewer, work, 'approve');
    if (work.state === 'published') {
      await say(url, people.sheng, work, 'approve');
      await waitFor(url, work.receipt, 'published', 120000);
    }
  }
}

// A week for every city, one of them now, with days full of activities; a collection on the home page.
const ACTIVITIES = [
  ['09:00', '11:00', '社区书法课：一横一竖', '历下区社区学院', false], ['10:00', '11:30', '全民阅读分享会', '市图书馆一楼', true],
  ['14:00', '16:00', '亲子家书展', '市民中心', true], ['15:00', '', '非遗剪纸体验', '文化馆二楼', false], ['19:00', '20:30', '夜校公开课：手机摄影', '老年大学', false],
];
const dayAfter = (days) => new Date(Date.now() + 8 * 3600e3 + days * 864e5).toISOString().slice(0, 10);

const FEATURED = ['和奶奶一起读家书', '爸爸的木工课', '爷爷教我写毛笔字', '亲子共读三十天'];

async function arrange(url, organiser) {
  const send = async (method, path, body) => {
    const answer = await api(url, path, { method, session: organiser, body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  };
  const cities = (await api(url, '/api/v1/rules')).json.regions.filter((one) => one.level === 'city');
  for (const [i, city] of cities.entries()) {
    const first = 7 * (i - 1) - 2; // the second of them now
    await send('PUT', `/api/v1/programme/${i === 0 ? cities[1].code : i === 1 ? cities[0].code : city.code}/week`, { first_day: dayAfter(first), last_day: dayAfter(first + 6),
      words: i === 1 ? '泉城的一周：书香、家风和手艺，天天有活动。' : '', contact: i === 1 ? '济南市社区大学 0531-12345678' : '' });
  }
  for (let day = -2; day < 5; day++) {
    for (const [n, [starts, ends, title, place, isHighlight]] of ACTIVITIES.entries()) {
      if ((n + day + 10) % 2 === 0 || day === 0) {
        await send('POST', `/api/v1/programme/${cities[0].code}/activities`, { day: dayAfter(day), starts, ends, title, place, is_highlight: isHighlight && day === 0,
          words: isHighlight ? '带上一封家书或一本书，现场朗读、合影、留言，结束后有小礼物。' : '' });
      }
    }
  }
  const { id } = await send('POST', '/api/v1/editor/collections', { title: '家书与家风', words: '一封信、一顿饭、一件手艺：家里的学习时光。', is_featured: true, is_public: true });
  const people = (await api(url, '/api/v1/works')).json.items;
  await send('PUT', `/api/v1/editor/collections/${id}/works`, { works: people.filter((one) => FEATURED.includes(one.title)).map((one) => one.id) });
}

// Resolves to the works with their receipts.
export async function fill(url) {
  const people = await addStaff(url);
  await draw([...new Set(WORKS.flatMap((work) => work.scenes))]);
  const works = [];
  for (const [number, work] of WORKS.entries()) {
    const { title, region, words = '', track = 'family-video', captions } = work;
    const files = [];
    for (const bytes of filmed(work, number)) {
      files.push(await upload(url, bytes, { track, filename: captions ? 'photo.jpg' : 'clip.mp4' }));
    }
    works.push({ ...work, receipt: await submit(url, files, { title, region, words, track, consents: CONSENTS, ...(captions ? { captions } : {}) }) });
  }
  for (const work of works) await bring(url, people, work);
  await arrange(url, people.organiser);
  return works;
}

// Until every work has its ladder too: the worker is stopped after that.
async function finishJobs(url) {
  for (;;) {
    const text = await (await fetch(`${url}/metrics`)).text();
    if (/^xuepai_jobs_queued 0$/m.test(text) && /^xuepai_jobs_leased 0$/m.test(text)) return;
    await sleep(200);
  }
}

async function main(folder) {
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`);
  mkdirSync(folder, { recursive: true });
  const service = await startService({ data: folder, environment: { XUEPAI_UNDO_SECONDS: '0' } });
  const worker = startWorker(service);
  try {
    await worker.ready;
    const works = await fill(service.url);
    await finishJobs(service.url);
    console.log(`\n${folder} is filled. Start it with: XUEPAI_DATA=${folder} make run\n\nLogins of /console:`);
    console.log(`  admin      ${ADMIN_PASSWORD}   (administrator)`);
    for (const [username, , role] of STAFF) console.log(`  ${username.padEnd(10)} password of ${username}   (${role})`);
    console.log('\nReceipts of /status:');
    for (const { receipt, state, title } of works) console.log(`  ${receipt.code}  PIN ${receipt.pin}  ${state.padEnd(9)}  ${title}`);
  } finally {
    await worker.stop();
    await service.stop({ keep: true });
  }
}

if (import.meta.filename === process.argv[1]) {
  await main(resolve(process.argv[2])).catch((problem) => {
    console.error(problem.message);
    process.exitCode = 1;
  });
}
