import type { Recipe } from './recipe.ts';

export const databases: readonly Recipe[] = [];
