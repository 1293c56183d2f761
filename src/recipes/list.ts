/** Every recipe by its name, in families that are loaded when one of theirs is asked for. */
import { DevcertError, printable } from '../errors.ts';
import type { Recipe } from './recipe.ts';

interface Family {
  readonly names: readonly string[];
  readonly load: () => Promise<readonly Recipe[]>;
}

/** In the order they are listed. Adding a recipe is its name here and one more in its family's file. */
const families: readonly Family[] = [
  {
    names: ['nginx', 'apache', 'haproxy', 'caddy', 'traefik'],
    load: async () => (await import('./servers.ts')).servers,
  },
  {
    names: ['node', 'express', 'fastify'],
    load: async () => (await import('./javascript.ts')).javascript,
  },
  {
    names: ['vite', 'sveltekit', 'astro', 'nuxt', 'webpack'],
    load: async () => (await import('./dev-configs.ts')).devConfigs,
  },
  {
    names: ['next', 'angular', 'storybook', 'wrangler', 'playwright'],
    load: async () => (await import('./dev-commands.ts')).devCommands,
  },
  {
    names: ['spring-boot', 'spring-boot-p12', 'quarkus', 'tomcat', 'jdk', 'kafka'],
    load: async () => (await import('./jvm.ts')).jvm,
  },
  {
    names: ['python', 'uvicorn', 'django', 'flask', 'puma', 'php'],
    load: async () => (await import('./scripting.ts')).scripting,
  },
  {
    names: ['go', 'rust', 'dotnet', 'grpc'],
    load: async () => (await import('./compiled.ts')).compiled,
  },
  {
    names: ['postgres', 'mysql', 'redis', 'mosquitto'],
    load: async () => (await import('./databases.ts')).databases,
  },
  {
    names: ['docker-compose', 'kubernetes'],
    load: async () => (await import('./containers.ts')).containers,
  },
];

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

/** Every recipe, all families loaded. */
export async function allRecipes(): Promise<Recipe[]> {
  return (await Promise.all(families.map((family) => family.load()))).flat();
}

/**
 * The recipe of that name or alias, in any case of letters.
 *
 * @throws DevcertError `usage` with the nearest names as its hint.
 */
export async function findRecipe(word: string): Promise<Recipe> {
  const typed = word.trim().toLowerCase();
  const name = Object.hasOwn(aliases, typed) ? aliases[typed] : typed;
  const family = families.find(({ names }) => names.some((it) => it === name));
  const recipe = (await family?.load())?.find((recipe) => recipe.name === name);
  if (recipe !== undefined) return recipe;
  const near = nearest(typed, [...families.flatMap(({ names }) => names), ...Object.keys(aliases)]);
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
