/** Every recipe there is: that it is one file that works, and that every path in it is exact or refused. */
import { describe, expect, test } from 'vitest';
import { recipes } from '../../src/commands/recipe.ts';
import { DevcertError } from '../../src/errors.ts';
import { powershell } from '../../src/recipes/quote.ts';
import { allRecipes, findRecipe } from '../../src/recipes/list.ts';
import { listLines, recipeLines } from '../../src/cli/recipe.ts';
import { failure } from '../helpers/failure.ts';
import { recipeInput } from '../helpers/recipes.ts';

const plain = { good: String, bad: String, dim: String };

const recipeList = allRecipes();
const variants = recipeList.flatMap((recipe) =>
  (recipe.needsForClients === false ? [false] : [false, true]).map((clientCerts) => ({
    name: clientCerts ? `${recipe.name} --client-certs` : recipe.name,
    recipe,
    clientCerts,
  })),
);

describe('every recipe', () => {
  test('is found by its name, and has a summary that fits its line', () => {
    expect(new Set(recipeList.map(({ name }) => name)).size).toBe(recipeList.length);
    for (const recipe of recipeList) expect(findRecipe(recipe.name)).toBe(recipe);
    for (const text of listLines(recipes(), plain)) expect(text.length).toBeLessThanOrEqual(79);
  });

  test.each(variants)('$name: one file that works, as a whole', ({ recipe, clientCerts }) => {
    const { blocks, notes } = recipe.render(recipeInput('/srv/app', clientCerts));
    const [first] = blocks;
    if (first.comment === undefined) expect(blocks).toHaveLength(1);
    for (const { text } of blocks) {
      expect(text).toBe(text.trimEnd());
      // A config in JavaScript says it where there is no certificate.
      expect(text.replaceAll(' : undefined;', '')).not.toMatch(/undefined|\[object|[ \t]+$/m);
    }
    for (const note of notes) expect(note).not.toMatch(/\n|\.$/);
    // A path or a command may make a line longer than 80 columns; words do not have to.
    for (const note of notes.filter((note) => !/\/srv\/| --|=True/.test(note)))
      expect(`devcert: note: ${note}`.length, note).toBeLessThanOrEqual(80);
    const all = blocks.map(({ text }) => text).join('\n') + notes.join('\n');
    expect(all).toContain('/srv/app');
    expect(recipeLines({ blocks }).join('\n')).toContain(first.text.split('\n').at(-1));
    if (clientCerts) expect(all).toMatch(/trust\.pem|truststore\.p12|trust\.crt/);
    else expect(all).not.toMatch(/trust\.pem/);
  });

  test.each(variants)(
    '$name: a path is told apart from syntax, or refused',
    ({ recipe, clientCerts }) => {
      for (const name of ['a b', "it's", 'a"b', 'ä日', 'a$b', 'a${b}', 'a{{b', 'a#b', 'a\\b']) {
        let text: string;
        try {
          text = recipe
            .render(recipeInput(`/srv/${name}`, clientCerts))
            .blocks.map(({ text }) => text)
            .join('\n');
        } catch (error) {
          expect(error).toBeInstanceOf(DevcertError);
          expect(error).toMatchObject({ code: 'usage', hint: expect.any(String) as string });
          continue;
        }
        // Raw, it would be split in two or end a literal.
        if (name === 'a b' && recipe.name !== 'mosquitto')
          expect(text).not.toMatch(/[= ]\/srv\/a b\/[a-z0-9]+\.pem\n/);
      }
      // None may begin another line, nor hide or turn around what a person reads.
      for (const path of ['/srv/a\nb', '/srv/a\u0085b', '/srv/a\u202eb', '/srv/a\u2066b'])
        expect(() => recipe.render(recipeInput(path, clientCerts))).toThrow(DevcertError);
    },
  );
});

describe('commands', () => {
  const text = (name: string, windows: boolean) =>
    findRecipe(name).render(recipeInput("/srv/it's", false, windows)).blocks[0].text;

  test('are for a POSIX shell', () => {
    expect(text('angular', false)).toBe(
      [
        `NODE_EXTRA_CA_CERTS='/srv/it'\\''s/ca.pem' npx ng serve --host localhost --port 8443 \\`,
        `  --ssl --ssl-cert '/srv/it'\\''s/cert.pem' \\`,
        `  --ssl-key '/srv/it'\\''s/key.pem'`,
      ].join('\n'),
    );
  });

  test('are for PowerShell on Windows', () => {
    expect(text('angular', true)).toBe(
      [
        `$env:NODE_EXTRA_CA_CERTS = '/srv/it''s/ca.pem'`,
        'npx ng serve --host localhost --port 8443 `',
        "  --ssl --ssl-cert '/srv/it''s/cert.pem' `",
        "  --ssl-key '/srv/it''s/key.pem'",
      ].join('\n'),
    );
    for (const name of ['next', 'uvicorn', 'django', 'flask'])
      expect(text(name, true)).toMatch(/ `\n .*'\/srv\/it''s\/key\.pem'/);
    expect(powershell('C:/Users/ada/x-1/cert.pem')).toBe('C:/Users/ada/x-1/cert.pem');
    expect(powershell('C:/a’b/$c')).toBe("'C:/a’’b/$c'");
  });
});

describe('findRecipe()', () => {
  test.each([
    ['ngnix', 'devcert recipe nginx'],
    ['apach', 'devcert recipe apache'],
    ['trafik', 'devcert recipe traefik'],
    ['zzzzzz', 'devcert recipe lists them'],
    ['x'.repeat(500), 'devcert recipe lists them'],
    ['constructor', 'devcert recipe lists them'],
    ['', 'devcert recipe lists them'],
  ])('%j: the hint is %j', (word, hint) => {
    const error = failure(() => findRecipe(word));
    expect(error).toMatchObject({ code: 'usage' });
    expect(error.hint?.startsWith(hint)).toBe(true);
  });

  test('knows other words for the same', () => {
    expect(findRecipe('httpd').name).toBe('apache');
  });
});

describe('the caddy recipe', () => {
  test('refuses a backslash before a quote: it would end the path', () => {
    const caddy = findRecipe('caddy');
    expect(() => caddy.render(recipeInput('/srv/a\\" evil'))).toThrow(DevcertError);
    expect(() => caddy.render(recipeInput('/srv/a\\\\"b'))).toThrow(DevcertError);
    expect(caddy.render(recipeInput('/srv/a"b\\c')).blocks[0].text).toContain(
      '"/srv/a\\"b\\c/cert.pem"',
    );
  });
});
