/** `devcert recipe`: what it needs, the paths it prints, and whom the files that are there trust. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasShell } from '../helpers/can.ts';
import { recipe } from '../../src/commands/recipe.ts';
import { DevcertError } from '../../src/errors.ts';
import { findRecipe } from '../../src/recipes/list.ts';
import { freshHome, twoLines } from '../helpers/cli.ts';
import { fakeHost, stateAt, temporaryFolder } from '../helpers/host.ts';
import { make } from '../inspect/certificates.ts';
import { recipeInput } from '../helpers/recipes.ts';

/** As configurations have paths, also on Windows. */
const slashed = (path: string) => path.replaceAll('\\', '/');

describe('recipe()', () => {
  const project = async () => {
    const home = freshHome();
    expect((await home.run(['localhost', 'api.test', '::1'])).status).toBe(0);
    const dir = slashed(join(home.project, '.devcert'));
    return {
      ...home,
      dir,
      context: {
        cwd: home.project,
        host: fakeHost({ platform: process.platform }),
        ...stateAt(home.state),
      },
    };
  };

  test('has the absolute paths and the names of the certificate in it', async () => {
    const { dir, context } = await project();
    const { blocks } = await recipe(context, 'nginx');
    expect(blocks[0]?.text).toContain(`ssl_certificate     "${dir}/cert.pem";`);
    expect(blocks[0]?.text).toContain('server_name localhost api.test "[::1]";');
    const { blocks: there } = await recipe({ ...context, cwd: '/' }, 'NGINX ', { dir });
    expect(there).toEqual(blocks);
  });

  test.runIf(hasShell)(
    'of a file that is committed has paths that every checkout has',
    async () => {
      const { dir, context } = await project();
      for (const name of ['vite', 'sveltekit', 'astro', 'nuxt', 'webpack', 'next', 'angular']) {
        const text = (await recipe(context, name)).blocks[0]?.text;
        expect(text).toContain('.devcert/key.pem');
        expect(text).not.toContain(slashed(context.cwd));
        // Beside the project there is no path that is everybody's.
        const far = await recipe({ ...context, cwd: join(context.cwd, 'app') }, name, { dir });
        expect(far.blocks[0]?.text).toContain(`${dir}/key.pem`);
      }
      const option = join(context.cwd, '-x');
      cpSync(dir, option, { recursive: true });
      expect((await recipe(context, 'next', { dir: '-x' })).blocks[0]?.text).toContain(
        ' ./-x/key.pem',
      );
    },
  );

  test('lets in clients of trust.pem, else of ca.pem, or of --ca-file', async () => {
    const { dir, context } = await project();
    const text = async (options: object = {}) =>
      (await recipe(context, 'nginx', { clientCerts: true, ...options })).blocks[0]?.text;
    expect(await text()).toContain(`ssl_client_certificate "${dir}/ca.pem";`);
    writeFileSync(join(dir, 'trust.pem'), readFileSync(join(dir, 'ca.pem')));
    expect(await text()).toContain(`ssl_client_certificate "${dir}/trust.pem";`);
    writeFileSync(join(context.cwd, 'partner.pem'), '');
    expect(await text({ caFile: 'partner.pem' })).toContain(
      `"${slashed(context.cwd)}/partner.pem";`,
    );
    await expect(text({ caFile: 'nowhere.pem' })).rejects.toMatchObject({ code: 'file' });
    await expect(recipe(context, 'nginx', { caFile: 'partner.pem' })).rejects.toMatchObject({
      code: 'usage',
      hint: 'devcert recipe nginx --client-certs --ca-file FILE',
    });
    await expect(recipe(context, 'nginx', { dir: '' })).rejects.toMatchObject({ code: 'usage' });
  });

  test('says what to type for a file that is missing', async () => {
    const { dir, context } = await project();
    const empty = temporaryFolder();
    await expect(recipe({ ...context, cwd: empty }, 'nginx')).rejects.toMatchObject({
      code: 'file',
      hint: 'devcert localhost',
    });
    mkdirSync(join(empty, 'a b'));
    const host = fakeHost();
    await expect(
      recipe({ ...context, host, cwd: empty }, 'nginx', { dir: 'a b' }),
    ).rejects.toMatchObject({
      hint: "devcert localhost --out 'a b'",
    });
    writeFileSync(join(dir, 'cert.pem'), 'no certificate');
    await expect(recipe(context, 'nginx')).rejects.toMatchObject({ code: 'invalid-input' });
    rmSync(join(dir, 'key.pem'));
    await expect(recipe(context, 'nginx')).rejects.toMatchObject({
      message: expect.stringContaining('"key.pem"') as string,
    });
  });

  test('on Windows, paths have forward slashes', async () => {
    const { context } = await project();
    const { blocks, notes } = await recipe(
      { ...context, host: fakeHost({ platform: 'win32' }) },
      'nginx',
    );
    expect(notes.at(-1)).toMatch(/--ssl-no-revoke.*http\.schannelCheckRevoke false/);
    expect(blocks[0]?.text).toContain('.devcert/cert.pem"');
  });

  test('on Windows, a hint quotes as cmd and PowerShell do', async () => {
    const cwd = temporaryFolder();
    const context = { cwd, ...stateAt(cwd), host: fakeHost({ platform: 'win32' }) };
    const hint = (dir: string) =>
      recipe(context, 'nginx', { dir }).catch((error: unknown) => (error as DevcertError).hint);
    expect(await hint('a\\b')).toBe('devcert localhost --out a/b');
    expect(await hint("it's a\\b")).toBe('devcert localhost --out "it\'s a/b"');
  });
});

