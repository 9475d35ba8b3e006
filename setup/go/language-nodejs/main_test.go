package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestOptionsBecomeFlags(t *testing.T) {
	for text, want := range map[string][]string{
		"name: x\nruntime: nodejs\n":                                        nil,
		"runtime: {name: nodejs}\n":                                         nil,
		"runtime: {name: nodejs, options: {typescript: false}}\n":           {"-typescript=false"},
		"runtime: {name: nodejs, options: {nodeargs: '--import tsx'}}\n":    {"-nodeargs=--import tsx"},
		"runtime: {name: nodejs, options: {packagemanager: npm}}\n":         nil,
		"runtime: {name: nodejs, options: {tsconfig: a.json, nodeargs: b}}": {"-nodeargs=b", "-tsconfig=a.json"},
	} {
		got, err := flagsOf([]byte(text))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestProjectFileAboveIsFound(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	text := []byte("runtime: {name: nodejs, options: {typescript: false}}\n")
	if err := os.WriteFile(filepath.Join(root, "Pulumi.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := flagsFor(below)
	if err != nil || !slices.Equal(got, []string{"-typescript=false"}) {
		t.Errorf("%v, %v", got, err)
	}
}
