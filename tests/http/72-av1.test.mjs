// A published work's AV1 renditions: made behind everything else, named beside the H.264 ones, keyframes at the same instants.
// Runs once: its rows and objects go the way of every rung; encoding takes half a minute.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { api, clip, publish, reviewers, startStack, submit, upload } from '../support/stack.mjs';

let stack, people;
before(async () => {
  stack = await startStack({ environment: { XUEPAI_AV1_RUNGS: 'true' } });
  people = await reviewers(stack.url);
});
after(() => stack.stop());

const keyframes = (url) => execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time,flags',
  '-of', 'csv=p=0', url], { encoding: 'utf8' }).split('\n').filter((line) => line.includes('K')).map(parseFloat);

test('a published work gets AV1 sources, and one master playlist names all', async () => {
  const id = await publish(stack.url, people, await submit(stack.url, [await upload(stack.url, clip({ seconds: 3, size: '960x540' }))]));
  const isAv1 = (source) => source.codecs.startsWith('av01.');
  let work;
  for (let i = 0; i < 1800 && !work?.sources.some(isAv1); i++) {
    work = (await api(stack.url, `/api/v1/works/${id}`)).json;
    await new Promise((done) => setTimeout(done, 100));
  }
  const modern = work.sources.find(isAv1);
  assert.ok(modern, 'made');
  assert.match(modern.codecs, /^av01\.0\.\d\dM\.08,mp4a\.40\.2$/);
  const plain = work.sources.find((source) => source.height === modern.height && !isAv1(source));
  assert.deepEqual(keyframes(modern.src), keyframes(plain.src));
  const master = await (await fetch(work.hls)).text();
  const codecs = [...master.matchAll(/CODECS="(....)/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(codecs)], ['avc1', 'av01'], 'players that know one codec alone begin with the first');
  for (const [, media] of master.matchAll(/^((?!#)\S+\.m3u8)$/gm)) {
    assert.match(await (await fetch(new URL(media, work.hls))).text(), /#EXT-X-ENDLIST/, media);
  }
  assert.equal(codecs.filter((name) => name === 'avc1').length,
    work.sources.filter((source) => !isAv1(source)).length, 'every H.264 rung is still named');
});
