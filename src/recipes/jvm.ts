/** Recipes for servers on the Java virtual machine. */
import type { Recipe } from './recipe.ts';

export const jvm: readonly Recipe[] = [];
