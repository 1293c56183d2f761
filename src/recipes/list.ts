/** Every recipe by its name. */
import { DevcertError, printable } from '../errors.ts';
import { compiled } from './compiled.ts';
import { containers } from './containers.ts';
import { databases } from './databases.ts';
import { devCommands } from './dev-commands.ts';
import { devConfigs } from './dev-configs.ts';
import { javascript } from './javascript.ts';
import { jvm } from './jvm.ts';
import type { Recipe } from './recipe.ts';
import { scripting } from './scripting.ts';
import { servers } from './servers.ts';

/** All of them, in the order they are listed. */
export function allRecipes(): readonly Recipe[] {
  const web = [...servers, ...javascript, ...devConfigs, ...devCommands];
  return [...web, ...jvm, ...scripting, ...compiled, ...databases, ...containers];
}

/** Other words for the same. */
const aliases: Readonly<Record<string, string>> = {
  'cert-manager': 'kubernetes',
  apache2: 'apache',
  cloudflare: 'wrangler',
  compose: 'docker-compose',
  docker: 'docker-compose',
  fastapi: 'uvicorn',
  golang: 'go',
  httpd: 'apache',
  java: 'jdk',
  k8s: 'kubernetes',
  kestrel: 'dotnet',
  laravel: 'php',
  mariadb: 'mysql',
  mqtt: 'mosquitto',
  nextjs: 'next',
  nodejs: 'node',
  postgresql: 'postgres',
  rails: 'puma',
  ruby: 'puma',
  springboot: 'spring-boot',
  svelte: 'sveltekit',
  symfony: 'php',
};

/**
 * The recipe of that name or alias, in any case of letters.
 *
 * @throws DevcertError `usage` with the nearest names as its hint.
 */
export function findRecipe(word: string): Recipe {
  const typed = word.trim().toLowerCase();
  const name = Object.hasOwn(aliases, typed) ? aliases[typed] : typed;
  const recipes = allRecipes();
  const recipe = recipes.find((recipe) => recipe.name === name);
  if (recipe !== undefined) return recipe;
  const near = nearest(typed, [...recipes.map(({ name }) => name), ...Object.keys(aliases)]);
  throw new DevcertError('usage', `there is no recipe "${printable(word).slice(0, 60)}"`, {
    hint:
      near.length === 0
        ? 'devcert recipe lists them'
        : near.map((name) => `devcert recipe ${name}`).join(', or '),
  });
}

/** At most three words that differ little from `typed`, or that it is the beginning of; the nearest first. */
function nearest(typed: string, words: readonly string[]): string[] {
  if (typed.length > 60) return [];
  return words
    .map((word) => ({ word, distance: editDistance(typed, word) }))
    .filter(
      ({ word, distance }) =>
        distance <= (word.length < 5 ? 1 : Math.max(2, Math.floor(word.length / 3))) ||
        (typed.length > 2 && word.startsWith(typed)),
    )
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ word }) => word);
}

/** Levenshtein's. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
