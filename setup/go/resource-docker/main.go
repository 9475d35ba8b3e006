// The Docker resource plugin: the upstream Terraform provider behind Pulumi's Terraform bridge,
// configured as the official plugin configures it.
//
// Only the four resources that the program uses are served; their tokens, property names,
// defaults and state are those of the official plugin of the same version.
package main

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/terraform-providers/terraform-provider-docker/shim"
)

const (
	pkg     = "docker"
	version = "5.2.0"
)

func token(file, name string) tokens.Type {
	return tokens.Type(fmt.Sprintf("%s:index/%s:%s", pkg, file, name))
}

// served lists the upstream resources that have a Pulumi token here.
var served = map[string]*tfbridge.ResourceInfo{
	"docker_container": {
		Tok: token("container", "Container"),
		// A container's name and ports are taken until the old one is gone.
		DeleteBeforeReplace: true,
		Fields: map[string]*tfbridge.SchemaInfo{
			// Both are lists whose names the official plugin leaves as they are.
			"command":           {Name: "command"},
			"networks_advanced": {Name: "networksAdvanced"},
		},
	},
	"docker_image": {
		Tok:    token("remoteImage", "RemoteImage"),
		Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}}, // never auto-named
	},
	"docker_network": {Tok: token("network", "Network")},
	"docker_volume":  {Tok: token("volume", "Volume")},
}

func providerInfo() tfbridge.ProviderInfo {
	upstream := shim.NewProvider()
	info := tfbridge.ProviderInfo{
		P:         shimv2.NewProvider(upstream),
		Name:      pkg,
		Version:   version,
		Resources: served,
		Config: map[string]*tfbridge.SchemaInfo{
			// Without either the upstream provider's own default, the local socket, holds.
			"host":          {Default: &tfbridge.DefaultInfo{EnvVars: []string{"DOCKER_HOST"}}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
	}
	for name := range upstream.ResourcesMap {
		if served[name] == nil {
			info.IgnoreMappings = append(info.IgnoreMappings, name)
		}
	}
	for name := range upstream.DataSourcesMap {
		info.IgnoreMappings = append(info.IgnoreMappings, name)
	}
	info.SetAutonaming(255, "-")
	return info
}

// schema is what the engine is told of the package; the SDK carries the full one.
func schema() []byte {
	b, err := json.Marshal(map[string]any{"name": pkg, "version": version})
	if err != nil {
		panic(err)
	}
	return b
}

func main() {
	tfbridge.Main(pkg, version, providerInfo(), schema())
}
