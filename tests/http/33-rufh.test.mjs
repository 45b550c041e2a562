// Resumable Uploads for HTTP, interop version 8: the dialect of iOS, over the same uploads.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { arrived, raw, request, startService, storedBytes, until } from './support/service.mjs';

const ENVIRONMENT = { XUEPAI_MEDIA_PROGRAM: '/nonexistent', XUEPAI_UPLOAD_INTERIM: 'true' };
let service;
before(async () => { service = await startService({ environment: ENVIRONMENT }); });
after(async () => { assert.equal((await service.stop()).code, 0); });

const PIECE = { 'Content-Type': 'application/partial-upload' };
const post = (headers, body) => request(`${service.url}/files`, { method: 'POST', headers, body });
const head = (location, method = 'HEAD') => request(service.url + location, { method });
const patch = (location, offset, complete, body, headers = {}) => request(service.url + location, {
  method: 'PATCH', headers: { ...PIECE, 'Upload-Offset': String(offset), 'Upload-Complete': complete, ...headers }, body });
const stored = (location) => storedBytes(service.data, `original/${location.split('/').pop()}`);
const problem = (answer) => JSON.parse(answer.body);
const IANA = 'https://iana.org/assignments/http-problem-types#';

async function create(headers = {}, body = undefined) {
  const answer = await post({ 'Upload-Complete': '?0', ...headers }, body);
  assert.equal(answer.status, 201, answer.body.toString());
  assert.equal(answer.headers['upload-complete'], '?0');
  assert.match(answer.headers.location, /^\/uploads\/[a-z2-7]{26}$/);
  assert.match(answer.headers['upload-limit'], /max-size=\d+/);
  return answer.headers.location;
}

test('the whole in one request', async () => {
  const bytes = randomBytes(3e6);
  const answer = await post({ 'Upload-Complete': '?1', 'Upload-Length': '3000000' }, bytes);
  assert.equal(answer.status, 201);
  assert.equal(answer.headers['upload-complete'], '?1');
  assert.equal(answer.headers.location, `/uploads/${problem(answer).upload}`);
  assert.ok(stored(answer.headers.location).equals(bytes));
});

test('in parts; only ?1 completes, however many bytes are there', async () => {
  const location = await create({ 'Upload-Length': '6' }, 'abc');
  const second = await patch(location, 3, '?0', 'def');
  assert.equal(second.status, 204);
  assert.equal(second.headers['upload-complete'], '?0');
  assert.equal(second.headers['upload-offset'], '6');
  const open = await head(location);
  assert.equal(open.headers['upload-complete'], '?0');
  assert.equal(open.headers['upload-length'], '6');
  const last = await patch(location, 6, '?1', '');
  assert.equal(last.status, 200);
  assert.equal(last.headers['upload-complete'], '?1');
  assert.equal(stored(location).toString(), 'abcdef');
  assert.equal((await head(location)).headers['upload-complete'], '?1');
});

test('HEAD and GET tell offset, completeness, length if known, and limits', async () => {
  const location = await create({}, 'abc');
  for (const method of ['HEAD', 'GET']) {
    const answer = await head(location, method);
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['upload-offset'], '3');
    assert.equal(answer.headers['upload-complete'], '?0');
    assert.equal(answer.headers['upload-length'], undefined);
    assert.match(answer.headers['upload-limit'], /max-size=\d+, min-size=0, max-age=\d+/);
    assert.match(answer.headers['cache-control'], /no-store/);
    assert.equal(answer.body.length, 0);
  }
  assert.equal((await head(`/uploads/${'a'.repeat(26)}`)).status, 404);
});

test('a completing body without a length: its end is the end', async () => {
  const location = await create({}, 'abc');
  const answer = await patch(location, 3, '?1', 'defg', { 'Transfer-Encoding': 'chunked' });
  assert.equal(answer.status, 200);
  assert.equal(stored(location).toString(), 'abcdefg');
  assert.equal((await head(location)).headers['upload-length'], '7');
});

test('a wrong offset is 409 with the right one and the problem type', async () => {
  const location = await create({}, 'abc');
  const answer = await patch(location, 7, '?0', 'x');
  assert.equal(answer.status, 409);
  assert.equal(answer.headers['upload-offset'], '3');
  assert.equal(answer.headers['upload-complete'], '?0');
  assert.equal(problem(answer).type, `${IANA}mismatching-upload-offset`);
  assert.equal(problem(answer)['expected-offset'], 3);
  assert.equal(problem(answer)['provided-offset'], 7);
});

