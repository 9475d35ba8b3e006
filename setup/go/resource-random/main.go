// The random resource plugin: RandomPassword behind Pulumi's Terraform bridge.
//
// The official plugin bridges a Terraform provider that is not available as a Go module. The one
// resource that the program uses is therefore written anew here (password.go), and bridged in
// the same way, so that tokens, property names, secret marks and state are the official ones.
package main

import (
	"context"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
)

const (
	pkg     = "random"
	version = "4.21.2"
)

func providerInfo() tfbridge.ProviderInfo {
	return tfbridge.ProviderInfo{
		P:       pf.ShimProvider(&randomProvider{}),
		Name:    pkg,
		Version: version,
		Resources: map[string]*tfbridge.ResourceInfo{
			"random_password": {Tok: "random:index/randomPassword:RandomPassword"},
		},
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
	}
}

func metadata() pf.ProviderMetadata {
	return pf.ProviderMetadata{PackageSchema: []byte(`{"name":"` + pkg + `","version":"` + version + `"}`)}
}

func main() {
	pf.Main(context.Background(), pkg, providerInfo(), metadata())
}
