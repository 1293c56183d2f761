/** Recipes for servers that stand in front of another one. */
import { hostOf } from './host.ts';
import { apache, assertExpressible, caddy, doubleQuoted, haproxy, nginx, shell } from './quote.ts';
import { blocks, type Recipe, type RecipeInput } from './recipe.ts';

/** Where the server that they stand in front of listens. */
const UPSTREAM = 'your server is expected on 127.0.0.1:3000';

const nginxRecipe: Recipe = {
  name: 'nginx',
  summary: 'nginx in front of your server',
  render: ({ cert, key, trust, names, clientCerts }) => ({
    blocks: blocks('#', {
      'devcert.conf, for /etc/nginx/conf.d/ or below "http {" of nginx.conf': `server {
    listen 127.0.0.1:8443 ssl;
    server_name ${names.map(serverName).join(' ')};

    ssl_certificate     ${nginx(cert)};
    ssl_certificate_key ${nginx(key)};
    ssl_protocols       TLSv1.2 TLSv1.3;
${
  clientCerts
    ? `
    # Only clients with a certificate of these CAs; 2: there is an issuer between it and the root
    ssl_client_certificate ${nginx(trust)};
    ssl_verify_client on;
    ssl_verify_depth 2;
`
    : ''
}
    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $devcert_connection;${
          clientCerts
            ? `
        proxy_set_header X-Client-Subject $ssl_client_s_dn;`
            : ''
        }
    }
}

# WebSockets, where the client asks for one
map $http_upgrade $devcert_connection {
    default upgrade;
    ""      "";
}`,
      run: 'sudo nginx -t && sudo nginx -s reload',
    }),
    notes: [UPSTREAM, 'HTTP/2: add "http2 on;" from nginx 1.25.1'],
  }),
};

/** nginx wants an IPv6 address in brackets: as a host, that is what the client sends. */
function serverName(name: string): string {
  return name.includes(':') ? `"${hostOf(name)}"` : name;
}

const apacheRecipe: Recipe = {
  name: 'apache',
  summary: 'Apache httpd in front of your server',
  render: ({ cert, key, trust, names: [first = 'localhost', ...others], clientCerts }) => ({
    blocks: blocks('#', {
      'devcert.conf, for /etc/apache2/sites-enabled/ or conf.d/': `Listen 127.0.0.1:8443
<VirtualHost 127.0.0.1:8443>
    ServerName ${hostOf(first)}${others.length === 0 ? '' : `\n    ServerAlias ${others.map(hostOf).join(' ')}`}

    SSLEngine on
    SSLCertificateFile    ${apache(cert)}
    SSLCertificateKeyFile ${apache(key)}
    SSLProtocol -all +TLSv1.2 +TLSv1.3
${
  clientCerts
    ? `
    # Only clients with a certificate of these CAs; 2: there is an issuer between it and the root
    SSLCACertificateFile ${apache(trust)}
    SSLVerifyClient require
    SSLVerifyDepth 2
    RequestHeader set X-Client-Subject "expr=%{SSL_CLIENT_S_DN}"
`
    : ''
}
    ProxyPreserveHost On
    ProxyPass        "/" "http://127.0.0.1:3000/"
    ProxyPassReverse "/" "http://127.0.0.1:3000/"
    RequestHeader set X-Forwarded-Proto "https"
</VirtualHost>`,
      run: 'sudo a2enmod ssl proxy proxy_http headers\nsudo systemctl restart apache2',
    }),
    notes: [UPSTREAM, 'its modules, once: sudo a2enmod ssl proxy proxy_http headers'],
  }),
};

const haproxyRecipe: Recipe = {
  name: 'haproxy',
  summary: 'HAProxy in front of your server',
  render: ({ cert, key, trust, clientCerts }) => ({
    blocks: blocks('#', {
      'haproxy.cfg': `defaults
    mode http
    timeout connect 5s
    timeout client  1h
    timeout server  1h

frontend devcert
    # HAProxy looks for the key in cert.pem.key, a link to key.pem: see below
    bind 127.0.0.1:8443 ssl crt ${haproxy(cert)} alpn h2,http/1.1${clientCerts ? ` ca-file ${haproxy(trust)} verify required` : ''}
    http-request set-header X-Forwarded-Proto https${
      clientCerts ? '\n    http-request set-header X-Client-Subject %[ssl_c_s_dn]' : ''
    }
    default_backend app

backend app
    server app 127.0.0.1:3000`,
      run: `ln -sf ${shell(key)} ${shell(`${cert}.key`)}`,
    }),
    notes: [
      UPSTREAM,
      `HAProxy wants the key beside the certificate, once: ln -sf ${shell(key)} ${shell(`${cert}.key`)}`,
    ],
  }),
};

const caddyRecipe: Recipe = {
  name: 'caddy',
  summary: 'Caddy in front of your server',
  render: ({ cert, key, trust, names, clientCerts }) => ({
    blocks: blocks('#', {
      Caddyfile: `{
	auto_https disable_redirects
	skip_install_trust
}

${names.map((name) => `https://${hostOf(name)}:8443`).join(', ')} {
	bind 127.0.0.1
	tls ${caddy(cert)} ${caddy(key)}${
    clientCerts
      ? ` {
		client_auth {
			mode require_and_verify
			trust_pool file ${caddy(trust)}
		}
	}`
      : ''
  }
	reverse_proxy 127.0.0.1:3000
}`,
      run: 'caddy run --config Caddyfile',
    }),
    notes: [UPSTREAM, ...(clientCerts ? ['client certificates: Caddy 2.8 or newer'] : [])],
  }),
};

const traefikRecipe: Recipe = {
  name: 'traefik',
  summary: 'Traefik in front of your server',
  render: ({ cert, key, trust, clientCerts }) => ({
    blocks: blocks('#', {
      'devcert.yml, what Traefik calls a dynamic configuration': `tls:
  stores:
    default:
      defaultCertificate:
        certFile: ${yaml(cert)}
        keyFile: ${yaml(key)}${
          clientCerts
            ? `
  options:
    default:
      clientAuth:
        caFiles:
          - ${yaml(trust)}
        clientAuthType: RequireAndVerifyClientCert`
            : ''
        }
http:
  routers:
    app:
      rule: PathPrefix(\`/\`)
      entryPoints:
        - websecure
      service: app
      tls: {}
  services:
    app:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:3000`,
      run: traefikCommand,
    }),
    notes: [UPSTREAM, traefikCommand],
  }),
};

const traefikCommand =
  'traefik --entryPoints.websecure.address=127.0.0.1:8443 --providers.file.filename=devcert.yml';

/** Traefik runs the file through Go's templates before it reads the YAML. */
function yaml(path: RecipeInput['cert']): string {
  return doubleQuoted(assertExpressible(path, 'Traefik', /\{\{/));
}

export const servers: readonly Recipe[] = [
  nginxRecipe,
  apacheRecipe,
  haproxyRecipe,
  caddyRecipe,
  traefikRecipe,
];