test('lengths that contradict are 400; more bytes than declared make the upload invalid', async () => {
  assert.equal(problem(await post({ 'Upload-Complete': '?1', 'Upload-Length': '9' }, 'abc')).type, `${IANA}inconsistent-upload-length`);
  const location = await create({ 'Upload-Length': '6' }, 'abc');
  for (const [complete, body, headers] of [['?0', 'd', { 'Upload-Length': '7' }], ['?1', 'd', {}], ['?1', '', {}]]) {
    const answer = await patch(location, 3, complete, body, headers);
    assert.equal(answer.status, 400);
    assert.equal(problem(answer).type, `${IANA}inconsistent-upload-length`);
    assert.equal((await head(location)).headers['upload-offset'], '3');
  }
  const other = await create({ 'Upload-Length': '6' }, 'abc');
  for (const [one, headers] of [[location, {}], [other, { 'Transfer-Encoding': 'chunked' }]]) {
    assert.equal((await patch(one, 3, '?0', 'defghi', headers)).status, 400);
    const gone = await head(one);
    assert.ok(gone.status >= 400 && gone.status < 500, `${gone.status}`);
    assert.equal(gone.headers['upload-offset'], undefined);
  }
});

test('what is complete takes nothing more', async () => {
  const made = await post({ 'Upload-Complete': '?1' }, 'abc');
  const { location } = made.headers;
  const more = await patch(location, 3, '?1', 'd');
  assert.equal(more.status, 400);
  assert.equal(problem(more).type, `${IANA}inconsistent-upload-length`);
  const empty = await patch(location, 3, '?1', '');
  assert.equal(problem(empty).type, `${IANA}completed-upload`);
  assert.equal(empty.headers['upload-complete'], '?1');
  assert.equal(stored(location).toString(), 'abc');
});

test('fields are Items: parameters behind them say nothing, two of a kind are none', async () => {
  for (const offset of ['3;a', '3; a=b', '3;a="x;y";b=?1', '3;a=1.5;b=:YWI=:', '003']) {
    assert.equal((await patch(await create({}, 'abc'), offset, '?0;x', 'd')).status, 204, offset);
  }
  for (const offset of ['3 ;a', '3;A', '3;', '3;a=', '3;a="', '3;a=1.2345', '3, 3', '+3', '']) {
    assert.equal((await patch(await create({}, 'abc'), offset, '?0', 'd')).status, 400, offset);
  }
  const location = await create({}, 'abc');
  for (const [name, other] of [['Upload-Offset', '4'], ['Upload-Complete', '?1']]) {
    const answer = await raw(service.port, `PATCH ${location} HTTP/1.1\r\nHost: x\r\nUpload-Offset: 3\r\nUpload-Complete: ?0\r\n${name}: ${other}\r\n` +
      'Content-Type: application/partial-upload\r\nContent-Length: 1\r\nConnection: close\r\n\r\nd');
    assert.equal(answer.status, 400, name);
  }
  const seen = await head(location);
  assert.deepEqual([seen.headers['upload-offset'], seen.headers['upload-complete']], ['3', '?0']);
  assert.equal((await post({ 'Upload-Complete': '?1;x=y' }, 'abc')).status, 201);
  assert.equal((await patch(location, 3, '?0', 'd', { 'Content-Type': 'Application/Partial-Upload; x=y' })).status, 204);
});

test('fewer bytes than declared complete nothing, also where only the end of the body tells', async () => {
  const chunked = { 'Transfer-Encoding': 'chunked' };
  const made = await post({ 'Upload-Complete': '?1', 'Upload-Length': '9', ...chunked }, 'abc');
  const location = await create({ 'Upload-Length': '9' }, 'abc');
  for (const [answer, at, offset] of [[made, made.headers.location, '3'], [await patch(location, 3, '?1', 'def', chunked), location, '6']]) {
    assert.equal(answer.status, 400);
    assert.equal(problem(answer).type, `${IANA}inconsistent-upload-length`);
    const seen = await head(at);
    assert.deepEqual([seen.headers['upload-complete'], seen.headers['upload-offset'], seen.headers['upload-length']], ['?0', offset, '9']);
  }
  assert.equal((await patch(location, 6, '?1', 'ghi')).status, 200);
  assert.equal(stored(location).toString(), 'abcdefghi');
});

