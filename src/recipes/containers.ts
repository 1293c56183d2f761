/** Recipes for containers. */
import { isIP } from 'node:net';
import { command, word } from './command.ts';
import { compose, doubleQuoted } from './quote.ts';
import { blocks, type Recipe } from './recipe.ts';

const composeRecipe: Recipe = {
  name: 'docker-compose',
  summary: 'Docker Compose: nginx with TLS in front of your service',
  needs: ['ca.pem'],
  render: ({ cert, key, ca, trust, clientCerts }) => ({
    blocks: blocks('#', {
      'compose.override.yaml, beside a compose.yaml whose service "app" listens on 3000': `services:
  devcert:
    image: nginx:alpine
    ports:
      - "127.0.0.1:8443:8443"
    volumes:
${[
  { source: cert, target: '/run/devcert/cert.pem' },
  { source: key, target: '/run/devcert/key.pem' },
  ...(clientCerts ? [{ source: trust, target: '/run/devcert/trust.pem' }] : []),
]
  .map(mount)
  .join('\n')}
    configs:
      - source: devcert
        target: /etc/nginx/conf.d/default.conf
    depends_on:
      - app
  app:
    # What runs in it trusts your other local servers
    environment:
      NODE_EXTRA_CA_CERTS: /run/devcert/ca.pem
    volumes:
${mount({ source: ca, target: '/run/devcert/ca.pem' })}
configs:
  devcert:
    content: |
      server {
        listen 8443 ssl;
        ssl_certificate /run/devcert/cert.pem;
        ssl_certificate_key /run/devcert/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;${
          clientCerts
            ? `
        ssl_client_certificate /run/devcert/trust.pem;
        ssl_verify_client on;
        ssl_verify_depth 2;`
            : ''
        }
        location / {
          proxy_pass http://app:3000;
          proxy_http_version 1.1;
          proxy_set_header Host $$http_host;
          proxy_set_header X-Forwarded-Proto https;
          proxy_set_header Upgrade $$http_upgrade;
          proxy_set_header Connection $$devcert_connection;
        }
      }
      map $$http_upgrade $$devcert_connection {
        default upgrade;
        "" "";
      }`,
      run: 'docker compose up',
    }),
    notes: [
      'Docker Compose 2.23.1 or newer (configs with content)',
      'from container to container: devcert app.test, a network alias',
    ],
  }),
};

/** The long form: the short one splits at colons. */
function mount({ source, target }: { readonly source: string; readonly target: string }): string {
  return `      - type: bind
        source: ${compose(source)}
        target: ${target}
        read_only: true`;
}

const kubernetes: Recipe = {
  name: 'kubernetes',
  summary: 'Kubernetes: a TLS secret and an Ingress',
  committed: true,
  needsForClients: false,
  render: (input) => {
    const hosts = input.names.filter((name) => isIP(name) === 0).map(doubleQuoted);
    const rules = hosts.length === 0 ? ['"localhost"'] : hosts;
    return {
      blocks: blocks('#', {
        'ingress.yaml, in front of a service "app" that listens on 3000': `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: devcert
spec:
  tls:
    - hosts: [${rules.join(', ')}]
      secretName: devcert-tls
  rules:
${rules.map(rule).join('\n')}`,
        'run, again after each renewal': command(input, [
          'kubectl create secret tls devcert-tls',
          `--cert ${word(input, input.cert)}`,
          `--key ${word(input, input.key)}`,
          '--dry-run=client -o yaml | kubectl apply -f -',
        ]),
      }),
      notes: [
        'no Secret as a file: it would hold the key, and be committed',
        'cert-manager takes a CA with its key: devcert ca create cluster',
        'whoever reads that Secret can forge your local names',
      ],
    };
  },
};

function rule(host: string): string {
  return `    - host: ${host}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: app
                port:
                  number: 3000`;
}

export const containers: readonly Recipe[] = [composeRecipe, kubernetes];
