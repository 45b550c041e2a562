// A whole round of selection from outside: quotas, the draw, blind judging, the result recomputed here by the rules as they
// are written in draw.h and tally.h, notice and objections, and the mark.
import { createHash } from 'node:crypto';
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { sql } from './support/service.mjs';
import { ADMIN_PASSWORD, api, clip, login, publish, reviewers, startStack, submit, upload } from '../support/stack.mjs';
import { publishMany } from '../support/published.mjs';

const CRITERIA = [{ name: '主题', weight: 60 }, { name: '画面', weight: 40 }];
const ROUND = { name: '家庭教育短视频择优', track: 'family-video', region: '370000', quota: 2, judges_each: 3, places: 3,
  is_levelled: true, criteria: CRITERIA, quotas: { 370200: 1 } };
let stack, url, people, real, receipt, round;

const call = (session, method, path, body) => api(url, path, { method, session, body });
const workOf = (city, track = 'family-video') => sql(stack.service,
  `SELECT submission FROM publication WHERE city = '${city}' AND track = '${track}' AND submission LIKE 'w0%' ORDER BY submission`).split('\n');

before(async () => {
  stack = await startStack();
  url = stack.url;
  people = await reviewers(url);
  const admin = people.admin;
  const add = async (username, role, scope, name) => {
    const answer = await call(admin, 'POST', '/api/v1/staff', { username, name, role, scope, password: `password of ${username}` });
    assert.equal(answer.status, 201, answer.text);
    people[username] = { id: answer.json.id, ...(await login(url, username, `password of ${username}`)) };
  };
  await add('org.sheng', 'organiser', '370000', '省组织者');
  await add('org.jinan', 'organiser', '370100', '济南组织者');
  await add('org.qingdao', 'organiser', '370200', '青岛组织者');
  await add('org.lixia', 'organiser', '370102', '历下组织者');
  for (const [username, scope] of [['judge.a', '370000'], ['judge.b', '370000'], ['judge.c', '370000'], ['judge.d', '370000'],
    ['judge.jinan', '370102'], ['judge.qingdao', '370200']]) await add(username, 'unit', scope, `评委${username.slice(6, 8)}`);
  receipt = await submit(url, [await upload(url, clip({ seconds: 3 }))], { title: '真的一件' });
  real = await publish(url, people, receipt);
  publishMany(stack.service, 60);
});
after(() => stack.stop());

const judges = () => Object.keys(people).filter((name) => name.startsWith('judge.'));
const detail = async (session = people['org.sheng']) => (await call(session, 'GET', `/api/v1/selections/${round}`)).json;
const step = (name, more = {}, session = people['org.sheng']) =>
  call(session, 'POST', `/api/v1/selections/${round}/steps`, { step: name, ...more });
const recommend = (session, work) => call(session, 'PUT', `/api/v1/selections/${round}/entries/${work}`);

test('a round is made with criteria that weigh 100, by who is in charge of the region', async () => {
  const body = { ...ROUND, judges: judges().map((name) => people[name].id) };
  for (const bad of [{ criteria: [{ name: '主题', weight: 90 }] }, { track: 'none' }, { region: '370102' }, { judges: [people['org.jinan'].id] },
    { quotas: { 110000: 1 } }, { places: 0 }, { name: ' ' }]) {
    const answer = await call(people['org.sheng'], 'POST', '/api/v1/selections', { ...body, ...bad });
    assert.ok([400, 404].includes(answer.status), `${JSON.stringify(bad)}: ${answer.status}`);
  }
  assert.equal((await call(people['org.jinan'], 'POST', '/api/v1/selections', body)).status, 404, 'the province is not Jinan’s');
  const made = await call(people['org.sheng'], 'POST', '/api/v1/selections', { ...body, name: '还没改的名字' });
  assert.equal(made.status, 201, made.text);
  round = made.json.id;
  assert.equal((await call(people['org.sheng'], 'PUT', `/api/v1/selections/${round}`, body)).status, 204);
  const shown = await detail();
  assert.deepEqual([shown.name, shown.criteria, shown.quotas, shown.judges.length], [ROUND.name, CRITERIA, { 370200: 1 }, 6]);
});