test('nothing at all is an upload too: complete, or begun', async () => {
  const whole = await post({ 'Upload-Complete': '?1' });
  assert.deepEqual([whole.status, whole.headers['upload-complete'], whole.headers['upload-offset']], [201, '?1', '0']);
  assert.equal(stored(whole.headers.location).length, 0);
  const location = await create();
  assert.equal((await patch(location, 0, '?0', '')).status, 204);
  assert.equal((await patch(location, 0, '?1', '')).status, 200);
  assert.equal(stored(location).length, 0);
});

test('Expect: 100-continue is answered with 100, also where 104 went before', async () => {
  const { answer } = await raw(service.port, 'POST /files HTTP/1.1\r\nHost: x\r\nUpload-Complete: ?1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n' +
    'Upload-Draft-Interop-Version: 8\r\n\r\n', { wait: 400 });
  assert.match(answer, /^HTTP\/1\.1 10[04] [^]*HTTP\/1\.1 10[04] /);
  assert.match(answer, /^HTTP\/1\.1 100 /m);
  assert.match(answer, /^HTTP\/1\.1 104 [^]*Upload-Draft-Interop-Version: 8\r\n[^]*Upload-Limit: max-size=/m);
});

test('malformed fields are as if absent; another media type is 415', async () => {
  const location = await create({}, 'abc');
  for (const headers of [{ 'Upload-Offset': '-1' }, { 'Upload-Offset': '3.0' }, { 'Upload-Offset': '"3"' }, { 'Upload-Complete': '1' },
    { 'Upload-Complete': 'true' }, { 'Upload-Offset': '9'.repeat(16) }]) {
    assert.equal((await patch(location, 3, '?0', 'd', headers)).status, 400, JSON.stringify(headers));
  }
  const type = await patch(location, 3, '?0', 'd', { 'Content-Type': 'application/octet-stream' });
  assert.equal(type.status, 415);
  assert.equal(type.headers['accept-patch'], 'application/partial-upload');
  assert.equal((await head(location)).headers['upload-offset'], '3');
  // without a valid Upload-Complete it is a request of tus, which lacks its version
  assert.equal((await post({ 'Upload-Complete': 'yes' }, 'abc')).status, 412);
});

test('too large is refused before a byte, with the limit', async () => {
  const answer = await post({ 'Upload-Complete': '?0', 'Upload-Length': '999999999999' });
  assert.equal(answer.status, 413);
  assert.match(answer.headers['upload-limit'], /max-size=/);
  const later = await patch(await create({}, 'abc'), 3, '?0', 'd', { 'Upload-Length': '999999999999' });
  assert.equal(later.status, 413);
  assert.match(later.headers['upload-limit'], /max-size=/);
  const photo = await request(`${service.url}/files?track=life-photo`, {
    method: 'POST', headers: { 'Upload-Complete': '?0', 'Upload-Length': String(400 * 2 ** 20) } });
  assert.equal(photo.status, 413);
});

test('DELETE, then 410; OPTIONS says what is taken', async () => {
  const location = await create({}, 'abc');
  for (const place of [location, '/files']) { // the upload, and what takes creations
    const options = await head(place, 'OPTIONS');
    assert.equal(options.headers['accept-patch'], 'application/partial-upload');
    assert.match(options.headers['upload-limit'], /max-size=\d+, min-size=0/);
  }
  assert.equal((await head(location, 'DELETE')).status, 204);
  assert.equal((await head(location)).status, 410);
  assert.equal((await patch(location, 3, '?1', '')).status, 410);
});

