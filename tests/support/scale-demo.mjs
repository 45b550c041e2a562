// A small cluster on this machine until Ctrl-C: PostgreSQL and an object store (as scripts/scale-demo has started them), two
// services, three workers, nginx as in config/nginx.conf. Everything is forgotten at the end.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNode, startService } from '../http/support/service.mjs';
import { freePort, hasNginx, startNginx } from './nginx.mjs';
import { ADMIN_PASSWORD, api, login, startWorker } from './stack.mjs';

if (!hasNginx || !process.env.XUEPAI_TEST_DATABASE || !process.env.XUEPAI_TEST_STORE) {
  console.error('scale-demo: needs nginx, PostgreSQL and radosgw (scripts/deps test installs them)');
  process.exit(1);
}
const ports = [await freePort(), await freePort()];
const nginx = await startNginx(...ports);
const environment = (i) => ({ XUEPAI_LISTEN: `127.0.0.1:${ports[i]}`, XUEPAI_TRUSTED_PROXIES: '127.0.0.1',
  XUEPAI_REQUIRE_OTP: 'false' });
const one = await startService({ environment: environment(0) });
const two = await startNode(one, { environment: environment(1) });

// One worker with the installation's token, two with tokens of their own, as for machines elsewhere.
const direct = ports.map((port) => `http://127.0.0.1:${port}`);
const session = await login(direct[0], 'admin', ADMIN_PASSWORD);
const token = async (name) => (await api(direct[0], '/api/v1/workers', { method: 'POST', session, body: { name } })).json.token;
const tokens = [readFileSync(join(one.data, 'worker.token'), 'utf8').trim(), await token('machine 2'), await token('machine 3')];
const workers = tokens.map((each, i) => startWorker({ data: join(one.data, `worker-${i}`), url: direct[i % 2] },
  { XUEPAI_WORKER_TOKEN: each, XUEPAI_WORKER_SLOTS: '1' }));
await Promise.all(workers.map((worker) => worker.ready));

console.log(`
site, upload, review   ${nginx.url}/   ${nginx.url}/submit   ${nginx.url}/console   (a certificate made just now)
administrator          admin   ${ADMIN_PASSWORD}
services               ${direct[0]}   ${direct[1]}   (/metrics, /readyz)
workers                three: GET /api/v1/workers as administrator lists them
PostgreSQL             ${one.settings.XUEPAI_DATABASE}
object store           ${one.settings.XUEPAI_STORE}   (testkey, testsecret)

Stop a service or a worker and see what a phone sees: kill ${one.child.pid} (service 1), ${two.child.pid} (service 2), ${workers.map(({ child }) => child.pid).join(', ')} (workers)
ready ${nginx.url}/   Ctrl-C ends and removes everything`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    for (const worker of workers) await worker.stop();
    await two.stop();
    await one.stop();
    await nginx.stop();
    process.exit(0);
  });
}
setInterval(() => {}, 60000); // until a signal comes
