import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', '**/*.mjs', '**/*.cjs', 'eslint.config.js'] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A switch over a union must name every member, so that a new one cannot be forgotten.
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
);
