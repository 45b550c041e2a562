// What the site writes, read by programs that others wrote: HTML, feeds, sitemap, social tags, structured data, oEmbed,
// OpenAPI. Everything offline; one service for all.
// Runs once: pages are made of rows that other tests compare on both engines.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import structured from '@adobe/structured-data-validator';
import extractor from '@marbec/web-auto-extractor';
import * as openapi from '@seriousme/openapi-schema-validator';
import ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parseAtomFeed, parseJsonFeed, parseRssFeed } from 'feedsmith';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';
import social from 'open-graph-scraper';
import { parseSitemap } from 'sitemap';
import { request, startService } from './support/service.mjs';
import { ADMIN_PASSWORD, api, login } from '../support/stack.mjs';
import { publishMany } from '../support/published.mjs';

const BASE = 'https://xuepai.example';
let service, url, works, video, photos, collection;

// As a proxy asks that stands before the service at its public address.
const FRONT = { Host: new URL(BASE).host, 'X-Forwarded-Proto': 'https' };
const get = async (path, headers = {}) => {
  const answer = await request(url + path, { headers: { Accept: 'text/html', ...FRONT, ...headers } });
  return { ...answer, text: answer.body.toString() };
};
const ask = async (path) => JSON.parse((await get(path, { Accept: 'application/json' })).text);

before(async () => {
  service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning', XUEPAI_TRUSTED_PROXIES: '127.0.0.1', XUEPAI_HELP_PHONE: '0531-12345678', XUEPAI_ICP: '鲁ICP备1号' } });
  ({ url } = service);
  publishMany(service, 40);
  works = (await ask('/api/v1/works?limit=100')).items;
  video = works.find((one) => one.track === 'family-video');
  photos = works.find((one) => one.track === 'life-photo');
  const admin = await login(url, 'admin', ADMIN_PASSWORD);
  const send = (method, path, body) => api(url, path, { method, session: admin, body });
  const day = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);
  await send('PUT', '/api/v1/programme/370100/week', { first_day: day, last_day: day, words: '一周', contact: '电话' });
  await send('POST', '/api/v1/programme/370100/activities', { day, title: '亲子共读', starts: '09:00', is_highlight: true });
  collection = (await send('POST', '/api/v1/editor/collections', { title: '家书与家风', words: '一封信', is_featured: true, is_public: true })).json.id;
  await send('PUT', `/api/v1/editor/collections/${collection}/works`, { works: works.slice(0, 5).map((one) => one.id) });
});
after(() => service.stop());


test('every page is valid HTML, in both sizes of print', async () => {
  const judge = new HtmlValidate(new StaticConfigLoader({ extends: ['html-validate:recommended', 'html-validate:a11y'],
    // off is taste: lower-case doctype and buttons without a type are valid, and role=list gives back what Safari takes from lists without bullets
    rules: { 'no-trailing-whitespace': 'off', 'long-title': 'off', 'void-style': 'off', 'doctype-style': 'off', 'tel-non-breaking': 'off', 'no-implicit-button-type': 'off',
      'no-implicit-input-type': 'off', 'no-redundant-role': 'off', 'form-dup-name': ['error', { shared: ['radio', 'checkbox'] }] } }));
  const paths = ['/', '/works', '/works?region=370100&track=family-video', `/v/${video.id}`, `/v/${photos.id}`, `/embed/${video.id}`, '/city/370100', '/city/371700', '/calendar',
    '/tracks/life-photo', '/collections', `/collections/${collection}`, '/archive', '/archive/2026', '/search', '/search?q=%E8%AF%BB%E4%B9%A6', '/search?q=zzzz', '/submit', '/status', '/help',
    '/privacy', '/licence', '/a11y', '/c/SD26-0000-00', '/console', '/kiosk/370100', '/nothing'];
  const found = [];
  for (const path of paths) {
    for (const elder of ['0', '1']) {
      const { text } = await get(path, { Cookie: `elder=${elder}` });
      assert.match(text, /^<!doctype html>/, path);
      for (const { messages } of (await judge.validateString(text)).results) {
        found.push(...messages.map((one) => `${path}: ${one.ruleId} ${one.message} (${one.line}:${one.column})`));
      }
    }
  }
  assert.deepEqual(found, []);
});

