import type { Recipe } from './recipe.ts';

export const compiled: readonly Recipe[] = [];
