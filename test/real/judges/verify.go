// Judges chains: arguments are a file of roots, then HOST and FILE for each chain. Prints a line for each: ok, or why not.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func judge(roots *x509.CertPool, host, file string) error {
	rest, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var leaf *x509.Certificate
	above := x509.NewCertPool()
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err
		}
		if leaf == nil {
			leaf = certificate
		} else {
			above.AddCert(certificate)
		}
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: above, DNSName: host})
	return err
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	for i := 2; i+1 < len(os.Args); i += 2 {
		if err := judge(roots, os.Args[i], os.Args[i+1]); err != nil {
			fmt.Printf("%q\n", err.Error())
		} else {
			fmt.Println("ok")
		}
	}
}