test('cities recommend their own published works, up to the quota', async () => {
  const [one, two] = workOf('370100');
  const jinan = people['org.jinan'];
  assert.equal((await recommend(jinan, real)).status, 204);
  assert.equal((await recommend(jinan, one)).status, 204);
  assert.equal((await recommend(jinan, one)).status, 204, 'twice is once');
  const full = await recommend(jinan, two);
  assert.deepEqual([full.status, full.json.code], [422, 'selection-quota']);
  assert.equal((await call(jinan, 'DELETE', `/api/v1/selections/${round}/entries/${one}`)).status, 204);
  assert.equal((await recommend(jinan, two)).status, 204);
  assert.equal((await recommend(jinan, workOf('370300')[0])).status, 404, 'not its city');
  assert.equal((await recommend(people['org.lixia'], one)).status, 404, 'a county does not speak for its city');
  assert.equal((await recommend(jinan, workOf('370100', 'life-photo')[0])).status, 404, 'another track');
  const [qingdao, second] = workOf('370200');
  assert.equal((await recommend(people['org.qingdao'], qingdao)).status, 204);
  assert.equal((await recommend(people['org.qingdao'], second)).json.code, 'selection-quota', 'its own quota is one');
  for (const city of ['370300', '370400', '370500', '370600']) {
    for (const work of workOf(city).slice(0, 2)) assert.equal((await recommend(people['org.sheng'], work)).status, 204);
  }
  assert.equal((await detail()).entries.length, 11);
  const own = await detail(jinan);
  assert.ok(own.entries.length === 2 && own.entries.every((entry) => entry.source === '370100') && own.judges === undefined);
});

test('a race for the last place of a quota has one winner', async () => {
  const works = workOf('370700').slice(0, 4);
  const answers = await Promise.all(works.map((work) => recommend(people['org.sheng'], work)));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [204, 204, 422, 422]);
  for (const work of works) await call(people['org.sheng'], 'DELETE', `/api/v1/selections/${round}/entries/${work}`);
});

test('judges see numbers, and none of their own city', async () => {
  assert.equal((await step('judge', {}, people['org.jinan'])).status, 404);
  assert.equal((await step('close')).json.code, 'selection-state');
  assert.equal((await step('judge')).status, 204);
  assert.equal((await recommend(people['org.jinan'], workOf('370100')[0])).json.code, 'selection-state');
  const sheet = (await call(people['org.sheng'], 'GET', `/api/v1/selections/${round}/sheet`)).json;
  const cityOf = Object.fromEntries(sheet.works.map((work) => [work.id, work.source]));
  const own = (name, city) => sheet.tasks.filter((task) => task.judge === people[name].id && cityOf[task.work] === city).length;
  assert.equal(own('judge.jinan', '370100') + own('judge.qingdao', '370200'), 0);
  const loads = sheet.judges.map((id) => sheet.tasks.filter((task) => task.judge === id).length);
  assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, `${loads}`);
  for (const name of judges()) {
    const answer = await call(people[name], 'GET', '/api/v1/judging');
    const { tasks } = answer.json.items[0];
    assert.equal(tasks.length, sheet.tasks.filter((task) => task.judge === people[name].id).length);
    assert.doesNotMatch(answer.text.replaceAll(round, ''), /济南|青岛|淄博|3701|3702|李小梅|每晚二十分钟|w0000|SD2|\/media\/|\/v\//, 'nothing that names family or place');
    assert.ok(!answer.text.includes(real));
  }
});

test('pictures and clip by number, for the judge of the task alone', async () => {
  const sheet = (await call(people['org.sheng'], 'GET', `/api/v1/selections/${round}/sheet`)).json;
  const { number } = sheet.works.find((work) => work.id === real);
  let seen = 0;
  for (const name of judges()) {
    const mine = sheet.tasks.some((task) => task.work === real && task.judge === people[name].id);
    for (const file of ['poster.jpg', '480p.mp4', 'storyboard.jpg']) {
      const answer = await fetch(`${url}/judging/${round}/${number}/${file}`, { headers: { Cookie: people[name].cookie } });
      await answer.arrayBuffer();
      assert.equal(answer.status, mine && file !== 'storyboard.jpg' ? 200 : 404, `${name} ${file}`);
      seen += answer.status === 200;
    }
  }
  assert.equal(seen, 6);
  assert.equal((await api(url, `/judging/${round}/${number}/poster.jpg`)).status, 401);
});

