import fs from 'node:fs';

/** CPU seconds that a process and its living children have used so far; 0 of one that has just ended. */
export function cpuSeconds(pid) {
  let seconds = 0;
  try {
    for (const task of fs.readdirSync(`/proc/${pid}/task`)) {
      seconds += Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
      for (const child of fs.readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean)) {
        seconds += cpuSeconds(child);
      }
    }
  } catch { /* ended meanwhile */ }
  return seconds;
}
