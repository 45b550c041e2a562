// A line to a server that can be cut: connections end at once, new ones are refused, until it is healed.
import net from 'node:net';

export function startLine(host, port) {
  const open = new Set();
  let isCut = false;
  const server = net.createServer((near) => {
    if (isCut) { near.destroy(); return; }
    const far = net.connect(port, host);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => { open.delete(one); other.destroy(); });
      one.pipe(other);
    }
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done({
    port: server.address().port,
    cut: () => { isCut = true; for (const socket of open) socket.destroy(); },
    heal: () => { isCut = false; },
    stop: () => { for (const socket of open) socket.destroy(); server.close(); },
  })));
}
