// Several hosts on one machine: each is a network name space with one address on a bridge, and all of it lies in a name
// space of its own, so the machine's own network is not touched and nothing remains. `relaunch` starts the calling file
// again inside; there `startLab` makes the hosts. Needs root, ip and unshare.
//
// A cut takes the host's port off the bridge: every packet is dropped in silence and the link stays up, like a cable that
// is broken somewhere beyond the switch.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../http/support/service.mjs';

// When the first process ends, all others do. Its temporary folder goes with it.
const APART = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

export const labProblem = (() => {
  if (process.getuid() !== 0) return 'left out: network name spaces need root here';
  const made = spawnSync('unshare', [...APART, 'sh', '-c',
    'mount -t tmpfs none /run && ip netns add a && ip link add br0 type bridge && ip link add v type veth peer name e netns a'], { encoding: 'utf8' });
  return made.status === 0 ? null : `left out: no network name spaces here: ${(made.stderr ?? '').trim()}`;
})();

export function relaunch(file, environment = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'xuepai-lab-'));
  chmodSync(folder, 0o711); // servers become other users
  const child = spawn('unshare', [...APART, 'sh', '-c', 'mount -t tmpfs none /run && ip link set lo up && node "$0"; exit $?', file],
    { env: { ...process.env, ...environment, XUEPAI_LAB: '1', TMPDIR: folder }, stdio: ['ignore', 'pipe', 'pipe'] });
  process.once('exit', () => child.kill('SIGKILL'));
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return child;
}

const ip = (...words) => execFileSync('ip', words, { stdio: ['ignore', 'pipe', 'pipe'] });
const NOBODY = 65534;

// `hosts`: {name: last number of its address}. The calling process is 192.0.2.1 (TEST-NET-1).
export function startLab(hosts) {
  ip('link', 'add', 'br0', 'type', 'bridge');
  ip('addr', 'add', '192.0.2.1/24', 'dev', 'br0');
  ip('link', 'set', 'br0', 'up');
  for (const [name, number] of Object.entries(hosts)) {
    ip('netns', 'add', name);
    ip('link', 'add', `p_${name}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    ip('link', 'set', `p_${name}`, 'master', 'br0', 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
    ip('-n', name, 'addr', 'add', `192.0.2.${number}/24`, 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
  }
  const lab = {
    address: (name) => `192.0.2.${hosts[name]}`,
    cut: (name) => ip('link', 'set', `p_${name}`, 'nomaster'),
    heal: (name) => ip('link', 'set', `p_${name}`, 'master', 'br0'),
    run: (name, program, words = [], options = {}) => execFileSync('ip', ['netns', 'exec', name, program, ...words], { stdio: ['ignore', 'pipe', 'pipe'], ...options }).toString(),
    prefix: (name) => ['ip', 'netns', 'exec', name],
  };
  return lab;
}

// PostgreSQL on a host; with `primary`, a synchronous standby of that one.
export function startPostgres(lab, name, primary) {
  const folder = mkdtempSync(join(tmpdir(), `xuepai-${name}-`));
  chownSync(folder, NOBODY, NOBODY);
  const data = join(folder, 'data');
  const programs = execFileSync('sh', ['-c', 'ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1']).toString().trim();
  const as = (program, ...words) => lab.run(name, 'setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', 'env', 'HOME=/', join(programs, program), ...words], { cwd: '/' });
  if (primary) {
    as('pg_basebackup', '-D', data, '-R', '-X', 'stream', '-c', 'fast', '-d', `host=${lab.address(primary.name)} user=xuepai application_name=${name}`);
  } else {
    as('initdb', '-D', data, '-U', 'xuepai', '-A', 'trust', '--encoding=UTF8', '--locale=C.UTF-8', '-N');
    appendFileSync(join(data, 'postgresql.conf'), `listen_addresses = '*'\nunix_socket_directories = ''\nmax_connections = 100\njit = off\nwal_sender_timeout = 5s\n`);
    appendFileSync(join(data, 'pg_hba.conf'), 'host all all 192.0.2.0/24 trust\nhost replication all 192.0.2.0/24 trust\n');
  }
  as('pg_ctl', '-D', data, '-l', join(folder, 'log'), '-w', '-t', '30', 'start');
  return {
    name,
    sql: (text) => execFileSync('psql', ['-q', '-X', '-A', '-t', `host=${lab.address(name)} user=xuepai dbname=postgres connect_timeout=3`, '-c', text]).toString().trim(),
    promote: () => as('pg_ctl', '-D', data, '-w', 'promote'),
    stop: () => { try { as('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop'); } catch { /* is down */ } rmSync(folder, { recursive: true, force: true }); },
  };
}

export function startStore(lab, name) {
  const parent = mkdtempSync(join(tmpdir(), 'xuepai-lab-store-'));
  chmodSync(parent, 0o711); // it becomes another user
  const folder = join(parent, 'ceph');
  const run = (action) => lab.run(name, join(root, 'scripts/radosgw'), [action, folder], { env: { ...process.env, BIND: '0.0.0.0' } }).trim();
  const url = run('up').replace('127.0.0.1', lab.address(name));
  return { url, stop: () => { run('down'); rmSync(parent, { recursive: true, force: true }); } };
}

