// What becomes of a file by the way its child ended: set apart with a reason that stays, at once or after three tries; never
// a loop. The media program is replaced by one that dies as the test says.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { api, build, clip, startStack, submit, upload, sleep, waitFor } from '../support/stack.mjs';
import { sql } from './support/service.mjs';

const folder = mkdtempSync(join(tmpdir(), 'xuepai-poison-'));
const fate = join(folder, 'fate');
const program = join(folder, 'media');
let stack;

before(async () => {
  chmodSync(folder, 0o755);
  // compiled, since the worker starts its child by a descriptor, which no script can be
  execFileSync('cc', ['-D_GNU_SOURCE', `-DREAL="${join(build, 'xuepai-media')}"`, `-DFATE="${fate}"`, '-x', 'c', '-o', program, '-'], {
    input: `#include <signal.h>
      #include <stdio.h>
      #include <string.h>
      #include <unistd.h>
      int main(int argc, char **argv) {
        int number = 0;
        for (int i = 1; i < argc; i++) if (strcmp(argv[i], "--self-test") == 0) return execv(REAL, argv);
        FILE *file = fopen(FATE, "r");
        if (file == NULL || fscanf(file, "%d", &number) != 1) return 126;
        if (number > 0) raise(number);
        return printf("what is this\\n") < 0;
      }`,
  });
  stack = await startStack({ worker: { XUEPAI_MEDIA_PROGRAM: program } });
});
after(() => stack.stop());

const FATES = [
  // how it dies, tries, reason
  ['SIGSEGV', 1, 'crashed'],
  ['SIGABRT', 1, 'crashed'],
  ['SIGSYS', 1, 'sandbox-violation'],
  ['SIGXCPU', 1, 'resource-limit'],
  ['a line that nobody agreed on', 1, 'crashed'],
  ['SIGKILL', 3, 'crashed'],
];

for (const [death, tries, reason] of FATES) {
  test(`${death}: ${reason} after ${tries}`, { timeout: 60000 }, async () => {
    writeFileSync(fate, String(constants.signals[death] ?? 0), { mode: 0o644 });
    const receipt = await submit(stack.url, [await upload(stack.url, clip({ seconds: 1 }))]);
    const end = await waitFor(stack.url, receipt, 'failed');
    assert.equal(end.reason.code, reason);
    assert.doesNotMatch(end.reason.detail ?? '', /重试/, 'nobody is told to wait for a try that will not come');
    const row = () => sql(stack.service, `SELECT j.state || ' ' || j.attempt || ' ' || j.reason FROM job j
      JOIN submission s ON s.id = j.submission WHERE s.code = '${receipt.code}'`).trim();
    assert.equal(row(), `failed ${tries} ${reason}`);
    if (tries > 1) {
      await sleep(6000); // longer than a retry waits
      assert.equal(row(), `failed ${tries} ${reason}`, 'and it stays so');
    }
    assert.equal((await api(stack.url, '/readyz')).status, 200);
  });
}
