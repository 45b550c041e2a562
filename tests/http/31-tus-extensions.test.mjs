// tus 1.0.0, header by header: what the specification says of concatenation, of checksums that follow the body, and of
// every header that is malformed.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { raw, request, startService, storedBytes } from './support/service.mjs';

let service;
before(async () => { service = await startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent' } }); });
after(async () => { assert.equal((await service.stop()).code, 0); });

const VERSION = { 'Tus-Resumable': '1.0.0' };
const PIECE = { ...VERSION, 'Content-Type': 'application/offset+octet-stream' };
const post = (headers, body) => request(`${service.url}/files`, { method: 'POST', headers: { ...VERSION, ...headers }, body });
const head = (location, headers = VERSION) => request(service.url + location, { method: 'HEAD', headers });
const remove = (location, headers = VERSION) => request(service.url + location, { method: 'DELETE', headers });
const patch = (location, offset, body, headers = {}) =>
  request(service.url + location, { method: 'PATCH', headers: { ...PIECE, 'Upload-Offset': String(offset), ...headers }, body });
const idOf = (location) => location.split('/').pop();
const stored = (location) => storedBytes(service.data, `original/${idOf(location)}`);

async function create(headers) {
  const answer = await post(headers);
  assert.equal(answer.status, 201, answer.body.toString());
  return answer.headers.location;
}
async function partial(bytes, headers = {}) {
  const location = await create({ 'Upload-Length': String(bytes.length), 'Upload-Concat': 'partial', ...headers });
  assert.equal((await patch(location, 0, bytes)).status, 204);
  return location;
}
const join = (...locations) => create({ 'Upload-Concat': `final;${locations.join(' ')}` });

// --- concatenation ---------------------------------------------------------------------------------------------

test('CO OPTIONS names the extensions', async () => {
  const { headers } = await request(`${service.url}/files`, { method: 'OPTIONS' });
  const names = headers['tus-extension'].split(',');
  for (const name of ['concatenation', 'concatenation-unfinished', 'checksum-trailer']) assert.ok(names.includes(name), name);
  assert.match(headers['access-control-allow-headers'], /Upload-Concat/);
  assert.match(headers['access-control-expose-headers'], /Upload-Concat/);
});

test('CO a final upload is its parts in their order, as long as their sum', async () => {
  const [a, b] = [randomBytes(300000), randomBytes(7)];
  const [first, second] = [await partial(a), await partial(b)];
  const final = await join(second, `${service.url}${first}`, second);
  const answer = await head(final);
  assert.equal(answer.headers['upload-length'], '300014');
  assert.equal(answer.headers['upload-offset'], '300014');
  assert.equal(answer.headers['upload-concat'], `final;${second} ${service.url}${first} ${second}`);
  assert.ok(stored(final).equals(Buffer.concat([b, a, b])));
});

test('CO a part says so at HEAD, and may be of use again', async () => {
  const part = await partial(Buffer.from('abc'));
  assert.equal((await head(part)).headers['upload-concat'], 'partial');
  for (let i = 0; i < 2; i++) assert.equal(stored(await join(part)).toString(), 'abc');
});

test('CO metadata is not inherited', async () => {
  const part = await partial(Buffer.from('abc'), { 'Upload-Metadata': 'filename YQ==' });
  const bare = await join(part);
  assert.equal((await head(bare)).headers['upload-metadata'], undefined);
  const own = await create({ 'Upload-Concat': `final;${part}`, 'Upload-Metadata': 'filename Yg==' });
  assert.equal((await head(own)).headers['upload-metadata'], 'filename Yg==');
});

test('CO PATCH of a final upload is 403, complete or not', async () => {
  const open = await create({ 'Upload-Length': '4', 'Upload-Concat': 'partial' });
  for (const final of [await join(await partial(Buffer.from('abc'))), await join(open)]) {
    for (const offset of [0, 3]) {
      const answer = await patch(final, offset, 'x');
      assert.equal(answer.status, 403);
      assert.equal(JSON.parse(answer.body).code, 'upload-final');
    }
  }
});

test('CO a final upload of unfinished parts: no offset until it is whole, the length when it is known', async () => {
  const first = await create({ 'Upload-Length': '3', 'Upload-Concat': 'partial' });
  const second = await create({ 'Upload-Defer-Length': '1', 'Upload-Concat': 'partial' });
  const final = await join(first, second);
  const before_ = await head(final);
  assert.equal(before_.status, 200);
  assert.equal(before_.headers['upload-offset'], undefined);
  assert.equal(before_.headers['upload-length'], undefined);
  await patch(first, 0, 'abc');
  await patch(second, 0, 'de', { 'Upload-Length': '4' });
  const middle = await head(final);
  assert.equal(middle.headers['upload-offset'], undefined);
  assert.equal(middle.headers['upload-length'], '7');
  await patch(second, 2, 'fg');
  const last = await head(final);
  assert.equal(last.headers['upload-offset'], '7');
  assert.equal(stored(final).toString(), 'abcdefg');
});

test('CO what cannot be put together is refused', async () => {
  const part = await partial(Buffer.from('abc'));
  const whole = await create({ 'Upload-Length': '3' });
  const gone = await partial(Buffer.from('abc'));
  await remove(gone);
  for (const [headers, status] of [
    [{ 'Upload-Concat': 'whole', 'Upload-Length': '3' }, 400],
    [{ 'Upload-Concat': '' }, 400],
    [{ 'Upload-Concat': 'final' }, 400],
    [{ 'Upload-Concat': 'final;' }, 400],
    [{ 'Upload-Concat': 'final;nonsense' }, 400],
    [{ 'Upload-Concat': 'final;/files/../etc' }, 400],
    [{ 'Upload-Concat': `final;${whole}` }, 400],
    [{ 'Upload-Concat': `final;${part}`, 'Upload-Length': '3' }, 400],
    [{ 'Upload-Concat': `final;${part}`, 'Upload-Defer-Length': '1' }, 400],
    [{ 'Upload-Concat': 'partial' }, 400],
    [{ 'Upload-Concat': `final;${gone}` }, 404],
    [{ 'Upload-Concat': `final;/files/${'a'.repeat(26)}` }, 404],
    [{ 'Upload-Concat': `final;${Array(101).fill(part).join(' ')}` }, 400],
  ]) {
    const answer = await post(headers);
    assert.equal(answer.status, status, JSON.stringify(headers).slice(0, 100));
    assert.equal(answer.headers.location, undefined);
  }
  const body = await post({ 'Upload-Concat': `final;${part}`, 'Content-Type': PIECE['Content-Type'] }, 'abc');
  assert.equal(body.status, 403);
});

test('CO a part may bring its bytes at creation', async () => {
  const made = await post({ 'Upload-Length': '3', 'Upload-Concat': 'partial', 'Content-Type': PIECE['Content-Type'] }, 'abc');
  assert.equal(made.headers['upload-offset'], '3');
  assert.equal(stored(await join(made.headers.location)).toString(), 'abc');
});

test('CO a part is no work by itself', async () => {
  const part = await partial(Buffer.from('abc'));
  const answer = await request(`${service.url}/api/v1/submissions`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ uploads: [idOf(part)], track: 'family-video', title: '读书', words: '', region: '370102',
      name: '张三', phone: '13812345678', consents: { licence: true } }) });
  assert.equal(answer.status, 409);
});

