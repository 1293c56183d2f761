import type { Recipe } from './recipe.ts';

export const containers: readonly Recipe[] = [];
