/** Recipes for Node.js servers and the development servers of frameworks. */
import type { Recipe } from './recipe.ts';

export const javascript: readonly Recipe[] = [];
