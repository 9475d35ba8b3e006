import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import type { Engine } from './engine';
import { makeStateDir, state, tools } from './paths';
import { logged } from './process';
import type { Progress } from './progress';
import { writeWhole } from './stamp';

const usualMtu = 1500;

/** Starts the installed engine, by systemd where it runs the machine, else by hand, and waits for it. */
export async function startEngine(find: () => Promise<Engine | undefined>, progress: Progress): Promise<void> {
  const systemd = existsSync('/run/systemd/system');
  const log = systemd ? 'journalctl -u docker' : state('dockerd.log');
  if (systemd) {
    await logged('systemctl', ['start', 'docker.socket', 'docker.service'], tools('logs', 'systemctl.log'), { timeoutMs: 120_000 });
  } else {
    await byHand();
  }
  await progress.during('waiting for the Docker engine', async () => {
    const deadline = Date.now() + 60_000;
    while (!(await find())) {
      if (Date.now() > deadline) throw new Error(`The Docker engine was started but did not answer within 60 s. ${lastWords(systemd)}Look at its log (${log}), start it yourself, and run the command again.`);
      await new Promise((done) => setTimeout(done, 300));
    }
  });
  progress.note(`started the Docker engine (log: ${log})`);
}

function lastWords(systemd: boolean): string {
  if (systemd) return '';
  return `Its last words:\n${readFileSync(state('dockerd.log'), 'utf8').trimEnd().split('\n').slice(-5).map((line) => `    ${line}\n`).join('')}`;
}

async function byHand(): Promise<void> {
  makeStateDir();
  mkdirSync('/var/lib/docker', { recursive: true });
  removeOldPid('/var/run/docker.pid');
  removeOldPid('/var/run/docker/containerd/containerd.pid');
  const mtu = uplinkMtu();
  // Containers of a narrower uplink lose big packets without a word when they keep 1500.
  const args = mtu !== undefined && mtu < usualMtu ? ['--mtu', String(mtu)] : [];
  const log = openSync(state('dockerd.log'), 'a', 0o600);
  // Detached: a session of its own, so that the end of this terminal does not end the engine.
  const daemon = spawn('dockerd', args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  await new Promise<void>((done, reject) => {
    daemon.once('spawn', done);
    daemon.once('error', (error) => reject(new Error(`Starting dockerd failed: ${error.message}.`)));
  });
  daemon.unref();
  writeWhole(state('dockerd.pid'), `${daemon.pid}\n`);
}

// A machine that was switched off leaves the engine's pid file, and the number may be another
// process by now: dockerd would refuse to start.
function removeOldPid(file: string): void {
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').trim());
  const command = `/proc/${pid}/comm`;
  const name = existsSync(command) ? readFileSync(command, 'utf8').trim() : '';
  if (name !== 'dockerd' && name !== 'containerd') rmSync(file, { force: true });
}

/** The MTU of the interface with the default route; undefined when there is none. */
function uplinkMtu(): number | undefined {
  const route = readFileSync('/proc/net/route', 'utf8').split('\n').map((line) => line.split('\t'));
  const uplink = route.find((fields) => fields[1] === '00000000')?.[0];
  if (!uplink) return undefined;
  const file = `/sys/class/net/${uplink}/mtu`;
  return existsSync(file) ? Number(readFileSync(file, 'utf8').trim()) : undefined;
}
