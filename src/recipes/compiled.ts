/** Recipes for servers written in Go, Rust and C#, and for gRPC. */
import { askedFor, hostOf } from './host.ts';
import { assertExpressible, doubleQuoted } from './quote.ts';
import { blocks, type Recipe } from './recipe.ts';

const goRecipe: Recipe = {
  name: 'go',
  summary: "Go's net/http",
  render: ({ cert, key, trust, clientCerts }) => ({
    blocks: blocks('//', {
      'main.go': clientCerts
        ? `package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	pem, err := os.ReadFile(${doubleQuoted(trust)})
	if err != nil {
		log.Fatal(err)
	}
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(pem) {
		log.Fatal("no certificate of a CA to accept clients of")
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "hello", r.TLS.PeerCertificates[0].Subject)
	})
	server := &http.Server{
		Addr:      "127.0.0.1:8443",
		TLSConfig: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients},
	}
	log.Fatal(server.ListenAndServeTLS(${doubleQuoted(cert)}, ${doubleQuoted(key)}))
}`
        : `package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "hello")
	})
	log.Fatal(http.ListenAndServeTLS("127.0.0.1:8443", ${doubleQuoted(cert)}, ${doubleQuoted(key)}, nil))
}`,
      run: 'go run main.go',
    }),
    notes: ['Gin: router.RunTLS(addr, cert, key); Echo: e.StartTLS(…)'],
  }),
};

const rustRecipe: Recipe = {
  name: 'rust',
  summary: 'Axum on rustls',
  render: ({ cert, key, trust, clientCerts }) => ({
    blocks: blocks('//', {
      'src/main.rs': clientCerts
        ? `use axum::{routing::get, Router};
use axum_server::tls_rustls::RustlsConfig;
use rustls::pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer};
use rustls::{server::WebPkiClientVerifier, RootCertStore, ServerConfig};
use std::net::SocketAddr;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.install_default().expect("the first one");
    let mut clients = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(${doubleQuoted(trust)})? {
        clients.add(certificate?)?;
    }
    let chain = CertificateDer::pem_file_iter(${doubleQuoted(cert)})?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(${doubleQuoted(key)})?;
    let mut config = ServerConfig::builder()
        .with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(clients)).build()?)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let app = Router::new().route("/", get(|| async { "hello\\n" }));
    axum_server::bind_rustls(SocketAddr::from(([127, 0, 0, 1], 8443)), RustlsConfig::from_config(Arc::new(config)))
        .serve(app.into_make_service())
        .await?;
    Ok(())
}`
        : `use axum::{routing::get, Router};
use axum_server::tls_rustls::RustlsConfig;
use std::net::SocketAddr;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.install_default().expect("the first one");
    let config = RustlsConfig::from_pem_file(${doubleQuoted(cert)}, ${doubleQuoted(key)}).await?;
    let app = Router::new().route("/", get(|| async { "hello\\n" }));
    axum_server::bind_rustls(SocketAddr::from(([127, 0, 0, 1], 8443)), config)
        .serve(app.into_make_service())
        .await?;
    Ok(())
}`,
      run: `${cargoAdd}\ncargo run`,
    }),
    notes: [cargoAdd.replaceAll('\n', ' && ')],
  }),
};

const cargoAdd = `cargo add axum rustls
cargo add tokio --features full
cargo add axum-server --features tls-rustls`;

const dotnetRecipe: Recipe = {
  name: 'dotnet',
  summary: 'ASP.NET Core on Kestrel',
  render: ({ cert, key, trust, clientCerts }) => ({
    blocks: clientCerts
      ? blocks('//', {
          // By its configuration: on Windows, SslStream takes no certificate that code read from PEM files
          // (https://github.com/dotnet/runtime/issues/23749).
          'Program.cs': `using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

var builder = WebApplication.CreateBuilder(args);
builder.Configuration["Kestrel:Endpoints:Https:Url"] = "https://localhost:8443";
builder.Configuration["Kestrel:Endpoints:Https:Certificate:Path"] = ${doubleQuoted(cert)};
builder.Configuration["Kestrel:Endpoints:Https:Certificate:KeyPath"] = ${doubleQuoted(key)};
var clients = new X509Certificate2Collection();
clients.ImportFromPemFile(${doubleQuoted(trust)});
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https =>
{
    https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
    https.ClientCertificateValidation = (certificate, sent, _) =>
    {
        using var check = new X509Chain();
        check.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        check.ChainPolicy.CustomTrustStore.AddRange(clients);
        if (sent != null)
            foreach (var element in sent.ChainElements) check.ChainPolicy.ExtraStore.Add(element.Certificate);
        check.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        check.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return check.Build(certificate);
    };
}));
var app = builder.Build();
app.MapGet("/", (HttpContext context) => $"hello {context.Connection.ClientCertificate?.Subject}\\n");
app.Run();`,
          run: 'dotnet run',
        })
      : blocks(undefined, {
          'appsettings.Development.json': JSON.stringify(
            {
              Kestrel: {
                Endpoints: {
                  Https: {
                    Url: 'https://localhost:8443',
                    Certificate: {
                      Path: assertExpressible(cert, 'JSON'),
                      KeyPath: assertExpressible(key, 'JSON'),
                    },
                  },
                },
              },
            },
            null,
            2,
          ),
        }),
    notes: clientCerts
      ? ['.NET 8 or newer']
      : [
          'into appsettings.Development.json; then: dotnet run',
          'the applicationUrl in launchSettings.json is ignored then',
        ],
  }),
};

const grpcRecipe: Recipe = {
  name: 'grpc',
  summary: 'gRPC on Node.js; Go and Python in its notes',
  needs: ['ca.pem'],
  render: ({ cert, key, ca, trust, clientCerts, names }) => ({
    blocks: blocks('//', {
      'server.mjs': `import { readFileSync } from 'node:fs';
import { Server, ServerCredentials } from '@grpc/grpc-js';

const credentials = ServerCredentials.createSsl(
  ${clientCerts ? `readFileSync(${doubleQuoted(trust)})` : 'null'},
  [
    {
      cert_chain: readFileSync(${doubleQuoted(cert)}),
      private_key: readFileSync(${doubleQuoted(key)}),
    },
  ],
  ${String(clientCerts)},
);
const server = new Server();
// Add your services here: server.addService(…)
server.bindAsync('127.0.0.1:8443', credentials, (error) => {
  if (error) throw error;
});`,
      client: `import { credentials } from '@grpc/grpc-js';
new YourClient('${hostOf(askedFor(names))}:8443', credentials.createSsl(readFileSync(${doubleQuoted(ca)})${
        clientCerts ? ", readFileSync('client/key.pem'), readFileSync('client/cert.pem')" : ''
      }));`,
    }),
    notes: [
      'Go: credentials.NewTLS of the tls.Config in devcert recipe go',
      clientCerts
        ? 'Python: grpc.ssl_server_credentials([(key, chain)], root_certificates=trust, require_client_auth=True)'
        : 'Python: grpc.ssl_server_credentials([(key, chain)])',
      'C++, Python and Ruby refuse a certificate with an IP address',
    ],
  }),
};

export const compiled: readonly Recipe[] = [goRecipe, rustRecipe, dotnetRecipe, grpcRecipe];