// Points that are neither alike nor in order, from the number and the judge alone.
const pointsOf = (number, judge) => [0, 1].map((k) => 40 + parseInt(createHash('sha256').update(`${number}${judge}${k}`).digest('hex').slice(0, 4), 16) % 61);

test('points, standing aside, and no result before all have judged', async () => {
  const first = (await call(people['judge.a'], 'GET', '/api/v1/judging')).json.items[0].tasks[0];
  const path = `/api/v1/judging/${round}/${first.number}`;
  for (const points of [[101, 1], [-1, 1], [1], [1, 2, 3], [1.5, 2], ['1', 2]]) {
    assert.equal((await call(people['judge.a'], 'PUT', path, { points })).status, 400, JSON.stringify(points));
  }
  assert.equal((await call(people['judge.a'], 'DELETE', path)).status, 204);
  assert.equal((await call(people['judge.a'], 'PUT', path, { points: [1, 1] })).status, 404, 'no longer a task of this judge');
  assert.equal((await step('close')).json.code, 'selection-scores');
  const open = (await detail()).entries.find((entry) => entry.number === first.number);
  assert.deepEqual([open.tasks, open.scored, open.score], [3, 0, 0]);
  assert.equal((await call(people['org.sheng'], 'DELETE', `/api/v1/selections/${round}/judges/${people['judge.d'].id}`)).status, 204);
  assert.equal((await call(people['judge.d'], 'GET', '/api/v1/judging')).json.items.length, 0);
  for (const name of judges()) {
    const [mine] = (await call(people[name], 'GET', '/api/v1/judging')).json.items;
    for (const task of mine?.tasks ?? []) {
      const body = { points: pointsOf(task.number, name), note: '好' };
      assert.equal((await call(people[name], 'PUT', `/api/v1/judging/${round}/${task.number}`, body)).status, 204);
    }
  }
  assert.equal((await step('close')).status, 204);
  assert.equal((await call(people['judge.b'], 'GET', '/api/v1/judging')).json.items.length, 0, 'points are fixed');
});

const H = (seed, ...words) => createHash('sha256').update([seed, ...words].join('|')).digest('hex');
const least = (list, key) => [...list].sort((a, b) => (key(a) < key(b) ? -1 : 1));

// draw.h and tally.h once more, in another language and by another hand.
function drawAgain({ seed, works, judges, aside, judges_each }) {
  const order = least(works, (work) => H(seed, 'number', work));
  const isAside = (work, judge) => aside.some(([w, j]) => w === work && j === judge);
  const has = new Map(order.map((work) => [work, new Set()]));
  const load = new Map(judges.map((judge) => [judge, 0]));
  for (const work of order) {
    for (let turn = 0; turn < judges_each; turn++) {
      const free = judges.filter((judge) => !isAside(work, judge) && !has.get(work).has(judge));
      const fewest = Math.min(...free.map((judge) => load.get(judge)));
      const [taken] = least(free.filter((judge) => load.get(judge) === fewest), (judge) => H(seed, 'task', work, judge));
      if (!taken) break;
      has.get(work).add(taken);
      load.set(taken, load.get(taken) + 1);
    }
  }
  const people = least(judges, (judge) => H(seed, 'judge', judge));
  for (let moved = true; moved;) {
    moved = false;
    search: for (const work of order) for (const giver of people) for (const taker of people) {
      if (has.get(work).has(giver) && !has.get(work).has(taker) && !isAside(work, taker) && load.get(giver) >= load.get(taker) + 2) {
        has.get(work).delete(giver);
        has.get(work).add(taker);
        load.set(giver, load.get(giver) - 1);
        load.set(taker, load.get(taker) + 1);
        moved = true;
        break search;
      }
    }
  }
  return { order, has };
}

