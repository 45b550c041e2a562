// What the lock of the media program costs: the same program with and without its filter, in turn on the same clip.
//   node tests/bench/sandbox.mjs [CLIP]        BENCH_ROUNDS=10
// CPU of prepare and ladder. A machine wanders by more than the lock could cost, so who comes first changes from round to round, and the
// ratio is the geometric mean of those of neighbours; it is to be 1.01 at most, and is told with its standard error.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 10);
const WAYS = { locked: 'build/xuepai-worker', unlocked: 'build/unlocked/xuepai-worker' };

function clipOf(argument) {
  if (argument) return path.resolve(argument);
  execFileSync(path.join(root, 'scripts/fixtures'));
  return path.join(root, 'build/fixtures/plain.mp4');
}

function once(program, kind, clip, folder, more) {
  const text = execFileSync(path.join(root, program), ['--set', 'sandbox_unsafe=true', '--once', kind, clip, folder,
    '--limits', '{"min_ms":0,"max_ms":600000}', ...more], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return { text, answer: JSON.parse(text) };
}

/** [{way, sandbox, cpu_s: of each round}], one row a way. */
export function sandbox(clip = clipOf()) {
  execFileSync('make', ['-s', 'build/xuepai-worker', 'build/xuepai-media', ...['worker', 'media'].map((name) => `build/unlocked/xuepai-${name}`)],
    { cwd: root });
  const rows = Object.keys(WAYS).map((way) => ({ way, sandbox: null, cpu_s: [] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const row of round % 2 === 0 ? rows : [...rows].reverse()) {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xuepai-sandbox-'));
      const prepare = once(WAYS[row.way], 'prepare', clip, path.join(folder, 'prepare'), []);
      fs.writeFileSync(path.join(folder, 'facts.json'), prepare.text);
      const ladder = once(WAYS[row.way], 'ladder', clip, path.join(folder, 'ladder'), ['--facts', path.join(folder, 'facts.json'),
        '--review', path.join(folder, 'prepare/480p.mp4')]);
      row.cpu_s.push(prepare.answer.cpu_s + ladder.answer.cpu_s);
      row.sandbox = prepare.answer.sandbox;
      fs.rmSync(folder, { recursive: true });
    }
  }
  return rows;
}

const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length;

export function print(rows) {
  for (const { way, sandbox: level, cpu_s } of rows) console.log(`${way.padEnd(9)} cpu ${mean(cpu_s).toFixed(2)} s, least ${Math.min(...cpu_s).toFixed(2)}   ${level}`);
  const logs = rows[0].cpu_s.map((cpu, i) => Math.log(cpu / rows[1].cpu_s[i]));
  const error = Math.sqrt(mean(logs.map((one) => (one - mean(logs)) ** 2)) / Math.max(logs.length - 1, 1));
  console.log(`with the lock / without: ${Math.exp(mean(logs)).toFixed(3)} +- ${error.toFixed(3)}`);
}

if (process.argv[1] === import.meta.filename) print(sandbox(clipOf(process.argv[2])));
