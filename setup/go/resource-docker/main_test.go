package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// properties.json lists the official package's properties, read off its type declarations.
//
//go:embed testdata/properties.json
var officialJSON []byte

type official map[string]struct {
	Inputs  []string       `json:"inputs"`
	Outputs map[string]any `json:"outputs"`
}

func TestPropertiesAreTheOfficialOnes(t *testing.T) {
	var want official
	if err := json.Unmarshal(officialJSON, &want); err != nil {
		t.Fatal(err)
	}
	info := providerInfo()
	for name, res := range info.Resources {
		kind := string(res.Tok[strings.LastIndex(string(res.Tok), ":")+1:])
		fields := info.P.ResourcesMap().Get(name).Schema()
		inputs := []string{}
		fields.Range(func(key string, s shim.Schema) bool {
			if s.Optional() || s.Required() {
				inputs = append(inputs, tfbridge.TerraformToPulumiNameV2(key, fields, res.Fields))
			}
			return true
		})
		slices.Sort(inputs)
		if !slices.Equal(inputs, want[kind].Inputs) {
			t.Errorf("%s inputs:\n%v\nwant\n%v", kind, inputs, want[kind].Inputs)
		}
		got := tree(fields, res.Fields)
		delete(got, "id")
		compare(t, kind, got, want[kind].Outputs)
	}
}

func compare(t *testing.T, at string, got, want any) {
	t.Helper()
	g, isMap := got.(map[string]any)
	w, wantMap := want.(map[string]any)
	if !isMap || !wantMap {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", at, got, want)
		}
		return
	}
	keys := map[string]bool{}
	for k := range maps.Keys(g) {
		keys[k] = true
	}
	for k := range maps.Keys(w) {
		keys[k] = true
	}
	for k := range keys {
		compare(t, at+"."+k, g[k], w[k])
	}
}

// tree describes properties in the form of properties.json.
func tree(fields shim.SchemaMap, infos map[string]*tfbridge.SchemaInfo) map[string]any {
	out := map[string]any{}
	fields.Range(func(key string, s shim.Schema) bool {
		out[tfbridge.TerraformToPulumiNameV2(key, fields, infos)] = shape(s, infos[key])
		return true
	})
	return out
}

func shape(s shim.Schema, info *tfbridge.SchemaInfo) any {
	switch s.Type() {
	case shim.TypeBool:
		return "boolean"
	case shim.TypeInt, shim.TypeFloat:
		return "number"
	case shim.TypeString:
		return "string"
	case shim.TypeMap:
		return map[string]any{"map": "string"}
	}
	var elem any
	switch e := s.Elem().(type) {
	case shim.Resource:
		elem = tree(e.Schema(), nil)
	case shim.Schema:
		elem = shape(e, nil)
	}
	if tfbridge.IsMaxItemsOne(s, info) {
		return elem
	}
	return map[string]any{"list": elem}
}

func TestTokens(t *testing.T) {
	got := map[string]bool{}
	for _, r := range providerInfo().Resources {
		got[string(r.Tok)] = true
	}
	want := map[string]bool{
		"docker:index/container:Container":     true,
		"docker:index/network:Network":         true,
		"docker:index/remoteImage:RemoteImage": true,
		"docker:index/volume:Volume":           true,
	}
	if !maps.Equal(got, want) {
		t.Error(got)
	}
}

func server() pulumirpc.ResourceProviderServer {
	info := providerInfo()
	return tfbridge.NewProvider(context.Background(), nil, pkg, version, info.P, info, schema())
}