test('CO a final upload that is whole goes with DELETE, its parts stay', async () => {
  const part = await partial(Buffer.from('abc'));
  const final = await join(part);
  assert.equal((await remove(final)).status, 204);
  assert.equal((await head(final)).status, 410);
  assert.equal((await head(part)).headers['upload-offset'], '3');
});

test('CO unfinished parts survive a start of the service', async () => {
  let own = await startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent' } });
  const at = (location, method, headers, body) => request(own.url + location, { method, headers: { ...PIECE, ...headers }, body });
  const part = (await at('/files', 'POST', { 'Upload-Length': '3', 'Upload-Concat': 'partial' })).headers.location;
  const final = (await at('/files', 'POST', { 'Upload-Concat': `final;${part}` })).headers.location;
  await own.kill();
  own = await startService({ data: own.data, environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent' } });
  assert.equal((await at(part, 'PATCH', { 'Upload-Offset': '0' }, 'abc')).status, 204);
  assert.equal((await at(final, 'HEAD', {})).headers['upload-offset'], '3');
  await own.stop();
});

// --- a checksum behind the body --------------------------------------------------------------------------------

async function trailed(location, offset, text, trailer, announce = 'Trailer: Upload-Checksum\r\n') {
  const { answer } = await raw(service.port, `PATCH ${location} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n` +
    `Upload-Offset: ${offset}\r\nContent-Type: application/offset+octet-stream\r\nTransfer-Encoding: chunked\r\n${announce}` +
    `Connection: close\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n${trailer}\r\n`);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}
const sha1 = (text) => `sha1 ${createHash('sha1').update(text).digest('base64')}`;

test('CK a checksum that follows the body is verified', async () => {
  const location = await create({ 'Upload-Length': '9' });
  assert.equal(await trailed(location, 0, 'abc', `Upload-Checksum: ${sha1('abc')}\r\n`), 204);
  assert.equal(await trailed(location, 3, 'xyz', `Upload-Checksum: ${sha1('def')}\r\n`), 460);
  assert.equal((await head(location)).headers['upload-offset'], '3');
  assert.equal(await trailed(location, 3, 'xyz', `Upload-Checksum: crc32 AAAA\r\n`), 400);
  assert.equal((await head(location)).headers['upload-offset'], '3');
  assert.equal(await trailed(location, 3, 'def', `Upload-Checksum: ${sha1('def')}\r\n`), 204);
  // announced, but a proxy on the way dropped it
  assert.equal(await trailed(location, 6, 'ghi', ''), 204);
  assert.equal(stored(location).toString(), 'abcdefghi');
});

test('CK nothing of a body with an announced checksum counts when the line is cut', async () => {
  const location = await create({ 'Upload-Length': '9' });
  await raw(service.port, `PATCH ${location} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
    'Content-Type: application/offset+octet-stream\r\nTransfer-Encoding: chunked\r\nTrailer: Upload-Checksum\r\n\r\n3\r\nabc\r\n', { end: true });
  assert.equal((await head(location)).headers['upload-offset'], '0');
});

test('CK a checksum with the creation', async () => {
  const type = { 'Content-Type': PIECE['Content-Type'], 'Upload-Length': '3' };
  const good = await post({ ...type, 'Upload-Checksum': sha1('abc') }, 'abc');
  assert.equal(good.status, 201);
  assert.equal(good.headers['upload-offset'], '3');
  assert.equal((await post({ ...type, 'Upload-Checksum': sha1('xyz') }, 'abc')).status, 460);
  assert.equal((await post({ ...type, 'Upload-Checksum': 'crc32 AAAA' }, 'abc')).status, 400);
});

// --- every header that is malformed ----------------------------------------------------------------------------

for (const [name, headers, status] of [
  ['Tus-Resumable absent', { 'Tus-Resumable': undefined, 'Upload-Length': '3' }, 412],
  ['Tus-Resumable 0.2.2', { 'Tus-Resumable': '0.2.2', 'Upload-Length': '3' }, 412],
  ['Upload-Length empty', { 'Upload-Length': '' }, 400],
  ['Upload-Length with sign', { 'Upload-Length': '+3' }, 400],
  ['Upload-Length with fraction', { 'Upload-Length': '3.5' }, 400],
  ['Upload-Length beyond 64 bit', { 'Upload-Length': '99999999999999999999' }, 413],
  ['Upload-Length beyond Tus-Max-Size', { 'Upload-Length': '9007199254740991' }, 413],
  ['Upload-Defer-Length 0', { 'Upload-Defer-Length': '0' }, 400],
  ['Upload-Defer-Length word', { 'Upload-Defer-Length': 'true' }, 400],
  ['both lengths', { 'Upload-Length': '3', 'Upload-Defer-Length': '1' }, 400],
  ['neither length', {}, 400],
  ['metadata: no Base64', { 'Upload-Length': '3', 'Upload-Metadata': 'filename !!!' }, 400],
  ['metadata: twice the same key', { 'Upload-Length': '3', 'Upload-Metadata': 'a YQ==,a Yg==' }, 400],
  ['metadata: no key', { 'Upload-Length': '3', 'Upload-Metadata': 'a YQ==,,b Yg==' }, 400],
  ['metadata: key outside ASCII', { 'Upload-Length': '3', 'Upload-Metadata': Buffer.from('文 YQ==').toString('latin1') }, 400],
  ['metadata: empty value', { 'Upload-Length': '3', 'Upload-Metadata': 'is_confidential' }, 201],
  ['metadata: empty value behind a blank', { 'Upload-Length': '3', 'Upload-Metadata': 'is_confidential ,a YQ==' }, 201],
  ['metadata of 8 KB', { 'Upload-Length': '3', 'Upload-Metadata': `a ${Buffer.alloc(6000).toString('base64')}` }, 201],
  ['checksum without digest', { 'Upload-Length': '3', 'Upload-Checksum': 'sha1' }, 400],
  ['checksum too short', { 'Upload-Length': '3', 'Upload-Checksum': 'sha1 YWJj' }, 400],
]) {
  test(`POST, ${name}: ${status}`, async () => {
    const given = Object.fromEntries(Object.entries({ ...VERSION, ...headers }).filter(([, value]) => value !== undefined));
    const answer = await request(`${service.url}/files`, { method: 'POST', headers: given });
    assert.equal(answer.status, status, answer.body.toString());
    assert.equal(answer.headers['tus-resumable'], '1.0.0');
    if (status >= 400) {
      assert.equal(answer.headers.location, undefined);
      assert.match(answer.headers['content-type'], /problem\+json/);
    }
    if (status === 412) assert.equal(answer.headers['tus-version'], '1.0.0');
  });
}

for (const [name, headers, status] of [
  ['Tus-Resumable absent', { 'Tus-Resumable': undefined }, 412],
  ['no Content-Type', { 'Content-Type': undefined }, 415],
  ['another Content-Type', { 'Content-Type': 'application/octet-stream' }, 415],
  ['no Upload-Offset', { 'Upload-Offset': undefined }, 400],
  ['Upload-Offset empty', { 'Upload-Offset': '' }, 400],
  ['Upload-Offset negative', { 'Upload-Offset': '-1' }, 400],
  ['Upload-Offset word', { 'Upload-Offset': 'abc' }, 400],
  ['Upload-Offset behind', { 'Upload-Offset': '0' }, 409],
  ['Upload-Offset ahead', { 'Upload-Offset': '5' }, 409],
  ['another Upload-Length', { 'Upload-Length': '99' }, 400],
  ['the same Upload-Length', { 'Upload-Length': '6' }, 204],
  ['checksum unknown', { 'Upload-Checksum': 'crc32 AAAA' }, 400],
  ['checksum without digest', { 'Upload-Checksum': 'sha1' }, 400],
  ['checksum without blank', { 'Upload-Checksum': `sha1${'A'.repeat(28)}` }, 400],
  ['checksum differs', { 'Upload-Checksum': `sha1 ${createHash('sha1').update('x').digest('base64')}` }, 460],
]) {
  test(`PATCH, ${name}: ${status}`, async () => {
    const location = await create({ 'Upload-Length': '6' });
    await patch(location, 0, 'abc');
    const all = { ...PIECE, 'Upload-Offset': '3', ...headers };
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const answer = await request(service.url + location, { method: 'PATCH', headers: given, body: 'def' });
    assert.equal(answer.status, status, answer.body.toString());
    assert.equal(answer.headers['tus-resumable'], '1.0.0');
    assert.equal((await head(location)).headers['upload-offset'], status < 300 ? '6' : '3');
  });
}

test('DELETE: 412 without the version, 404 for what is not there, 204 for what is complete', async () => {
  const location = await create({ 'Upload-Length': '3' });
  assert.equal((await remove(location, {})).status, 412);
  assert.equal((await remove(`/files/${'b'.repeat(26)}`)).status, 404);
  await patch(location, 0, 'abc');
  assert.equal((await remove(location)).status, 204);
  assert.ok([404, 410].includes((await patch(location, 3, '')).status));
});

test('PATCH of what is not there is 404, of what is complete 4xx with bytes and 204 without', async () => {
  assert.equal((await patch(`/files/${'c'.repeat(26)}`, 0, 'abc')).status, 404);
  const location = await create({ 'Upload-Length': '3' });
  await patch(location, 0, 'abc');
  assert.equal((await patch(location, 3, 'x')).status, 413);
  assert.equal((await patch(location, 0, 'x')).status, 409);
  assert.equal((await patch(location, 3, '')).status, 204);
});

test('X-HTTP-Method-Override: DELETE', async () => {
  const location = await create({ 'Upload-Length': '3' });
  const answer = await request(service.url + location, { method: 'POST', headers: { ...VERSION, 'X-HTTP-Method-Override': 'DELETE' } });
  assert.equal(answer.status, 204);
  assert.equal((await head(location)).status, 410);
});

test('ten creations at once are ten uploads', async () => {
  const made = await Promise.all(Array.from({ length: 10 }, () => create({ 'Upload-Length': '3' })));
  assert.equal(new Set(made).size, 10);
});
