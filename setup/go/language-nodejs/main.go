// A front for the Node.js language host.
//
// The engine hands the options under `runtime:` in Pulumi.yaml over in its requests; the host
// built here is of an older make and takes them as flags. This program reads them from
// Pulumi.yaml, as the engine does, and becomes the host with the flags set.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"gopkg.in/yaml.v3"
)

// hostName is the real host, installed beside this program.
const hostName = "pulumi-language-nodejs-host"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-nodejs:", err)
		os.Exit(1)
	}
}

func run() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	flags, err := flagsFor(dir)
	if err != nil {
		return err
	}
	host := filepath.Join(filepath.Dir(self), hostName)
	args := append([]string{host}, flags...)
	return syscall.Exec(host, append(args, os.Args[1:]...), os.Environ())
}

// flagsFor finds the project file at or above dir and turns its runtime options into flags.
func flagsFor(dir string) ([]string, error) {
	for {
		for _, name := range []string{"Pulumi.yaml", "Pulumi.yml"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil {
				return flagsOf(text)
			}
			if !os.IsNotExist(err) {
				return nil, err
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			return nil, nil
		}
		dir = up
	}
}

func flagsOf(projectFile []byte) ([]string, error) {
	var project struct {
		Runtime yaml.Node `yaml:"runtime"`
	}
	if err := yaml.Unmarshal(projectFile, &project); err != nil {
		return nil, err
	}
	// The short form, `runtime: nodejs`, has no options.
	if project.Runtime.Kind != yaml.MappingNode {
		return nil, nil
	}
	var runtime struct {
		Options struct {
			Typescript *bool  `yaml:"typescript"`
			Nodeargs   string `yaml:"nodeargs"`
			Tsconfig   string `yaml:"tsconfig"`
		} `yaml:"options"`
	}
	if err := project.Runtime.Decode(&runtime); err != nil {
		return nil, err
	}
	var flags []string
	o := runtime.Options
	if o.Typescript != nil {
		flags = append(flags, fmt.Sprintf("-typescript=%t", *o.Typescript))
	}
	if o.Nodeargs != "" {
		flags = append(flags, "-nodeargs="+o.Nodeargs)
	}
	if o.Tsconfig != "" {
		flags = append(flags, "-tsconfig="+o.Tsconfig)
	}
	return flags, nil
}
