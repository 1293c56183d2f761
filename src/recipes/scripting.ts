/** Recipes for Python, Ruby and PHP. */
import { command, word } from './command.ts';
import { doubleQuoted, nginx, shell, singleQuoted } from './quote.ts';
import { blocks, type Recipe } from './recipe.ts';

const pythonRecipe: Recipe = {
  name: 'python',
  summary: "Python's own http.server and ssl",
  render: ({ cert, key, trust, clientCerts }) => ({
    blocks: blocks('#', {
      'server.py': `import http.server
import ssl


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"hello\\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(${doubleQuoted(cert)}, ${doubleQuoted(key)})${
        clientCerts
          ? `
context.load_verify_locations(${doubleQuoted(trust)})
context.verify_mode = ssl.CERT_REQUIRED`
          : ''
      }

server = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), Handler)
# The handshake belongs into the request's thread: one slow client must not stop the others
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()`,
      run: 'python3 server.py',
    }),
    notes: ['SimpleHTTPRequestHandler would serve .devcert/key.pem, too'],
  }),
};

const uvicornRecipe: Recipe = {
  name: 'uvicorn',
  summary: 'Uvicorn: FastAPI, Starlette, every ASGI application',
  render: (input) => ({
    blocks: blocks('#', {
      run: command(input, [
        'uvicorn main:app --port 8443',
        `--ssl-certfile ${word(input, input.cert)}`,
        `--ssl-keyfile ${word(input, input.key)}`,
        ...(input.clientCerts
          ? [`--ssl-ca-certs ${word(input, input.trust)}`, '--ssl-cert-reqs 2']
          : []),
      ]),
    }),
    notes: ['main:app is the variable app in main.py', 'Hypercorn: --certfile, --keyfile'],
  }),
};

const djangoRecipe: Recipe = {
  name: 'django',
  summary: "Django's development server",
  render: ({ cert, key, trust, clientCerts, windows }) =>
    clientCerts
      ? {
          blocks: blocks('#', {
            run: `gunicorn --bind 127.0.0.1:8443 \\
    --certfile ${shell(cert)} \\
    --keyfile ${shell(key)} \\
    --ca-certs ${shell(trust)} \\
    --cert-reqs 2 \\
    "\${DJANGO_PROJECT:?is the folder with wsgi.py}.wsgi"`,
          }),
          notes: [
            windows ? 'Gunicorn runs on Windows in WSL alone' : 'pip install gunicorn',
            'DJANGO_PROJECT is the name of the folder that wsgi.py is in',
          ],
        }
      : {
          blocks: blocks('#', {
            run: command({ windows }, [
              `${windows ? 'python' : 'python3'} manage.py runserver_plus 127.0.0.1:8443`,
              `--cert-file ${word({ windows }, cert)}`,
              `--key-file ${word({ windows }, key)}`,
            ]),
          }),
          notes: [
            'needs: pip install django-extensions werkzeug pyOpenSSL',
            "settings.py: 'django_extensions' in INSTALLED_APPS",
          ],
        },
};

const flaskRecipe: Recipe = {
  name: 'flask',
  summary: "Flask's development server",
  render: ({ cert, key, trust, clientCerts, windows }) => ({
    blocks: clientCerts
      ? blocks('#', {
          'serve.py, beside app.py': `import ssl

from app import app

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(${doubleQuoted(cert)}, ${doubleQuoted(key)})
context.load_verify_locations(${doubleQuoted(trust)})
context.verify_mode = ssl.CERT_REQUIRED

app.run(host="127.0.0.1", port=8443, ssl_context=context)`,
          run: 'python3 serve.py',
        })
      : blocks('#', {
          run: command({ windows }, [
            'flask run --port 8443',
            `--cert ${word({ windows }, cert)}`,
            `--key ${word({ windows }, key)}`,
          ]),
        }),
    notes: ['the application is the variable app in app.py'],
  }),
};

const pumaRecipe: Recipe = {
  name: 'puma',
  summary: 'Puma: Rails, Sinatra, every Rack application',
  render: ({ cert, key, trust, clientCerts }) => ({
    blocks: blocks('#', {
      // Puma reads the client's certificate with a library that it does not load itself.
      'config/puma.rb': `${clientCerts ? "require 'openssl'\n\n" : ''}ssl_bind '127.0.0.1', '8443', {
  cert: ${singleQuoted(cert)},
  key: ${singleQuoted(key)},${clientCerts ? `\n  ca: ${singleQuoted(trust)},` : ''}
  verify_mode: '${clientCerts ? 'force_peer' : 'none'}'
}`,
      run: 'bundle exec puma --config config/puma.rb',
    }),
    notes: [
      'verify_mode is about certificates of clients',
      'Rails has a config/puma.rb: add the lines there',
    ],
  }),
};

const phpRecipe: Recipe = {
  name: 'php',
  summary: "nginx in front of PHP's built-in server: Symfony, Laravel",
  needs: ['ca.pem'],
  render: ({ cert, key, ca, trust, keystore, clientCerts }) => ({
    blocks: blocks('#', {
      'devcert.conf, for /etc/nginx/conf.d/': `server {
    listen 127.0.0.1:8443 ssl;
    ssl_certificate     ${nginx(cert)};
    ssl_certificate_key ${nginx(key)};
    ssl_protocols       TLSv1.2 TLSv1.3;
${
  clientCerts
    ? `    ssl_client_certificate ${nginx(trust)};
    ssl_verify_client on;
    ssl_verify_depth 2;
`
    : ''
}
    location / {
        proxy_pass http://127.0.0.1:8000;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-Port $server_port;
        proxy_set_header X-Forwarded-Proto https;
    }
}`,
      run: 'php -S 127.0.0.1:8000 -t public\nsudo nginx -t && sudo nginx -s reload',
      'PHP as a client that trusts your servers': `file_get_contents('https://localhost:8443/', false, stream_context_create(['ssl' => ['cafile' => ${singleQuoted(ca)}]]));`,
    }),
    notes: [
      'PHP itself serves no TLS; Laravel: php artisan serve, not php -S',
      `Symfony's command needs no nginx: symfony server:start --p12=${shell(keystore)}`,
    ],
  }),
};

export const scripting: readonly Recipe[] = [
  pythonRecipe,
  uvicornRecipe,
  djangoRecipe,
  flaskRecipe,
  pumaRecipe,
  phpRecipe,
];
