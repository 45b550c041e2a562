// config/nginx.conf as an operator would use it, on ports of ours with a certificate of ours, as an ordinary process.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, sleep } from '../http/support/service.mjs';

export const hasNginx = spawnSync('sh', ['-c', 'command -v nginx']).status === 0;

export const freePort = () => new Promise((done) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});

// In front of one or more services: ports of this machine, or addresses "host:port".
export async function startNginx(...services) {
  const folder = mkdtempSync(join(tmpdir(), 'xuepai-nginx-'));
  const [plain, tls] = [await freePort(), await freePort()];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost',
    '-keyout', join(folder, 'privkey.pem'), '-out', join(folder, 'fullchain.pem')], { stdio: 'ignore' });
  mkdirSync(join(folder, 'temp'));
  const site = readFileSync(join(root, 'config/nginx.conf'), 'utf8')
    .replace(/^\s*listen \[::\].*$/gm, '').replace('listen 80;', `listen 127.0.0.1:${plain};`)
    .replace('listen 443 ', `listen 127.0.0.1:${tls} `).replaceAll('/etc/ssl/xuepai', folder)
    .replace('server 127.0.0.1:8080;', services.map((service) => `server ${typeof service === 'number' ? `127.0.0.1:${service}` : service};`).join(' '))
    .replaceAll('xuepai.example.cn', 'localhost');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/temp/${name};`);
  writeFileSync(join(folder, 'nginx.conf'), `worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http { access_log off; ${temp.join(' ')}
${site} }`);
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log'), '-g', 'daemon off;'],
    { stdio: 'ignore' });
  const ended = new Promise((done) => child.on('exit', done));
  for (let i = 0; i < 100 && !existsSync(join(folder, 'pid')); i++) await sleep(50);
  return {
    url: `https://localhost:${tls}`,
    plain: `http://localhost:${plain}`,
    log: () => readFileSync(join(folder, 'error.log'), 'utf8'),
    stop: async () => { child.kill('SIGTERM'); await ended; rmSync(folder, { recursive: true }); },
  };
}
