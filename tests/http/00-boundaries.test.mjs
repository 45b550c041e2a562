// The trust boundaries, read from the programs themselves: what each links directly (NEEDED), and what it must not.
// Runs once: programs are read, or are asked before they open a database.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, root } from './support/service.mjs';

const MUST_NOT = {
  'xuepai-service': /libav|libsw|libmagic|libvips|libzbar/,
  'xuepai-worker': /sqlite|libpq|microhttpd|libav|libsw|libmagic|libvips|libzbar/,
  'xuepai-media': /sqlite|libpq|microhttpd|libcurl|libsodium/,
};
const MUST = {
  'xuepai-service': [/libmicrohttpd/, /libsqlite3/, /libpq/, /libsodium/],
  'xuepai-worker': [/libcurl/],
  'xuepai-media': [/libavformat/, /libmagic/, /libvips/, /libseccomp/],
};

for (const program of Object.keys(MUST)) {
  test(`${program} links what it owns and nothing beyond`, () => {
    const text = execFileSync('objdump', ['-p', join(build, program)]).toString();
    const needed = [...text.matchAll(/NEEDED\s+(\S+)/g)].map((match) => match[1]);
    assert.deepEqual(needed.filter((name) => MUST_NOT[program].test(name)), []);
    for (const pattern of MUST[program]) assert.ok(needed.some((name) => pattern.test(name)), `${pattern} in ${needed}`);
  });
}

test('every path of the contract is in the route table, and openapi.json is made of it', async () => {
  const { startService } = await import('./support/service.mjs');
  const service = await startService();
  try {
    const api = await (await fetch(`${service.url}/api/openapi.json`)).json();
    const table = readFileSync(join(root, 'service/http/routes.c'), 'utf8');
    const rows = [...table.matchAll(/^\s+\{ "([A-Z]+)",\s+"([^"]+)"/gm)];
    assert.ok(rows.length > 50);
    for (const [, method, pattern] of rows) {
      const path = pattern.replace(/[:*](\w+)/g, '{$1}');
      assert.ok(api.paths[path]?.[method.toLowerCase()], `${method} ${path}`);
    }
    for (const [method, path] of [['post', '/files'], ['head', '/files/{id}'], ['patch', '/files/{id}'],
      ['delete', '/files/{id}'], ['get', '/api/v1/rules'], ['post', '/api/v1/submissions'],
      ['get', '/api/v1/submissions/{code}'], ['patch', '/api/v1/submissions/{code}'],
      ['delete', '/api/v1/submissions/{code}'], ['post', '/api/v1/submissions/{code}/replace'],
      ['post', '/api/v1/login'], ['post', '/api/v1/logout'], ['get', '/api/v1/me'], ['get', '/api/v1/staff'],
      ['get', '/api/v1/queue'], ['post', '/api/v1/queue/{id}/lease'], ['post', '/api/v1/queue/{id}/decision'],
      ['delete', '/api/v1/decisions/{id}'], ['get', '/api/v1/ledger'], ['post', '/api/v1/ledger/verify'],
      ['get', '/api/v1/works'], ['get', '/api/v1/works/{id}'], ['get', '/v/{id}'], ['get', '/city/{region}'],
      ['get', '/search'], ['get', '/submit'], ['get', '/status/{code}'], ['get', '/embed/{id}'], ['get', '/oembed'], ['get', '/kiosk/{region}'],
      ['get', '/feed.xml'], ['get', '/feed.json'], ['get', '/sitemap.xml'], ['post', '/api/v1/jobs/claim'],
      ['post', '/api/v1/jobs/{job}/renew'], ['post', '/api/v1/jobs/{job}/finish'], ['post', '/api/v1/jobs/{job}/outputs'],
      ['post', '/api/v1/jobs/{job}/fail'], ['get', '/healthz'], ['get', '/readyz'], ['get', '/metrics']]) {
      assert.ok(api.paths[path]?.[method], `${method} ${path} of the contract`);
    }
  } finally {
    await service.stop();
  }
});

test('--check-config prints every setting with its source; a wrong one is named', () => {
  const text = execFileSync(join(build, 'xuepai-service'), ['--check-config', '--set', 'undo_seconds=3']).toString();
  assert.match(text, /review\.undo_seconds = 3 {2}# flag/);
  assert.throws(() => execFileSync(join(build, 'xuepai-service'), ['--check-config', '--set', 'undo_seconds=x'],
    { stdio: 'pipe' }), /undo_seconds must be a number/);
});

test('a second service on the same data folder ends with 75 and leaves the first alone', async () => {
  const { startService } = await import('./support/service.mjs');
  const service = await startService();
  try {
    assert.throws(() => execFileSync(join(build, 'xuepai-service'), ['--quiet'], {
      stdio: 'pipe', cwd: root, env: { ...process.env, XUEPAI_LISTEN: '127.0.0.1:0', XUEPAI_DATA: service.data },
    }), (error) => error.status === 75);
    assert.equal((await fetch(`${service.url}/healthz`)).status, 200);
  } finally {
    await service.stop();
  }
});
