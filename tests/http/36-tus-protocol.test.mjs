// The text of tus 1.0.0 (protocol.md), rule by rule in its order: section, strength, rule, what shows it. The service runs
// as it is installed, its sniffer too. 30 and 31 hold what goes beyond the text; clients of others are in 30.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { raw, request, startService, storedBytes } from './support/service.mjs';

let service;
before(async () => { service = await startService({ environment: { XUEPAI_TRUSTED_PROXIES: '127.0.0.1' } }); });
after(async () => { assert.equal((await service.stop()).code, 0); });

const VERSION = { 'Tus-Resumable': '1.0.0' };
const TYPE = 'application/offset+octet-stream';
const NOBODY = `/files/${'a'.repeat(26)}`;
const sha1 = (text) => `sha1 ${createHash('sha1').update(text).digest('base64')}`;
const DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

const send = (method, path, headers = {}, body = undefined) => request(service.url + path, { method, headers: Object.fromEntries(
  Object.entries({ ...VERSION, ...headers }).filter(([, value]) => value !== undefined)), body });
const post = (headers, body) => send('POST', '/files', headers, body);
const head = (path, headers) => send('HEAD', path, headers);
const patch = (path, offset, body, headers = {}) => send('PATCH', path, { 'Content-Type': TYPE, 'Upload-Offset': String(offset), ...headers }, body);
async function create(headers = { 'Upload-Length': '10' }) {
  const made = await post(headers);
  assert.equal(made.status, 201, made.body.toString());
  return new URL(made.headers.location, service.url).pathname;
}
async function partial(text, headers = {}) {
  const path = await create({ 'Upload-Length': String(text.length), 'Upload-Concat': 'partial', ...headers });
  if (text) assert.equal((await patch(path, 0, text)).status, 204);
  return path;
}
const final = (parts, headers = {}) => create({ 'Upload-Concat': `final;${parts.join(' ')}`, ...headers });
const stored = (path) => storedBytes(service.data, `original/${path.split('/').pop()}`).toString();
async function offsetIs(path, offset) { assert.equal((await head(path)).headers['upload-offset'], String(offset)); }
async function fails(answer, status, path, offset) {
  const seen = await answer;
  assert.equal(seen.status, status, seen.body.toString());
  if (path) await offsetIs(path, offset);
  return seen;
}
// Chunked, with fields behind the body.
const trailed = async (path, offset, text, trailer, announce = 'Trailer: Upload-Checksum\r\n') => (await raw(service.port,
  `PATCH ${path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: ${offset}\r\nContent-Type: ${TYPE}\r\n` +
  `Transfer-Encoding: chunked\r\n${announce}Connection: close\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n${trailer}\r\n`)).status;

