// What is compared by comparison.mjs: projects as they are made, and what the documentation of each tool says is to
// be typed and written in them. `by hand` of a project: file, the line that it takes the place of, text.

const PAIR = {
  devcert: ['.devcert/key.pem', '.devcert/cert.pem'],
  mkcert: ['localhost-key.pem', 'localhost.pem'],
};

/** Made, with the packages in it, by `make` in an empty folder, as the project `app`. */
export const projects = {
  vite: {
    packages: 'vite',
    make: 'npm create --yes vite@9.3.0 app -- --template vanilla && cd app && npm install',
    serve: 'npm run dev',
    source: 'src/main.js',
    says: 'Get started',
  },
  next: {
    packages: 'next',
    make: 'npx --yes create-next-app@16.4.3 app --yes --empty --disable-git',
    serve: 'npm run dev',
    source: 'app/page.tsx',
    says: 'Hello world!',
  },
  nuxt: {
    packages: 'nuxt',
    // Its create command gets the template from GitHub; this is the minimal one, with a text of its own.
    files: {
      'package.json': JSON.stringify(
        {
          name: 'app',
          type: 'module',
          private: true,
          scripts: { build: 'nuxt build', dev: 'nuxt dev', postinstall: 'nuxt prepare' },
          dependencies: { nuxt: '4.5.2', vue: '^3.5.0', 'vue-router': '^5.0.0' },
        },
        null,
        2,
      ),
      'nuxt.config.ts':
        "export default defineNuxtConfig({\n  compatibilityDate: '2025-07-15',\n  devtools: { enabled: true },\n})\n",
      'app/app.vue': '<template>\n  <h1>Hello world!</h1>\n</template>\n',
    },
    make: 'cd app && npm install',
    serve: 'npm run dev',
    source: 'app/app.vue',
    says: 'Hello world!',
  },
  webpack: {
    packages: 'webpack-dev-server',
    make: `npx --yes create-webpack-app@2.1.0 init app --force && echo "document.querySelector('h1').textContent = 'Hello from index.js';" >> app/src/index.js`,
    serve: 'npm run serve',
    source: 'src/index.js',
    says: 'Hello from index.js',
  },
};

const nextScript = (before, [key, cert], after = '') => [
  {
    file: 'package.json',
    instead: '"dev": "next dev",',
    text: `"dev": "${before}next dev --experimental-https --experimental-https-key ${key} --experimental-https-cert ${cert}${after}",`,
  },
];
const nuxtConfig = (host, [key, cert]) => ({
  file: 'nuxt.config.ts',
  instead: '  devtools:',
  text: `  devServer: { ${host}https: { key: '${key}', cert: '${cert}' } },\n  devtools:`,
});
const webpackConfig = (text) => ({
  file: 'webpack.config.js',
  instead: '        open: true,',
  text,
});

/** `commands`: all but the one that starts the server. `rows`: what is written by hand in each project; `serve` instead of the project's. */
export const tools = {
  devcert: {
    // src/guides/frameworks.md
    without: ['libnss3-tools'],
    commands: [
      'sudo apt install -y libnss3-tools',
      'npm install --save-dev devcert-local',
      'npx devcert install',
    ],
    know: '`.devcert` keeps itself out of git. Its CA issues for local names: [who can forge what](safety.md).',
    rows: {
      vite: {
        edits: [
          {
            file: 'vite.config.mjs',
            text: "import devcert from 'devcert-local/vite';\n\nexport default { plugins: [devcert()] };\n",
          },
        ],
      },
      next: {
        edits: nextScript(
          'devcert && ',
          PAIR.devcert,
          ' --experimental-https-ca .devcert/ca.pem',
        ).map(({ text, ...it }) => ({
          ...it,
          text: text.replace('next dev', 'next dev --hostname localhost'),
        })),
      },
      nuxt: {
        edits: [
          {
            file: 'package.json',
            instead: '"dev": "nuxt dev"',
            text: '"dev": "devcert && devcert run -- nuxt dev"',
          },
          nuxtConfig("host: 'localhost', ", PAIR.devcert),
        ],
      },
      webpack: {
        edits: [
          {
            file: 'package.json',
            instead: '"serve": "webpack serve"',
            text: '"serve": "devcert && webpack serve"',
          },
          webpackConfig(
            `        open: true,\n        host: 'localhost',\n        server: { type: 'https', options: { key: '.devcert/key.pem', cert: '.devcert/cert.pem' } },`,
          ),
        ],
      },
    },
  },
  mkcert: {
    without: ['libnss3-tools', 'mkcert'],
    commands: ['sudo apt install -y mkcert libnss3-tools', 'mkcert -install', 'mkcert localhost'],
    needsOlder: true, // it knows no other database of Chromium's
    know: 'The two files are for `.gitignore`. Its CA issues for every name: whoever copies its key reads all of your HTTPS.',
    rows: {
      vite: {
        edits: [
          {
            file: 'vite.config.js',
            text: "import fs from 'node:fs';\n\nexport default { server: { https: { key: fs.readFileSync('localhost-key.pem'), cert: fs.readFileSync('localhost.pem') } } };\n",
          },
        ],
      },
      next: { edits: nextScript('', PAIR.mkcert) },
      nuxt: { edits: [nuxtConfig('', PAIR.mkcert)] },
      webpack: {
        edits: [
          webpackConfig(
            `        open: true,\n        server: { type: 'https', options: { key: './localhost-key.pem', cert: './localhost.pem' } },`,
          ),
        ],
      },
    },
  },
  "the project's own": {
    without: [],
    commands: [],
    know: 'A warning to click away, by everybody who opens the page. Next.js downloads mkcert from GitHub: there was no such network here, and it went on with plain HTTP.',
    rows: {
      vite: {
        as: '`@vitejs/plugin-basic-ssl`',
        commands: ['npm install -D @vitejs/plugin-basic-ssl'],
        edits: [
          {
            file: 'vite.config.js',
            text: "import basicSsl from '@vitejs/plugin-basic-ssl';\n\nexport default { plugins: [basicSsl()] };\n",
          },
        ],
      },
      next: {
        as: '`--experimental-https`',
        downloads: true,
        edits: [
          {
            file: 'package.json',
            instead: '"dev": "next dev",',
            text: '"dev": "next dev --experimental-https",',
          },
        ],
      },
      nuxt: { as: '`--https`', serve: 'npm run dev -- --https', edits: [] },
      webpack: {
        as: "`server: 'https'`",
        edits: [webpackConfig("        open: true,\n        server: 'https',")],
      },
    },
  },
  portless: {
    without: [],
    commands: ['npm install -g portless'],
    know: 'The address is `https://NAME.localhost`, of a proxy that runs as root on port 443.',
    rows: {
      vite: { serve: 'portless', edits: [] },
      next: { serve: 'portless', edits: [] },
      nuxt: { serve: 'portless', edits: [] },
      webpack: {
        serve: 'portless',
        edits: [
          {
            file: 'package.json',
            instead: '  "type": "module",',
            text: '  "type": "module",\n  "portless": { "script": "serve", "appPort": 8080 },',
          },
        ],
      },
    },
  },
};
