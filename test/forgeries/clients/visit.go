// Prints each host that verifies. Arguments: CA file, port, hosts.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

func main() {
	pem, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for _, host := range os.Args[3:] {
		config := &tls.Config{RootCAs: roots, ServerName: host}
		connection, err := tls.Dial("tcp", "127.0.0.1:"+os.Args[2], config)
		if err == nil {
			fmt.Println(host)
			connection.Close()
		}
	}
}