const mean = (numbers) => Math.floor((2 * numbers.reduce((a, b) => a + b, 0) + numbers.length) / (2 * numbers.length));
function tallyAgain({ seed, criteria, is_levelled, tasks }, works) {
  const scores = tasks.filter((task) => task.state === 'scored').map((task) => ({ ...task,
    value: task.points.reduce((sum, points, k) => sum + points * criteria[k].weight, 0) * 1000 }));
  const all = mean(scores.map((one) => one.value));
  const ofJudge = (judge) => mean(scores.filter((one) => one.judge === judge).map((one) => one.value));
  const level = new Map(scores.map((one) => [one, is_levelled ? one.value + all - ofJudge(one.judge) : one.value]));
  const results = works.map((work) => {
    const own = scores.filter((one) => one.work === work);
    const values = own.map((one) => level.get(one)).sort((a, b) => a - b);
    return { work, score: mean(values.length < 3 ? values : values.slice(1, -1)), mean: mean(values),
      criteria: criteria.map((_, k) => mean(own.map((one) => one.points[k] * 100000))) };
  });
  const keys = (one) => [one.score, one.mean, ...one.criteria];
  return results.sort((a, b) => {
    const at = keys(a).findIndex((key, i) => key !== keys(b)[i]);
    return at >= 0 ? keys(b)[at] - keys(a)[at] : H(seed, 'lot', a.work) < H(seed, 'lot', b.work) ? -1 : 1;
  });
}

test('the sheet recomputes to the same draw and the same result', async () => {
  const sheet = (await call(people['org.sheng'], 'GET', `/api/v1/selections/${round}/sheet`)).json;
  assert.equal(sheet.is_reproduced, true);
  const works = sheet.works.map((work) => work.id);
  const again = drawAgain({ ...sheet, works });
  assert.deepEqual(sheet.works.map((work) => work.number), sheet.works.map((work) => again.order.indexOf(work.id) + 1));
  const drawn = (work) => sheet.tasks.filter((task) => task.work === work && task.is_drawn).map((task) => task.judge).sort();
  for (const work of works) assert.deepEqual(drawn(work), [...again.has.get(work)].sort());
  for (const task of sheet.tasks.filter((one) => one.is_drawn === false)) { // replacements, by the rule too
    const asked = sheet.tasks.filter((one) => one.work === task.work).map((one) => one.judge);
    const free = sheet.judges.filter((judge) => !asked.includes(judge) && !sheet.aside.some(([w, j]) => w === task.work && j === judge));
    for (const judge of free) assert.ok(H(sheet.seed, 'replacement', task.work, task.judge) < H(sheet.seed, 'replacement', task.work, judge));
  }
  assert.ok(sheet.tasks.some((task) => !task.is_drawn) && sheet.tasks.some((task) => task.state === 'aside'));
  const results = tallyAgain(sheet, works);
  const byPlace = [...sheet.works].sort((a, b) => a.place - b.place);
  assert.deepEqual(byPlace.map((work) => [work.id, work.place, work.score]), results.map((one, i) => [one.work, i + 1, one.score]));
  assert.deepEqual(byPlace.map((work) => work.is_listed), results.map((_, i) => i < 3));
  for (const kind of ['xlsx', 'pdf']) {
    const answer = await api(url, `/api/v1/selections/${round}/sheet.${kind}`, { session: people['org.sheng'] });
    assert.ok(answer.status === 200 && answer.text.includes('%xuepai-ed25519 '), kind);
    assert.equal((await api(url, `/api/v1/selections/${round}/sheet.${kind}`, { session: people['org.jinan'] })).status, 404);
  }
  // a point that somebody changed in the database afterwards
  sql(stack.service, `UPDATE selection_task SET points = '[100,100]' WHERE selection = '${round}' AND submission = '${byPlace[10].id}'`);
  assert.equal((await call(people['org.sheng'], 'GET', `/api/v1/selections/${round}/sheet`)).json.is_reproduced, false);
  for (const task of sheet.tasks.filter((one) => one.work === byPlace[10].id)) {
    sql(stack.service, `UPDATE selection_task SET points = '${JSON.stringify(task.points)}' WHERE selection = '${round}' AND submission = '${task.work}' AND judge = '${task.judge}'`);
  }
  assert.equal((await call(people['org.sheng'], 'GET', `/api/v1/selections/${round}/sheet`)).json.is_reproduced, true);
});