const RULES = [
  ['Core, Upload-Offset', 'MUST', 'the value is a non-negative integer: anything else is 400 and changes nothing', async () => {
    const path = await create();
    for (const bad of [undefined, '', '-1', '+0', '0.0', '0x0', '1e1', 'zero', '0 0', '0,0']) {
      await fails(patch(path, 0, 'abc', { 'Upload-Offset': bad }), 400, path, 0);
    }
  }],
  ['Core, Upload-Offset', 'MUST', 'an integer beyond 64 bits is well-formed and no match: 409', async () => {
    const path = await create();
    for (const large of ['9007199254740993', '9223372036854775808', '99999999999999999999999']) {
      await fails(patch(path, large, 'abc'), 409, path, 0);
    }
  }],
  ['Core, Upload-Length', 'MUST', 'the value is a non-negative integer: anything else is 400', async () => {
    for (const bad of ['', '-1', '+1', '1.5', '0x10', '1e3', 'ten', '1 0', '1,1']) {
      assert.equal((await post({ 'Upload-Length': bad })).status, 400, bad);
    }
  }],
  ['Core, Upload-Length', 'MUST', 'zero is a length: the upload is complete and its bytes are none', async () => {
    const path = await create({ 'Upload-Length': '0' });
    const answer = await head(path);
    assert.deepEqual([answer.headers['upload-offset'], answer.headers['upload-length']], ['0', '0']);
    assert.equal(stored(path), '');
    await fails(patch(path, 0, ''), 204);
    await fails(patch(path, 0, 'x'), 413, path, 0);
  }],
  ['Core, Tus-Version', 'MUST', 'a comma list of versions', async () => {
    assert.match((await send('OPTIONS', '/files')).headers['tus-version'], /^\d+\.\d+\.\d+(,\d+\.\d+\.\d+)*$/);
  }],
  ['Core, Tus-Resumable', 'MUST', 'in every answer: success, refusal, unknown path, unknown method, malformed, another site', async () => {
    const path = await create();
    const big = { 'Content-Type': TYPE, 'Upload-Offset': '0' };
    for (const answer of [await send('OPTIONS', '/files'), await send('OPTIONS', path), await post({ 'Upload-Length': '3' }), await post({}),
      await head(path), await head(NOBODY), await head('/files/x'), await send('HEAD', '/files'), await patch(path, 0, 'abc'), await patch(path, 9, 'abc'),
      await patch(NOBODY, 0, 'abc'), await send('GET', path), await send('GET', '/files'), await send('PUT', path, {}, 'abc'),
      await send('DELETE', '/files'), await post({ 'Upload-Length': String(2 ** 52) }), await send('GET', '/files/a/b/c'),
      await post({ 'Upload-Length': '3', Origin: 'https://elsewhere.example' }), await send('PATCH', path, big, Buffer.alloc(99)),
      await send('DELETE', path, {}, 'a body'), await send('DELETE', path), await send('DELETE', path), await head(path),
      await head(path, { 'Tus-Resumable': undefined })]) {
      assert.equal(answer.headers['tus-resumable'], '1.0.0', `${answer.status} ${answer.body}`);
    }
    const { answer } = await raw(service.port, `POST /files HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`);
    assert.match(answer, /^HTTP\/1\.1 400[^]*tus-resumable: 1\.0\.0/i);
  }],
  ['Core, Tus-Resumable', 'MUST', 'an unsupported version is 412 with Tus-Version, and nothing is done', async () => {
    const path = await create();
    for (const version of [undefined, '', '0.2.2', '1.0', '1.0.1', '2.0.0', '1.0.0,2.0.0', 'v1.0.0']) {
      for (const answer of [await post({ 'Tus-Resumable': version, 'Upload-Length': '3' }), await head(path, { 'Tus-Resumable': version }),
        await patch(path, 0, 'abc', { 'Tus-Resumable': version }), await send('DELETE', path, { 'Tus-Resumable': version })]) {
        assert.equal(answer.status, 412, version);
        assert.equal(answer.headers['tus-version'], '1.0.0');
        assert.equal(answer.headers.location, undefined);
        assert.equal(answer.headers['upload-offset'], undefined);
      }
    }
    await offsetIs(path, 0);
  }],
  ['Core, Tus-Resumable', 'MUST', 'the version is judged before the upload: 412 also for one that is not there', async () => {
    assert.equal((await head(NOBODY, { 'Tus-Resumable': '0.2.2' })).status, 412);
    assert.equal((await patch(NOBODY, 0, 'x', { 'Tus-Resumable': '0.2.2' })).status, 412);
  }],
  ['Core, Tus-Extension', 'MUST', 'a comma list without blanks of what is there', async () => {
    const answer = await send('OPTIONS', '/files');
    assert.match(answer.headers['tus-extension'], /^[a-z-]+(,[a-z-]+)*$/);
    for (const name of ['creation', 'creation-with-upload', 'creation-defer-length', 'expiration', 'checksum', 'checksum-trailer',
      'termination', 'concatenation', 'concatenation-unfinished']) {
      assert.ok(answer.headers['tus-extension'].split(',').includes(name), name);
    }
  }],
  ['Core, Tus-Max-Size', 'MUST', 'a non-negative integer, and it is the limit', async () => {
    const most = (await send('OPTIONS', '/files')).headers['tus-max-size'];
    assert.match(most, /^\d+$/);
    assert.equal((await post({ 'Upload-Length': String(Number(most) + 1) })).status, 413);
  }],
  ['Core, X-HTTP-Method-Override', 'MUST', 'it is the method, whatever the actual one is', async () => {
    for (const actual of ['POST', 'PUT', 'GET', 'DELETE']) {
      const path = await create();
      const answer = await send(actual, path, { 'X-HTTP-Method-Override': 'PATCH', 'Content-Type': TYPE, 'Upload-Offset': '0', 'Content-Length': '3' }, 'abc');
      assert.equal(answer.status, 204, `${actual}: ${answer.body}`);
      await offsetIs(path, 3);
      const seen = await send(actual, path, { 'X-HTTP-Method-Override': 'HEAD' });
      assert.equal(seen.status, 200, actual);
      assert.equal(seen.headers['upload-offset'], '3');
      assert.equal((await send(actual, path, { 'X-HTTP-Method-Override': 'DELETE' })).status, 204, actual);
      assert.equal((await head(path)).status, 410);
    }
  }],
  ['Core, X-HTTP-Method-Override', 'MUST', 'POST and OPTIONS may be meant too; what is no method of ours is 405', async () => {
    assert.equal((await send('PATCH', '/files', { 'X-HTTP-Method-Override': 'POST', 'Upload-Length': '3' })).status, 201);
    assert.equal((await send('GET', '/files', { 'X-HTTP-Method-Override': 'OPTIONS' })).status, 200);
    const path = await create();
    await fails(send('DELETE', path, { 'X-HTTP-Method-Override': 'BREW' }), 405, path, 0);
  }],
  ['Core, HEAD', 'MUST', 'Upload-Offset is there at 0, in the middle and at the end', async () => {
    const path = await create();
    await offsetIs(path, 0);
    await patch(path, 0, 'abcd');
    await offsetIs(path, 4);
    await patch(path, 4, 'efghij');
    await offsetIs(path, 10);
  }],
  ['Core, HEAD', 'MUST', 'Upload-Length is there when it is known', async () => {
    assert.equal((await head(await create({ 'Upload-Length': '17' }))).headers['upload-length'], '17');
  }],
  ['Core, HEAD', 'SHOULD', 'what is not there is 404, 410 or 403 without Upload-Offset', async () => {
    for (const path of [NOBODY, '/files/x', `/files/${'A'.repeat(26)}`, `/files/${'a'.repeat(200)}`]) {
      const answer = await head(path);
      assert.equal(answer.status, 404, path);
      assert.equal(answer.headers['upload-offset'], undefined);
      assert.equal(answer.headers['upload-length'], undefined);
    }
  }],
  ['Core, HEAD', 'MUST', 'Cache-Control: no-store', async () => {
    for (const path of [await create(), NOBODY]) assert.equal((await head(path)).headers['cache-control'], 'no-store');
  }],
  ['Core, HEAD', 'MUST', 'a success is 200 or 204 without a body', async () => {
    const answer = await head(await create());
    assert.ok([200, 204].includes(answer.status));
    assert.equal(answer.body.length, 0);
  }],
  ['Core, PATCH', 'SHOULD', 'bytes are applied at the offset, one request or many', async () => {
    const path = await create();
    for (const [offset, text] of [[0, 'a'], [1, 'bcd'], [4, 'efghi'], [9, 'j']]) assert.equal((await patch(path, offset, text)).status, 204);
    assert.equal(stored(path), 'abcdefghij');
  }],
  ['Core, PATCH', 'SHOULD', 'another Content-Type, or none, is 415 and changes nothing', async () => {
    const path = await create();
    for (const type of [undefined, 'application/octet-stream', 'text/plain', 'application/offset', 'multipart/form-data; boundary=x']) {
      await fails(patch(path, 0, 'abc', { 'Content-Type': type }), 415, path, 0);
    }
  }],
  ['Core, PATCH', 'MUST', 'another offset is 409, below and above, and changes nothing', async () => {
    const path = await create();
    await patch(path, 0, 'abc');
    for (const offset of [0, 1, 2, 4, 9, 10, 11, 1e15]) await fails(patch(path, offset, 'zzz'), 409, path, 3);
    assert.equal((await patch(path, 3, 'defghij')).status, 204);
    assert.equal(stored(path), 'abcdefghij');
  }],
  ['Core, PATCH', 'MUST', 'a success is 204 without a body, with the sum of old offset and bytes', async () => {
    const path = await create();
    const first = await patch(path, 0, 'abcd');
    assert.deepEqual([first.status, first.headers['upload-offset'], first.body.length], [204, '4', 0]);
    assert.equal((await patch(path, 4, 'e')).headers['upload-offset'], '5');
  }],
  ['Core, PATCH', 'MUST', 'no bytes are no change', async () => {
    const path = await create();
    await patch(path, 0, 'abc');
    const answer = await patch(path, 3, '');
    assert.deepEqual([answer.status, answer.headers['upload-offset']], [204, '3']);
  }],
  ['Core, PATCH', 'MUST', 'a chunked body counts like one with a length', async () => {
    const path = await create();
    const answer = await patch(path, 0, 'abcdef', { 'Transfer-Encoding': 'chunked' });
    assert.deepEqual([answer.status, answer.headers['upload-offset']], [204, '6']);
  }],
  ['Core, PATCH', 'MUST', 'more bytes than Upload-Length are 413 and never kept', async () => {
    const path = await create({ 'Upload-Length': '4' });
    await fails(patch(path, 0, 'abcdefgh'), 413, path, 0);
    assert.equal((await patch(path, 0, 'abcdefgh', { 'Transfer-Encoding': 'chunked' })).status, 413);
    assert.equal(stored(path), 'abcd');
    await fails(patch(path, 4, 'e'), 413, path, 4);
  }],
  ['Core, PATCH', 'SHOULD', 'what is not there is 404', async () => {
    for (const path of [NOBODY, '/files/x']) {
      const answer = await patch(path, 0, 'abc');
      assert.equal(answer.status, 404);
      assert.equal(answer.headers['upload-offset'], undefined);
    }
  }],
  ['Core, PATCH', 'SHOULD', 'of a body that is cut as much is stored as arrived', async () => {
    const path = await create();
    await raw(service.port, `PATCH ${path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: ${TYPE}\r\nContent-Length: 10\r\n\r\nabcd`, { end: true });
    await offsetIs(path, 4);
    assert.equal((await patch(path, 4, 'efghij')).status, 204);
    assert.equal(stored(path), 'abcdefghij');
  }],
  ['Core, OPTIONS', 'MUST', '200 or 204 with Tus-Version, at the creation URL and at an upload', async () => {
    for (const path of ['/files', NOBODY]) {
      const answer = await send('OPTIONS', path, { 'Tus-Resumable': undefined });
      assert.equal(answer.status, 200); // not 204: old browsers refuse that as an answer to a preflight
      assert.equal(answer.headers['tus-version'], '1.0.0');
    }
  }],
  ['Core, OPTIONS', 'MUST', 'Tus-Resumable of the request is ignored', async () => {
    for (const version of ['0.2.2', '9.9.9', '', 'x']) {
      assert.equal((await send('OPTIONS', '/files', { 'Tus-Resumable': version })).status, 200, version);
    }
  }],

  ['Creation, Upload-Defer-Length', 'MUST', 'its value is 1: anything else is 400', async () => {
    for (const bad of ['0', '2', '', 'true', '01', '1.0', '-1']) assert.equal((await post({ 'Upload-Defer-Length': bad })).status, 400, bad);
  }],
  ['Creation, Upload-Defer-Length', 'MUST', 'it is left out where the length is known', async () => {
    assert.equal((await head(await create())).headers['upload-defer-length'], undefined);
  }],
  ['Creation, Upload-Defer-Length', 'MUST', 'every HEAD has it until the length is known', async () => {
    const path = await create({ 'Upload-Defer-Length': '1' });
    for (const step of [() => {}, () => patch(path, 0, 'abc')]) {
      await step();
      const answer = await head(path);
      assert.equal(answer.headers['upload-defer-length'], '1');
      assert.equal(answer.headers['upload-length'], undefined);
    }
    assert.equal((await patch(path, 3, 'def', { 'Upload-Length': '6' })).status, 204);
    const answer = await head(path);
    assert.equal(answer.headers['upload-defer-length'], undefined);
    assert.equal(answer.headers['upload-length'], '6');
    assert.equal(stored(path), 'abcdef');
  }],
  ['Creation, Upload-Defer-Length', 'MUST', 'the length may come with the first bytes, or with none at the end', async () => {
    const first = await create({ 'Upload-Defer-Length': '1' });
    assert.equal((await patch(first, 0, 'abc', { 'Upload-Length': '3' })).status, 204);
    assert.equal(stored(first), 'abc');
    const last = await create({ 'Upload-Defer-Length': '1' });
    await patch(last, 0, 'abc');
    assert.equal((await patch(last, 3, '', { 'Upload-Length': '3' })).status, 204);
    assert.equal(stored(last), 'abc');
  }],
  ['Creation, Upload-Defer-Length', 'MUST', 'once set the length does not change', async () => {
    const path = await create({ 'Upload-Defer-Length': '1' });
    await patch(path, 0, 'abc', { 'Upload-Length': '6' });
    for (const other of ['5', '7', '100']) await fails(patch(path, 3, 'd', { 'Upload-Length': other }), 400, path, 3);
    const known = await create({ 'Upload-Length': '6' });
    await fails(patch(known, 0, 'a', { 'Upload-Length': '7' }), 400, known, 0);
    assert.equal((await head(known)).headers['upload-length'], '6');
  }],
  ['Creation, Upload-Defer-Length', 'MUST', 'a length below what is there is 400, one above the maximum 413, nonsense 400', async () => {
    const path = await create({ 'Upload-Defer-Length': '1' });
    await patch(path, 0, 'abc');
    await fails(patch(path, 3, 'd', { 'Upload-Length': '2' }), 400, path, 3);
    await fails(patch(path, 3, 'd', { 'Upload-Length': '9007199254740991' }), 413, path, 3);
    await fails(patch(path, 3, 'd', { 'Upload-Length': '-4' }), 400, path, 3);
    await fails(patch(path, 3, 'def', { 'Upload-Length': '4' }), 413, path, 3);
  }],
  ['Creation, Upload-Defer-Length', 'MUST', 'a length that comes with more bytes than it allows is refused whole: it stays unknown', async () => {
    const path = await create({ 'Upload-Defer-Length': '1' });
    await fails(patch(path, 0, 'abc', { 'Upload-Length': '2' }), 413, path, 0);
    assert.equal((await head(path)).headers['upload-defer-length'], '1');
    assert.equal((await patch(path, 0, 'abc', { 'Upload-Length': '3' })).status, 204);
    assert.equal(stored(path), 'abc');
  }],
  ['Creation, Upload-Defer-Length', 'MAY', 'said again while it is so it changes nothing', async () => {
    const path = await create({ 'Upload-Defer-Length': '1' });
    assert.equal((await patch(path, 0, 'abc', { 'Upload-Defer-Length': '1' })).status, 204);
    assert.equal((await head(path)).headers['upload-defer-length'], '1');
  }],
  ['Creation, Upload-Metadata', 'MUST', 'HEAD gives it back as it was given', async () => {
    for (const metadata of ['filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential', 'a YQ==', 'a', 'a ,b Yg==', 'UPPER-and.lower_1 5a2X',
      `long ${Buffer.alloc(3000, 1).toString('base64')}`]) {
      const path = await create({ 'Upload-Length': '3', 'Upload-Metadata': metadata });
      assert.equal((await head(path)).headers['upload-metadata'], metadata.trim());
    }
    assert.equal((await head(await create())).headers['upload-metadata'], undefined);
  }],
  ['Creation, Upload-Metadata', 'MUST', 'keys are not empty and without blanks, ASCII, unique; values are Base64: else 400', async () => {
    for (const bad of ['a YQ==,a Yg==', 'a,a', ',', 'a YQ==,', ',a YQ==', 'a !!!', 'a YQ=', 'a Y', 'a b c', 'a YQ==YQ==',
      Buffer.from('名 YQ==').toString('latin1'), 'a YQ== b Yg==']) {
      assert.equal((await post({ 'Upload-Length': '3', 'Upload-Metadata': bad })).status, 400, bad);
    }
  }],
  ['Creation, Upload-Metadata', 'SHOULD', 'values are no way into the header: what they decode to is never sent', async () => {
    const path = await create({ 'Upload-Length': '3', 'Upload-Metadata': `filename ${Buffer.from('a\r\nX-Evil: 1').toString('base64')}` });
    assert.equal((await head(path)).headers['x-evil'], undefined);
  }],
  ['Creation, POST', 'MUST', 'one of Upload-Length and Upload-Defer-Length: none or both is 400', async () => {
    assert.equal((await post({})).status, 400);
    assert.equal((await post({ 'Upload-Length': '3', 'Upload-Defer-Length': '1' })).status, 400);
  }],
  ['Creation, POST', 'MUST', 'beyond the maximum is 413, up to any number of digits', async () => {
    for (const large of ['9007199254740991', '9007199254740992', '9007199254740993', '9223372036854775807', '9223372036854775808', '1' + '0'.repeat(40)]) {
      const answer = await post({ 'Upload-Length': large });
      assert.equal(answer.status, 413, large);
      assert.equal(answer.headers.location, undefined);
    }
  }],
  ['Creation, POST', 'MUST', 'a success is 201 with a Location that answers', async () => {
    const made = await post({ 'Upload-Length': '3' });
    assert.equal(made.status, 201);
    assert.equal(made.body.length, 0);
    assert.equal((await head(new URL(made.headers.location, `${service.url}/files`).pathname)).headers['upload-offset'], '0');
  }],
  ['Creation, POST', 'MUST', 'each creation is an upload of its own', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => create()));
    assert.equal(new Set(made).size, 20);
  }],
  ['Creation, POST', 'MAY', 'a Content-Type without a body says nothing', async () => {
    assert.equal((await post({ 'Upload-Length': '3', 'Content-Type': 'text/plain' })).status, 201);
  }],

  ['Creation, Location', 'MUST', 'absolute where the client asks directly, a path behind a proxy; of a final upload too', async () => {
    const made = async (headers) => {
      const fields = Object.entries({ Host: 'x', ...VERSION, 'Content-Length': '0', Connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
      return /^location: (.*)\r$/im.exec((await raw(service.port, `POST /files HTTP/1.1\r\n${fields.join('')}\r\n`)).answer)?.[1];
    };
    const place = 'files\\/[a-z2-7]{26}$';
    assert.match(await made({ 'Upload-Length': '3', Host: `127.0.0.1:${service.port}` }), new RegExp(`^http://127.0.0.1:${service.port}/${place}`));
    for (const sign of [{ 'X-Forwarded-Proto': 'https' }, { 'X-Forwarded-For': '127.0.0.9' }, { Via: '1.1 x' }, { Forwarded: 'proto=https' }]) {
      assert.match(await made({ 'Upload-Length': '3', Host: 'xuepai.example', ...sign }), new RegExp(`^/${place}`), JSON.stringify(sign));
    }
    assert.match(await made({ 'Upload-Concat': `final;${await partial('abc')}`, Host: 'xuepai.example' }), new RegExp(`^http://xuepai.example/${place}`));
  }],
  ['Creation, Upload-Defer-Length', 'MUST', 'the length may come last, without a byte: the upload is then complete', async () => {
    const path = await create({ 'Upload-Defer-Length': '1' });
    assert.equal((await patch(path, 0, 'hello')).status, 204);
    assert.equal((await patch(path, 5, '', { 'Upload-Length': '5' })).status, 204);
    assert.equal(stored(path), 'hello');
    const none = await create({ 'Upload-Defer-Length': '1' });
    assert.equal((await patch(none, 0, '', { 'Upload-Length': '0' })).status, 204);
    assert.equal(stored(none), '');
    await fails(patch(path, 5, '', { 'Upload-Length': '6' }), 400, path, 5);
  }],
  ['Core', 'MUST', 'a header that comes twice with two values is 400 and changes nothing; one that is said twice alike is what it says', async () => {
    const path = await create();
    const twice = async (method, target, name, one, other) => (await raw(service.port, `${method} ${target} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n` +
      `${method === 'PATCH' ? `Content-Type: ${TYPE}\r\n` : ''}${name}: ${one}\r\n${name}: ${other}\r\nContent-Length: ${method === 'PATCH' ? 3 : 0}\r\nConnection: close\r\n\r\n${method === 'PATCH' ? 'abc' : ''}`)).status;
    assert.equal(await twice('PATCH', path, 'Upload-Offset', '0', '3'), 400);
    await offsetIs(path, 0);
    assert.equal(await twice('POST', '/files', 'Upload-Length', '3', '4'), 400);
    assert.equal(await twice('POST', '/files', 'Upload-Defer-Length', '1', '2'), 400);
  }],
  ['Creation With Upload', 'MUST', '201 with the offset behind what was taken: all, a part, nothing', async () => {
    for (const [text, length] of [['hello', '5'], ['hello', '100']]) {
      const made = await post({ 'Upload-Length': length, 'Content-Type': TYPE }, text);
      assert.deepEqual([made.status, made.headers['upload-offset']], [201, '5']);
      await offsetIs(made.headers.location, 5);
    }
    assert.equal((await post({ 'Upload-Length': '100', 'Content-Type': TYPE }, '')).status, 201);
  }],
  ['Creation With Upload', 'MUST', 'it goes on by PATCH', async () => {
    const made = await post({ 'Upload-Length': '11', 'Content-Type': TYPE }, 'hello');
    assert.equal((await patch(made.headers.location, 5, ' world')).status, 204);
    assert.equal(stored(made.headers.location), 'hello world');
  }],
  ['Creation With Upload', 'MUST', 'a body of another type is 415, more than Upload-Length 413, and no upload comes of it', async () => {
    for (const [headers, status] of [[{ 'Content-Type': 'text/plain' }, 415], [{}, 415], [{ 'Content-Type': TYPE, 'Upload-Length': '3' }, 413],
      [{ 'Content-Type': TYPE, 'Upload-Length': '0' }, 413], [{ 'Content-Type': TYPE, 'Upload-Length': undefined }, 400]]) {
      const answer = await post({ 'Upload-Length': '100', ...headers }, 'hello');
      assert.equal(answer.status, status, JSON.stringify(headers));
      assert.equal(answer.headers.location, undefined);
    }
  }],
  ['Creation With Upload', 'MUST', 'with a deferred length, in chunks, with metadata', async () => {
    const made = await post({ 'Upload-Defer-Length': '1', 'Content-Type': TYPE, 'Transfer-Encoding': 'chunked', 'Upload-Metadata': 'a YQ==' }, 'hello');
    assert.deepEqual([made.status, made.headers['upload-offset']], [201, '5']);
    const seen = await head(made.headers.location);
    assert.deepEqual([seen.headers['upload-defer-length'], seen.headers['upload-metadata']], ['1', 'a YQ==']);
  }],
  ['Creation With Upload', 'SHOULD', 'Expect: 100-continue is answered before the body: 100, or the refusal', async () => {
    const line = (length) => `POST /files HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Length: ${length}\r\nContent-Type: ${TYPE}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`;
    assert.match((await raw(service.port, line('5'), { wait: 400 })).answer, /^HTTP\/1\.1 100/);
    assert.match((await raw(service.port, line('9007199254740991'))).answer, /^HTTP\/1\.1 413/);
  }],

  ['Expiration, Upload-Expires', 'MUST', 'every answer to PATCH has it, also the last one and refusals; a date of RFC 7231 in the future', async () => {
    const path = await create();
    for (const answer of [await patch(path, 0, 'abc'), await patch(path, 1, 'x'), await patch(path, 3, ''), await patch(path, 3, 'defghij'), await patch(path, 10, '')]) {
      assert.match(answer.headers['upload-expires'] ?? '', DATE, String(answer.status));
      assert.ok(Date.parse(answer.headers['upload-expires']) > Date.now() + 60e3);
    }
  }],
  ['Expiration, Upload-Expires', 'MUST', 'also an answer to PATCH that never looked at the bytes has it; what is not there has none', async () => {
    const path = await create();
    for (const headers of [{ 'Content-Type': 'text/plain' }, { 'Content-Type': undefined }, { 'Upload-Checksum': 'crc32 AAAAAA==' }, { 'Upload-Checksum': 'sha1 AAAA' },
      { 'Upload-Checksum': sha1('other') }, { 'Upload-Offset': 'x' }]) {
      const answer = await patch(path, 0, 'abc', headers);
      assert.ok(answer.status >= 400);
      assert.match(answer.headers['upload-expires'] ?? '', DATE, JSON.stringify(headers));
    }
    assert.equal((await patch(NOBODY, 0, 'abc', { 'Content-Type': 'text/plain' })).headers['upload-expires'], undefined);
  }],
  ['Expiration, Upload-Expires', 'MUST', 'the answer to the creation has it, with bytes and without', async () => {
    assert.match((await post({ 'Upload-Length': '3' })).headers['upload-expires'], DATE);
    assert.match((await post({ 'Upload-Length': '9', 'Content-Type': TYPE }, 'abc')).headers['upload-expires'], DATE);
  }],
  ['Expiration', 'SHOULD', 'an expired upload is 404 or 410, at HEAD, PATCH and DELETE', async () => {
    const own = await startService({ environment: { XUEPAI_UPLOAD_IDLE_MS: '1000' } });
    const at = (method, path, headers = {}, body) => request(own.url + path, { method, headers: { ...VERSION, ...headers }, body });
    const { location } = (await at('POST', '/files', { 'Upload-Length': '9' })).headers;
    for (let i = 0; i < 200 && (await at('HEAD', location)).status === 200; i++) await new Promise((done) => setTimeout(done, 100));
    assert.equal((await at('HEAD', location)).status, 410);
    assert.equal((await at('PATCH', location, { 'Content-Type': TYPE, 'Upload-Offset': '0' }, 'abc')).status, 410);
    assert.equal((await at('DELETE', location)).status, 410);
    await own.stop();
  }],

  ['Checksum', 'MUST', 'the algorithms are told at OPTIONS, sha1 among them, in lower case', async () => {
    const names = (await send('OPTIONS', '/files')).headers['tus-checksum-algorithm'];
    assert.match(names, /^[a-z0-9-]+(,[a-z0-9-]+)*$/);
    assert.ok(names.split(',').includes('sha1'));
  }],
  ['Checksum', 'MUST', 'a digest that fits is 204, with each algorithm', async () => {
    const names = (await send('OPTIONS', '/files')).headers['tus-checksum-algorithm'].split(',');
    const path = await create({ 'Upload-Length': String(names.length) });
    for (const [i, name] of names.entries()) {
      assert.equal((await patch(path, i, 'x', { 'Upload-Checksum': `${name} ${createHash(name).update('x').digest('base64')}` })).status, 204, name);
    }
    assert.equal(stored(path), 'x'.repeat(names.length));
  }],
  ['Checksum', 'MUST', "the text's own example: hello world", async () => {
    const path = await create({ 'Upload-Length': '11' });
    assert.equal((await patch(path, 0, 'hello world', { 'Upload-Checksum': 'sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=' })).status, 204);
  }],
  ['Checksum', 'MUST', 'one that differs is 460: nothing kept, the offset as before, the right bytes go in afterwards', async () => {
    const path = await create();
    await patch(path, 0, 'abc');
    await fails(patch(path, 3, 'defghij', { 'Upload-Checksum': sha1('other') }), 460, path, 3);
    assert.equal((await patch(path, 3, 'defghij', { 'Upload-Checksum': sha1('defghij') })).status, 204);
    assert.equal(stored(path), 'abcdefghij');
  }],
  ['Checksum', 'MUST', 'each algorithm that OPTIONS names is taken', async () => {
    const names = (await send('OPTIONS', '/files')).headers['tus-checksum-algorithm'].split(',');
    assert.ok(names.includes('sha1'));
    for (const name of names) {
      const digest = createHash(name).update('abc').digest('base64');
      assert.equal((await patch(await create(), 0, 'abc', { 'Upload-Checksum': `${name} ${digest}` })).status, 204, name);
      assert.equal((await patch(await create(), 0, 'abd', { 'Upload-Checksum': `${name} ${digest}` })).status, 460, name);
    }
  }],
  ['Checksum', 'MUST', 'a creation with bytes is judged alike: 460 and 400 leave no byte; a problem tells the status it has', async () => {
    const body = (checksum) => post({ 'Upload-Length': '3', 'Content-Type': TYPE, 'Upload-Checksum': checksum }, 'abc');
    const answer = await body(sha1('other'));
    assert.deepEqual([answer.status, JSON.parse(answer.body).status], [460, 460]);
    await offsetIs(answer.headers.location, 0);
    assert.equal((await body('crc32 AAAAAA==')).status, 400);
    const made = await body(sha1('abc'));
    assert.deepEqual([made.status, made.headers['upload-offset']], [201, '3']);
  }],
  ['Checksum', 'MUST', 'an algorithm that is not there is 400 and nothing is kept; the same for what is no checksum', async () => {
    const path = await create();
    for (const bad of ['crc32 AAAAAA==', 'SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=', '', 'sha1', 'sha1 ', 'sha1 !!!', 'sha1 AAAA', 'sha1Kq5sNclPz7QV2+lfQIuc6R7oRu0=', ' ']) {
      await fails(patch(path, 0, 'hello', { 'Upload-Checksum': bad }), 400, path, 0);
    }
  }],
  ['Checksum', 'MUST', 'the digest of no bytes fits no bytes', async () => {
    const path = await create();
    assert.equal((await patch(path, 0, '', { 'Upload-Checksum': sha1('') })).status, 204);
    assert.equal((await patch(path, 0, '', { 'Upload-Checksum': sha1('x') })).status, 460);
  }],
  ['Checksum', 'MAY', 'behind the body: 204 when it fits, 460 and 400 as before the body', async () => {
    const path = await create();
    assert.equal(await trailed(path, 0, 'abc', `Upload-Checksum: ${sha1('abc')}\r\n`), 204);
    assert.equal(await trailed(path, 3, 'xyz', `Upload-Checksum: ${sha1('def')}\r\n`), 460);
    assert.equal(await trailed(path, 3, 'xyz', 'Upload-Checksum: crc32 AAAAAA==\r\n'), 400);
    await offsetIs(path, 3);
  }],
  ['Checksum', 'MUST', 'a chunk that is cut before its checksum could be verified is not kept', async () => {
    const path = await create();
    await raw(service.port, `PATCH ${path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: ${TYPE}\r\nUpload-Checksum: ${sha1('abcdef')}\r\nContent-Length: 6\r\n\r\nabc`, { end: true });
    await offsetIs(path, 0);
  }],

  ['Termination', 'MUST', 'DELETE of an existing upload is 204 without a body: begun, not begun, complete', async () => {
    for (const text of ['', 'abc', 'abcdefghij']) {
      const path = await create();
      if (text) await patch(path, 0, text);
      const answer = await send('DELETE', path);
      assert.deepEqual([answer.status, answer.body.length], [204, 0]);
    }
  }],
  ['Termination', 'SHOULD', 'afterwards it is 404 or 410 for HEAD, PATCH and DELETE', async () => {
    const path = await create();
    await send('DELETE', path);
    for (const answer of [await head(path), await patch(path, 0, 'abc'), await send('DELETE', path)]) {
      assert.equal(answer.status, 410);
      assert.equal(answer.headers['upload-offset'], undefined);
    }
    assert.equal((await send('DELETE', NOBODY)).status, 404);
  }],

  ['Concatenation', 'MUST', 'the final upload is its parts in the order of the list, however they came', async () => {
    const [b, a] = [await partial(' world'), await partial('hello')];
    const path = await final([a, b]);
    const answer = await head(path);
    assert.deepEqual([answer.headers['upload-length'], answer.headers['upload-offset']], ['11', '11']);
    assert.equal(stored(path), 'hello world');
    assert.equal(stored(await final([b, a])), ' worldhello');
  }],
  ['Concatenation', 'MUST', 'Upload-Concat comes back as received, at a part and at a final upload', async () => {
    const part = await partial('abc');
    assert.equal((await head(part)).headers['upload-concat'], 'partial');
    const list = `final;${part} ${service.url}${part}`;
    assert.equal((await head(await create({ 'Upload-Concat': list }))).headers['upload-concat'], list);
    assert.equal((await head(await create())).headers['upload-concat'], undefined);
  }],
  ['Concatenation', 'MUST', 'Upload-Length with a final upload is refused, and so is a body', async () => {
    const part = await partial('abc');
    for (const headers of [{ 'Upload-Length': '3' }, { 'Upload-Defer-Length': '1' }]) {
      assert.equal((await post({ 'Upload-Concat': `final;${part}`, ...headers })).status, 400);
    }
    assert.equal((await post({ 'Upload-Concat': `final;${part}`, 'Content-Type': TYPE }, 'abc')).status, 403);
  }],
  ['Concatenation', 'MUST', 'a part needs its length like any upload', async () => {
    assert.equal((await post({ 'Upload-Concat': 'partial' })).status, 400);
    assert.equal((await post({ 'Upload-Concat': 'partial', 'Upload-Defer-Length': '1' })).status, 201);
  }],
  ['Concatenation', 'MUST', 'a value that is neither partial nor final with uploads is 400', async () => {
    for (const bad of ['', 'Partial', 'final', 'final;', 'final; ', 'whole', 'partial;/files/a', 'final;nonsense']) {
      assert.equal((await post({ 'Upload-Concat': bad, 'Upload-Length': bad.startsWith('final') ? undefined : '3' })).status, 400, bad);
    }
  }],
  ['Concatenation', 'MUST', 'what is not there, is no part, or was terminated cannot be put together', async () => {
    const gone = await partial('abc');
    await send('DELETE', gone);
    for (const path of [NOBODY, gone]) assert.equal((await post({ 'Upload-Concat': `final;${path}` })).status, 404);
    assert.equal((await post({ 'Upload-Concat': `final;${await create()}` })).status, 400);
    assert.equal((await post({ 'Upload-Concat': `final;${await final([await partial('abc')])}` })).status, 400);
  }],
  ['Concatenation', 'SHALL NOT', 'metadata of parts does not go over; that of the request does', async () => {
    const part = await partial('abc', { 'Upload-Metadata': 'filename YQ==' });
    assert.equal((await head(await final([part]))).headers['upload-metadata'], undefined);
    assert.equal((await head(await final([part], { 'Upload-Metadata': 'filename Yg==' }))).headers['upload-metadata'], 'filename Yg==');
  }],
  ['Concatenation', 'MAY', 'a part is of use more than once, also in one list', async () => {
    const part = await partial('ab');
    assert.equal(stored(await final([part, part])), 'abab');
    assert.equal(stored(await final([part])), 'ab');
  }],
  ['Concatenation', 'MUST', 'PATCH of a final upload is 403 and changes neither it nor its parts', async () => {
    const part = await partial('abc');
    const path = await final([part]);
    for (const offset of [0, 3, 99]) await fails(patch(path, offset, 'x'), 403, path, 3);
    await offsetIs(part, 3);
    const open = await create({ 'Upload-Length': '3', 'Upload-Concat': 'partial' });
    assert.equal((await patch(await final([open]), 0, 'abc')).status, 403);
    await offsetIs(open, 0);
  }],
  ['Concatenation', 'SHOULD NOT', 'before it is whole a final upload has no offset; its length as soon as it can be told', async () => {
    const [known, later] = [await create({ 'Upload-Length': '3', 'Upload-Concat': 'partial' }), await create({ 'Upload-Defer-Length': '1', 'Upload-Concat': 'partial' })];
    const path = await final([known, later]);
    const blank = await head(path);
    assert.deepEqual([blank.status, blank.headers['upload-offset'], blank.headers['upload-length']], [200, undefined, undefined]);
    await patch(later, 0, 'de', { 'Upload-Length': '2' });
    const half = await head(path);
    assert.deepEqual([half.headers['upload-offset'], half.headers['upload-length']], [undefined, '5']);
    await patch(known, 0, 'abc');
    const whole = await head(path);
    assert.deepEqual([whole.headers['upload-offset'], whole.headers['upload-length']], ['5', '5']);
    assert.equal(stored(path), 'abcde');
  }],
  ['Concatenation', 'MUST', 'HEAD of a part has its offset, before, amid and after', async () => {
    const part = await create({ 'Upload-Length': '3', 'Upload-Concat': 'partial' });
    await offsetIs(part, 0);
    await patch(part, 0, 'a');
    await offsetIs(part, 1);
    await patch(part, 1, 'bc');
    await offsetIs(part, 3);
  }],
  ['Concatenation', 'MAY', 'parts of no bytes add nothing', async () => {
    assert.equal(stored(await final([await partial(''), await partial('abc'), await partial('')])), 'abc');
  }],
  ['Concatenation', 'MUST', 'a part may be sent with its creation, and be terminated without harm to the whole', async () => {
    const made = await post({ 'Upload-Length': '3', 'Upload-Concat': 'partial', 'Content-Type': TYPE }, 'abc');
    assert.equal(made.status, 201);
    const path = await final([made.headers.location]);
    assert.equal((await send('DELETE', made.headers.location)).status, 204);
    await offsetIs(path, 3);
    assert.equal(stored(path), 'abc');
  }],
  ['HTTP, field names and values', 'MUST', 'names count in any case; blanks around a value are no part of it', async () => {
    const ask = async (head, body = '') => (await raw(service.port, `${head}Connection: close\r\n\r\n${body}`)).answer;
    for (const fields of ['tus-resumable: 1.0.0\r\nupload-length: 3\r\n', 'TUS-RESUMABLE: 1.0.0\r\nUPLOAD-LENGTH: 3\r\n',
      'Tus-Resumable:1.0.0\r\nUpload-Length:3\r\n', 'Tus-Resumable: \t 1.0.0 \t \r\nUpload-Length:   3   \r\nUpload-Metadata:  a YQ== \r\n']) {
      assert.match(await ask(`POST /files HTTP/1.1\r\nHost: x\r\n${fields}`), /^HTTP\/1\.1 201/, fields);
    }
    const path = await create();
    assert.match(await ask(`PATCH ${path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0 \r\nUpload-Offset: 0 \r\nContent-Type: ${TYPE} \r\n` +
      `Upload-Checksum: ${sha1('abc')} \r\nContent-Length: 3\r\n`, 'abc'), /^HTTP\/1\.1 204[^]*Upload-Offset: 3/);
    assert.match(await ask(`POST ${path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nX-HTTP-Method-Override: HEAD  \r\nContent-Length: 0\r\n`), /^HTTP\/1\.1 200[^]*Upload-Offset: 3/);
  }],
  ['HTTP, Content-Type', 'SHOULD', 'names are in any case and may have parameters: it is the same type; what only begins alike is 415', async () => {
    const path = await create();
    for (const [i, type] of ['Application/Offset+Octet-Stream', `${TYPE}; charset=utf-8`, `${TYPE};charset=UTF-8`, `${TYPE} ; x=y`].entries()) {
      assert.equal((await patch(path, i, 'x', { 'Content-Type': type })).status, 204, type);
    }
    for (const type of [`${TYPE}s`, `${TYPE} more`, `${TYPE}+json`]) await fails(patch(path, 4, 'x', { 'Content-Type': type }), 415, path, 4);
  }],
  ['Creation, URL', 'MAY', 'the creation URL may be written with a slash at its end', async () => {
    const made = await send('POST', '/files/', { 'Upload-Length': '3' });
    assert.equal(made.status, 201);
    await offsetIs(new URL(made.headers.location, service.url).pathname, 0);
    assert.equal((await send('OPTIONS', '/files/')).headers['tus-version'], '1.0.0');
  }],
  ['HTTP, connections', 'SHOULD', 'a small body that is refused is read to its end: the next request on the line is answered', async () => {
    const path = await create();
    const then = `HEAD ${path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nConnection: close\r\n\r\n`;
    for (const [fields, status] of [['', 412], ['Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n', 415],
      [`Tus-Resumable: 1.0.0\r\nContent-Type: ${TYPE}\r\nUpload-Offset: 7\r\n`, 409], [`Tus-Resumable: 1.0.0\r\nContent-Type: ${TYPE}\r\n`, 400]]) {
      const { answer } = await raw(service.port, `PATCH ${path} HTTP/1.1\r\nHost: x\r\n${fields}Content-Length: 3\r\n\r\nabc${then}`);
      assert.deepEqual(answer.match(/(?<=HTTP\/1\.1 )\d+/g), [String(status), '200']);
    }
  }],
  ['HTTP, 1.0', 'MAY', 'a request of HTTP/1.0 that names its host is served, as a proxy sends it', async () => {
    const path = await create();
    const { answer } = await raw(service.port, `PATCH ${path} HTTP/1.0\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: ${TYPE}\r\nContent-Length: 3\r\n\r\nabc`);
    assert.match(answer, /^HTTP\/1\.[01] 204/);
    await offsetIs(path, 3);
  }],
  ['Core, PATCH', 'MUST', 'a chunked body may have extensions and any case of its coding; a length beside it is 400', async () => {
    const path = await create();
    const chunked = async (offset, coding, body, more = '') => (await raw(service.port, `PATCH ${path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: ${offset}\r\n` +
      `Content-Type: ${TYPE}\r\nTransfer-Encoding: ${coding}\r\n${more}Connection: close\r\n\r\n${body}`)).status;
    assert.equal(await chunked(0, 'chunked', '1;name=value\r\na\r\n0\r\n\r\n'), 204);
    assert.equal(await chunked(1, 'Chunked', '2\r\nbc\r\n0\r\n\r\n'), 204);
    assert.equal(await chunked(3, 'chunked', '1\r\nd\r\n0\r\n\r\n', 'Content-Length: 1\r\n'), 400);
    assert.equal(await chunked(3, 'gzip, chunked', '1\r\nd\r\n0\r\n\r\n'), 400);
    await offsetIs(path, 3);
  }],
  ['Core, PATCH', 'MUST', 'of many at the same offset one at most is applied, and no two are mixed', async () => {
    const path = await create({ 'Upload-Length': '60' });
    const ends = await Promise.allSettled(Array.from({ length: 6 }, (_, i) => patch(path, 0, String(i).repeat(50))));
    const answers = ends.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])); // the line of one that a newer ended is shut
    assert.ok(answers.every((one) => [204, 409, 423].includes(one.status)), answers.map((one) => one.status).join());
    assert.ok(answers.filter((one) => one.status === 204).length <= 1);
    assert.ok(answers.filter((one) => one.status === 423).every((one) => Number(one.headers['retry-after']) > 0));
    const offset = Number((await head(path)).headers['upload-offset']);
    assert.equal((await patch(path, offset, 'x'.repeat(60 - offset))).status, 204);
    assert.match(stored(path), /^(?:(\d)\1*)?x+$/);
  }],
];

for (const [section, level, rule, run] of RULES) test(`${section} (${level}): ${rule}`, run);

test('browsers of other sites may read what the protocol says, and are told which fields they may send', async () => {
  const answer = await send('OPTIONS', '/files', { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'PATCH' });
  for (const name of ['PATCH', 'DELETE', 'HEAD', 'POST']) assert.ok(answer.headers['access-control-allow-methods'].split(', ').includes(name), name);
  for (const name of ['Upload-Offset', 'Upload-Length', 'Upload-Metadata', 'Upload-Defer-Length', 'Upload-Checksum', 'Upload-Concat', 'Tus-Resumable', 'X-HTTP-Method-Override', 'Content-Type']) {
    assert.ok(answer.headers['access-control-allow-headers'].split(', ').includes(name), name);
  }
  for (const name of ['Location', 'Upload-Offset', 'Upload-Length', 'Upload-Metadata', 'Upload-Expires', 'Upload-Concat', 'Tus-Version', 'Tus-Resumable', 'Tus-Extension', 'Tus-Max-Size']) {
    assert.ok(answer.headers['access-control-expose-headers'].split(', ').includes(name), name);
  }
});
