// Ledger records as another program would write them from the format alone: every field as length:text, hashed with SHA-256,
// past the program's guards.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from '../http/support/service.mjs';

// `count` more behind the last one of a service that is stopped; {seq, hash} of the new last.
export function writeRecords(service, count) {
  const onPostgres = Boolean(process.env.XUEPAI_TEST_DATABASE);
  let [seq, previous] = sql(service, 'SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1').split('|');
  const file = join(service.data, 'records.csv');
  const fd = openSync(file, 'w');
  let lines = [];
  for (let i = 0; i < count; i++) {
    seq = Number(seq) + 1;
    const fields = [seq, 1790000000000 + i, 'qs4xkq2rjmbfhz3w5a6cy7dtvn', 'reviewer', '10.1.2.3', 'submission.passed',
      `work${i % 9999}`, 'in_review', 'in_review', '{decision:bnm revision:1 stage:1 content:' + 'c'.repeat(64) + '}', previous].map(String);
    previous = createHash('sha256').update(fields.map((text) => `${Buffer.byteLength(text)}:${text}`).join('')).digest('hex');
    lines.push([...fields, previous].join(','));
    if (lines.length === 10000 || i === count - 1) {
      writeSync(fd, `${lines.join('\n')}\n`);
      lines = [];
    }
  }
  closeSync(fd);
  if (onPostgres) {
    sql(service, 'ALTER TABLE ledger DISABLE TRIGGER ledger_has_no_gap');
    sql(service, `\\copy ledger FROM '${file}' CSV`);
    sql(service, 'ALTER TABLE ledger ENABLE TRIGGER ledger_has_no_gap');
  } else {
    const guard = sql(service, "SELECT sql FROM sqlite_master WHERE name = 'ledger_has_no_gap'");
    execFileSync('sqlite3', [join(service.data, 'xuepai.db'), '-cmd', 'DROP TRIGGER ledger_has_no_gap', '-cmd', '.mode csv', `.import ${file} ledger`]);
    sql(service, guard);
  }
  return { seq, hash: previous };
}
