/** Other development CAs that lie around, and what stands between this machine and a browser. Never touched. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../platform/types.ts';
import { mkcertFolder } from '../authority/sources.ts';
import { say, orUndefined } from '../errors.ts';
import { finding, type Finding } from './finding.ts';
import type { Check } from './machine.ts';

export const othersCheck: Check = {
  id: 'others',
  about: 'other development CAs',
  run: ({ context: { host } }) => [...otherAuthorities(host), ...container(host)],
};

function otherAuthorities(host: Host): Finding[] {
  return places(host).flatMap(({ program, folder, file, cure }) =>
    folder !== undefined && existsSync(join(folder, file))
      ? [finding('others', 'note', `${program} has a CA of its own in "${folder}"`, cure)]
      : [],
  );
}

interface Place {
  readonly program: string;
  readonly folder: string | undefined;
  /** What tells that it is there. */
  readonly file: string;
  readonly cure: string;
}

function places(host: Host): readonly Place[] {
  const { config, data, caddy } = folders(host);
  return [
    {
      program: 'mkcert',
      folder: orUndefined(() => mkcertFolder(host)), // no home, so none of mkcert's either
      file: 'rootCA.pem',
      cure: 'if you need it no more: mkcert -uninstall',
    },
    {
      program: 'the npm package "devcert", another program of this name,',
      folder: config,
      file: 'devcert/certificate-authority',
      cure: 'if nothing uses it any more, delete its folder "devcert" there',
    },
    {
      program: 'Caddy',
      folder: data === undefined ? undefined : join(data, caddy, 'pki/authorities/local'),
      file: 'root.crt',
      cure: 'if you need it no more: caddy untrust',
    },
  ];
}

/** As each of them chooses them. */
function folders(host: Host): { config?: string; data?: string; caddy: string } {
  const { platform, env, home } = host;
  if (platform === 'win32') return { config: env.LOCALAPPDATA, data: env.APPDATA, caddy: 'Caddy' };
  if (home === undefined) return { caddy: 'caddy' };
  if (platform === 'darwin') {
    const support = join(home, 'Library/Application Support');
    return { config: support, data: support, caddy: 'Caddy' };
  }
  const or = (set: string | undefined, usual: string) =>
    set === undefined || set === '' ? join(home, usual) : set;
  return {
    config: or(env.XDG_CONFIG_HOME, '.config'),
    data: or(env.XDG_DATA_HOME, '.local/share'),
    caddy: 'caddy',
  };
}

function container({ sysroot, env }: Host): Finding[] {
  const marks = ['.dockerenv', 'run/.containerenv'].some((it) => existsSync(join(sysroot, it)));
  if (!marks && (env.container ?? '') === '') return [];
  const what = 'this is a container: browsers outside it do not use its stores';
  const cure = say`on the machine with the browser: ${{ command: 'install' }}`;
  return [finding('others', 'note', what, cure)];
}