describe('devcert recipe', () => {
  test('prints a file on stdout and notes on stderr, data with --json', async () => {
    const { run } = freshHome();
    expect((await run(['recipe'])).stdout).toContain('nginx in front of your server');
    const none = await run(['recipe', 'nginx']);
    expect(none.status).toBe(1);
    expect(twoLines(none).hint).toBe('devcert localhost');
    await run([]);
    const { status, stdout, stderr } = await run(['recipe', 'nginx']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^# devcert\.conf, .*\nserver \{\n/);
    expect(stdout).toMatch(/\n# run:\n# sudo nginx -t/);
    expect(stderr).toMatch(/^(devcert: note: .+\n)+$/);
    const json = JSON.parse((await run(['recipe', 'nginx', '--json'])).stdout) as object;
    expect(json).toMatchObject({ name: 'nginx', blocks: [{ comment: '#' }, { title: 'run' }] });
    expect(twoLines(await run(['recipe', 'ngnix'])).hint).toBe('devcert recipe nginx');
    for (const option of [['--dir', 'x'], ['--client-certs'], ['--ca-file', 'x']]) {
      const nameless = await run(['recipe', ...option]);
      expect(nameless).toMatchObject({ status: 2, stdout: '' });
      expect(twoLines(nameless).hint).toBe('devcert recipe lists the names');
    }
  });
});

describe('recipe kafka --client-certs', () => {
  test('wants a certificate that is for clients, too: brokers are clients of each other', async () => {
    const { run, project } = freshHome();
    const p12 = ['--format', 'p12', '--no-password'];
    await run(['api.test', 'localhost', ...p12]);
    await run(['export', '--trust', ...p12]);
    expect((await run(['recipe', 'kafka'])).status).toBe(0);
    const refused = await run(['recipe', 'kafka', '--client-certs']);
    expect(refused.status).toBe(2);
    expect(twoLines(refused).error).toContain(
      `"${join(project, '.devcert/cert.pem')}" is for servers alone`,
    );
    const { hint } = twoLines(refused);
    expect(hint).toBe('devcert api.test localhost --peer --format p12');
    await run([...hint.split(' ').slice(1), '--no-password']);
    const { status, stdout } = await run(['recipe', 'kafka', '--client-certs']);
    expect(status).toBe(0);
    expect(stdout).toContain('ssl.client.auth=required');
    expect(stdout).toContain('advertised.listeners=SSL://localhost:8443');
    const [broken] = findRecipe('kafka').render({
      ...recipeInput('/srv'),
      names: ['::1'],
    }).blocks;
    expect(broken.text).toContain('advertised.listeners=SSL://[::1]:8443');
  });
});

describe('devcert recipe --dir of what devcert mtls wrote', () => {
  test.each([
    [[], 'one/server/trust.pem'],
    [['--server-ca', 'default', '--client-ca', 'people'], 'one/clients/web/trust.pem'],
  ])('takes the root that clients of the server need: %j', async (authorities, root) => {
    const { run, project } = freshHome();
    await run(['localhost']);
    await run(['ca', 'create', 'people', '--clients-only']);
    expect((await run(['mtls', 'one', '--client', 'web', ...authorities])).status).toBe(0);
    const printed = await run(['recipe', 'node', '--client-certs', '--dir', 'one/server']);
    expect(printed.status).toBe(0);
    expect(printed.stdout).toContain(slashed(join(project, 'one/server/trust.pem')));
    const variable = { win32: '$env:NODE_EXTRA_CA_CERTS = ' }[process.platform as string];
    const set = variable ?? 'NODE_EXTRA_CA_CERTS=';
    expect(printed.stderr).toContain(`${set}${slashed(join(project, root))} `);
    // On the server's machine there is that folder alone.
    rmSync(join(project, 'one/clients'), { recursive: true });
    const alone = await run(['recipe', 'node', '--client-certs', '--dir', 'one/server']);
    if (authorities.length === 0) expect(alone.status).toBe(0);
    else expect(twoLines(alone).hint).toBe('devcert ca export --file one/server/ca.pem');
  });
});

describe('what a repository brought along', () => {
  const stranger = make({ authority: true, subject: { commonName: 'Mallory\u001b[2J root' } }).x509;

  async function planted(file: string, content: string | Buffer, ...args: string[]) {
    const { run, project } = freshHome();
    await run(['localhost']);
    writeFileSync(join(project, '.devcert', file), content);
    const { status, stderr } = await run(['recipe', 'node', ...args]);
    expect(status).toBe(0);
    expect(stderr).not.toContain('\u001b');
    return stderr;
  }

  test('is named by `devcert recipe --client-certs`: a root that is not ours in trust.pem', async () => {
    const notes = await planted('trust.pem', stranger.toString(), '--client-certs');
    expect(notes).toMatch(
      /note: ".*trust\.pem" is not devcert's, and decides who .*Mallory.* root/,
    );
  });

  test('is named: a root that is not ours in ca.pem', async () => {
    expect(await planted('ca.pem', stranger.toString())).toMatch(/ca\.pem" is not devcert's/);
  });

  test('is named: what a server may read and devcert cannot', async () => {
    const notes = await planted('trust.pem', '-----BEGIN X-----\nAA', '--client-certs');
    expect(notes).toMatch(/trust\.pem" is not devcert's/);
  });

  test('is named: a trust store that devcert did not write', async () => {
    const { run, project } = freshHome();
    await run(['localhost', '--peer', '--format', 'p12', '--no-password']);
    await run(['export', '--trust', '--format', 'p12', '--no-password']);
    const asked = ['recipe', 'kafka', '--client-certs'];
    expect((await run(asked)).stderr).not.toContain("not devcert's");
    writeFileSync(join(project, '.devcert/truststore.p12'), 'planted');
    expect((await run(asked)).stderr).toMatch(/truststore\.p12" is not devcert's/);
  });

  // Under wine the project of this one is not there by then.
  const isUnix = process.platform !== 'win32';
  test.runIf(isUnix)(
    'is not said of what devcert wrote, of a copy of its roots, or of a file that was named',
    async () => {
      const { run, project } = freshHome();
      await run(['localhost']);
      const asked = ['recipe', 'node', '--client-certs'];
      expect((await run(asked)).stderr).not.toContain("not devcert's");
      const file = (name: string) => join(project, '.devcert', name);
      writeFileSync(file('trust.pem'), `# ours\n${readFileSync(file('ca.pem'), 'utf8')}`);
      expect((await run(asked)).stderr).not.toContain("not devcert's");
      writeFileSync(join(project, 'partner.pem'), stranger.toString());
      expect((await run([...asked, '--ca-file', 'partner.pem'])).stderr).not.toContain('Mallory');
    },
  );
});