test('feeds: RSS with Media RSS, Atom, JSON Feed say the same works', async () => {
  for (const path of ['/feed.xml', '/city/370100/feed.xml', `/collections/${collection}/feed.xml`]) {
    const { text } = await get(path);
    execFileSync('xmllint', ['--noout', '-'], { input: text });
    const feed = parseRssFeed(text);
    assert.ok(feed.title && feed.link && feed.description, path);
    assert.equal(feed.atom.links[0].rel, 'self');
    assert.ok(feed.items.length > 0);
    for (const item of feed.items) {
      assert.ok(item.guid.value && item.link.startsWith(BASE));
      assert.ok(!Number.isNaN(Date.parse(item.pubDate)));
      for (const enclosure of item.enclosures) assert.ok(enclosure.url.startsWith(BASE) && enclosure.length > 0 && enclosure.type);
    }
    const withVideo = feed.items.find((item) => item.media?.groups?.length > 0 || item.media?.group !== undefined || item.media?.contents?.length > 0);
    assert.ok(withVideo, 'Media RSS');
  }
  const rss = parseRssFeed((await get('/feed.xml')).text);
  const atom = parseAtomFeed((await get('/feed.atom')).text);
  const json = parseJsonFeed((await get('/feed.json')).text);
  assert.equal(JSON.parse((await get('/feed.json')).text).version, 'https://jsonfeed.org/version/1.1');
  assert.deepEqual(atom.entries.map((one) => one.title.value ?? one.title), rss.items.map((one) => one.title));
  assert.deepEqual(json.items.map((one) => one.title), rss.items.map((one) => one.title));
  assert.ok(json.items.every((one) => one.url.startsWith(BASE) && (one.content_text || one.content_html)));
});

