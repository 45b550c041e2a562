// `make bench`: every comparison in turn, ours and the peer on the same files in one run; prints ratios and writes
// build/bench.json. Machines are noisy: read the ratios, not the seconds.
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join, resolve } from 'node:path';
import * as desk from './desk.mjs';
import * as http from './http.mjs';
import * as ledger from './ledger.mjs';
import * as pages from './pages.mjs';
import * as queue from './queue.mjs';
import * as rewrap from './rewrap.mjs';
import * as road from './road.mjs';
import * as sandbox from './sandbox.mjs';
import * as transcode from './transcode.mjs';
import * as uploads from './uploads.mjs';

const root = resolve(import.meta.dirname, '../..');
const result = { when: new Date().toISOString(), cores: os.cpus().length, cpu: os.cpus()[0]?.model };

result.road = await road.roads();
road.print(result.road);
result.http = await http.http();
http.print(result.http);
result.uploads = await uploads.uploads();
uploads.print(result.uploads);
result.pages = await pages.pages();
pages.print(result.pages);
result.desk = await desk.desk();
desk.print(result.desk);
result.queue = await queue.queue();
queue.print(result.queue);
result.ledger = await ledger.ledger();
ledger.print(result.ledger);
result.transcode = await transcode.transcode();
transcode.print(result.transcode);
result.rewrap = rewrap.rewrap();
rewrap.print(result.rewrap);
result.sandbox = sandbox.sandbox();
sandbox.print(result.sandbox);
mkdirSync(join(root, 'build'), { recursive: true });
writeFileSync(join(root, 'build', 'bench.json'), `${JSON.stringify(result, null, 2)}\n`);
console.log('written: build/bench.json');
