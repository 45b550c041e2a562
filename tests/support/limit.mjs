// Read before every test file (scripts/node-tests): a test that hangs says its name and ends its file, in minutes.
import { afterEach, beforeEach } from 'node:test';

const LIMIT_S = Number(process.env.TEST_LIMIT_S ?? (process.env.FULL ? 6 * 3600 : 480));
process.once('SIGTERM', () => process.exit(143)); // the runner's own limit: what ends with us ends
const running = new Map(); // timer by name

beforeEach(({ name }) => {
  running.set(name, setTimeout(() => {
    console.error(`stuck: ${name}: not over after ${LIMIT_S} s`);
    process.exit(1);
  }, LIMIT_S * 1000).unref());
});
afterEach(({ name }) => clearTimeout(running.get(name)));
