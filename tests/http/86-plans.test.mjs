// Every statement of the program finds its rows by an index, on this engine. The texts are those that the compiler sees.
// PostgreSQL is asked with sequential scans switched off, and with the joins that read both sides whole, which it prefers among
// tables as empty as these: what still reads a whole table has no index to go by. (Which plan it takes with many rows is
// measured: tests/bench/pages.mjs, queue.mjs.)
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
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
  ['SELECT COUNT(*) AS count FROM publication', 'the figure of /metrics'],
];

const flags = () => execFileSync('pkg-config', ['--cflags', 'glib-2.0', 'gio-2.0', 'jansson', 'libmicrohttpd']).toString().trim().split(/\s+/);

// String literals of a source after the preprocessor, neighbours joined, that are statements.
function statementsOf(file) {
  const seen = execFileSync('gcc', ['-E', '-P', '-std=c17', '-D_GNU_SOURCE', '-I.', ...flags(), file], { cwd: root, maxBuffer: 1 << 28 }).toString();
  return [...seen.matchAll(/((?:"(?:[^"\\]|\\.)*"\s*)+)/g)]
    .map((one) => [...one[1].matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((part) => JSON.parse(`"${part[1]}"`)).join(''))
    .filter((text) => /^(SELECT|INSERT|UPDATE|DELETE|WITH) /.test(text) && !/\bpg_|sqlite_master|pragma_/.test(text));
}

const sources = () => ['service/model', 'service/handlers', 'service'].flatMap((folder) =>
  readdirSync(join(root, folder)).filter((name) => name.endsWith('.c')).map((name) => `${folder}/${name}`));

function scansOfSqlite(text) {
  const plan = sql(service, `EXPLAIN QUERY PLAN ${text.replace(/\/\*pg:.*?\*\//g, '')}`);
  const names = aliases(text);
  return [...plan.matchAll(/SCAN (\w+)(?! USING (?:COVERING )?INDEX \w+ \()/g)].map(([, name]) => names.get(name) ?? name);
}

// "FROM submission s JOIN revision AS r": s -> submission.
function aliases(text) {
  const names = new Map();
  for (const [, table, alias] of text.matchAll(/\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+(?:AS\s+)?(?!ON\b|WHERE\b|JOIN\b|SET\b|ORDER\b|LIMIT\b|LEFT\b|VALUES\b|GROUP\b)(\w+))?/g)) {
    if (alias) names.set(alias, table);
  }
  return names;
}

function scansOfPostgres(text) {
  const plain = text.replace(/\/\*pg:(.*?)\*\//g, '$1');
  const count = Math.max(0, ...[...plain.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n)));
  const explain = (types) => JSON.parse(sql(service, `SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
    SET plan_cache_mode = force_generic_plan;
    PREPARE p${types.length > 0 ? `(${types.join(', ')})` : ''} AS ${plain};
    EXPLAIN (FORMAT JSON) EXECUTE p${count > 0 ? `(${Array(count).fill('NULL').join(', ')})` : ''}`));
  const types = Array(count).fill('unknown');
  let plan;
  for (let tries = 0; plan === undefined; tries++) {
    try {
      plan = explain(types);
    } catch (error) { // the program names the type of each: what follows from nothing is a text, what from two a number
      const [, what, n] = /(determine data type of|types deduced for) parameter \$(\d+)/.exec(error.stderr?.toString() ?? '') ?? [];
      if (n === undefined || tries > 20) throw error;
      types[n - 1] = what.startsWith('determine') ? 'text' : 'bigint';
    }
  }
  const scans = [];
  const walk = (node) => {
    const isScan = /Scan$/.test(node['Node Type']) && node['Relation Name'] !== undefined && node['Node Type'] !== 'Bitmap Heap Scan';
    if (isScan && node['Index Cond'] === undefined && !partial.has(node['Index Name'])) scans.push(node['Relation Name']);
    for (const child of node.Plans ?? []) walk(child);
  };
  walk(plan[0].Plan);
  return scans;
}

test('every statement finds its rows by an index', () => {
  const texts = [...new Set(sources().flatMap(statementsOf))];
  const used = new Set();
  const bad = [];
  for (const text of texts) {
    const scans = (onPostgres ? scansOfPostgres(text) : scansOfSqlite(text)).filter((table) => tables.has(table) && !SMALL.test(table));
    const row = WHOLE.find(([start]) => text.startsWith(start));
    if (scans.length > 0 && row === undefined) bad.push(`${scans}: ${text}`);
    if (scans.length > 0) used.add(row);
  }
  assert.equal(bad.join('\n'), '');
  if (!onPostgres) assert.deepEqual(WHOLE.filter((row) => !used.has(row)), [], 'exceptions that are none');
  assert.ok(texts.length > 150, `${texts.length} statements`);
});
