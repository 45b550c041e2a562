// Fills a data folder through the API, as people would: staff of every role, works in every state that can be seen.
// `node tests/support/demo.mjs FOLDER` does it and prints the logins; browser tests call fill() on a running stack.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ADMIN_PASSWORD, api, decide, login, queued, root, sleep, startWorker, submit, upload, waitFor } from './stack.mjs';
import { startService } from '../http/support/service.mjs';

const LANDSCAPE = '960x540';
const PORTRAIT = '540x960';
const gradient = (size, colours, seed) => `gradients=size=${size}:rate=25:speed=0.02:seed=${seed}:` +
  colours.map((colour, i) => `c${i}=0x${colour}`).join(':') + `:nb_colors=${colours.length}`;

// name, filter source, length; `state` is how far the work goes.
const WORKS = [
  { title: '阳台上的小菜园', region: '370102', state: 'published', words: '孩子每天记一页观察日记',
    source: gradient(PORTRAIT, ['f6d365', '7ccb9a', '2f855a'], 3) },
  { title: '和奶奶一起读家书', region: '370202', state: 'published', words: '每晚二十分钟，一年读完一百封',
    source: gradient(LANDSCAPE, ['f2b632', 'e8826f', 'b7281b'], 5) },
  { title: '爷爷教我写毛笔字', region: '370302', state: 'published', words: '从一横一竖开始',
    source: `mandelbrot=size=${LANDSCAPE}:rate=25:start_scale=1.4:end_scale=0.2` },
  { title: '爸爸的木工课', region: '370102', state: 'published', words: '周末一起做一把小板凳',
    source: gradient(PORTRAIT, ['fbc2eb', 'a18cd1', '5b7db1'], 7) },
  { title: '海边的自然课', region: '370202', track: 'life-photo', state: 'published', words: '退潮以后，一家人去认贝壳',
    captions: ['退潮了', '找到一只海星', '回家做标本'], source: gradient('1600x1200', ['a1c4fd', 'fde2b3', '2b6f8f'], 21) },
  { title: '学会说对不起', region: '370102', state: 'in_review', source: gradient(LANDSCAPE, ['84fab0', '8fd3f4', '3b82b8'], 9) },
  { title: '亲子共读三十天', region: '370103', state: 'in_review', source: gradient(PORTRAIT, ['ffecd2', 'fcb69f', 'd9684c'], 11) },
  { title: '社区里的书法班', region: '370102', track: 'life-video', state: 'in_review',
    source: gradient(LANDSCAPE, ['d4fc79', '96e6a1', '2f855a'], 13) },
  { title: '妈妈学会了视频通话', region: '370104', track: 'life-video', state: 'final',
    source: gradient(LANDSCAPE, ['a1c4fd', 'c2e9fb', '6f86d6'], 15) },
  { title: '厨房里的数学题', region: '370103', state: 'returned', source: gradient(LANDSCAPE, ['30343b', '667eea'], 17) },
  { title: '我家的读书角', region: '370102', state: 'withdrawn', source: gradient(PORTRAIT, ['f093fb', 'f5576c'], 19) },
  { title: '一秒钟的掌声', region: '370102', state: 'failed', seconds: 1, source: gradient(LANDSCAPE, ['43e97b', '38f9d7'], 21) },
];

const STAFF = [
  ['jinan', '张老师', 'reviewer', '370100', ['first']], ['qingdao', '李老师', 'reviewer', '370200', ['first']],
  ['zibo', '赵老师', 'reviewer', '370300', ['first']], ['sheng', '王老师', 'reviewer', '370000', ['first', 'final']],
  ['organiser', '刘老师', 'organiser', '370000', []], ['unit', '济南市社区学院', 'unit', '370100', []],
  ['auditor', '陈老师', 'auditor', '370000', []],
];
const CITY_REVIEWER = { 3701: 'jinan', 3702: 'qingdao', 3703: 'zibo' };

function picture({ source, seconds = 6 }, number) {
  const folder = join(root, 'build', 'clips');
  const file = join(folder, `demo-${number}.mp4`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, '-f', 'lavfi', '-i',
      `sine=frequency=${220 + 40 * number}`, '-t', String(seconds), '-c:v', 'libx264', '-preset', 'veryfast',
      '-pix_fmt', 'yuv420p', '-c:a', 'aac', file]);
  }
  return readFileSync(file);
}

// Moments of the source, one photo each.
function photos({ source, captions }, number) {
  const folder = join(root, 'build', 'clips');
  return captions.map((_, i) => {
    const file = join(folder, `demo-${number}-${i}.jpg`);
    if (!existsSync(file)) {
      mkdirSync(folder, { recursive: true });
      execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, '-ss', String(3 * i), '-frames:v', '1', '-q:v', '3', file]);
    }
    return readFileSync(file);
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

async function arrange(url, organiser, works) {
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
  await send('PUT', `/api/v1/editor/collections/${id}/works`, { works: people.filter((one) => works.some((work) => work.title === one.title)).map((one) => one.id) });
}

// Resolves to the works with their receipts.
export async function fill(url) {
  const people = await addStaff(url);
  const works = [];
  for (const [number, work] of WORKS.entries()) {
    const { title, region, words = '', track = 'family-video', captions } = work;
    const files = [];
    for (const bytes of captions ? photos(work, number) : [picture(work, number)]) {
      files.push(await upload(url, bytes, { track, filename: captions ? 'photo.jpg' : 'clip.mp4' }));
    }
    works.push({ ...work, receipt: await submit(url, files, { title, region, words, track, ...(captions ? { captions } : {}) }) });
  }
  for (const work of works) await bring(url, people, work);
  await arrange(url, people.organiser, works);
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