const object = (fields) => fetch(`${url}/notice/${round}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });

test('the notice is public, and an open objection freezes the list', async () => {
  assert.equal((await api(url, `/notice/${round}`)).status, 404, 'not before it is announced');
  assert.doesNotMatch((await api(url, '/notice')).text, /家庭教育短视频择优/);
  assert.equal((await step('announce', { days: 0 })).status, 400);
  assert.equal((await step('announce', { days: 5 })).status, 204);
  const listed = (await detail()).entries.filter((entry) => entry.is_listed);
  const page = (await api(url, `/notice/${round}`)).text;
  const { seed } = await detail();
  assert.ok(page.includes(seed) && seed.length === 64);
  for (const entry of listed) assert.ok(page.includes(`/v/${entry.work}`), entry.title);
  assert.equal([...page.matchAll(/class="tile"/g)].length, 3);
  assert.match((await api(url, '/notice')).text, /家庭教育短视频择优/);
  assert.equal((await api(url, `/api/v1/works/${listed[0].work}`)).json.selected, null, 'no mark before it is settled');

  assert.equal((await object({ work: '', text: ' ' })).status, 400);
  assert.equal((await object({ work: workOf('370800')[0], text: '不在名单上的作品' })).status, 404);
  const said = await object({ work: listed[2].work, text: '这件作品是从网上下载的', contact: '13900000000' });
  assert.deepEqual([said.status, /收到您的异议了/.test(await said.text())], [201, true]);
  const shown = (await api(url, `/notice/${round}`)).text;
  assert.match(shown, /收到异议 1 件，已答复 0 件/);
  assert.doesNotMatch(shown, /从网上下载|13900000000/);
  assert.equal((await step('settle')).json.code, 'selection-notice');
  sql(stack.service, `UPDATE selection SET notice_ends_ms = 1 WHERE id = '${round}'`);
  assert.equal((await object({ work: '', text: '来晚了' })).status, 409);
  assert.equal((await step('settle')).json.code, 'selection-objections');
  const [objection] = (await detail()).objections;
  assert.deepEqual([objection.text, objection.contact, objection.state], ['这件作品是从网上下载的', '13900000000', 'open']);
  assert.equal((await call(people['org.jinan'], 'POST', `/api/v1/objections/${objection.id}/answer`, { answer: '不', removes: false })).status, 404);
  const answer = () => call(people['org.sheng'], 'POST', `/api/v1/objections/${objection.id}/answer`, { answer: '核实属实，取消入选', removes: true });
  assert.equal((await answer()).status, 204);
  assert.deepEqual([(await answer()).status], [409], 'once');
  assert.ok(!(await api(url, `/notice/${round}`)).text.includes(`class="tile" href="${url}/v/${listed[2].work}"`));
});

test('settled: mark, collection and certificate; what is withdrawn is gone from the list at once', async () => {
  const listed = (await detail()).entries.filter((entry) => entry.is_listed);
  assert.equal(listed.length, 2, 'nobody moves up');
  assert.equal((await step('settle')).status, 204);
  assert.equal((await step('cancel')).json.code, 'selection-state');
  const work = (await api(url, `/api/v1/works/${listed[0].work}`)).json;
  assert.deepEqual([work.selected.name, new URL(work.selected.url).pathname], [ROUND.name, `/notice/${round}`]);
  assert.match((await api(url, `/v/${listed[0].work}`)).text, /入选：家庭教育短视频择优/);
  const tiles = (await api(url, `/notice/${round}`)).text;
  assert.ok(/入选作品/.test(tiles) && [...tiles.matchAll(/class="tile"/g)].length === 2 && /class="pill">入选</.test(tiles));
  assert.equal((await api(url, `/api/v1/works/${workOf('370800')[0]}`)).json.selected, null);

  // the real one, whatever its place was, put on the list by hand: its certificate, and its end
  sql(stack.service, `UPDATE selection_entry SET is_listed = 1, is_selected = 1 WHERE selection = '${round}' AND submission = '${real}'`);
  assert.match((await api(url, `/c/${receipt.code}`)).text, /入选 <b>家庭教育短视频择优/);
  const headers = { 'X-Pin': receipt.pin };
  assert.equal((await api(url, `/api/v1/submissions/${receipt.code}/certificate.pdf`, { headers })).status, 200);
  assert.ok((await api(url, `/notice/${round}`)).text.includes(real) || (await new Promise((done) => setTimeout(done, 1100)), await api(url, `/notice/${round}`)).text.includes(real));
  assert.equal((await api(url, `/api/v1/submissions/${receipt.code}`, { method: 'DELETE', headers })).status, 200);
  assert.ok(!(await api(url, `/notice/${round}`)).text.includes(real));
  assert.equal((await api(url, `/c/${receipt.code}`, { headers: { Accept: 'text/html' } })).status, 404);
});

test('a place that chose for itself may recommend only what it chose', async () => {
  const add = (session, body) => call(session, 'POST', '/api/v1/selections', { ...ROUND, quotas: {}, judges: [people['judge.a'].id], judges_each: 1, ...body });
  const county = sql(stack.service, "SELECT MIN(region) FROM publication WHERE city = '370100' AND submission LIKE 'w0%'");
  const lower = (await add(people['org.jinan'], { name: '济南择优', region: '370100', places: 1 })).json.id;
  const upper = (await add(people['org.sheng'], { name: '全省第二轮', region: '370000' })).json.id;
  const [one, two] = workOf('370100').filter((id) => sql(stack.service, `SELECT region FROM publication WHERE submission = '${id}'`) === county);
  for (const work of [one, two]) assert.equal((await call(people['org.jinan'], 'PUT', `/api/v1/selections/${lower}/entries/${work}`)).status, 204);
  const at = (id, body) => call(people['org.jinan'], 'POST', `/api/v1/selections/${id}/steps`, body);
  assert.equal((await at(lower, { step: 'judge' })).status, 204);
  for (const task of (await call(people['judge.a'], 'GET', '/api/v1/judging')).json.items[0].tasks) {
    await call(people['judge.a'], 'PUT', `/api/v1/judging/${lower}/${task.number}`, { points: [task.number, task.number] });
  }
  assert.equal((await at(lower, { step: 'close' })).status, 204);
  assert.equal((await at(lower, { step: 'announce', days: 3 })).status, 204);
  sql(stack.service, `UPDATE selection SET notice_ends_ms = 1 WHERE id = '${lower}'`);
  assert.equal((await at(lower, { step: 'settle' })).status, 204);
  const answers = await Promise.all([one, two].map((work) => call(people['org.jinan'], 'PUT', `/api/v1/selections/${upper}/entries/${work}`)));
  assert.deepEqual(answers.map((answer) => answer.json?.code ?? answer.status).sort(), [204, 'selection-below']);
  const county_round = (await call(people['org.lixia'], 'GET', '/api/v1/selections')).json.items;
  assert.deepEqual(county_round.map((one) => one.is_mine), [false, false, false]);
});

test('everything stands in the ledger, and the chain holds', async () => {
  const admin = await login(url, 'admin', ADMIN_PASSWORD);
  const actions = (await call(admin, 'GET', `/api/v1/ledger?work=${round}`)).json.items.map((record) => record.action);
  for (const action of ['selection.added', 'selection.changed', 'selection.judging', 'selection.scored', 'selection.stood_aside',
    'selection.judge_released', 'selection.judged', 'selection.notice', 'objection.made', 'objection.answered', 'selection.selected']) {
    assert.ok(actions.includes(action), action);
  }
  const own = (await call(admin, 'GET', `/api/v1/ledger?work=${real}`)).json.items.map((record) => record.action);
  assert.ok(own.includes('selection.recommended'));
  assert.equal((await call(admin, 'POST', '/api/v1/ledger/verify')).json.whole, true);
});