test('a body that is cut counts as far as it came, and is not complete', async () => {
  const location = await create();
  const socket = net.connect(service.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nUpload-Offset: 0\r\nUpload-Complete: ?1\r\n` +
    'Content-Type: application/partial-upload\r\nContent-Length: 500000\r\n\r\n');
  socket.write(randomBytes(100000));
  await arrived(service, location, 100000);
  // the newest request wins: this HEAD ends the older one
  const answer = await head(location);
  assert.equal(answer.headers['upload-offset'], '100000');
  assert.equal(answer.headers['upload-complete'], '?0');
  assert.equal(answer.headers['upload-length'], '500000');
  assert.equal((await patch(location, 100000, '?1', randomBytes(400000))).status, 200);
  socket.destroy();
});

test('104 names the upload to who speaks version 8, before the body came', async () => {
  const start = 'POST /files HTTP/1.1\r\nHost: x\r\nUpload-Complete: ?1\r\nContent-Length: 10\r\n';
  const cut = await raw(service.port, `${start}Upload-Draft-Interop-Version: 8\r\n\r\nabc`, { wait: 300 });
  assert.match(cut.answer, /^HTTP\/1\.1 104 Upload Resumption Supported\r\n/);
  const location = /Location: (\S+)/.exec(cut.answer)[1];
  await until(async () => (await head(location)).headers['upload-offset'] === '3', 'what came');
  assert.equal((await patch(location, 3, '?1', 'defghij')).status, 200);
  assert.equal(stored(location).toString(), 'abcdefghij');
  for (const version of ['', 'Upload-Draft-Interop-Version: 5\r\n']) {
    assert.equal((await raw(service.port, `${start}${version}\r\nabc`, { first: 300 })).answer, '');
  }
});

test('104 tells who speaks version 8 how much need not be sent again, while the body is under way; never where it lies', async () => {
  for (const [version, tells] of [['8', true], ['8;x', true], ['5', false]]) {
    const size = 24 << 20;
    const location = await create({ 'Upload-Length': String(size) });
    const socket = net.connect(service.port, '127.0.0.1');
    let answer = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => (answer += bytes));
    socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nUpload-Offset: 0\r\nUpload-Complete: ?1\r\nContent-Type: application/partial-upload\r\n` +
      `Content-Length: ${size}\r\nUpload-Draft-Interop-Version: ${version}\r\nConnection: close\r\n\r\n`);
    const bytes = Buffer.alloc(size, 'x');
    let sent = 20 << 20;
    socket.write(bytes.subarray(0, sent));
    if (tells) {
      await until(() => {
        if (sent < size - 1024) socket.write(bytes.subarray(sent, sent += 1024)); // it is told with the next bytes
        return answer.includes('Upload-Offset');
      }, 'the interim answer');
    }
    socket.write(bytes.subarray(sent));
    await new Promise((done) => socket.on('end', done));
    const interim = answer.split('HTTP/1.1 ').filter((one) => one.startsWith('104'));
    assert.equal(interim.length > 0, tells, version);
    for (const one of interim) {
      assert.match(one, /Upload-Draft-Interop-Version: 8\r\n/);
      assert.doesNotMatch(one, /Location/);
      const offset = Number(/Upload-Offset: (\d+)/.exec(one)[1]);
      assert.ok(offset > 0 && offset <= size);
    }
    assert.match(answer, /HTTP\/1\.1 200 OK\r\n[^]*Upload-Complete: \?1/);
    assert.equal(stored(location).length, size);
  }
});

test('it survives a kill -9, and a submission may name it', async () => {
  let own = await startService({ environment: ENVIRONMENT });
  const at = (location, method, headers, body) => request(own.url + location, { method, headers, body });
  const { location } = (await at('/files', 'POST', { 'Upload-Complete': '?0', 'Upload-Length': '6' }, 'abcdef')).headers;
  await own.kill();
  own = await startService({ data: own.data, environment: ENVIRONMENT });
  const seen = await at(location, 'HEAD', {});
  assert.equal(seen.headers['upload-offset'], '6');
  assert.equal(seen.headers['upload-complete'], '?0');
  const form = { uploads: [location.split('/').pop()], track: 'family-video', title: '读书', words: '', region: '370102', name: '张三',
    phone: '13812345678', consents: { licence: true } };
  const receipt = await at('/api/v1/submissions', 'POST', { 'Content-Type': 'application/json' }, JSON.stringify(form));
  assert.equal(JSON.parse(receipt.body).status, 'uploading');
  assert.equal((await at(location, 'PATCH', { ...PIECE, 'Upload-Offset': '6', 'Upload-Complete': '?1' })).status, 200);
  const { code, pin } = JSON.parse(receipt.body);
  assert.equal(JSON.parse((await at(`/api/v1/submissions/${code}`, 'GET', { 'X-Pin': pin })).body).status, 'received');
  await own.stop();
});
