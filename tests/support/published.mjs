// Many published works at once, by SQL: for lists, search and their times. Nothing of their media is there.
import { sql } from '../http/support/service.mjs';

// Title and words by number: common words in all, some in few, one in each.
const WORDS = ['全家一起读书', '爷爷的毛笔字', '社区学堂开课', '亲子阅读时光', '剪纸与年画', '海边的自然课', '夜校里的笑声', '一封家书'];
export const titleOf = (n) => `${WORDS[n % WORDS.length]}第${n}课`;

// What a clip has when all is made.
const rung = (height) => ({ width: Math.round(height * 16 / 18) * 2, height, codecs: 'avc1.64001f,mp4a.40.2', duration_ms: 10000, bandwidth_bps: height * 2000 });
const FILES = [
  ['poster.jpg', 'poster', 'image/jpeg', {}], ['thumbnail.jpg', 'thumbnail', 'image/jpeg', { width: 720, height: 405 }],
  ['thumbnail.webp', 'thumbnail', 'image/webp', { width: 720, height: 405 }], ['share-card.jpg', 'share-card', 'image/jpeg', {}], ['preview.webp', 'preview', 'image/webp', {}],
  ['storyboard.jpg', 'storyboard', 'image/jpeg', {}], ['storyboard.vtt', 'storyboard-vtt', 'text/vtt; charset=utf-8', {}],
  ['sheet.jpg', 'sheet', 'image/jpeg', {}], ['480p.mp4', 'review-mp4', 'video/mp4', rung(480)], ['master.m3u8', 'master', 'application/vnd.apple.mpegurl', {}],
  ...[360, 480, 720].flatMap((height) => [[`v${height}.mp4`, 'rung', 'video/mp4', rung(height)], [`v${height}.m3u8`, 'playlist', 'application/vnd.apple.mpegurl', {}]]),
];

// As prepare writes them: a kilobyte, of which lists show a tenth (service/model/facts.h).
const SHOWN = { kind: 'video', duration_ms: 10000, width: 1280, height: 720 };
const FACTS = { ...SHOWN, container: 'mp4', coded_width: 1280, coded_height: 720, rotation: 0, sar: '1:1', fps: 30.0001, vfr: false, interlaced: false,
  bit_rate_bps: 2500000, frames: 300, decode_errors: 0, had_location: true, had_device: false, ai_label: false,
  colour: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', range: 'limited', hdr: null }, video: { codec: 'h264', profile: 'High', level: 31 },
  audio: { codec: 'aac', channels: 2, rate_hz: 44100, loudness_lufs: -23.4, true_peak_dbtp: -6.1 }, flags: [],
  review: { width: 854, height: 480, codecs: 'avc1.64001e,mp4a.40.2', bandwidth_bps: 960000, average_bps: 900000, fps: 30, picture_types: 'KZXVZf/j'.repeat(8) },
  source_keyframes: true, rewrap: { possible: true, obstacle: null, average_bps: 2400000, peak_bps: 2600000 } };