test('the sitemap keeps its schema, and its videos have what search engines ask for', async () => {
  const { text } = await get('/sitemap.xml');
  const xsd = createRequire(import.meta.url).resolve('sitemap').replace(/dist[^]*$/, 'schema/sitemap.xsd');
  // the schema knows nothing of videos; those are judged below
  execFileSync('xmllint', ['--noout', '--schema', xsd, '-'], { input: text.replace(/<video:video>[^]*?<\/video:video>/g, '').replace(/ xmlns:video="[^"]*"/, ''), stdio: ['pipe', 'pipe', 'pipe'] });
  const items = await parseSitemap(Readable.from([text]));
  assert.ok(items.some((one) => one.url === `${BASE}/calendar`));
  assert.equal(items.filter((one) => one.url.includes('/v/')).length, works.length);
  const videos = items.flatMap((one) => one.video);
  assert.ok(videos.length > 20);
  for (const one of videos) {
    assert.ok(one.thumbnail_loc.startsWith(BASE) && one.title && one.description && (one.content_loc || one.player_loc));
    assert.ok(one.duration >= 1 && one.duration <= 28800);
  }
});

test('a work in chat programs and search engines: Open Graph, Twitter player, VideoObject', async () => {
  const { text } = await get(`/v/${video.id}`);
  const { result, error } = await social({ html: text });
  assert.equal(error, false);
  assert.equal(result.ogTitle, video.title);
  assert.equal(result.ogType, 'video.other');
  assert.equal(result.ogUrl, `${BASE}/v/${video.id}`);
  assert.ok(result.ogImage[0].url.startsWith(BASE));
  assert.ok(result.ogVideo?.[0]?.url?.startsWith?.(BASE) ?? String(result.ogVideo).startsWith(BASE));
  assert.equal(result.twitterCard, 'player');
  assert.equal(result.twitterPlayer[0].url ?? result.twitterPlayer, `${BASE}/embed/${video.id}`);
  const Extractor = extractor.default ?? extractor;
  const data = new Extractor({ addLocation: true, embedSource: ['rdfa', 'microdata'] }).parse(text);
  const Validator = structured.Validator ?? structured;
  const judged = await new Validator().validate(data);
  assert.deepEqual(judged.filter((one) => one.severity === 'ERROR'), []);
  const [object] = data.jsonld.VideoObject;
  assert.equal(object.name, video.title);
  assert.equal(object.duration, 'PT0M10S');
  assert.ok(object.contentUrl.startsWith(BASE) && object.embedUrl.startsWith(BASE) && object.thumbnailUrl.startsWith(BASE));
});

test('oEmbed: the shape of version 1.0, and the true shape of the picture within any box', async () => {
  const Ajv = ajv.default ?? ajv;
  const judge = new Ajv();
  (formats.default ?? formats)(judge);
  const fits = judge.compile({ type: 'object', required: ['type', 'version', 'html', 'width', 'height'], dependentRequired: { thumbnail_url: ['thumbnail_width', 'thumbnail_height'] },
    properties: { type: { enum: ['video', 'photo', 'link', 'rich'] }, version: { const: '1.0' }, html: { type: 'string', pattern: '<iframe' }, width: { type: 'integer', minimum: 1 },
      height: { type: 'integer', minimum: 1 }, title: { type: 'string' }, provider_url: { type: 'string', format: 'uri' }, thumbnail_url: { type: 'string', format: 'uri' }, cache_age: { type: ['integer', 'string'] } } });
  const page = encodeURIComponent(`${BASE}/v/${video.id}`);
  for (const [w, h] of [[640, 640], [300, 9999], [9999, 120], [97, 31], [1, 1]]) {
    const json = await ask(`/oembed?url=${page}&maxwidth=${w}&maxheight=${h}`);
    assert.ok(fits(json), JSON.stringify(fits.errors));
    assert.ok(json.width <= w && json.height <= h, `${json.width}x${json.height} in ${w}x${h}`);
    if (json.width > 30) assert.ok(Math.abs(json.width / json.height - 1280 / 720) < 0.12, `${json.width}x${json.height}`);
  }
  execFileSync('xmllint', ['--noout', '-'], { input: (await get(`/oembed?url=${page}&format=xml`)).text });
  assert.equal((await get(`/oembed?url=${page}&format=yaml`)).status, 501);
});

test('OpenAPI 3.1: a validator of others accepts it, and the answers are what it says', async () => {
  const { json } = await api(url, '/api/openapi.json');
  const result = await new openapi.Validator().validate(json);
  assert.ok(result.valid, JSON.stringify(result.errors)?.slice(0, 2000));
  const Ajv = ajv.default ?? ajv;
  const judge = new Ajv({ strict: false });
  (formats.default ?? formats)(judge);
  judge.addSchema(json, 'api');
  const check = (name, value) => { const fits = judge.compile({ $ref: `api#/components/schemas/${name}` }); assert.ok(fits(value), `${name}: ${JSON.stringify(fits.errors)}`); };
  check('WorkPage', (await api(url, '/api/v1/works')).json);
  check('Work', (await api(url, `/api/v1/works/${video.id}`)).json);
  check('Work', (await api(url, `/api/v1/works/${photos.id}`)).json);
  check('Problem', (await api(url, '/api/v1/works/nothing')).json);
  assert.ok(Object.keys(json.paths).length > 90);
  assert.deepEqual(json.paths['/api/v1/events'].get.security, [{ receiver: [] }]);
  assert.equal(json.paths['/api/v1/works'].get.security, undefined);
});

test('the read API in pages: every work once, in order, with an ETag, for pages of any origin', async () => {
  const seen = [];
  for (let after = ''; after !== null;) {
    const answer = await api(url, `/api/v1/works?limit=7&after=${after}`);
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    assert.match(answer.headers.get('etag'), /^(W\/)?"[0-9a-f]{32}"$/);
    seen.push(...answer.json.items.map((one) => one.id));
    after = answer.json.next;
  }
  assert.equal(new Set(seen).size, 40);
  assert.deepEqual(seen, works.map((one) => one.id));
  const first = await get('/api/v1/works?limit=7');
  assert.equal((await get('/api/v1/works?limit=7', { 'If-None-Match': first.headers.etag })).status, 304);
});
