package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"runtime"
	"strings"
	"sync"

	"github.com/gobwas/glob"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// run executes one command line and keeps what it yields. With no line nothing changes.
func (s *State) run(ctx context.Context, line *string) error {
	if line == nil {
		return nil
	}
	argv := append(s.interpreter(), *line)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = s.env()
	if s.Stdin != nil && *s.Stdin != "" {
		cmd.Stdin = strings.NewReader(*s.Stdin)
	}
	var err error
	if s.Dir != nil {
		cmd.Dir = *s.Dir
	} else if cmd.Dir, err = os.Getwd(); err != nil {
		return err
	}

	var stdout, stderr bytes.Buffer
	both := &sharedBuffer{}
	logged, finish := logLines(ctx)
	cmd.Stdout = io.MultiWriter(&stdout, both, pick(s.Logging.shows(logStdout), logged))
	cmd.Stderr = io.MultiWriter(&stderr, both, pick(s.Logging.shows(logStderr), logged))
	err = cmd.Run()
	finish()
	if err != nil {
		return fmt.Errorf("%w: running %q:\n%s", err, *line, both.text.String())
	}

	s.Stdout = strings.TrimSuffix(stdout.String(), "\n")
	s.Stderr = strings.TrimSuffix(stderr.String(), "\n")
	return s.collect(cmd.Dir)
}

func (s *State) interpreter() []string {
	if s.Interpreter != nil && len(*s.Interpreter) > 0 {
		return append([]string{}, *s.Interpreter...)
	}
	if runtime.GOOS == "windows" {
		return []string{"cmd", "/C"}
	}
	return []string{"/bin/sh", "-c"}
}

func (s *State) env() []string {
	env := os.Environ()
	if s.Environment != nil {
		for k, v := range *s.Environment {
			env = append(env, k+"="+v)
		}
	}
	if s.AddPreviousOutputInEnv == nil || *s.AddPreviousOutputInEnv {
		if s.Stdout != "" {
			env = append(env, "PULUMI_COMMAND_STDOUT="+s.Stdout)
		}
		if s.Stderr != "" {
			env = append(env, "PULUMI_COMMAND_STDERR="+s.Stderr)
		}
	}
	return env
}

// collect takes in the files that assetPaths and archivePaths name.
func (s *State) collect(dir string) error {
	if s.AssetPaths != nil {
		files, err := matching(dir, *s.AssetPaths)
		if err != nil {
			return err
		}
		assets := map[string]types.AssetOrArchive{}
		for name, asset := range files {
			assets[name] = types.AssetOrArchive{Asset: asset}
		}
		s.Assets = &assets
	}
	if s.ArchivePaths != nil {
		files, err := matching(dir, *s.ArchivePaths)
		if err != nil {
			return err
		}
		content := map[string]any{}
		for name, asset := range files {
			content[name] = asset
		}
		if s.Archive, err = resource.NewAssetArchive(content); err != nil {
			return err
		}
	}
	return nil
}

// matching finds the files under dir that the globs name. They apply in order; `!` excludes.
func matching(dir string, globs []string) (map[string]*resource.Asset, error) {
	files := map[string]*resource.Asset{}
	type rule struct {
		glob.Glob
		exclude bool
	}
	var rules []rule
	for _, text := range globs {
		bare, exclude := strings.CutPrefix(text, "!")
		compiled, err := glob.Compile(bare, '/')
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule{compiled, exclude})
	}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, r := range rules {
			switch {
			case !r.Match(name):
			case r.exclude:
				delete(files, name)
			default:
				if files[name], err = resource.NewPathAsset(path.Join(dir, name)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return files, err
}

// logLines shows what is written to it line by line, until finish is called.
func logLines(ctx context.Context) (w io.Writer, finish func()) {
	r, pipe := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		log := p.GetLogger(ctx)
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			log.InfoStatus(lines.Text())
		}
		_, _ = io.Copy(io.Discard, r) // never block the command
	}()
	return pipe, func() { _ = pipe.Close(); <-done }
}

func pick(on bool, w io.Writer) io.Writer {
	if on {
		return w
	}
	return io.Discard
}

// sharedBuffer takes both streams, in the order in which they come.
type sharedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *sharedBuffer) Write(bs []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(bs)
}
