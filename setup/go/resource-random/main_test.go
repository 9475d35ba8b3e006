package main

import (
	"context"
	"maps"
	"strings"
	"testing"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"golang.org/x/crypto/bcrypt"
	"google.golang.org/protobuf/types/known/structpb"
)

const urn = "urn:pulumi:s::p::random:index/randomPassword:RandomPassword::x"

func server(t *testing.T) pulumirpc.ResourceProviderServer {
	t.Helper()
	s, err := pf.NewProviderServer(context.Background(), nil, providerInfo(), metadata())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func bag(t *testing.T, v map[string]any) *structpb.Struct {
	t.Helper()
	s, err := plugin.MarshalProperties(resource.NewPropertyMapFromMap(v), keep)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var keep = plugin.MarshalOptions{KeepSecrets: true, KeepUnknowns: true}

func create(t *testing.T, inputs map[string]any) (string, resource.PropertyMap) {
	t.Helper()
	s := server(t)
	if _, err := s.Configure(context.Background(), &pulumirpc.ConfigureRequest{AcceptSecrets: true}); err != nil {
		t.Fatal(err)
	}
	r, err := s.Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn, Properties: bag(t, inputs)})
	if err != nil {
		t.Fatal(err)
	}
	m, err := plugin.UnmarshalProperties(r.Properties, keep)
	if err != nil {
		t.Fatal(err)
	}
	return r.Id, m
}

func TestCreated(t *testing.T) {
	id, m := create(t, map[string]any{"length": 20, "special": false, "minUpper": 3})
	if id != "none" || m["id"].StringValue() != "none" {
		t.Error(id, m["id"])
	}
	if !m["result"].IsSecret() || !m["bcryptHash"].IsSecret() {
		t.Fatal("result and bcryptHash are not secret")
	}
	if got := m["__meta"].StringValue(); got != `{"schema_version":"3"}` {
		t.Error(got)
	}
	result := m["result"].SecretValue().Element.StringValue()
	if len(result) != 20 || strings.ContainsAny(result, specialChars) {
		t.Error(result)
	}
	hash := m["bcryptHash"].SecretValue().Element.StringValue()
	if err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(result)); err != nil {
		t.Error(err)
	}
	// Every official property is there, and no other.
	for _, k := range []string{"length", "special", "upper", "lower", "number", "numeric", "minUpper", "minLower",
		"minNumeric", "minSpecial", "result", "bcryptHash", "id", "__meta", "__pulumi_raw_state_delta"} {
		if _, ok := m[resource.PropertyKey(k)]; !ok {
			t.Error("missing", k)
		}
		delete(m, resource.PropertyKey(k))
	}
	for k, v := range m {
		if !v.IsNull() {
			t.Error("not official:", k)
		}
	}
}

// state is what the official plugin keeps for inputs of length 24 without special characters.
var (
	inputs = map[string]any{"length": 24, "special": false, "keepers": map[string]any{"a": "1"}}
	state  = map[string]any{
		"__meta": `{"schema_version":"3"}`, "id": "none", "length": 24, "special": false, "upper": true, "lower": true,
		"number": true, "numeric": true, "minUpper": 0, "minLower": 0, "minNumeric": 0, "minSpecial": 0,
		"keepers": map[string]any{"a": "1"}, "result": "abcdefghijklmnopqrstuvwx",
		"bcryptHash": "$2a$10$ShMXYWwMUsJyXVg1zJmxDeoApJUFjGsAQBWbJCkcaWkvJL6q0ILN2",
	}
)

func diff(t *testing.T, olds, news map[string]any) *pulumirpc.DiffResponse {
	t.Helper()
	r, err := server(t).Diff(context.Background(),
		&pulumirpc.DiffRequest{Id: "none", Urn: urn, Olds: bag(t, olds), News: bag(t, news), OldInputs: bag(t, inputs)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOfficialStateHasNoDiff(t *testing.T) {
	if r := diff(t, state, inputs); r.Changes != pulumirpc.DiffResponse_DIFF_NONE {
		t.Error(r)
	}
	// The plugin's own state likewise.
	_, m := create(t, inputs)
	if r := diff(t, m.Mappable(), inputs); r.Changes != pulumirpc.DiffResponse_DIFF_NONE {
		t.Error(r)
	}
}

func TestEveryChangeReplaces(t *testing.T) {
	for key, value := range map[string]any{
		"length": 25, "special": true, "upper": false, "lower": false, "numeric": false, "number": false,
		"minUpper": 1, "minLower": 1, "minNumeric": 1, "minSpecial": 1, "overrideSpecial": "-",
		"keepers": map[string]any{"a": "2"},
	} {
		news := maps.Clone(inputs)
		news[key] = value
		r := diff(t, state, news)
		if r.Changes != pulumirpc.DiffResponse_DIFF_SOME || len(r.Replaces) == 0 {
			t.Errorf("%s: %v", key, r)
		}
	}
}

func TestLengthIsChecked(t *testing.T) {
	r, err := server(t).Check(context.Background(), &pulumirpc.CheckRequest{
		Urn: urn, News: bag(t, map[string]any{"length": 3, "minUpper": 2, "minLower": 2})})
	if err != nil || len(r.Failures) == 0 {
		t.Error(r, err)
	}
}