// Works first … first + count - 1; later ones are newer. The first eleven cities in turn, tracks in turn, ids w000…n.
export function publishMany(service, count, { first = 1 } = {}) {
  const onPostgres = !!process.env.XUEPAI_TEST_DATABASE;
  const last = first + count - 1;
  const numbers = onPostgres ? `SELECT generate_series(${first}, ${last}) AS n`
    : `WITH RECURSIVE k(n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM k WHERE n < ${last}) SELECT n FROM k`;
  const id = onPostgres ? "'w' || lpad(n::text, 25, '0')" : "'w' || substr('0000000000000000000000000' || n, -25)";
  const title = `CASE n % ${WORDS.length} ${WORDS.map((word, i) => `WHEN ${i} THEN '${word}'`).join(' ')} END || '第' || n || '课'`;
  const city = "(370000 + 100 * (n % 11 + 1))";
  const text = (number) => `CAST(${number} AS TEXT)`;
  const county = `(SELECT MIN(g.code) FROM region g WHERE g.code > ${text(city)} AND substr(g.code, 1, 4) = substr(${text(city)}, 1, 4))`;
  const track = "CASE n % 4 WHEN 0 THEN 'life-photo' ELSE 'family-video' END";
  const edition = '(SELECT key FROM edition WHERE is_current = 1)';
  // The guard would refuse, and a list put together once is as good as fourteen times. On PostgreSQL the triggers are
  // left out for this session alone: switching them off takes locks, against which works in hand end in a deadlock.
  const triggers = ['publication_needs_approval', 'rendition_is_shown'];
  const textOf = (name) => sql(service, `SELECT sql FROM sqlite_master WHERE name = '${name}'`);
  const [off, on] = onPostgres ? ['SET LOCAL session_replication_role = replica;', '']
    : [triggers.map((name) => `DROP TRIGGER ${name};`).join(' '), triggers.map((name) => `${textOf(name)};`).join(' ')];
  sql(service, `
    ${off}
    INSERT INTO submission (id, code, pin_digest, edition, track, region, city, state, stage, revision, contact_name,
      contact_phone, ai, waiting_ms, created_ms, updated_ms)
    SELECT ${id}, 'code ' || n, '', ${edition}, ${track}, ${county}, ${text(city)}, 'published', 0, 1, '', '', 0, n, n, n
    FROM (${numbers}) numbers;
    INSERT INTO revision (submission, number, title, words, content_digest, facts, shown, created_ms)
    SELECT s.id, 1, ${title}, '我们在家里一起学习，记录下这一刻', 'digest', '${JSON.stringify(FACTS)}', '${JSON.stringify(SHOWN)}', 1 FROM (SELECT id, created_ms AS n FROM submission WHERE code LIKE 'code %'
      AND created_ms BETWEEN ${first} AND ${last}) s;
    INSERT INTO consent (submission, revision, kind, version, scopes, given_ms, peer)
    SELECT submission, 1, 'licence', '1', '["site","embed"]', 1, '' FROM revision WHERE content_digest = 'digest' AND submission >= 'w'
      AND submission IN (SELECT id FROM submission WHERE created_ms BETWEEN ${first} AND ${last});
    INSERT INTO original (submission, revision, position, store_key, bytes)
    SELECT id, 1, 1, 'original/' || id, 1 FROM submission WHERE code LIKE 'code %' AND created_ms BETWEEN ${first} AND ${last};
    INSERT INTO rendition (submission, revision, name, kind, type, bytes, sha256, store_key, facts, created_ms)
    SELECT id, 1, name, kind, type, size, '', 'none', facts, 1 FROM submission,
      (${FILES.map(([name, kind, type, facts], i) => `SELECT '${name}' AS name, '${kind}' AS kind, '${type}' AS type, ${1000 * (i + 1)} AS size, '${JSON.stringify(facts)}' AS facts`).join(' UNION ALL ')}) files
    WHERE submission.code LIKE 'code %' AND created_ms BETWEEN ${first} AND ${last};
    UPDATE revision SET renditions = (SELECT v.list FROM revision_renditions v WHERE v.submission = revision.submission AND v.revision = revision.number)
    WHERE content_digest = 'digest' AND submission IN (SELECT id FROM submission WHERE code LIKE 'code %' AND created_ms BETWEEN ${first} AND ${last});
    INSERT INTO publication (submission, revision, content_digest, edition, track, region, city, search, approver, published_ms)
    SELECT s.id, 1, 'digest', s.edition, s.track, s.region, s.city, r.title || ' ' || r.words || ' ' || g.name || ' ' || c.name,
      (SELECT MIN(id) FROM staff), 1760000000000 + s.created_ms FROM submission s JOIN revision r ON r.submission = s.id
      JOIN region g ON g.code = s.region JOIN region c ON c.code = s.city
    WHERE s.code LIKE 'code %' AND s.created_ms BETWEEN ${first} AND ${last};
    INSERT INTO publication_term (term, published_ms, submission)
    WITH RECURSIVE place(submission, published_ms, text, n) AS (
      SELECT submission, published_ms, search, 1 FROM publication WHERE published_ms BETWEEN 1760000000000 + ${first} AND 1760000000000 + ${last}
      UNION ALL SELECT submission, published_ms, text, n + 1 FROM place WHERE n + 1 < length(text))
    SELECT DISTINCT substr(text, n, 2), published_ms, submission FROM place WHERE substr(text, n, 2) NOT LIKE '% %';
    ${on}
    UPDATE edition SET works = (SELECT COUNT(*) FROM publication p WHERE p.edition = edition.key);
    ANALYZE`);
  return Number(sql(service, 'SELECT COUNT(*) FROM publication'));
}
