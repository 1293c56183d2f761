import type { Recipe } from './recipe.ts';

export const scripting: readonly Recipe[] = [];
