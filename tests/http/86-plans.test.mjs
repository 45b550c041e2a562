// Every statement of the program finds its rows by an index, on this engine. The texts are those that the compiler sees.
// PostgreSQL is asked with sequential scans switched off, and with the joins that read both sides whole, which it prefers among
// tables as empty as these: what still reads a whole table has no index to go by. (Which plan it takes with many rows is
// measured: tests/bench/pages.mjs, queue.mjs.)
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root, sql, startService } from './support/service.mjs';

const onPostgres = Boolean(process.env.XUEPAI_TEST_DATABASE);
let service;
let tables;
let partial; // indexes of few rows: those that are open, waiting, pending
before(async () => {
  service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning' } });
  tables = new Set(sql(service, onPostgres ? "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    : "SELECT name FROM sqlite_master WHERE type = 'table'").split('\n'));
  partial = new Set(onPostgres ? sql(service, "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND indexdef LIKE '% WHERE %'").split('\n') : []);
});
after(() => service.stop());

// Tables of the rules and of people and machines: tens or hundreds of rows, whatever happens.
const SMALL = /^(edition|region|track|stage|reason|migration|node|worker|worker_token|staff|login|invitation|recusal|installation|embed_site|receiver|week)$/;
// Statements that read all there is, and why they may.
const WHOLE = [
  ['SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1', 'the last record, from the end of the index'],
  ['SELECT seq FROM outbox_event ORDER BY seq DESC LIMIT 1', 'the last event, likewise'],
  ['SELECT published_ms, submission FROM publication ORDER BY published_ms DESC, submission DESC LIMIT 1 OFFSET $1', 'where a part of the sitemap begins, along the index'],
];

const flags = () => execFileSync('pkg-config', ['--cflags', 'glib-2.0', 'gio-2.0', 'jansson', 'libmicrohttpd']).toString().trim().split(/\s+/);

const sources = () => ['service/model', 'service/handlers', 'service'].flatMap((folder) =>
  readdirSync(join(root, folder)).filter((name) => name.endsWith('.c')).map((name) => `${folder}/${name}`));

// String literals of the sources after the preprocessor, neighbours joined, that are statements. All sources are one input, so
// that the libraries' headers are read once.
function statements() {
  const input = sources().map((file) => `#include "${file}"\n`).join('');
  const seen = execFileSync('gcc', ['-E', '-P', '-w', '-std=c17', '-D_GNU_SOURCE', '-I.', ...flags(), '-x', 'c', '-'], { cwd: root, input, maxBuffer: 1 << 28 }).toString();
  const texts = [...seen.matchAll(/((?:"(?:[^"\\]|\\.)*"\s*)+)/g)]
    .map((one) => [...one[1].matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((part) => JSON.parse(`"${part[1]}"`)).join(''))
    .filter((text) => /^(SELECT|INSERT|UPDATE|DELETE|WITH) /.test(text) && !/\bpg_|sqlite_master|pragma_/.test(text));
  return [...new Set(texts)];
}

// "FROM submission s JOIN revision AS r": s -> submission.
function aliases(text) {
  const names = new Map();
  for (const [, table, alias] of text.matchAll(/\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+(?:AS\s+)?(?!ON\b|WHERE\b|JOIN\b|SET\b|ORDER\b|LIMIT\b|LEFT\b|VALUES\b|GROUP\b)(\w+))?/g)) {
    if (alias) names.set(alias, table);
  }
  return names;
}

// What one run of the database's own client answers to each of the scripts, and what it complains of.
function asked(scripts) {
  const [program, parameters, mark] = onPostgres
    ? ['psql', ['-q', '-X', '-A', '-t', service.settings.XUEPAI_DATABASE], (i) => `\\echo #${i}\n\\warn #${i}\n`]
    : ['sqlite3', ['-bail', join(service.data, 'xuepai.db')], (i) => `.print #${i}\n`];
  const input = scripts.map((script, i) => `${mark(i)}${script};\n`).join('');
  const { stdout, stderr } = spawnSync(program, parameters, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  const parts = (text) => new Map(text.split(/^#(?=\d+$)/m).slice(1).map((part) => [parseInt(part), part.replace(/^\d+\n/, '')]));
  const [answers, complaints] = [parts(stdout), parts(stderr)];
  if (answers.size !== scripts.length) throw new Error(`${program}: ${answers.size} of ${scripts.length} answers: ${stderr}`);
  return scripts.map((_, i) => ({ answer: answers.get(i).trim(), complaint: (complaints.get(i) ?? '').trim() }));
}

function scansOfSqlite(texts) {
  return asked(texts.map((text) => `EXPLAIN QUERY PLAN ${text.replace(/\/\*pg:.*?\*\//g, '')}`)).map(({ answer }, i) => {
    const names = aliases(texts[i]);
    return [...answer.matchAll(/SCAN (\w+)(?! USING (?:COVERING )?INDEX \w+ \()/g)].map(([, name]) => names.get(name) ?? name);
  });
}

function scansOfPlan(node) {
  const isScan = /Scan$/.test(node['Node Type']) && node['Relation Name'] !== undefined && node['Node Type'] !== 'Bitmap Heap Scan';
  const own = isScan && node['Index Cond'] === undefined && !partial.has(node['Index Name']) ? [node['Relation Name']] : [];
  return [...own, ...(node.Plans ?? []).flatMap(scansOfPlan)];
}

// A statement of PostgreSQL's, its parameters of these types.
function explained({ plain, types }, i) {
  return `PREPARE p${i}${types.length > 0 ? `(${types.join(', ')})` : ''} AS ${plain};
    EXPLAIN (FORMAT JSON) EXECUTE p${i}${types.length > 0 ? `(${types.map(() => 'NULL').join(', ')})` : ''}`;
}

function scansOfPostgres(texts) {
  const all = texts.map((text) => {
    const plain = text.replace(/\/\*pg:(.*?)\*\//g, '$1');
    return { plain, types: Array(Math.max(0, ...[...plain.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n)))).fill('unknown') };
  });
  const settings = `SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan`;
  for (let waiting = all, tries = 0; waiting.length > 0; tries++) {
    const [, ...answers] = asked([settings, ...waiting.map(explained)]);
    answers.forEach(({ answer, complaint }, i) => {
      // the program names the type of each: what follows from nothing is a text, what from two a number
      const [, what, n] = /(determine data type of|types deduced for) parameter \$(\d+)/.exec(complaint) ?? [];
      if (complaint !== '' && (n === undefined || tries > 20)) throw new Error(`${complaint}: ${waiting[i].plain}`);
      if (complaint === '') waiting[i].plan = JSON.parse(answer);
      else waiting[i].types[n - 1] = what.startsWith('determine') ? 'text' : 'bigint';
    });
    waiting = waiting.filter(({ plan }) => plan === undefined);
  }
  return all.map(({ plan }) => scansOfPlan(plan[0].Plan));
}

test('every statement finds its rows by an index', () => {
  const texts = statements();
  const found = onPostgres ? scansOfPostgres(texts) : scansOfSqlite(texts);
  const used = new Set();
  const bad = [];
  for (const [i, text] of texts.entries()) {
    const scans = found[i].filter((table) => tables.has(table) && !SMALL.test(table));
    const row = WHOLE.find(([start]) => text.startsWith(start));
    if (scans.length > 0 && row === undefined) bad.push(`${scans}: ${text}`);
    if (scans.length > 0) used.add(row);
  }
  assert.equal(bad.join('\n'), '');
  if (!onPostgres) assert.deepEqual(WHOLE.filter((row) => !used.has(row)), [], 'exceptions that are none');
  assert.ok(texts.length > 150, `${texts.length} statements`);
});
