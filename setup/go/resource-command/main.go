// The command resource plugin: local.Command with the tokens, inputs, outputs, replace rules and
// state of the official plugin of the same version, on the library that the official one uses.
package main

import (
	"context"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

const (
	pkg     = "command"
	version = "1.2.1"
)

func newProvider() p.Provider {
	return infer.Provider(infer.Options{
		Resources: []infer.InferredResource{infer.Resource(&Command{})},
	})
}

func main() {
	if err := p.RunProvider(context.Background(), pkg, version, newProvider()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