func bag(t *testing.T, v map[string]any) *structpb.Struct {
	t.Helper()
	s, err := plugin.MarshalProperties(resource.NewPropertyMapFromMap(v),
		plugin.MarshalOptions{KeepSecrets: true, KeepUnknowns: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func diff(t *testing.T, kind string, state, inputs map[string]any) *pulumirpc.DiffResponse {
	t.Helper()
	r, err := server().Diff(context.Background(), &pulumirpc.DiffRequest{
		Id: "1", Urn: "urn:pulumi:s::p::docker:index/" + kind + "::x", Olds: bag(t, state), News: bag(t, inputs),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func with(m map[string]any, k string, v any) map[string]any {
	c := maps.Clone(m)
	c[k] = v
	return c
}

// The inputs of a container and the state that the official plugin keeps for it.
var (
	containerInputs = map[string]any{
		"__defaults": []any{"attach", "bridge", "containerReadRefreshTimeoutMilliseconds", "logs", "mustRun",
			"readOnly", "removeVolumes", "rm", "start", "stdinOpen", "tty", "wait", "waitTimeout"},
		"attach": false, "containerReadRefreshTimeoutMilliseconds": 15000, "logs": false, "mustRun": true,
		"readOnly": false, "removeVolumes": true, "rm": false, "start": true, "stdinOpen": false, "tty": false,
		"wait": false, "waitTimeout": 60,
		"name": "a", "image": "sha256:aa", "restart": "unless-stopped", "envs": []any{"A=b"}, "command": []any{"x"},
		"capabilities": map[string]any{"__defaults": []any{}, "adds": []any{"CAP_NET_ADMIN"}},
		"labels":       []any{map[string]any{"__defaults": []any{}, "label": "l", "value": "v"}},
		"networksAdvanced": []any{
			map[string]any{"__defaults": []any{}, "name": "net", "aliases": []any{"a1"}}},
		"ports": []any{map[string]any{"__defaults": []any{"ip", "protocol"}, "internal": 5432, "external": 15432,
			"ip": "0.0.0.0", "protocol": "tcp"}},
		"volumes": []any{map[string]any{"__defaults": []any{}, "containerPath": "/d", "volumeName": "v"}},
	}
	containerState = map[string]any{
		"__meta": `{"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":{"create":1200000000000,"delete":1200000000000,` +
			`"update":1200000000000},"schema_version":"2"}`,
		"attach": false, "bridge": "", "containerReadRefreshTimeoutMilliseconds": 15000, "logs": false,
		"mustRun": true, "readOnly": false, "removeVolumes": true, "rm": false, "start": true, "stdinOpen": false,
		"tty": false, "wait": false, "waitTimeout": 60,
		"id": "1", "name": "a", "image": "sha256:aa", "restart": "unless-stopped", "envs": []any{"A=b"},
		"command": []any{"x"}, "entrypoints": []any{"e"}, "hostname": "h", "init": false, "ipcMode": "private",
		"logDriver": "json-file", "logOpts": nil, "maxRetryCount": 0, "memory": 0, "memorySwap": 0, "memoryReservation": 0,
		"networkMode": "bridge", "runtime": "runc", "securityOpts": []any{}, "shmSize": 64, "stopSignal": "",
		"stopTimeout": 0, "cpuShares": 0, "privileged": false, "publishAllPorts": false,
		"user": "", "usernsMode": "", "workingDir": "", "pidMode": "", "domainname": "", "cpuSet": "",
		"devices": []any{}, "dns": []any{}, "dnsOpts": []any{}, "dnsSearches": []any{}, "groupAdds": []any{},
		"hosts": []any{}, "mounts": []any{}, "ulimits": []any{}, "uploads": []any{},
		"storageOpts": nil, "sysctls": nil, "tmpfs": nil,
		"networkDatas": []any{map[string]any{"gateway": "172.18.0.1", "ipAddress": "172.18.0.2", "ipPrefixLength": 16,
			"networkName": "net", "globalIpv6Address": "", "globalIpv6PrefixLength": 0, "ipv6Gateway": "",
			"macAddress": "02:42:ac:12:00:02"}},
		"capabilities": map[string]any{"adds": []any{"CAP_NET_ADMIN"}, "drops": []any{}},
		"labels":       []any{map[string]any{"label": "l", "value": "v"}},
		"networksAdvanced": []any{map[string]any{"name": "net", "aliases": []any{"a1"}, "ipv4Address": "",
			"ipv6Address": ""}},
		"ports": []any{map[string]any{"internal": 5432, "external": 15432, "ip": "0.0.0.0", "protocol": "tcp"}},
		"volumes": []any{map[string]any{"containerPath": "/d", "volumeName": "v", "fromContainer": "", "hostPath": "",
			"readOnly": false, "selinuxRelabel": ""}},
	}
	volumeInputs = map[string]any{"__defaults": []any{}, "name": "v",
		"labels": []any{map[string]any{"__defaults": []any{}, "label": "l", "value": "v"}}}
	volumeState = map[string]any{"__meta": `{"schema_version":"1"}`, "id": "1", "name": "v", "driver": "local",
		"driverOpts": nil, "mountpoint": "/m", "labels": []any{map[string]any{"label": "l", "value": "v"}}}
	networkInputs = map[string]any{"__defaults": []any{"driver"}, "name": "n", "driver": "bridge",
		"labels": []any{map[string]any{"__defaults": []any{}, "label": "l", "value": "v"}}}
	networkState = map[string]any{"__meta": `{"schema_version":"1"}`, "id": "1", "name": "n", "driver": "bridge",
		"attachable": false, "ingress": false, "internal": false, "ipv6": false, "ipamDriver": "default",
		"ipamOptions": map[string]any{}, "options": map[string]any{}, "scope": "local",
		"ipamConfigs": []any{map[string]any{"auxAddress": map[string]any{}, "gateway": "172.18.0.1", "ipRange": "",
			"subnet": "172.18.0.0/16"}},
		"labels": []any{map[string]any{"label": "l", "value": "v"}}}
	imageInputs = map[string]any{"__defaults": []any{}, "name": "a:1", "keepLocally": true}
	imageState  = map[string]any{"id": "1", "name": "a:1", "imageId": "sha256:aa", "repoDigest": "",
		"keepLocally": true}
)

func TestOfficialStateHasNoDiff(t *testing.T) {
	for _, c := range []struct {
		kind          string
		state, inputs map[string]any
	}{
		{"container:Container", containerState, containerInputs},
		{"volume:Volume", volumeState, volumeInputs},
		{"network:Network", networkState, networkInputs},
		{"remoteImage:RemoteImage", imageState, imageInputs},
	} {
		if r := diff(t, c.kind, c.state, c.inputs); r.Changes != pulumirpc.DiffResponse_DIFF_NONE {
			t.Errorf("%s: %v %v", c.kind, r.Changes, r.DetailedDiff)
		}
	}
}

func TestReplaceRules(t *testing.T) {
	for _, c := range []struct {
		kind          string
		state, inputs map[string]any
		key           string
		value         any
		replaces      bool
	}{
		{"container:Container", containerState, containerInputs, "image", "sha256:bb", true},
		{"container:Container", containerState, containerInputs, "envs", []any{"A=c"}, true},
		{"container:Container", containerState, containerInputs, "command", []any{"y"}, true},
		{"container:Container", containerState, containerInputs, "name", "b", true},
		{"container:Container", containerState, containerInputs, "restart", "no", false},
		{"container:Container", containerState, containerInputs, "memory", 128, false},
		{"volume:Volume", volumeState, volumeInputs, "driver", "other", true},
		{"network:Network", networkState, networkInputs, "internal", true, true},
		{"remoteImage:RemoteImage", imageState, imageInputs, "name", "a:2", true},
	} {
		r := diff(t, c.kind, c.state, with(c.inputs, c.key, c.value))
		if r.Changes != pulumirpc.DiffResponse_DIFF_SOME || (len(r.Replaces) > 0) != c.replaces {
			t.Errorf("%s %s: %v, replaces %v", c.kind, c.key, r.Changes, r.Replaces)
		}
		// What has a name of its own to give up goes first.
		if r.DeleteBeforeReplace != (c.replaces && !strings.HasPrefix(c.kind, "remoteImage")) {
			t.Errorf("%s %s: delete before replace %v", c.kind, c.key, r.DeleteBeforeReplace)
		}
	}
}

func TestNames(t *testing.T) {
	for kind, auto := range map[string]bool{
		"container:Container": true, "volume:Volume": true, "network:Network": true, "remoteImage:RemoteImage": false,
	} {
		r, err := server().Check(context.Background(), &pulumirpc.CheckRequest{
			Urn: "urn:pulumi:s::p::docker:index/" + kind + "::x", Olds: bag(t, nil),
			News: bag(t, map[string]any{"image": "i"}), RandomSeed: []byte("0123456789abcdef0123456789abcdef"),
		})
		if err != nil {
			t.Fatal(err)
		}
		name := r.Inputs.Fields["name"].GetStringValue()
		if strings.HasPrefix(name, "x-") != auto {
			t.Errorf("%s is named %q", kind, name)
		}
	}
}
