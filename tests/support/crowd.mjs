// Phones that send clips without a pause, and reviewers who approve them, while something happens to the servers. What
// they were told is the oracle: `receipts` are acknowledged works, `approvals` acknowledged last decisions.
import { createHash, randomBytes } from 'node:crypto';
import * as tus from 'tus-js-client';
import { api, decide, form, queued, sleep } from './stack.mjs';

// Until somebody answers, and not with a 5xx: as people's browsers do it.
export async function patiently(work, running = () => true) {
  for (;;) {
    try {
      const answer = await work();
      if (answer.status < 500) return answer;
    } catch { /* nobody is there */ }
    if (!running()) throw new Error('nobody answered to the end');
    await sleep(100);
  }
}

// A clip of other bytes, the same picture: a free box behind it.
export function unique(clip) {
  const box = Buffer.alloc(24);
  box.writeUInt32BE(24);
  box.write('free', 4, 'latin1');
  randomBytes(16).copy(box, 8);
  return Buffer.concat([clip, box]);
}

// `url()` is asked at every request, so that a phone may meet another service each time.
export function startCrowd({ url, clip, phones = 4, most = Infinity, chunkSize = 64 << 10, retries = 600, retryMs = 100 }) {
  const crowd = { receipts: [], failures: [], sent: 0, running: true };
  const running = () => crowd.running;

  const send = (bytes) => new Promise((done, fail) => {
    const task = new tus.Upload(bytes, {
      endpoint: `${url()}/files`, chunkSize, retryDelays: Array(retries).fill(retryMs),
      metadata: { filename: 'crowd.mp4', track: 'family-video' }, onError: fail,
      onSuccess: () => done(task.url.split('/').pop()),
    });
    task.start();
  });

  const phone = async () => {
    while (crowd.running && crowd.sent < most) {
      crowd.sent++;
      const bytes = unique(clip);
      try {
        const upload = await send(bytes);
        const headers = { 'Idempotency-Key': randomBytes(12).toString('hex') };
        const answer = await patiently(() => api(url(), '/api/v1/submissions', { method: 'POST', body: form([upload]), headers }));
        if (answer.status !== 201) throw new Error(`submit: ${answer.status} ${answer.text}`);
        crowd.receipts.push({ ...answer.json, upload, sha256: createHash('sha256').update(bytes).digest('hex') });
      } catch (problem) {
        crowd.failures.push(String(problem).slice(0, 300));
      }
    }
  };
  crowd.ended = Promise.all(Array.from({ length: phones }, phone));
  crowd.stop = async () => {
    crowd.running = false;
    await crowd.ended;
  };
  // Approves what comes, at both stages, until told to stop.
  crowd.review = (people, approvals) => {
    let going = true;
    const ended = (async () => {
      for (let at = 0; going;) {
        const receipt = crowd.receipts[at];
        if (!receipt) { await sleep(100); continue; }
        try {
          const found = await queued(url(), people.jinan, receipt.code);
          if (!found) { at = (at + 1) % Math.max(crowd.receipts.length, 1); await sleep(50); continue; }
          for (const person of [people.jinan, people.sheng]) {
            const answer = await decide(url(), person, found.id);
            if (answer.status === 200 && person === people.sheng) approvals.push({ receipt, id: found.id });
          }
        } catch { /* nobody is there */ }
        at = (at + 1) % crowd.receipts.length;
      }
    })();
    return async () => { going = false; await ended; };
  };
  return crowd;
}
